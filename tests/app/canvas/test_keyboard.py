"""The canvas by keys alone: from node to node, along edges, an edge drawn from port to port; what is reached is said. And the touchpad."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.window import MainWindow
from tests.app.canvas.hands import Hands

Key = Qt.Key


def start(hands: Hands, name: str) -> None:
    hands.view.select([hands.id(name)])
    hands.view.hand.connect_by_keys()


def test_arrows_walk_what_fits_and_enter_connects(hands: Hands) -> None:
    start(hands, "relu")
    stage = hands.view.canvas.stage
    assert stage.target == (hands.id("product"), ("input", "input")), "the nearest comes first"
    assert hands.view.bubble.text().startswith("relu.output → product.input")
    seen = {stage.target}
    for _ in range(5):
        hands.key(Key.Key_Right)
        seen.add(stage.target)
    named = {(hands.graph[t[0]].name, t[1][1]) for t in seen if t is not None}
    assert named == {("product", "input"), ("product", "other"), ("concat", "input")}
    while stage.target != (hands.id("concat"), ("input", "input")):
        hands.key(Key.Key_Left)
    hands.key(Key.Key_Return)
    assert "relu.output > concat.input" in hands.edges() and hands.steps() == ["Connect"]
    assert hands.view.gesture is None and hands.view.canvas.drafts == [] and stage.lit is None
    assert hands.view.selected_nodes() == (hands.id("concat"),)


def test_up_and_down_choose_the_port_and_escape_leaves(hands: Hands) -> None:
    start(hands, "product")
    stage = hands.view.canvas.stage
    hands.key(Key.Key_Down)
    assert stage.target is not None and stage.target[1][0] == "output", "from an input, back to an output"
    hands.key(Key.Key_Escape)
    assert hands.view.gesture is None and stage.lit is None and stage.target is None and not hands.view.bubble.isVisible()
    assert hands.steps() == []


def test_letters_go_to_a_node_and_a_refusal_says_why(hands: Hands) -> None:
    start(hands, "conv")
    hands.key(Key.Key_C)
    assert hands.view.canvas.stage.target == (hands.id("concat"), ("input", "input"))
    hands.key(Key.Key_Escape)
    start(hands, "x")
    hands.key(Key.Key_R)
    assert "already receives conv" in hands.view.bubble.text() and hands.view.canvas.stage.target is None
    hands.key(Key.Key_Return)
    assert hands.steps() == [] and hands.view.gesture is not None
    hands.key(Key.Key_Escape)


def test_no_action_runs_meanwhile_and_the_mouse_ends_it(window: MainWindow) -> None:
    hands = Hands(window.canvas, window.session)
    window.canvas.setFocus()
    window.canvas.select([hands.id("conv1")])
    hands.key(Key.Key_C)
    assert window.canvas.gesture is not None
    hands.key(Key.Key_M)
    hands.key(Key.Key_Delete)
    hands.key(Key.Key_Tab)
    assert hands.steps() == [] and window.canvas.hasFocus()
    hands.click(hands.place(-200, -200))
    assert window.canvas.gesture is None and window.canvas.canvas.drafts == []
    window.canvas.select([hands.id("conv1")])
    hands.key(Key.Key_C)
    window.palette_panel.setFocus()
    window.canvas.clearFocus()
    assert window.canvas.gesture is None


def test_edges_are_reached_one_after_the_other_and_deleted(window: MainWindow) -> None:
    hands = Hands(window.canvas, window.session)
    window.canvas.setFocus()
    window.canvas.select([hands.id("conv1")])
    reached = []
    for _ in range(3):
        hands.key(Key.Key_E)
        [edge] = window.canvas.selected_edges()
        reached.append(edge)
    assert reached[0] == reached[2] != reached[1]
    assert "conv1.output" in window.canvas.accessibleDescription() or "conv1.input" in window.canvas.accessibleDescription()
    hands.key(Key.Key_Delete)
    assert reached[2] not in hands.graph.edges


def test_what_is_reached_is_said(hands: Hands) -> None:
    hands.view.select([hands.id("conv")])
    assert hands.view.accessibleDescription().startswith("conv, Conv2d, 32")
    start(hands, "conv")
    hands.key(Key.Key_Right)
    assert hands.view.accessibleDescription() == hands.view.bubble.text() != ""


READER = """
import gc
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

