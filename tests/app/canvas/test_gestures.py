"""Every gesture with real mouse and key events: what it does, and that Esc takes it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.interactions.drop import BLOCK_MIME
from app.session import Session
from graph_engine.templates import template
from tests.app.canvas.hands import Hands

SHIFT, CTRL, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def selected(hands: Hands) -> list[str]:
    return [hands.graph[id].name for id in hands.view.selected_nodes()]


# selecting


def test_click_selects_shift_adds_ctrl_toggles(hands: Hands) -> None:
    hands.click(hands.body("conv"))
    assert selected(hands) == ["conv"]
    hands.click(hands.body("relu"), SHIFT)
    assert selected(hands) == ["conv", "relu"]
    hands.click(hands.body("conv"), CTRL)
    assert selected(hands) == ["relu"]
    hands.click(hands.body("conv"), CTRL)
    assert selected(hands) == ["relu", "conv"]
    hands.click(hands.body("conv"))
    assert selected(hands) == ["conv"]
    hands.click(hands.place(100, 400))
    assert selected(hands) == []


def test_selection_is_told_once_per_change(hands: Hands) -> None:
    told: list[tuple[str, ...]] = []
    hands.view.selection_changed.connect(told.append)
    hands.click(hands.body("conv"))
    hands.click(hands.body("conv"))
    hands.view.select_all()
    assert [len(t) for t in told] == [1, 5]


def test_rubber_band_selects_what_it_touches(hands: Hands) -> None:
    hands.drag(hands.place(-30, -30), hands.place(300, 60))
    assert set(selected(hands)) == {"x", "conv"}
    hands.drag(hands.place(530, -30), hands.place(560, 10), SHIFT)
    assert set(selected(hands)) == {"x", "conv", "relu"}
    assert hands.view.canvas.drafts == []


def test_rubber_band_cancelled_leaves_the_selection(hands: Hands) -> None:
    hands.click(hands.body("relu"))
    hands.press(hands.place(-30, -30))
    hands.move(hands.place(300, 60))
    assert set(selected(hands)) == {"x", "conv"}
    hands.key(Qt.Key.Key_Escape)
    assert selected(hands) == ["relu"]
    assert hands.view.gesture is None
    hands.release(hands.place(300, 60))


def test_click_on_an_edge_selects_it(hands: Hands) -> None:
    edge = next(iter(hands.graph.edges.values()))
    x, y = hands.view.canvas.edges[edge.id].middle()
    hands.click(hands.place(x, y + 3))
    assert hands.view.selected_edges() == (edge.id,)
    assert selected(hands) == []


def test_escape_clears_the_selection(hands: Hands) -> None:
    hands.view.select_all()
    hands.key(Qt.Key.Key_Escape)
    assert selected(hands) == []
    assert hands.view.selected_edges() == ()


def test_double_click_activates_a_node(hands: Hands, qtbot) -> None:
    with qtbot.waitSignal(hands.view.node_activated) as told:
        QTest.mouseDClick(hands.view.viewport(), Qt.MouseButton.LeftButton, pos=hands.body("conv"))
    assert told.args == [hands.id("conv")]


# moving


def test_drag_moves_in_one_step_and_snaps(hands: Hands) -> None:
    start = hands.body("conv")
    hands.drag(start, start + QPoint(50, 70))
    assert hands.graph.named("conv").position == (320, 64)
    assert hands.steps() == ["Move"]
    hands.session.undo()
    assert hands.graph.named("conv").position == (272, 0)
    assert hands.view.canvas.nodes[hands.id("conv")].pos() == QPointF(272, 0)


def test_drag_moves_all_that_is_selected_and_their_edges(hands: Hands) -> None:
    hands.click(hands.body("conv"))
    hands.click(hands.body("relu"), SHIFT)
    start = hands.body("relu")
    hands.drag(start, start + QPoint(0, 32))
    assert hands.graph.named("conv").position == (272, 32)
    assert hands.graph.named("relu").position == (544, 32)
    assert selected(hands) == ["conv", "relu"]
    for item in hands.view.canvas.edges.values():
        target = hands.view.canvas.nodes[item.edge.target]
        assert item.curve[6:] == (target.x(), target.y() + target.layout.inputs[0].y)


def test_drag_cancelled_leaves_no_step(hands: Hands) -> None:
    start = hands.body("conv")
    hands.press(start)
    hands.move(start + QPoint(60, 60))
    assert hands.view.canvas.nodes[hands.id("conv")].pos() != QPointF(272, 0)
    hands.key(Qt.Key.Key_Escape)
    assert hands.view.canvas.nodes[hands.id("conv")].pos() == QPointF(272, 0)
    hands.release(start + QPoint(60, 60))
    assert hands.steps() == []


def test_a_click_with_a_trembling_hand_moves_nothing(hands: Hands) -> None:
    start = hands.body("conv")
    hands.drag(start, start + QPoint(2, 1))
    assert hands.steps() == []


def test_arrow_keys_nudge_in_one_step(hands: Hands) -> None:
    hands.click(hands.body("conv"))
    hands.key(Qt.Key.Key_Right)
    hands.key(Qt.Key.Key_Right)
    hands.key(Qt.Key.Key_Down, SHIFT)
    assert hands.graph.named("conv").position == (304, 64)
    assert hands.steps() == ["Move"]


# edges


@pytest.mark.parametrize("backwards", [False, True])
def test_an_edge_is_drawn_from_either_end(hands: Hands, backwards: bool) -> None:
    ends = [hands.port("relu", "output"), hands.port("product", "input")]
    hands.drag(*(reversed(ends) if backwards else ends))
    assert "relu.output > product.input" in hands.edges()
    assert hands.steps() == ["Connect"]


def test_an_edge_snaps_to_a_near_port(hands: Hands) -> None:
    hands.drag(hands.port("relu", "output"), hands.port("product", "other") - QPoint(18, -6))
    assert "relu.output > product.other" in hands.edges()


def test_an_edge_dropped_on_a_card_connects_to_what_fits(hands: Hands) -> None:
    hands.drag(hands.port("relu", "output"), hands.body("product"))
    hands.drag(hands.port("conv", "output"), hands.body("product"))
    assert {"relu.output > product.input", "conv.output > product.other"} <= hands.edges()


def test_a_variadic_input_takes_many_side_by_side(hands: Hands) -> None:
    hands.drag(hands.port("x", "output"), hands.port("concat", "input"))
    hands.drag(hands.port("concat", "input"), hands.port("x", "output"))
    arriving = [hands.view.canvas.edges[e.id].curve[7] for e in hands.graph.incoming(hands.id("concat"))]
    assert len(arriving) == 2
    assert abs(arriving[0] - arriving[1]) > 8


def test_fitting_ports_are_lit_while_an_edge_is_drawn(hands: Hands) -> None:
    hands.press(hands.port("relu", "output"))
    hands.move(hands.place(700, 100))
    lit = {name: hands.view.canvas.nodes[hands.id(name)].state().lit for name in ("x", "conv", "product", "concat")}
    assert lit["product"] == {("input", "input"), ("input", "other")}
    assert lit["concat"] == {("input", "input")}
    assert lit["x"] == lit["conv"] == frozenset()
    hands.key(Qt.Key.Key_Escape)
    assert hands.view.canvas.nodes[hands.id("product")].state().lit is None
    assert hands.view.canvas.drafts == []
    hands.release(hands.place(700, 100))
    assert hands.steps() == []


def test_a_cycle_is_refused_with_its_reason(hands: Hands) -> None:
    hands.drag(hands.port("conv", "output"), hands.port("concat", "input"))
    hands.press(hands.port("concat", "output"))
    hands.move(hands.body("conv"))
    hands.move(hands.port("conv", "input") + QPoint(2, 0))
    assert hands.view.bubble.isVisible()
    assert "conv" in hands.view.bubble.text()
    hands.release(hands.port("conv", "input") + QPoint(2, 0))
    assert not hands.view.bubble.isVisible()
    assert hands.steps() == ["Connect"]


def test_a_taken_input_is_refused_with_its_reason(hands: Hands) -> None:
    hands.press(hands.port("x", "output"))
    hands.move(hands.port("relu", "input"))
    assert "disconnect that first" in hands.view.bubble.text()
    hands.release(hands.port("relu", "input"))
    assert hands.edges() == {"x.output > conv.input", "conv.output > relu.input"}


def test_two_outputs_do_not_connect(hands: Hands) -> None:
    hands.press(hands.port("relu", "output"))
    hands.move(hands.port("product", "output"))
    hands.move(hands.port("product", "output") + QPoint(8, 0))
    assert "another output" in hands.view.bubble.text()
    hands.key(Qt.Key.Key_Escape)
    hands.release(hands.port("product", "output"))


def test_dragging_away_from_an_input_routes_the_edge_elsewhere(hands: Hands) -> None:
    hands.drag(hands.port("relu", "input"), hands.port("product", "input"))
    assert hands.edges() == {"x.output > conv.input", "conv.output > product.input"}
    assert hands.steps() == ["Re-route edge"]
    hands.session.undo()
    assert hands.edges() == {"x.output > conv.input", "conv.output > relu.input"}
    assert set(hands.view.canvas.edges) == set(hands.graph.edges)


def test_an_edge_dropped_on_nothing_is_removed(hands: Hands) -> None:
    hands.drag(hands.port("relu", "input"), hands.place(450, 330))
    assert hands.edges() == {"x.output > conv.input"}
    assert hands.steps() == ["Disconnect"]


def test_an_edge_put_back_is_no_step(hands: Hands) -> None:
    start = hands.port("relu", "input")
    hands.press(start)
    hands.move(start + QPoint(60, 90))
    hands.move(start)
    hands.release(start)
    assert hands.steps() == []
    assert all(item.isVisible() for item in hands.view.canvas.edges.values())


def test_ctrl_drag_takes_an_edge_off_an_output(hands: Hands) -> None:
    hands.drag(hands.port("conv", "output"), hands.port("x", "output"), CTRL)
    assert hands.edges() == {"x.output > conv.input", "x.output > relu.input"}


def test_alt_click_breaks_an_edge(hands: Hands) -> None:
    edge = next(iter(hands.graph.edges.values()))
    hands.click(hands.place(*hands.view.canvas.edges[edge.id].middle()), ALT)
    assert edge.id not in hands.graph.edges
    assert hands.steps() == ["Disconnect"]


# moving about


def test_middle_drag_and_space_drag_pan(hands: Hands) -> None:
    before = hands.view.mapToScene(QPoint(0, 0))
    hands.drag(hands.place(100, 400), hands.place(100, 400) + QPoint(40, 30), button=Qt.MouseButton.MiddleButton)
    assert before - hands.view.mapToScene(QPoint(0, 0)) == QPointF(40, 30)
    QTest.keyPress(hands.view, Qt.Key.Key_Space)
    hands.drag(hands.body("conv"), hands.body("conv") + QPoint(-40, -30))
    QTest.keyRelease(hands.view, Qt.Key.Key_Space)
    assert before == hands.view.mapToScene(QPoint(0, 0))
    assert selected(hands) == []
    assert hands.steps() == []


def wheel(hands: Hands, at: QPoint, angle: QPoint, pixels: QPoint, phase: Qt.ScrollPhase) -> None:
    viewport = hands.view.viewport()
    event = QWheelEvent(
        QPointF(at),
        QPointF(viewport.mapToGlobal(at)),
        pixels,
        angle,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        phase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def test_the_wheel_zooms_at_the_pointer(hands: Hands) -> None:
    at = hands.body("relu")
    fixed = hands.view.mapToScene(at)
    for _ in range(4):
        wheel(hands, at, QPoint(0, -120), QPoint(), Qt.ScrollPhase.NoScrollPhase)
    assert hands.view.zoom == pytest.approx(1.25**-4)
    now = hands.view.mapToScene(at)
    assert abs(now.x() - fixed.x()) < 4
    assert abs(now.y() - fixed.y()) < 4


def test_two_fingers_pan(hands: Hands) -> None:
    before = hands.view.mapToScene(QPoint(0, 0))
    wheel(hands, QPoint(300, 300), QPoint(0, 80), QPoint(12, 10), Qt.ScrollPhase.ScrollUpdate)
    assert hands.view.zoom == 1.0
    assert before - hands.view.mapToScene(QPoint(0, 0)) == QPointF(12, 10)


# dropping blocks


def block(id: str) -> QMimeData:
    mime = QMimeData()
    mime.setData(BLOCK_MIME, id.encode())
    return mime


def send_drag(hands: Hands, kind: type, at: QPoint, mime: QMimeData) -> QEvent:
    place = QPointF(at) if kind is QDropEvent else at
    event = kind(place, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(hands.view.viewport(), event)
    return event


def test_a_dropped_block_becomes_a_node_at_the_pointer(hands: Hands) -> None:
    mime, at = block("Linear"), hands.place(396, 360)
    assert send_drag(hands, QDragEnterEvent, at, mime).isAccepted()
    assert len(hands.view.canvas.drafts) == 1
    send_drag(hands, QDragMoveEvent, at, mime)
    send_drag(hands, QDropEvent, at, mime)
    node = hands.graph.named(selected(hands)[0])
    assert node.block == "Linear"
    assert dict(node.spec.initial).items() <= node.params.items()
    assert node.position == (304, 320)
    assert hands.view.canvas.drafts == []
    assert hands.steps() == ["Add Linear"]


def test_a_block_dragged_out_again_leaves_nothing(hands: Hands) -> None:
    mime = block("Linear")
    send_drag(hands, QDragEnterEvent, QPoint(300, 300), mime)
    QApplication.sendEvent(hands.view.viewport(), QDragLeaveEvent())
    assert hands.view.canvas.drafts == []
    assert hands.steps() == []


def test_what_is_no_block_is_not_taken(hands: Hands) -> None:
    assert not send_drag(hands, QDragEnterEvent, QPoint(300, 300), block("NoSuchBlock")).isAccepted()
    other = QMimeData()
    other.setText("Linear")
    assert not send_drag(hands, QDragEnterEvent, QPoint(300, 300), other).isAccepted()


def test_a_gesture_ends_before_another_document_is_shown(hands: Hands, session: Session) -> None:
    hands.press(hands.port("relu", "input"))
    hands.move(hands.body("concat"))
    assert hands.view.gesture is not None and hands.view.canvas.drafts
    session.new(template("cnn_digits").open())
    assert hands.view.gesture is None and not hands.view.canvas.drafts
    assert all(edge.isVisible() for edge in hands.view.canvas.edges.values())
