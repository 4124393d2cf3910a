"""The tensors that a network begins with stay with their layers, whatever is done to these, undone, saved and read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from graph_engine import Graph
from graph_engine.document import clip
from graph_engine.document.weights import read_header, read_weights, rewrite, save_weights
from graph_engine.errors import DocumentError
from graph_engine.graph import regroup
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Rename, SetParams
from graph_engine.graph.groups import In
from graph_engine.graph.history import History
from graph_engine.graph.places import from_text, places, to_text


class Part(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 5), nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(torch.relu(self.first(x)))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.parts, self.head = nn.Linear(3, 4), nn.Sequential(Part(), Part(), Part()), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.parts(torch.relu(self.stem(x))))


INPUT = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def graph() -> Graph:
    torch.manual_seed(0)
    return Graph.from_module(Net().eval(), INPUT)


def renamed(graph: Graph) -> Command:
    return Rename(graph.named("stem").id, "begin")


def renamed_inside(graph: Graph) -> Command:
    [definition] = graph.definitions.values()
    return In(definition.id, Rename(definition.named("first").id, "wide"))


def grouped(graph: Graph) -> Command:
    return regroup.group(graph, [graph.named(n).id for n in ("stem", "relu1", "parts")], "Body")


def grouped_inside(graph: Graph) -> Command:
    [definition] = graph.definitions.values()
    return In(definition.id, regroup.group(definition, [definition.named(n).id for n in ("first", "relu1", "second")], "Pair"))


def dissolved(graph: Graph) -> Command:
    return regroup.dissolve(graph, graph.named("parts").id)


EDITS: tuple[Callable[[Graph], Command], ...] = (renamed, renamed_inside, grouped, grouped_inside, dissolved)


def result(graph: Graph) -> Tensor:
    return graph.compile().eval()(INPUT)


@pytest.mark.parametrize("edit", EDITS)
def test_edits_that_change_no_layer_keep_its_weights(graph: Graph, tmp_path: Path, edit: Callable[[Graph], Command]) -> None:
    expected = result(graph)
    learned = graph.compile()
    for p in learned.parameters():
        p.data += 0.1
    history = History(graph)
    history.execute(edit(graph))
    assert torch.equal(result(graph), expected) and len(graph.weights) == 16
    assert torch.equal(graph.compile(learned).eval()(INPUT), learned.eval()(INPUT))
    graph.save(tmp_path / "net.archloom")
    again = Graph.load(tmp_path / "net.archloom")
    assert torch.equal(result(again), expected)
    again.save(tmp_path / "other.archloom")
    assert torch.equal(result(Graph.load(tmp_path / "other.archloom")), expected)
    history.undo()
    assert torch.equal(result(graph), expected)
    history.redo()
    assert torch.equal(result(graph), expected)


def test_one_edit_after_the_other(graph: Graph, tmp_path: Path) -> None:
    expected = result(graph)
    history = History(graph)
    for edit in (dissolved, renamed):
        history.execute(edit(graph))
    names = [n.name for n in graph if n.spec.call.kind not in ("input", "output") and n.name != "head"]
    history.execute(regroup.group(graph, [graph.named(n).id for n in names], "Body"))
    graph.save(tmp_path / "net.archloom")
    graph = Graph.load(tmp_path / "net.archloom")
    [group] = [n for n in graph if n.id in graph.groups]
    graph.dissolve(group)
    assert torch.equal(result(graph), expected)
    graph.write_weights(tmp_path / "initial.safetensors")
    made = graph.compile()
    made.load_state_dict(read_weights(tmp_path / "initial.safetensors"), strict=True)


def test_a_copy_begins_as_its_model_and_a_new_layer_afresh(graph: Graph) -> None:
    stem, parts = graph.named("stem"), graph.named("parts")
    made = clip.paste(graph, clip.copy(graph, [stem.id, parts.id]))
    history = History(graph)
    history.execute(made)
    copy, copied = (graph[id] for id in made.nodes)
    weights = graph.weights
    assert torch.equal(weights[f"{copy.name}.weight"], weights["stem.weight"])
    assert torch.equal(weights[f"{copied.name}.2.first.bias"], weights["parts.2.first.bias"])
    history.execute(SetParams(parts.id, {"repeat": 4}))
    graph.add("Linear", name="stem2", out_features=4)
    other = graph.use(parts, name="others")
    weights = graph.weights
    assert "parts.2.first.weight" in weights and not [n for n in weights if n.startswith(("parts.3.", "others.", "stem2."))]
    assert other.id in graph


def test_an_id_that_is_free_again_inherits_nothing(graph: Graph, tmp_path: Path) -> None:
    gone = graph.add("Linear", name="last", out_features=3)
    graph.connect(graph.named("head"), gone)
    weights = dict(graph.weights)
    graph.weights = {**weights, "last.weight": torch.ones(3, 2), "last.bias": torch.ones(3)}
    assert "last.bias" in graph.weights
    graph.remove(gone)
    graph.save(tmp_path / "net.archloom")
    again = Graph.load(tmp_path / "net.archloom")
    new = again.add("Linear", name="last", out_features=3)
    assert new.id == gone.id and "last.bias" not in again.weights


def test_a_file_with_the_names_of_the_class_is_taken_as_it_is(graph: Graph, tmp_path: Path) -> None:
    expected, path = result(graph), tmp_path / "net.archloom"
    graph.save(path)
    save_weights(dict(graph.weights), tmp_path / "net.safetensors", {})
    again = Graph.load(path)
    again.rename(again.named("stem"), "begin")
    assert torch.equal(result(again), expected)
    again.save(path)
    assert read_header(tmp_path / "net.safetensors").metadata["form"]
    assert torch.equal(result(Graph.load(path)), expected)


def test_a_place_is_written_and_read(graph: Graph) -> None:
    for _, place in places(graph):
        assert from_text(to_text(place)) == place


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights({"a": torch.ones(3)}, path, {})
    rewrite(path, tmp_path / "x.safetensors", {"b": "a", "c": "a"}, {"k": "v"})
    assert {n: t.tolist() for n, t in read_weights(tmp_path / "x.safetensors").items()} == {"b": [1, 1, 1], "c": [1, 1, 1]}
    for content in (b"", b"\xff" * 40, path.read_bytes()[:-3]):
        path.write_bytes(content)
        with pytest.raises(DocumentError, match=r"w\.safetensors cannot be read"):
            read_header(path)
