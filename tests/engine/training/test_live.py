"""Live samples: what nodes are said to give is what they give, whatever else is wrong, and a run does not feel that it is looked at."""

from __future__ import annotations

import base64
import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine import Graph
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.errors import RunError
from graph_engine.graph.modes import SetMode
from graph_engine.graph.network import network
from graph_engine.settings.datasets import DatasetOption
from graph_engine.spec.tensor import Dim
from graph_engine.templates import template, templates
from graph_engine.training.events import Looked, decode, encode
from graph_engine.training.live import running
from graph_engine.training.live.attending import attending
from graph_engine.training.live.given import SAMPLES
from graph_engine.training.live.looking import Looker
from graph_engine.training.live.outline import Computable, Outline, computable
from graph_engine.training.live.picturing import IN_DETAIL, ON_CARD, value_of
from graph_engine.training.live.request import describe, describe_data, newest_weights
from graph_engine.training.live.sample import Data, read_words
from graph_engine.training.live.tracing import Place, Superseded, Tracer
from graph_engine.training.live.value import BROKEN, TOP, NodeValue
from graph_engine.training.loading import loaded
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import FORWARD, Process, change, small_net

LENGTHS = {"S": 7, "T": 5}


def dataset(graph: Graph) -> DatasetOption:
    chosen = graph.settings.data["dataset"]
    option: DatasetOption = chosen.option
    return option.sized(chosen.params)


def made_up(graph: Graph) -> list[Tensor]:
    """A sample of the right shapes."""
    torch.manual_seed(1)
    fields = dataset(graph).inputs
    shapes = [(1, *(LENGTHS[size] if isinstance(size, str) else size for size in field.shape)) for field in fields]
    kinds = zip(shapes, fields, strict=True)
    return [torch.randint(1, field.vocabulary or 2, shape) if field.dtype == "int64" else torch.randn(shape) for shape, field in kinds]


def built(found: Computable, folder: Path) -> tuple[nn.Module, running.Source]:
    (folder / "model.py").write_text(found.text)
    with loaded(folder, ("model",)) as module:
        torch.manual_seed(0)
        model = getattr(module, found.cls)().eval()
    return model, running.Source(str(folder / "model.py"), found.text, found.outline)


def traced(found: Computable, folder: Path, inputs: list[Tensor]) -> tuple[nn.Module, Any, dict[tuple[Place, str, str], Tensor]]:
    model, source = built(found, folder)
    seen: dict[tuple[Place, str, str], Tensor] = {}
    tracer = Tracer(source.path, source.text, source.outline, lambda place, id, port, v: seen.update({(place, id, port): v.clone()}))
    with torch.no_grad(), tracer.watching():
        result = model(*(inputs[number] for number in found.outline.fed))
    return model, result, seen


def contents(graph: Graph, checked: CheckedGraph, place: Place = ()) -> Iterator[tuple[Place, str, Any]]:
    """All nodes, those in groups under the way to them, as the last repetition has them."""
    for id, node in checked.nodes.items():
        yield place, id, node
        if node.inside:
            yield from contents(graph, node.inside[-1], (*place, id))


def size(value: Any) -> int:
    if not isinstance(value, Dim):
        return int(value)
    return int(eval(str(value), {}, {"N": 1, **LENGTHS}))


@pytest.mark.parametrize("graph", [pytest.param(t.graph, id=t.graph.name) for t in templates()])
def test_every_node_of_a_template_gives_what_a_plain_forward_gives(graph: Graph, tmp_path: Path) -> None:
    found = computable(graph)
    assert found is not None
    assert found.text == graph.to_python(), "the network that is looked at is the one that is shown and exported"
    inputs = made_up(graph)
    model, result, seen = traced(found, tmp_path, inputs)

    with torch.no_grad():
        plain = model(*inputs)
    for ours, theirs in zip(_flat(result), _flat(plain), strict=True):
        assert torch.equal(ours, theirs)
    given: list[Tensor] = []
    for part in model.modules():  # hooks, which are not used because they make torch compute some layers in another way
        part.register_forward_hook(lambda _, __, output: given.extend(_flat(output)))
    with torch.no_grad():
        model(*inputs)

    for place, id, node in contents(graph, graph.check()):
        values = {port: value for (where, of, port), value in seen.items() if (where, of) == (place, id)}
        assert values, f"{id} at {place} gives nothing"
        for port, spec in node.outputs.items():
            if port in values:
                assert tuple(values[port].shape) == tuple(map(size, spec.shape)), (id, port)
    for (_, id, _), value in seen.items():
        if is_layer(graph, id):
            assert any(value.shape == other.shape and torch.allclose(value, other, atol=1e-5) for other in given), id


