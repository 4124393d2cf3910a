"""What is measured while a network trains: at every node, without changing a bit, and going on where a run goes on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from graph_engine import Graph
from graph_engine.analysis.fixes import commands, insert
from graph_engine.templates import template
from graph_engine.training import attendant, monitor
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Found
from graph_engine.training.health import BINS, HEALTH, Health, read_health
from graph_engine.training.loading import loaded
from graph_engine.training.run import run
from graph_engine.training.rundir import SOURCE, new_run, prepare, read_findings, read_run
from graph_engine.training.state import RunState
from tests.data.faults.networks import chain
from tests.engine.training.helpers import change, metrics, small_net
from tests.engine.training.test_run import ignore, stopped


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is looked at."""
    monkeypatch.setattr(monitor, "ALWAYS", 0.0)
    monkeypatch.setattr(monitor, "SPACING", 0.0)


def watched(graph: Graph, folder: Path, **options: Any) -> tuple[Path, list[Event]]:
    """A run with all that it told."""
    events: list[Event] = []
    run_dir = new_run(graph, folder)
    run(run_dir, events.append, Control(), **options)
    return run_dir, events


def quiet(id: str, **training: Any) -> Graph:
    """A template that trains in this process, on one thread."""
    graph = template(id).open()
    graph.configure(
        data={"validation": 0.5, "test": 0.45}, training={"threads": 1, "device": "cpu", "epochs": 1, "batch_size": 8, **training}
    )
    return graph


def plain(run_dir: Path) -> list[dict[str, Any]]:
    """Metrics of the same run by its script alone."""
    with loaded(run_dir / SOURCE) as train:
        alone = run_dir.with_name("alone")
        silent = SimpleNamespace(wish=lambda: "go", tell=lambda *_: None, show=lambda *_: None)
        train.Training(alone, watch=silent).fit()
    return metrics(alone)


@pytest.mark.parametrize(
    ("id", "training"),
    [
        ("resnet_digits", {}),
        ("attention_primitives_digits", {"parts": 2}),
        ("mlp_wine", {"optimizer": "LBFGS", "epochs": 2}),
        ("lstm_digits", {"precision": "bfloat16", "average": "EMA", "clipping": "norm"}),
    ],
)
def test_looking_changes_no_bit(id: str, training: dict[str, Any], tmp_path: Path, always: None) -> None:
    run_dir, events = watched(quiet(id, **training), tmp_path)
    looks = [event for event in events if isinstance(event, Health)]
    assert [look.step for look in looks] == list(range(1, looks[-1].step + 1))
    assert metrics(run_dir) == plain(run_dir)


def test_every_node_that_computes_is_seen_at_each_of_its_places(tmp_path: Path) -> None:
    graph = quiet("resnet_digits")
    run_dir, events = watched(graph, tmp_path)
    [first, *_] = [event for event in events if isinstance(event, Health)]
    nodes = {node.id for one in graph.graphs() for node in one if node.spec.call.kind not in ("input", "output")}
    assert {place.node for place in first.places} == nodes
    inside = graph.definitions["g1"].named("conv1").id
    assert {place.path for place in first.places if place.node == inside} == {"blocks1.0", "blocks1.1", "blocks2.0", "blocks2.1"}
    with_weights = {place.place for place in first.places if place.gradient is not None}
    with loaded(run_dir / SOURCE) as train:
        model = train.make_model()
    owners = {name.rpartition(".")[0] for name, _ in model.named_parameters()}
    assert len(with_weights) == len(owners)
    names = read_run(run_dir).nodes
    assert {f"{path}.{names[node]}".lstrip(".") for path, node in with_weights} == owners


