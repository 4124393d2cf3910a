"""Blocks whose ports follow from parameters: the node has the ports that its values ask for, and edges go with their ports."""

from __future__ import annotations

import pytest

from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import ParamError, UnknownPortError
from graph_engine.graph.changes import Change
from graph_engine.graph.commands import SetParams
from graph_engine.graph.history import History
from graph_engine.graph.node import Node


def parts(count: int = 4) -> tuple[Graph, Node]:
    """An Input of eight numbers, cut into parts of which each feeds an Output."""
    graph = Graph("parts")
    chunk = graph.add("Chunk", chunks=count, dim=1)
    graph.connect(graph.add("Input", shape=[8]), chunk)
    for port in chunk.spec.output_names:
        graph.connect(chunk, graph.add("Output"), port)
    return graph, chunk


def test_a_plain_block_is_its_own_form_and_equal_values_share_one() -> None:
    linear, chunk = registry()["Linear"], registry()["Chunk"]
    assert linear.fitted({"out_features": 3}) is linear
    assert chunk.fitted({"chunks": 3}) is chunk.fitted({"chunks": 3, "dim": 1})
    assert chunk.fitted({"chunks": 3}).fitted({"chunks": 5}) is chunk.fitted({"chunks": 5})
    assert chunk.fitted({}).output_names == chunk.output_names == ("part1", "part2")
    with pytest.raises(ParamError, match="chunks must be a whole number from 2 to 64, not 1"):
        chunk.fitted({"chunks": 1})


def test_ports_follow_a_parameter_and_edges_go_with_their_ports() -> None:
    graph, chunk = parts()
    told: list[Change] = []
    graph.subscribe(told.extend)
    history, before, edges = History(graph), to_text(graph), dict(graph.edges)
    history.execute(SetParams(chunk.id, {"chunks": 2}))
    assert chunk.spec.output_names == ("part1", "part2")
    assert {e.source_port for e in graph.outgoing(chunk.id)} == {"part1", "part2"}
    assert Change("node", chunk.id) in told and sum(c.kind == "edge-removed" for c in told) == 2
    assert graph.check().shapes[chunk.id] == {"part1": ("N", 4), "part2": ("N", 4)}
    after = to_text(graph)
    history.undo()
    assert to_text(graph) == before and dict(graph.edges) == edges and chunk.params["chunks"] == 4
    history.redo()
    assert to_text(graph) == after


def test_a_value_that_is_refused_changes_nothing() -> None:
    graph, chunk = parts()
    before, spec = to_text(graph), chunk.spec
    with pytest.raises(ParamError):
        graph.set(chunk, chunks=1)
    with pytest.raises(ParamError):
        graph.set(chunk, chunks=2, dim="last")
    assert to_text(graph) == before and chunk.spec is spec


def test_steps_of_one_gesture_merge_unless_an_edge_went() -> None:
    graph, chunk = parts(2)
    history, typing = History(graph), object()
    for count in (3, 4, 8):
        history.execute(SetParams(chunk.id, {"chunks": count}), typing)
    assert len(history.done) == 1 and len(chunk.spec.outputs) == 8
    history.undo()
    assert len(chunk.spec.outputs) == 2 and chunk.params["chunks"] == 2
    history.redo()
    for port in ("part3", "part8"):
        graph.connect(chunk, graph.add("Output"), port)
    for count in (2, 8):
        history.execute(SetParams(chunk.id, {"chunks": count}), typing)
    assert {e.source_port for e in graph.outgoing(chunk.id)} == {"part1", "part2"}
    history.undo()
    history.undo()
    assert {e.source_port for e in graph.outgoing(chunk.id)} == {"part1", "part2", "part3", "part8"}


def test_ports_survive_saving_and_the_document_names_only_what_is_there() -> None:
    graph, _ = parts(8)
    text = to_text(graph)
    again = from_text(text, Graph)
    assert to_text(again) == text and again.to_python() == graph.to_python()
    assert "x, y, z, u, v, w, h1, h2 = torch.chunk(x, 8, dim=1)" in again.to_python()
    with pytest.raises(Exception, match="part5"):
        from_text(text.replace('"chunks": 8', '"chunks": 4'), Graph)


def test_sizes_of_a_split_are_its_parts() -> None:
    graph = Graph("sizes")
    x, cut = graph.add("Input", shape=[6, "T"]), graph.add("Split", split_size_or_sections=(1, 2, 3), dim=1)
    graph.connect(x, cut)
    assert graph.check().shapes[cut.id] == {"part1": ("N", 1, "T"), "part2": ("N", 2, "T"), "part3": ("N", 3, "T")}
    graph.set(cut, split_size_or_sections=(1, 2))
    [fault] = graph.check().nodes[cut.id].diagnostics
    assert fault.message == "split1: the sizes 1, 2 are 3 together, but dimension 1 is 6."
    assert [fix.params for fix in fault.fixes] == [{"split_size_or_sections": (1, 5)}]
    with pytest.raises(UnknownPortError, match="Split has no output 'part3'; it has part1, part2"):
        graph.connect(cut, graph.add("Output"), "part3")
    with pytest.raises(ParamError, match="2 to 64 of whole numbers"):
        graph.set(cut, split_size_or_sections=(1,) * 65)