app = QApplication([])
QAccessible.setActive(True)

from app.canvas.view import CanvasView
from app.session import Session
from app.theme import LIGHT, apply
from graph_engine.graph.commands import RemoveNodes, SetParams
from graph_engine.templates import template

apply(app, LIGHT)
NAME, DESCRIPTION = QAccessible.Text.Name, QAccessible.Text.Description
session = Session(template("cnn_digits").open())
conv = session.graph.named("conv1").id
for turn in range(3):
    view = CanvasView(session, LIGHT)
    view.resize(800, 600)
    view.show()
    view.setFocus()
    app.processEvents()
    canvas = QAccessible.queryAccessibleInterface(view)
    assert (canvas.role(), canvas.text(NAME)) == (QAccessible.Role.List, "Network")
    items = [canvas.child(i) for i in range(canvas.childCount())]
    assert [canvas.indexOfChild(item) for item in items] == list(range(len(session.graph)))
    assert all("role=ListItem" in repr(item) for item in items), "as Qt itself asks"
    item = items[1]
    assert (item.text(NAME), item.text(DESCRIPTION)) == ("conv1, Conv2d", "32 · 3×3, output 32 × 26 × 26")
    assert not item.state().selected
    view.select([conv])
    assert item.state().selected and canvas.focusChild() is item
    middle = item.rect().center()
    assert canvas.childAt(middle.x(), middle.y()) is item
    session.execute(SetParams(conv, {"kernel_size": 40}))
    assert ", 1 problem" in item.text(DESCRIPTION)
    session.undo()
    del items, item
    session.execute(RemoveNodes([conv]))
    assert canvas.childCount() == len(session.graph) and canvas.child(1).text(NAME) == "relu1, ReLU"
    session.undo()
    assert canvas.childCount() == len(session.graph)
    del canvas
    if turn < 2:
        view.deleteLater()
        del view
        app.processEvents()
        gc.collect()
print("well")
"""


def test_a_screen_reader_finds_the_nodes_and_the_program_survives_it() -> None:
    """In a process of its own: what is wrong with who owns an interface ends a process."""
    found = subprocess.run([sys.executable, "-c", READER], capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert (found.returncode, found.stdout.strip()) == (0, "well"), found.stderr


# the touchpad


@pytest.fixture
def pad() -> QPointingDevice:
    device, kind = QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger
    return QPointingDevice("pad", 7, device, kind, QInputDevice.Capability.Position | QInputDevice.Capability.PixelScroll, 2, 1)


def test_two_fingers_pan_and_with_ctrl_zoom(hands: Hands, pad: QPointingDevice) -> None:
    view = hands.view

    def scroll(keys: Qt.KeyboardModifier) -> None:
        at = QPointF(400, 300)
        event = QWheelEvent(
            at, at, QPoint(30, -40), QPoint(60, -80), Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.ScrollUpdate, False,
            Qt.MouseEventSource.MouseEventNotSynthesized, pad,
        )  # fmt: skip
        QApplication.sendEvent(view.viewport(), event)

    before, zoom = hands.place(0, 0), view.zoom
    scroll(Qt.KeyboardModifier.NoModifier)
    assert hands.place(0, 0) - before == QPoint(30, -40) and view.zoom == zoom
    scroll(Qt.KeyboardModifier.ControlModifier)
    assert view.zoom < zoom


def test_a_pinch_zooms_at_the_fingers(hands: Hands, pad: QPointingDevice) -> None:
    view, at = hands.view, QPointF(250, 200)
    held, zoom = view.mapToScene(at.toPoint()), view.zoom
    for value in (0.1, 0.1, -0.05):
        kind = Qt.NativeGestureType.ZoomNativeGesture
        QApplication.sendEvent(view.viewport(), QNativeGestureEvent(kind, pad, 2, at, at, at, value, QPointF()))
    assert view.zoom == pytest.approx(zoom * 1.1 * 1.1 * 0.95)
    now = view.mapToScene(at.toPoint())
    assert abs(now.x() - held.x()) < 2 and abs(now.y() - held.y()) < 2
