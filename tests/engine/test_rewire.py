"""Edits of nodes together with their edges: each is one step, and undo brings back what was."""

from __future__ import annotations

import pytest

from graph_engine import Graph
from graph_engine.analysis import rewire
from graph_engine.analysis.habits import Habits, fitting
from graph_engine.blocks import registry
from graph_engine.document.write import to_text
from graph_engine.errors import EdgeError
from graph_engine.graph.command import Command
from graph_engine.graph.graph import new_node
from graph_engine.graph.modes import SetMode
from graph_engine.templates import template, templates


@pytest.fixture
def graph() -> Graph:
    """A row x → conv → relu → second, and a Concat of three of them."""
    graph = Graph("test")
    x = graph.add("Input", name="x", shape=[4, 8, 8])
    conv = graph.add("Conv2d", name="conv", out_channels=4, kernel_size=3, padding=1)
    relu = graph.add("ReLU", name="relu")
    conv2 = graph.add("Conv2d", name="second", out_channels=8, kernel_size=3)
    concat = graph.add("Concat", name="concat", dim=1)
    graph.connect(x, conv)
    graph.connect(conv, relu)
    graph.connect(relu, conv2)
    for node in (x, relu, conv):
        graph.connect(node, concat)
    return graph


def edges(graph: Graph) -> list[str]:
    return [f"{graph[e.source].name}>{graph[n.id].name}.{e.target_port}" for n in graph for e in graph.incoming(n.id)]


def done_and_undone(graph: Graph, command: Command) -> list[str]:
    """Edges after a command, which is then taken back, done again, and taken back."""
    before = to_text(graph)
    command.do(graph)
    after, text = edges(graph), to_text(graph)
    command.undo(graph)
    assert to_text(graph) == before
    command.do(graph)
    assert to_text(graph) == text
    command.undo(graph)
    assert to_text(graph) == before
    return after


def test_put_keeps_the_place_among_many(graph: Graph) -> None:
    node = graph.add("Tanh", name="tanh")
    edge = graph.inputs(graph.named("concat").id, "input")[1]
    found = done_and_undone(graph, rewire.put(graph, node, edge.id, (10, 0)))
    assert [e for e in found if "concat" in e] == ["x>concat.input", "tanh>concat.input", "conv>concat.input"]
    assert "relu>tanh.input" in found


def test_what_lies_behind_makes_room() -> None:
    graph = template("cnn_digits").open()
    edge = next(iter(graph.outgoing(graph.named("conv1").id)))
    before = {n.id: n.position for n in graph}
    rewire.put(graph, graph.add("Tanh"), edge.id, before[edge.source]).do(graph)
    assert graph.named("tanh1").position[0] == before[edge.source][0] + 272
    moved = {graph[id].name for id, position in before.items() if graph[id].position != position}
    assert moved == {"relu1"}  # what follows is on the next line


def test_taken_out_neighbours_are_joined(graph: Graph) -> None:
    command = rewire.take_out(graph, graph.check(), [graph.named("relu").id])
    assert command is not None
    found = done_and_undone(graph, command)
    assert "conv>second.input" in found
    assert [e for e in found if "concat" in e] == ["x>concat.input", "conv>concat.input", "conv>concat.input"]
    assert not any("relu" in e for e in found)


def test_taken_out_where_shapes_do_not_allow_it_leaves_a_gap() -> None:
    graph = template("cnn_digits").open()
    flatten = next(n for n in graph if n.block == "Flatten")
    behind = next(iter(graph.outgoing(flatten.id))).target
    command = rewire.take_out(graph, graph.check(), [flatten.id])
    assert command is not None
    command.do(graph)
    fed = [e.source for e in graph.incoming(behind)]
    # a Linear takes a feature map as well, as vectors along its last dimension: what counts is that the result of the check is right
    assert rewire.is_loose(graph, flatten.id)
    assert not fed or graph.check().nodes[behind].status == "ok"


def test_several_are_taken_out_with_the_edges_among_them(graph: Graph) -> None:
    ids = [graph.named(n).id for n in ("conv", "relu")]
    command = rewire.take_out(graph, graph.check(), ids)
    assert command is not None
    found = done_and_undone(graph, command)
    assert "conv>relu.input" in found
    assert "x>second.input" in found


def test_swap_keeps_edges_params_and_given_names(graph: Graph) -> None:
    id = graph.named("second").id
    command, new = rewire.swap(graph, id, registry()["ConvTranspose2d"])
    found = done_and_undone(graph, command)
    assert "relu>second.input" in found
    command.do(graph)
    assert graph[new].params["out_channels"] == 8
    assert graph[new].name == "second"


def test_swap_maps_ports_by_place_and_drops_what_has_none(graph: Graph) -> None:
    command, new = rewire.swap(graph, graph.named("concat").id, registry()["MatMul"])
    command.do(graph)
    assert [(graph[e.source].name, e.target_port) for e in graph.incoming(new)] == [("x", registry()["MatMul"].inputs[0].name)]


def test_a_row_is_joined(graph: Graph) -> None:
    a, b, c = (graph.add("ReLU").id for _ in range(3))
    command = rewire.chain(graph, [a, b, c])
    found = done_and_undone(graph, command)
    assert len(found) == len(edges(graph)) + 2
    command.do(graph)
    with pytest.raises(EdgeError):
        rewire.chain(graph, [a, b, c])
    with pytest.raises(EdgeError):
        rewire.chain(graph, [a, graph.named("x").id])


@pytest.mark.parametrize("side", ["output", "input"])
def test_join(graph: Graph, side: str) -> None:
    spec = registry()["ReLU"]
    node = new_node(graph, spec, "fresh", {}, (0, 0))
    held = graph.add("ReLU", name="alone")
    found = done_and_undone(graph, rewire.join(graph, node, held.id, side, side))
    assert ("alone>fresh.input" if side == "output" else "fresh>alone.input") in found


def test_habits_come_from_networks() -> None:
    habits = Habits(t.graph for t in templates())
    assert habits.beside("Conv2d", "output")["ReLU"] > habits.beside("Conv2d", "output").get("LSTM", 0)
    assert habits.beside("Output", "input")["Linear"]
    graph = template("cnn_digits").open()
    offered = fitting(graph, graph.check(), graph.named("conv1").id, "output", "output", habits)
    assert "ReLU" in [s.id for s in offered[:3]]
    assert "BatchNorm1d" not in [s.id for s in offered]


def test_a_node_is_taken_out_in_front_of_a_bypassed_one() -> None:
    graph = Graph()
    x, relu, total, y = graph.add("Input", shape=[4]), graph.add("ReLU"), graph.add("Add"), graph.add("Output")
    for a, b in ((x, relu), (relu, total), (x, total), (total, y)):
        graph.connect(a, b)
    SetMode([total.id], "bypassed").do(graph)
    [edge] = graph.outgoing(relu.id)
    assert rewire.left_by(graph, graph.check(), {relu.id}) == {edge.id: (x.id, "output")}
