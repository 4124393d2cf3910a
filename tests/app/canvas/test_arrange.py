"""Cards in line, lines to stop on, the way through the network by keys, places to come back to, and drags beyond the border."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from app.canvas.arrange import aligned, distributed
from app.canvas.speech import spoken
from tests.app.canvas.hands import Hands
from tests.app.canvas.test_gestures import SHIFT, selected

RECTS = {"a": (0.0, 0.0, 10.0, 10.0), "b": (30.0, 40.0, 10.0, 20.0), "c": (90.0, 10.0, 10.0, 10.0)}


@pytest.mark.parametrize(
    ("edge", "found"),
    [
        ("left", [(0, 0), (0, 40), (0, 10)]),
        ("right", [(90, 0), (90, 40), (90, 10)]),
        ("top", [(0, 0), (30, 0), (90, 0)]),
        ("bottom", [(0, 50), (30, 40), (90, 50)]),
        ("centre", [(45, 0), (45, 40), (45, 10)]),
        ("middle", [(0, 25), (30, 20), (90, 25)]),
    ],
)
def test_aligned(edge: str, found: list[tuple[float, float]]) -> None:
    assert list(aligned(RECTS, edge).values()) == found


def test_distributed() -> None:
    assert distributed(RECTS, "across") == {"a": (0, 0), "b": (45, 40), "c": (90, 10)}
    assert distributed(RECTS, "down") == {"a": (0, 0), "c": (90, 20), "b": (30, 40)}
    assert distributed({"a": RECTS["a"]}, "down") == {}


def test_align_is_one_step(hands: Hands) -> None:
    hands.click(hands.body("conv"))
    hands.click(hands.body("concat"), SHIFT)
    hands.click(hands.body("relu"), SHIFT)
    hands.view.arrange.align("left")
    assert {hands.graph.named(n).position[0] for n in ("conv", "concat", "relu")} == {272}
    assert hands.steps() == ["Align"]
    hands.view.arrange.align("left")
    assert hands.steps() == ["Align"]
    hands.session.undo()
    assert hands.graph.named("relu").position == (544, 0)


def test_straighten_runs_edges_level(hands: Hands) -> None:
    start = hands.body("relu")
    hands.drag(start, start + QPoint(0, 100))
    hands.view.select([hands.id("conv"), hands.id("relu")])
    hands.view.arrange.straighten()
    edge = next(e for e in hands.view.canvas.edges.values() if e.source.node.name == "conv")
    assert edge.curve[1] == edge.curve[7]
    hands.session.undo()
    hands.view.select([hands.id("relu")])
    hands.view.arrange.straighten()
    assert edge.curve[1] == edge.curve[7]


def test_a_dragged_card_stops_where_its_edge_runs_level(hands: Hands) -> None:
    graph = hands.graph
    graph.connect(graph.named("relu"), graph.named("product"), target_port="input")
    item = hands.view.canvas.nodes[hands.id("product")]
    level = hands.view.canvas.nodes[hands.id("relu")].y() + 36 - item.layout.inputs[0].y
    start = hands.body("product")
    to = QPoint(260, round(level - item.y()) + 3)
    hands.press(start)
    hands.move(start + to / 2)
    hands.move(start + to)
    assert hands.view.canvas.drafts
    hands.release(start + to)
    assert graph.named("product").position[1] == level
    assert hands.view.canvas.drafts == []


def test_streams_are_selected(hands: Hands) -> None:
    hands.click(hands.body("conv"))
    hands.view.walk.stream("down")
    assert set(selected(hands)) == {"conv", "relu"}
    hands.view.walk.stream("up")
    assert set(selected(hands)) == {"x", "conv", "relu"}


def test_a_walk_by_keys(hands: Hands) -> None:
    walk = hands.view.walk
    walk.step("right")
    assert selected(hands) == ["x"]
    walk.step("right")
    walk.step("right")
    assert selected(hands) == ["relu"]
    walk.step("down")
    assert selected(hands) == ["product"]
    walk.step("left")
    assert selected(hands) == ["concat"]
    walk.step("up")
    assert selected(hands) == ["conv"]
    walk.step("left")
    assert selected(hands) == ["x"]
    walk.step("left")
    assert selected(hands) == ["x"]


def test_what_is_selected_is_said(hands: Hands) -> None:
    hands.view.select([hands.id("conv")])
    said = hands.view.accessibleDescription()
    assert said == spoken(hands.view.canvas.nodes[hands.id("conv")])
    assert said.startswith("conv, Conv2d")
    assert "32 × 26 × 26" in said
    hands.view.select([hands.id("product")])
    assert "connected" in hands.view.accessibleDescription()
    hands.view.select_all()
    assert hands.view.accessibleDescription() == "5 nodes selected"


def test_a_screen_reader_is_told_of_the_selection(hands: Hands) -> None:
    QAccessible.setActive(True)
    try:
        hands.view.select([hands.id("conv")])
        hands.view.walk.step("right")
    finally:
        QAccessible.setActive(False)
    assert hands.view.accessibleDescription().startswith("relu, ReLU")


def test_the_keyboard_is_seen_where_it_came_by_tab(hands: Hands) -> None:
    hands.view.clearFocus()
    assert not hands.view.focus_ring.isVisible()
    hands.view.setFocus(Qt.FocusReason.TabFocusReason)
    assert hands.view.focus_ring.isVisible()
    assert hands.view.focus_ring.size() == hands.view.size()
    hands.view.clearFocus()
    assert not hands.view.focus_ring.isVisible()


def test_bookmarks_lead_back(hands: Hands, qtbot: QtBot) -> None:
    told: list[str] = []
    hands.view.bookmarks.told.connect(told.append)
    place, zoom = hands.view.camera.shown().center(), hands.view.zoom
    hands.view.bookmarks.set(3)
    hands.view.set_zoom(0.4)
    hands.view.centerOn(3000, 3000)
    hands.view.bookmarks.go(3)
    qtbot.waitUntil(lambda: hands.view.zoom == pytest.approx(zoom))
    assert (hands.view.camera.shown().center() - place).manhattanLength() < 4
    hands.view.bookmarks.go(4)
    assert "no bookmark 4" in told[-1]


def test_a_drag_at_the_border_moves_the_canvas(hands: Hands, qtbot: QtBot) -> None:
    start = hands.body("conv")
    before = hands.view.camera.shown().right()
    hands.press(start)
    hands.move(start + QPoint(40, 0))
    edge = QPoint(hands.view.viewport().width() - 3, start.y())
    hands.move(edge)
    qtbot.waitUntil(lambda: hands.view.camera.shown().right() > before + 100)
    hands.release(edge)
    stopped = hands.view.camera.shown().right()
    qtbot.wait(60)
    assert hands.view.camera.shown().right() == stopped
    assert hands.graph.named("conv").position[0] > 272 + 100 + (edge.x() - start.x()) - 20
    assert hands.steps() == ["Move"]


def test_pinch_zooms(hands: Hands) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QNativeGestureEvent, QPointingDevice
    from PySide6.QtWidgets import QApplication

    at = QPointF(300, 200)
    fixed = hands.view.camera.scene_point(at)
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, at, at, at, 0.25, QPointF()
    )
    QApplication.sendEvent(hands.view.viewport(), event)
    assert hands.view.zoom == pytest.approx(1.25)
    assert (hands.view.camera.scene_point(at) - fixed).manhattanLength() < 2
