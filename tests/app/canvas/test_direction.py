"""Edges that go down: ports, edges, gestures and keys follow, near and far; the document keeps it, undo takes it back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from app.canvas.curves import distance_to, pieces
from app.canvas.geometry import WIDTH
from app.edits import Edits
from app.session import Session
from graph_engine import Graph
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.graph.commands import Move
from graph_engine.graph.forms import SetDirection
from tests.app.canvas.hands import Hands


@pytest.fixture
def down(hands: Hands) -> Hands:
    hands.session.execute(SetDirection("down"))
    hands.session.execute(Move({hands.id("conv"): (0, 144), hands.id("relu"): (0, 288)}))
    hands.view.zoom_to_fit(animate=False)
    return hands


def test_edges_leave_below_and_arrive_above(down: Hands) -> None:
    for item in down.view.canvas.edges.values():
        source, target = item.source.rect, item.target.rect
        assert item.curve[:2] == (source[0] + WIDTH / 2, source[1] + source[3])
        assert item.curve[6:] == (target[0] + WIDTH / 2, target[1])
    down.session.undo()
    down.session.undo()
    assert all(item.curve[0] == item.source.x() + WIDTH for item in down.view.canvas.edges.values())


def test_an_edge_is_drawn_from_edge_to_edge_of_cards(down: Hands) -> None:
    down.drag(down.port("relu", "output"), down.port("product", "other"))
    assert "relu.output > product.other" in down.edges()
    item = next(e for e in down.view.canvas.edges.values() if e.edge.target_port == "other")
    assert down.view.canvas.hit(QPointF(*item.middle()), 11).edge is item


def test_a_card_is_put_onto_an_edge_and_what_moves_less_makes_room(down: Hands) -> None:
    graph = down.graph
    node = graph.add("Dropout", name="drop", position=(400, 400))
    down.view.zoom_to_fit(animate=False)
    middle = down.place(WIDTH / 2, 252)
    down.drag(down.body("drop"), middle - QPoint(0, round(24 * down.view.zoom)))
    assert {"conv.output > drop.input", "drop.output > relu.input"} <= down.edges()
    at = [graph.named(name).position[1] for name in ("conv", "drop", "relu")]
    assert at == sorted(at) and min(b - a for a, b in pairwise(at)) >= 144
    assert abs(graph[node].position[0]) < 48


def test_keys_follow_the_direction(down: Hands) -> None:
    down.view.select([down.id("x")])
    down.view.walk.step("down")
    assert down.view.selected_nodes() == (down.id("conv"),)
    down.view.walk.step("down")
    down.view.hand.connect_by_keys()
    for _ in range(8):
        if "product.input" in down.view.bubble.text():
            break
        down.key(Qt.Key.Key_Down)
    down.key(Qt.Key.Key_Return)
    assert "relu.output > product.input" in down.edges()
    down.view.hand.connect_by_keys()
    first = down.view.bubble.text()
    down.key(Qt.Key.Key_Right)
    assert down.view.bubble.text() != first, "the arrows along the edge of a card choose its port"
    down.key(Qt.Key.Key_Escape)


def test_edges_are_straightened_upright(down: Hands) -> None:
    down.session.execute(Move({down.id("conv"): (40, 144)}))
    down.view.select([down.id("x"), down.id("conv")])
    down.view.arrange.straighten()
    assert down.graph.named("conv").position == (0, 144)


def test_from_afar_edges_run_as_near(down: Hands) -> None:
    down.session.execute(Move({down.id("relu"): (300, -200)}))  # one runs back
    overview = down.view.canvas.overview
    overview.content()
    for id, item in down.view.canvas.edges.items():
        row = overview._edges.data[overview._edges.ids.index(id)]
        assert pieces(tuple(row[:8].tolist()), "down") == item.parts
        box = QRectF(row[9], row[10], row[11] - row[9], row[12] - row[10]).adjusted(-1, -1, 1, 1)
        assert box.contains(QPointF(*item.parts[0][:2])) and box.contains(QPointF(*item.middle()))
        assert distance_to(item.parts, *item.middle()) < 1


def test_a_block_is_added_behind_the_selected_node_below_it(down: Hands) -> None:
    edits = Edits(down.session, down.view)
    down.view.select([down.id("relu")])
    edits.add("Flatten")
    assert down.graph.named("flatten1").position == (0, 432)


def test_the_document_keeps_it_also_within_groups() -> None:
    graph = Graph("deep")
    a, b = graph.add("ReLU"), graph.add("Tanh", position=(0, 144))
    graph.connect(a, b)
    graph._do(SetDirection("down"))
    node = graph.group([a, b], "Pair")
    definition = graph.definitions[graph.groups[node.id]]
    assert definition.direction == "down", "what becomes a group keeps it"
    again = from_text(to_text(graph), Graph)
    assert (again.direction, again.definitions[definition.id].direction) == ("down", "down")
    session = Session(again)
    session.enter(node.id)
    session.execute(SetDirection("across"))
    assert (again.direction, session.graph.direction) == ("down", "across")
    session.undo()
    assert session.graph.direction == "down"
    assert '"direction"' not in to_text(Graph("plain"))