def test_what_is_measured_is_what_torch_says(tmp_path: Path, always: None) -> None:
    """The mean and spread of a layer, its gradient and its change by plain SGD, against autograd by hand."""
    graph = small_net(optimizer={"name": "SGD", "lr": 0.5}, epochs=1, batch_size=8)
    graph.set(graph.named("dropout1"), p=0.0)
    run_dir, events = watched(graph, tmp_path)
    linear = graph.named("linear1").id
    [first, *_] = [event for event in events if isinstance(event, Health)]
    found = next(place for place in first.places if place.node == linear)
    with loaded(run_dir / SOURCE) as train:
        torch.manual_seed(0)
        model = train.make_model()
        data, *_ = train.read_data(0)
        samples = data[train.epoch_order(len(data), 0, 1)[:8]]
        loss, _ = train.judge(model, samples)
        loss.backward()
        scores = model(samples[0])
    weight, bias = model.linear1.weight, model.linear1.bias
    gradients = torch.cat([weight.grad.flatten(), bias.grad])
    assert found.mean == pytest.approx(scores.mean().item(), rel=1e-3)
    assert found.spread == pytest.approx(scores.std(correction=0).item(), rel=1e-3)
    assert (found.least, found.greatest) == pytest.approx((scores.min().item(), scores.max().item()), rel=1e-3)
    assert len(found.histogram) == BINS and sum(found.histogram) == scores.numel()
    assert found.gradient == pytest.approx(gradients.square().mean().sqrt().item(), rel=1e-3)
    sampled, change_ = weight.flatten()[:: -(-weight.numel() // monitor.SAMPLE)], weight.grad.flatten()
    assert found.update == pytest.approx((0.5 * change_[:: -(-weight.numel() // monitor.SAMPLE)].norm() / sampled.norm()).item(), rel=1e-2)


def test_what_was_measured_goes_on_where_the_run_goes_on(tmp_path: Path, always: None) -> None:
    run_dir = stopped(tmp_path)
    before = read_health(run_dir)
    with (run_dir / HEALTH).open("ab") as file:
        file.write(b'{"step": 100000, "epoch": 9, "places": []}\n{"step": 100001, "epo')
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    steps = [look.step for look in read_health(run_dir)]
    assert steps == list(range(1, len(steps) + 1)) and len(steps) == max(row["step"] for row in metrics(run_dir))
    assert read_health(run_dir)[: len(before)] == before


def test_dead_and_saturated_units_are_counted(tmp_path: Path, always: None) -> None:
    graph = Graph("units")
    chain(
        graph,
        graph.add("Input", name="x", shape=[13]),
        ("hidden", "Linear", {"out_features": 8}),
        ("below", "AddScalar", {"amount": -100.0}),
        ("dead", "ReLU"),
        ("tight", "Sigmoid"),
        ("far", "Scale", {"factor": 1000.0}),
        ("at_bounds", "Hardtanh", {"min_val": 0.0, "max_val": 5.0}),
        ("head", "Linear", {"out_features": 3}),
        ("y", "Output"),
    )
    graph.configure(data={"dataset": "wine"}, training={"threads": 1, "device": "cpu", "epochs": 1})
    run_dir, events = watched(graph, tmp_path)
    last = {graph[place.node].name: place for place in read_health(run_dir)[-1].places}
    assert (last["dead"].constant, last["dead"].saturated) == (1.0, None)
    assert last["tight"].saturated == 0.0
    assert last["at_bounds"].saturated == 1.0
    assert (last["hidden"].constant, last["head"].commonest) == (None, 1.0)
    found = next(event for event in reversed(events) if isinstance(event, Found)).findings
    assert found[0].code == "run.dead-units" and found[0].node == graph.named("dead").id
    assert [finding["code"] for finding in read_findings(run_dir)] == [finding.code for finding in found]
    [fix, *_] = found[0].fixes
    graph._do(commands(graph, found[0].diagnostic, fix))
    assert graph.named("dead").block == "LeakyReLU" and graph.check().ok


@pytest.mark.parametrize(
    ("blocks", "born", "words"),
    [
        ((("ReLU", {}), ("Log", {})), "log1", "its result became infinite"),
        ((("Scale", {"factor": 0.0}), ("Sqrt", {})), "sqrt1", "its gradient is not a number"),
        ((("Scale", {"factor": 1e30}), ("Exp", {})), "exp1", "its result became infinite"),
    ],
)
def test_where_no_number_was_born_is_found(blocks: Any, born: str, words: str, tmp_path: Path) -> None:
    graph = small_net(epochs=1)
    for block, params in blocks:
        edge = graph.inputs(graph.named("linear1").id, "input")[0]
        graph._do(insert(graph, edge, block, params))
    run_dir, events = watched(graph, tmp_path)
    record = read_run(run_dir)
    assert record.state is RunState.FAILED
    assert record.node == graph.named(born).id
    assert born in (record.message or "") and words in (record.message or "")
    findings = next(event for event in reversed(events) if isinstance(event, Found)).findings
    assert (findings[0].code, findings[0].severity, findings[0].node) == ("run.not-finite", "error", record.node)


def test_a_number_that_is_lost_in_the_middle_of_a_run_is_found(tmp_path: Path) -> None:
    """In a group, long after the first checkpoint."""
    graph = quiet("resnet_digits", epochs=3)
    run_dir = tmp_path / "run"
    prepare(graph, run_dir)
    change(
        run_dir,
        "y = self.norm2(y)\n        y = y + x",
        "y = self.norm2(y) * (1.0 if self.norm2.num_batches_tracked < 30 else math.inf)\n        y = y + x",
    )
    change(run_dir, "from torch import Tensor, nn", "import math; from torch import Tensor, nn")
    record = run(run_dir, ignore, Control())
    assert record.state is RunState.FAILED and "step 30" in (record.message or "")
    assert record.node == graph.definitions["g1"].named("norm2").id


def test_a_compiled_network_is_watched_by_its_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Compiled(torch.nn.Module):
        def __init__(self, model: torch.nn.Module):
            super().__init__()
            self._orig_mod = model

        def forward(self, *inputs: torch.Tensor) -> Any:
            return self._orig_mod(*inputs)

    monkeypatch.setattr(torch, "compile", Compiled)
    _, events = watched(small_net(compile=True, epochs=1), tmp_path)
    looks = [event for event in events if isinstance(event, Health)]
    assert looks and all(place.mean is None and place.gradient is not None for look in looks for place in look.places)


def test_a_finding_that_is_silenced_on_its_node_is_not_told(tmp_path: Path) -> None:
    graph = small_net(epochs=4, optimizer={"name": "AdamW", "lr": 1e-7})
    run_dir, events = watched(graph, tmp_path / "loud")
    told = next(event for event in reversed(events) if isinstance(event, Found)).findings
    assert told[0].code == "run.rate-too-low"
    from graph_engine.graph.commands import Silence

    graph._do(Silence(told[0].node or "", [finding.code for finding in told]))
    run_dir, events = watched(graph, tmp_path / "silent")
    assert read_findings(run_dir) == [] and not any(event.findings for event in events if isinstance(event, Found))


def test_the_budget_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that is set by hand: a look that takes ten steps' time is followed by none for two thousand."""
    clock = SimpleNamespace(now=0.0)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    looks: list[int] = []
    one = object.__new__(monitor.Monitor)
    one.__dict__ |= {
        "_training": SimpleNamespace(at=SimpleNamespace(step=0), optimizer=optimizer), "_clock": lambda: clock.now, "_began": 0.0,
        "_cost": 0.0, "_last": 0, "_looking": False, "_traces": False, "_tracing": SimpleNamespace(end=lambda: None),
    }  # fmt: skip
    for step in range(100_000):
        one._training.at.step = step
        one.before_step()
        if one._looking:
            looks.append(step + 1)
            one._cost += 0.01
            clock.now += 0.01
        clock.now += 0.001
    forced = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536}
    assert one._cost < monitor.SHARE * clock.now + monitor.CREDIT + 0.01 * len(forced)
    assert len(looks) > 40 and looks[:2] == [1, 2]


def test_findings_file_and_attendant_agree_on_json(tmp_path: Path) -> None:
    run_dir, _ = watched(small_net(epochs=1), tmp_path)
    assert json.loads((run_dir / "findings.json").read_text()) == read_findings(run_dir) == []
    assert attendant.Network.of(read_run(run_dir).network).chance == pytest.approx(2.302585)
