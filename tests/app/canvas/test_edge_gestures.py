"""Gestures on edges and on nodes together with their edges, with real events: each is one step, and Esc takes it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.interactions.take_out import Shake
from tests.app.canvas.hands import Hands
from tests.app.canvas.test_gestures import ALT, CTRL, selected


def loose(hands: Hands, block: str, name: str, x: float, y: float) -> str:
    """A node that no edge is at."""
    return hands.graph.add(block, name=name, position=(x, y)).id


def test_a_node_dropped_on_an_edge_is_put_onto_it(hands: Hands) -> None:
    loose(hands, "Tanh", "tanh", 400, 320)
    before = hands.edges()
    start = hands.body("tanh")
    hands.press(start)
    hands.move(start + QPoint(0, -100))
    hands.move(start + QPoint(0, -320))
    edge = next(e for e in hands.view.canvas.edges.values() if e.source.node.name == "conv")
    assert not edge.isVisible()
    assert hands.view.canvas.drafts
    hands.release(start + QPoint(0, -320))
    assert {"conv.output > tanh.input", "tanh.output > relu.input"} <= hands.edges()
    assert "conv.output > relu.input" not in hands.edges()
    assert hands.steps() == ["Insert tanh"]
    hands.session.undo()
    assert hands.edges() == before
    assert hands.graph.named("tanh").position == (400, 320)


def test_a_node_with_edges_is_not_put_onto_another(hands: Hands) -> None:
    before = hands.edges()
    start = hands.body("x")
    hands.drag(start, hands.place(400 + 88, 12))
    assert hands.edges() == before


def test_esc_takes_a_node_off_the_edge_again(hands: Hands) -> None:
    loose(hands, "Tanh", "tanh", 400, 320)
    start = hands.body("tanh")
    hands.press(start)
    hands.move(start + QPoint(0, -320))
    hands.key(Qt.Key.Key_Escape)
    assert all(e.isVisible() for e in hands.view.canvas.edges.values())
    assert hands.view.canvas.drafts == []
    assert hands.steps() == []
    hands.release(start)


def test_alt_drag_takes_a_node_out(hands: Hands) -> None:
    start = hands.body("conv")
    hands.press(start, ALT)
    hands.move(start + QPoint(0, 60))
    assert hands.view.canvas.drafts
    assert sum(not e.isVisible() for e in hands.view.canvas.edges.values()) == 2
    hands.move(start + QPoint(0, 160))
    hands.release(start + QPoint(0, 160), ALT)
    assert hands.edges() == {"x.output > relu.input"}
    assert hands.graph.named("conv").position == (272, 160)
    assert hands.view.canvas.drafts == []
    assert hands.steps() == ["Take out conv"]
    hands.session.undo()
    assert hands.edges() == {"x.output > conv.input", "conv.output > relu.input"}
    assert all(e.isVisible() for e in hands.view.canvas.edges.values())


def test_esc_puts_a_node_back_that_was_being_taken_out(hands: Hands) -> None:
    before = hands.edges()
    start = hands.body("conv")
    hands.press(start, ALT)
    hands.move(start + QPoint(0, 160))
    hands.key(Qt.Key.Key_Escape)
    assert hands.edges() == before
    assert all(e.isVisible() for e in hands.view.canvas.edges.values())
    assert hands.view.canvas.drafts == []
    assert hands.steps() == []
    hands.release(start)


def test_shaking_takes_a_node_out(hands: Hands) -> None:
    start = hands.body("conv")
    hands.press(start)
    for _ in range(4):
        for dx in (0, 20, 40, 20):
            hands.move(start + QPoint(dx, 30))
    hands.move(start + QPoint(0, 160))
    hands.release(start + QPoint(0, 160))
    assert hands.edges() == {"x.output > relu.input"}


def test_a_straight_way_is_no_shake() -> None:
    shake = Shake()
    assert not any(shake.feel(QPoint(x, 0)) for x in range(0, 400, 7))


def test_the_knife_cuts_what_it_crosses(hands: Hands) -> None:
    hands.press(hands.place(224, -40), CTRL)
    hands.move(hands.place(224, 100))
    assert sum(e.opacity() < 1 for e in hands.view.canvas.edges.values()) == 1
    hands.move(hands.place(496, 100))
    hands.move(hands.place(496, -40))
    hands.release(hands.place(496, -40), CTRL)
    assert hands.edges() == set()
    assert hands.steps() == ["Disconnect"]
    assert hands.view.canvas.drafts == []


def test_the_knife_on_nothing_and_cancelled_cuts_nothing(hands: Hands) -> None:
    hands.drag(hands.place(100, 400), hands.place(140, 420), CTRL)
    hands.press(hands.place(224, -40), CTRL)
    hands.move(hands.place(224, 100))
    hands.key(Qt.Key.Key_Escape)
    hands.release(hands.place(224, 100), CTRL)
    assert hands.steps() == []
    assert len(hands.edges()) == 2
    assert all(e.opacity() == 1.0 for e in hands.view.canvas.edges.values())


def test_the_lasso_selects_what_it_encloses(hands: Hands) -> None:
    around = [(250, -30), (470, -30), (470, 110), (250, 110)]
    hands.press(hands.place(240, -30), CTRL | ALT)
    for x, y in around:
        hands.move(hands.place(x, y))
    assert selected(hands) == ["conv"]
    hands.release(hands.place(250, 110), CTRL | ALT)
    assert selected(hands) == ["conv"]
    assert hands.view.canvas.drafts == []
    assert hands.steps() == []


def test_no_key_edits_while_a_gesture_goes_on(hands: Hands) -> None:
    start = hands.body("conv")
    hands.drag(start, start + QPoint(0, 64))
    hands.press(hands.body("relu"))
    hands.move(hands.body("relu") + QPoint(60, 60))
    QTest.keyClick(hands.view, Qt.Key.Key_Z, CTRL)
    assert hands.steps() == ["Move"]
    hands.key(Qt.Key.Key_Escape)
    hands.release(hands.body("relu"))


@pytest.mark.parametrize("edge", [True, False])
def test_a_block_from_the_palette_goes_onto_the_edge_below(hands: Hands, edge: bool) -> None:
    from app.canvas.interactions.drop import add_block
    from graph_engine.blocks import registry

    wanted = next(e.id for e in hands.graph.edges.values() if hands.graph[e.source].name == "conv")
    add_block(hands.view, registry()["Tanh"], (400, 0), wanted if edge else None)
    assert ("tanh1.output > relu.input" in hands.edges()) is edge
