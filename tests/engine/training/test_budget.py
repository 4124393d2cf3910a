"""What a run will cost: the memory that its steps take, and the time of each node."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from graph_engine import Graph
from graph_engine.templates import templates
from graph_engine.training import budget
from graph_engine.training.budget import Meter, Peak, peak_of_step
from graph_engine.training.control import Control
from graph_engine.training.events import Budgeted, Event, decode, encode
from graph_engine.training.loading import loaded
from graph_engine.training.probe import probe
from graph_engine.training.rundir import SOURCE, prepare
from tests.engine.data.makers import made, network
from tests.engine.training.helpers import small_net

MB = 1_000_000


def measured(graph: Graph, folder: Path) -> Budgeted:
    prepare(graph, folder)
    events: list[Event] = []
    probe("budget", folder, events.append, Control())
    answer = events[-1]
    assert isinstance(answer, Budgeted), answer
    return answer


def template(name: str) -> Graph:
    return next(template for template in templates() if template.id == name).open()


def test_a_meter_counts_what_is_there_at_once() -> None:
    with Meter() as meter:
        a = torch.zeros(MB, dtype=torch.uint8)
        b = a.view(1000, 1000)  # the same memory
        c = a + 1
        del a
        assert meter.live == 2 * MB
        del b
        d = c.add_(1)
        assert (meter.live, meter.peak) == (MB, 2 * MB)
        del c, d
        assert (meter.live, meter.peak) == (0, 2 * MB)


def test_weights_gradients_and_the_optimizers_state_are_exact(tmp_path: Path) -> None:
    graph = template("cnn_digits")
    answer = measured(graph, tmp_path / "adam")
    bytes_ = 4 * graph.check().parameters
    assert answer.weights == answer.gradients == answer.copies == bytes_
    assert 2 * bytes_ <= answer.optimizer <= 2 * bytes_ + 1000  # two means, and a number of steps for each weight
    graph.configure(training={"optimizer": "SGD"})
    assert measured(graph, tmp_path / "sgd").optimizer == 0


@pytest.mark.parametrize("name", ["cnn_digits", "lstm_co2", "transformer_languages"])
def test_small_batches_tell_the_memory_of_a_whole_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measured(template(name), tmp_path / "whole")
    first = peak_of_step

    def refused(training: object, samples: tuple[torch.Tensor, ...]) -> Peak:
        assert len(samples[0]) < whole.batch, "a batch that does not fit was tried"
        return first(training, samples)

    monkeypatch.setattr(budget, "peak_of_step", refused)
    monkeypatch.setattr(budget.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    answer = measured(template(name), tmp_path / "carried")
    assert answer.missing
    assert not answer.nodes, "what does not fit is not timed"
    assert answer.activations == pytest.approx(whole.activations, rel=0.15)


@pytest.mark.parametrize(("case", "settings"), [("names", {}), ("pictures", {"memory": 0})])
def test_data_of_ones_own_is_measured_in_memory_or_not(case: str, settings: dict[str, int], tmp_path: Path) -> None:
    answer = measured(network(made(case, tmp_path), **settings), tmp_path / "run")
    assert (answer.data > 0) == (not settings)


def test_each_node_has_its_time_and_a_group_that_of_its_content(tmp_path: Path) -> None:
    graph = template("resnet_digits")
    answer = measured(graph, tmp_path / "run")
    times = {time.node: time for time in answer.nodes}
    calls = {node.id for node in graph if node.block not in ("Input", "Output")}
    assert calls <= set(times)
    assert all(time.forward > 0 for time in answer.nodes)
    for group, definition in graph.groups.items():
        inside = [times[node.id] for node in graph.definitions[definition] if node.id in times]
        if list(graph.groups.values()).count(definition) == 1:
            assert times[group].forward > 0.999 * sum(time.forward for time in inside)
            assert times[group].backward > 0.999 * sum(time.backward for time in inside) > 0
    assert answer.step > 0
    assert answer.evaluation > 0
    assert answer.epoch == answer.steps * answer.step + answer.evaluation


def test_settings_that_change_the_step_can_be_measured(tmp_path: Path) -> None:
    graph = small_net(average="EMA", parts=2)
    answer = measured(graph, tmp_path / "parts")
    plain = measured(small_net(), tmp_path / "plain")
    assert answer.activations < plain.activations
    assert answer.copies > plain.copies == plain.weights
    assert measured(small_net(optimizer="LBFGS"), tmp_path / "search").activations > 0


def test_the_answer_travels_and_the_measured_run_is_left_as_it_was(tmp_path: Path) -> None:
    answer = measured(small_net(), tmp_path / "run")
    assert decode(encode([answer])) == [answer]
    with loaded(tmp_path / "run" / SOURCE) as train:
        assert not (tmp_path / "run" / "weights.safetensors").exists()
        assert train.read_checkpoint(tmp_path / "run" / "checkpoints") == {}