def is_layer(graph: Graph, id: str) -> bool:
    """Whether a node is a layer whose own result is its output; a helper unpacks that of one that is given packed sequences."""
    holder = graph.holder(id)
    assert holder is not None
    call = holder[id].spec.call
    return call.kind == "module" and not any(holder.inputs(id, port) for port in call.through)


def _flat(result: Any) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else [part for one in result or () for part in _flat(one)]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_wrong_leaves_the_rest_to_be_looked_at(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for one in templates():
        graph = one.graph
        for _ in range(draw.randint(1, 2)):
            graph.remove(draw.choice([node for node in graph if node.spec.call.kind != "input"]))
        with graph.edit():
            inner = [node.id for node in graph if node.spec.inputs and node.spec.outputs]
            SetMode([draw.choice(inner)], draw.choice(["bypassed", "muted"])).do(graph)
        checked, found, resolved = graph.check(), computable(graph), network(graph).graph
        fine: set[str] = set()
        for id in checked.order:
            node = checked.nodes[id]
            bad = node.status != "ok" or any(d.severity == "error" for d in node.diagnostics)
            if id in resolved and not bad and all(edge.source in fine for edge in resolved.incoming(id)):
                fine.add(id)
        assert found is not None
        _, _, seen = traced(found, tmp_path, made_up(graph))
        assert {id for place, id, _ in seen if not place} == fine, graph.name


def test_an_outline_survives_the_way_to_the_other_process() -> None:
    for one in templates():
        found = computable(one.graph)
        assert found is not None
        assert Outline.from_plain(json.loads(json.dumps(found.outline.to_plain()))) == found.outline


def test_a_tensor_becomes_a_small_picture() -> None:
    maps = torch.zeros(1, 3, 100, 50)
    maps[0, 0, :50] = -2.0
    maps[0, 1] = 1.0
    value = value_of((), "n1", "output", maps, 0, ON_CARD)
    assert (value.kind, value.shape, value.planes, value.signed) == ("maps", (3, 100, 50), 3, True)
    assert (value.least, value.most, value.low, value.high) == (-2.0, 1.0, -2.0, 2.0)
    assert value.zeros == 0.5
    shades = base64.b64decode(value.shades)
    assert len(shades) == value.tiles * value.rows * value.columns <= ON_CARD.pixels
    assert shades[0] == 0 and shades[value.rows * value.columns - 1] == TOP // 2, "0 is in the middle"
    assert shades[value.rows * value.columns] == round(0.75 * TOP)
    assert value.counts == () and sum(value_of((), "n1", "output", maps, 0, IN_DETAIL).counts) == maps.numel()

    broken = torch.tensor([[1.0, math.nan, math.inf, 0.0]])
    value = value_of((), "n1", "output", broken, 0, ON_CARD)
    assert (value.kind, value.nans, value.infinities, value.least, value.most) == ("bars", 1, 1, 0.0, 1.0)
    assert list(base64.b64decode(value.shades)) == [TOP, BROKEN, BROKEN, 0]
    assert value_of((), "n1", "output", torch.tensor([[math.nan]]), 0, ON_CARD).nans == 1
    assert value_of((), "n1", "output", torch.zeros(1, 0, 4), 0, ON_CARD).kind == "number", "nothing at all breaks nothing"
    assert value_of((), "n1", "output", torch.ones(2, 2, dtype=torch.bool), None, ON_CARD).dtype == "bool"


def test_values_travel_as_json() -> None:
    value = NodeValue(("g",), "n1", "output", "scores", (10,), "float32", mean=math.nan, labels=("a",), shares=(math.inf,), counts=(1, 2))
    event = Looked(3, values=(value,), place=("g",), node="n1", message="It fails.")
    [told] = decode(encode([event]))
    assert isinstance(told, Looked)
    assert math.isnan(told.values[0].mean)
    assert told._replace(values=()) == event._replace(values=())
    assert told.values[0]._replace(mean=0.0) == value._replace(mean=0.0)


def looked_at(
    graph: Graph, folder: Path, *nodes: str, detail: str | None = None, place: Place = (), turns: tuple[int, ...] = ()
) -> list[NodeValue]:
    """What is told of some nodes for the first sample of the validation data."""
    asked = describe(graph, folder)
    with loaded(Path(asked["data"]["folder"]), ("data",)) as reader:
        data = Data.of(graph.settings, reader.load(**asked["data"]["arguments"]), read_words(reader, asked["data"]["arguments"]))
    found = computable(graph)
    assert found is not None
    model, source = built(found, folder)
    model.train()
    told = running.values(model, source, data, data.sample("validation", 0), running.View(place, nodes, detail, turns))
    assert all(part.training for part in model.modules()), "the network is left as it was"
    return told


def test_of_a_repeated_group_the_turn_is_told_that_is_looked_at(tmp_path: Path) -> None:
    graph = template("vit_digits").graph
    [group] = [id for id in graph.groups if graph[id].params["repeat"] == 2]
    definition = graph.definitions[graph.groups[group]]
    first, last = (n.id for n in definition if n.spec.call.kind in ("input", "output"))
    told = {}
    for turns in ((0,), (1,), ()):
        values = looked_at(graph, tmp_path, first, last, place=(group,), turns=turns)
        told[turns] = {v.node: (v.mean, v.least, v.most) for v in values}
    assert told[0,][last] == told[1,][first], "the second turn begins with what the first has ended with"
    assert told[0,] != told[1,] == told[()], "where none is chosen, it is the last"


def test_classes_and_tokens_have_their_names(tmp_path: Path) -> None:
    graph = template("cnn_digits").graph
    [scores] = looked_at(graph, tmp_path, graph.named("output").id)
    assert scores.kind == "scores" and scores.text in list("0123456789")
    assert len(scores.labels) == 4 and set(scores.labels) <= set("0123456789")
    assert sorted(scores.shares, reverse=True) == list(scores.shares) and 0 < sum(scores.shares) <= 1.0001
    graph = template("seq2seq_dates").graph
    phrase, after = looked_at(graph, tmp_path, graph.named("phrase").id, graph.named("after").id)
    assert phrase.kind == "text" and any(letter.isalpha() or letter.isdigit() for letter in phrase.text)
    assert after.kind == "text" and len(after.labels[0]) == 10, "the date that is expected"


def test_attention_is_computed_for_display_and_changes_nothing(tmp_path: Path) -> None:
    graph = template("hybrid_digits").graph
    place = graph.named("attention").id, graph.definitions[graph.groups[graph.named("attention").id]].named("attention_layer1").id
    inside = next(d for d in graph.definitions.values() if d.name == "Attention layer")
    node = inside.named("attention1").id
    weights, output = looked_at(graph, tmp_path, detail=node, place=place)
    assert (weights.port, weights.kind, weights.shape) == ("attention", "maps", (4, 8, 16))
    assert weights.least >= 0 and weights.mean == pytest.approx(1 / 16), "each row of 16 adds up to 1"
    assert output.shape == (8, 32)
    [on_card] = looked_at(graph, tmp_path, node, place=place)
    assert on_card.port == "attention"


def test_attention_weights_are_those_that_the_layer_would_give(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, batch_first=True).eval()
    x, padding = torch.randn(1, 5, 8), torch.tensor([[False, False, False, True, True]])
    seen: list[Tensor] = []
    with torch.no_grad():
        before = layer(x, src_key_padding_mask=padding)
        with attending(layer, seen.append):
            layer(x, src_key_padding_mask=padding)
        _, expected = layer.self_attn(x, x, x, key_padding_mask=padding, average_attn_weights=False)
        after = layer(x, src_key_padding_mask=padding)
        torch.testing.assert_close(seen[0], expected)
        assert torch.equal(before, after)
        query, mask = torch.randn(1, 2, 5, 8), torch.ones(5, 5, dtype=torch.bool).tril()
        with attending(layer, seen.append):
            result = nn.functional.scaled_dot_product_attention(query, query, query, attn_mask=mask)
        torch.testing.assert_close(seen[1] @ query, result)


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    graph = Graph("empty")
    with pytest.raises(RunError, match="add an Input"):
        describe(graph, tmp_path)
    graph.add("Input", shape=[1, 28, 28])
    graph.add("Input", shape=[3])
    with pytest.raises(RunError, match="digits28 fills 1 inputs, but the network has 2"):
        describe(graph, tmp_path)
    graph = small_net()
    graph.set(graph.named("x1") if "x1" in {n.name for n in graph} else next(iter(graph)), shape=[1, 9, 9])
    with pytest.raises(RunError, match="the data set digits gives"):
        describe(graph, tmp_path)
    graph = Graph("large")
    x, c, y = graph.add("Input", shape=[1, 28, 28]), graph.add("Conv2d", out_channels=2_000_000, kernel_size=5), graph.add("Output")
    graph.connect(x, c)
    graph.connect(c, y)
    with pytest.raises(RunError, match="too large to be looked at"):
        describe(graph, tmp_path)


def test_a_failure_names_its_node_and_a_superseded_look_ends(tmp_path: Path) -> None:
    graph = template("hybrid_digits").graph
    found = computable(graph)
    assert found is not None
    wrong = found._replace(text=found.text.replace("nn.LayerNorm(32)", "nn.LayerNorm(31)"))
    model, source = built(wrong, tmp_path)
    inputs = made_up(graph)
    with pytest.raises(RuntimeError) as caught:
        model(*inputs)
    told = running.broken(caught.value, source)
    layer = next(d for d in graph.definitions.values() if d.name == "Attention layer")
    assert told.node == layer.named("layer_norm1").id
    assert told.place[0] == graph.named("attention").id and len(told.place) == 2
    model, source = built(found, tmp_path)
    data = Data.of(graph.settings, (), {})
    with pytest.raises(Superseded):
        running.values(model, source, data, inputs, running.View((), (), None), lambda: True)


def ask(process: Process, graph: Graph, folder: Path, number: int, **more: Any) -> Looked:
    view = {"place": [], "nodes": list(graph.nodes), "detail": None, "turns": []}
    process.send(do="look", number=number, part="train", sample=5, view=view, network=describe(graph, folder), **{"weights": None, **more})
    event = process.until(lambda event: isinstance(event, Looked) and event.number == number)
    assert isinstance(event, Looked)
    return event


def test_a_run_is_looked_at_and_does_not_feel_it(process: Process, reference: Path, tmp_path: Path) -> None:
    graph = small_net()
    start = ask(process, graph, tmp_path, 1)
    assert (start.weights, start.part, start.sample, start.samples, start.message) == ("start", "train", 5, 1077, None)
    assert {value.node for value in start.values} == set(graph.nodes)
    run_dir = new_run(graph, tmp_path / "runs")
    process.events.clear()
    assert process.run(run_dir).state is RunState.FINISHED
    looked = [event for event in process.events if isinstance(event, Looked)]
    assert looked and all(event.weights == "training" and event.message is None for event in looked)
    assert {value.node for value in looked[-1].values} == set(graph.nodes)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()

    process.send(do="look", number=None)
    graph.add("Flatten")
    after = ask(process, graph, tmp_path, 2, weights=str(newest_weights(run_dir)))
    assert (after.weights, after.kept, after.tensors) == ("run", 9, 9)
    last = {value.node: value for value in after.values}
    first = {value.node: value for value in start.values}
    assert last[graph.named("x").id] == first[graph.named("x").id], "the same sample"
    assert last[graph.named("linear1").id] != first[graph.named("linear1").id], "other weights"


def test_data_that_cannot_be_read_is_told(process: Process, tmp_path: Path) -> None:
    graph = small_net()
    asked = describe(graph, tmp_path)
    (Path(asked["data"]["folder"]) / "data.py").write_text("def load(**_):\n    raise ValueError('the file is gone')\n")
    process.send(do="look", number=7, part="train", sample=0, view={"place": [], "nodes": [], "detail": None}, network=asked, weights=None)
    event = process.until(lambda event: isinstance(event, Looked) and event.number == 7)
    assert isinstance(event, Looked) and event.message == "The data cannot be read: the file is gone"


def test_a_run_that_holds_can_be_looked_at(process: Process, reference: Path, tmp_path: Path) -> None:
    graph = small_net()
    run_dir = new_run(graph, tmp_path)
    change(run_dir, FORWARD, FORWARD + "        __import__('time').sleep(0.01)\n")
    process.send(do="run", run_dir=str(run_dir))
    process.until_step(5)
    process.send(do="pause")
    process.until_state(RunState.PAUSED)
    for number in (51, 52):
        looked = ask(process, graph, tmp_path, number)
        assert looked.weights == "training" and looked.values and looked.message is None
    process.send(do="look", number=None)
    process.send(do="resume")
    assert process.until_state(RunState.FINISHED, RunState.FAILED).state is RunState.FINISHED
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("name", "told"),
    [("cnn_digits", r"Picture\(width=28"), ("seq2seq_dates", r"\d{4}-\d\d-\d\d"), ("mlp_wine", r"-?\d\.\d+  -?\d.*cultivar")],
)
def test_samples_are_told_as_a_network_receives_them(name: str, told: str, tmp_path: Path) -> None:
    graph = template(name).graph
    answers: list[Any] = []
    looker = Looker(answers.append)
    looker.show("give", {"number": 3, "start": 0, **describe_data(graph, tmp_path)})
    [answer] = answers
    assert answer.number == 3 and not answer.message and len(answer.samples) == SAMPLES
    option = graph.settings.data["dataset"].option
    assert all(len(sample) == len(option.inputs + option.targets) for sample in answer.samples)
    assert re.search(told, str(answer.samples[0])), answer.samples[0]
    [again] = decode(encode([answer]))
    assert again == answer
