"""Points of edges: kept by documents, copies and groups, moved with what they belong to, and unknown to checks and code."""

from __future__ import annotations

import pytest

from graph_engine import Graph
from graph_engine.analysis.rewire import swap
from graph_engine.blocks import registry
from graph_engine.document import clip
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import DocumentError
from graph_engine.graph.bends import Bend
from graph_engine.graph.commands import Disconnect, Move
from graph_engine.graph.history import History
from tests.engine.graphs import documents_cnn

POINTS = ((300.0, 40.5), (340.0, 80.0))


@pytest.fixture
def bent() -> Graph:
    graph = documents_cnn()
    History(graph).execute(Bend({edge(graph, "conv1"): POINTS}, "Add point"))
    return graph


def edge(graph: Graph, source: str) -> str:
    return next(graph.outgoing(graph.named(source).id)).id


def all_points(graph: Graph) -> list[object]:
    return [g.bends(e) for g in graph.graphs() for e in g.edges if g.bends(e)]


def test_they_are_looks_only(bent: Graph) -> None:
    before = bent.check(), bent.last_edit()
    History(bent).execute(Bend({edge(bent, "conv1"): ()}, "Remove point"))
    assert (bent.check(), bent.last_edit()) == before and not list(bent.bent)


def test_a_document_keeps_them(bent: Graph) -> None:
    assert '"n3.input", [[300, 40.5], [340, 80]]]' in to_text(bent)
    assert to_text(from_text(to_text(bent), Graph)) == to_text(bent)
    for wrong in ("[[300, 40.5], [340]]", '"x"', '[[300, 40.5], [340, "a"]]'):
        with pytest.raises(DocumentError, match="edges"):
            from_text(to_text(bent).replace("[[300, 40.5], [340, 80]]", wrong), Graph)


def test_they_come_back_with_a_removed_edge(bent: Graph) -> None:
    before, history = to_text(bent), History(bent)
    history.execute(Disconnect([edge(bent, "conv1")]))
    assert not all_points(bent)
    history.undo()
    assert to_text(bent) == before


def test_copies_have_them_where_they_lie(bent: Graph) -> None:
    nodes = [bent.named("conv1").id, bent.named("relu1").id]
    pasted = clip.paste(bent, clip.copy(bent, nodes), (10.0, 20.0))
    History(bent).execute(pasted)
    [made] = bent.outgoing(pasted.nodes[0])
    assert bent.bends(made.id) == ((310.0, 60.5), (350.0, 100.0))


def test_they_move_with_both_ends_and_stay_otherwise(bent: Graph) -> None:
    conv, relu, line, history = bent.named("conv1"), bent.named("relu1"), edge(bent, "conv1"), History(bent)
    before = to_text(bent)
    history.execute(Move({conv.id: (conv.position[0] + 5, conv.position[1])}))
    assert bent.bends(line) == POINTS
    history.undo()
    drag = object()
    for step in (1, 2, 3):
        history.execute(Move({n.id: (n.position[0] + 5, n.position[1] - 1) for n in (conv, relu)}), drag)
        assert bent.bends(line)[0] == (300 + 5 * step, 40.5 - step)
    assert len(history.done) == 1
    history.undo()
    assert to_text(bent) == before
    history.redo()
    assert bent.bends(line)[0] == (315.0, 37.5)


def test_a_group_takes_them_in_and_gives_them_back(bent: Graph) -> None:
    group = bent.group([bent.named("conv1"), bent.named("relu1")], "Stage")
    assert all_points(bent) == [POINTS]
    bent.dissolve(group)
    [(first, second)] = all_points(bent)  # type: ignore[misc]
    assert (second[0] - first[0], second[1] - first[1]) == (40.0, 39.5)


def test_another_block_in_the_place_of_an_end_keeps_them(bent: Graph) -> None:
    for name, block in (("relu1", "GELU"), ("conv1", "ConvTranspose2d")):
        command, _ = swap(bent, bent.named(name).id, registry()[block])
        History(bent).execute(command)
    assert all_points(bent) == [POINTS]
