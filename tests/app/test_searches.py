"""The searches that float above the window, worked by keys as a user works them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.fuzzy import score
from app.widgets.search import SearchPopup
from app.window import MainWindow
from tests.app.canvas.hands import Hands

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def hands_on(window: MainWindow) -> Hands:
    window.canvas.setFocus()
    window.canvas.set_zoom(1.0)
    return Hands(window.canvas, window.session)


def popup_of(window: MainWindow) -> SearchPopup:
    assert window.searches.popup is not None
    assert QApplication.focusWidget() is window.searches.popup.field
    return window.searches.popup


def enter(popup: SearchPopup, text: str) -> None:
    QTest.keyClicks(popup.field, text)
    QTest.keyClick(popup.field, Qt.Key.Key_Return)


def empty_place(hands: Hands) -> QPoint:
    """A place on the canvas below all cards."""
    rect = hands.view.canvas.content_rect()
    hands.view.centerOn(QPointF(rect.left() + 300, rect.bottom()))
    return hands.place(rect.left() + 300, rect.bottom() + 90)


def test_letters_fit_names() -> None:
    best = max(["MaxPool1d", "MaxPool2d", "AvgPool2d", "Dropout2d"], key=lambda n: score("mp2", n) or 0)
    assert best == "MaxPool2d"
    assert score("linear", "Linear") > score("linear", "Bilinear")  # type: ignore[operator]
    assert score("xyz", "Linear") is None
    assert score("dense", "Linear", "fully connected dense") is not None


def test_space_adds_at_the_pointer(window: MainWindow) -> None:
    hands = hands_on(window)
    place = empty_place(hands)
    window.canvas.select(())
    QTest.mouseMove(hands.view.viewport(), place)
    pointed = hands.view.camera.scene_point(hands.view.hand.place_in_view())  # off screen the pointer may stay where it was
    hands.key(Qt.Key.Key_Space)
    enter(popup_of(window), "dropout2")
    node = window.session.graph.named("dropout1") if "dropout1" in [n.name for n in window.session.graph] else None
    assert node is not None
    assert node.block == "Dropout2d"
    assert hands.view.canvas.content_rect([node.id]).contains(pointed)
    assert window.canvas.selected_nodes() == (node.id,)
    assert hands.steps() == ["Add Dropout2d"]
    assert QApplication.focusWidget() is window.canvas


def test_space_that_pans_opens_nothing(window: MainWindow) -> None:
    hands = hands_on(window)
    place = empty_place(hands)
    QTest.keyPress(hands.view, Qt.Key.Key_Space)
    hands.drag(place, place + QPoint(30, 30))
    QTest.keyRelease(hands.view, Qt.Key.Key_Space)
    assert window.searches.popup is None


def test_escape_closes_and_gives_the_keyboard_back(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.key(Qt.Key.Key_A, SHIFT)
    popup = popup_of(window)
    QTest.keyClick(popup.field, Qt.Key.Key_Escape)
    assert window.searches.popup is None
    assert QApplication.focusWidget() is window.canvas
    assert hands.steps() == []


def test_double_click_on_nothing_searches(window: MainWindow) -> None:
    hands = hands_on(window)
    place = empty_place(hands)
    QTest.mouseDClick(hands.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    popup = popup_of(window)
    QTest.keyClicks(popup.field, "no such block")
    assert popup.model.rowCount() == 0
    QTest.keyClick(popup.field, Qt.Key.Key_Return)
    assert window.searches.popup is popup


def test_search_closes_when_the_keyboard_goes_elsewhere(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.key(Qt.Key.Key_A, SHIFT)
    popup_of(window)
    window.palette_panel.field.setFocus()
    assert window.searches.popup is None


def test_an_edge_dropped_on_nothing_offers_what_fits(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.view.center_on(hands.id("conv1"), animate=False)
    graph = window.session.graph
    start = hands.port("conv1", "output")
    hands.drag(start, start + QPoint(40, 160))
    popup = popup_of(window)
    offered = [c.key for c in popup.model.found]
    assert offered[0] in ("BatchNorm2d", "ReLU")
    assert "BatchNorm1d" not in offered
    assert "Embedding" not in offered
    assert "Input" not in offered
    assert len(hands.view.canvas.drafts) == 1
    enter(popup, "batchnorm")
    assert hands.steps() == ["Add BatchNorm2d"]
    node = graph.named("batch_norm1")
    assert "conv1.output > batch_norm1.input" in hands.edges()
    assert node.position[0] == window.canvas.canvas.nodes[node.id].x()
    assert hands.view.canvas.drafts == []
    window.session.undo()
    assert "batch_norm1" not in [n.name for n in graph]


def test_an_edge_dropped_backwards_offers_what_gives_something(window: MainWindow) -> None:
    hands = hands_on(window)
    concat = window.canvas.add_block("Concat")
    window.canvas.center_on(concat, animate=False)
    name = window.session.graph[concat].name
    port = window.session.graph[concat].spec.inputs[0].name
    start = hands.port(name, port)
    hands.drag(start, start + QPoint(-60, 200))
    popup = popup_of(window)
    assert "Output" not in [c.key for c in popup.model.found]
    enter(popup, "relu")
    assert any(e.target == concat for e in window.session.graph.edges.values())


def test_a_block_is_appended_to_the_selected_node(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.view.select([hands.id("conv3")])
    hands.key(Qt.Key.Key_A, SHIFT)
    enter(popup_of(window), "sigmoid")
    assert any(e.startswith("conv3.output > sigmoid") for e in hands.edges())


def test_find_goes_to_a_node(qtbot: QtBot, window: MainWindow) -> None:
    hands = hands_on(window)
    qtbot.keyClick(window.canvas, Qt.Key.Key_F, CTRL)
    enter(popup_of(window), "flat")
    assert [window.session.graph[i].block for i in hands.view.selected_nodes()] == ["Flatten"]


def test_every_action_is_found_and_carried_out(qtbot: QtBot, window: MainWindow) -> None:
    hands = hands_on(window)
    qtbot.keyClick(window.canvas, Qt.Key.Key_P, CTRL | SHIFT)
    popup = popup_of(window)
    names = {c.text for c in popup.model.found if c.enabled}
    assert {"Undo", "Fit All", "Keyboard Shortcuts", "Auto Layout"} & names == {"Fit All", "Keyboard Shortcuts", "Auto Layout"}
    enter(popup, "select all")
    assert len(hands.view.selected_nodes()) == len(window.session.graph)


def test_a_node_is_replaced_by_another_block(window: MainWindow) -> None:
    hands = hands_on(window)
    before = hands.edges()
    relu = window.session.graph.named("relu1")
    hands.view.select([relu.id])
    hands.key(Qt.Key.Key_S, SHIFT)
    popup = popup_of(window)
    assert popup.model.found[0].detail == "Activation"
    enter(popup, "gelu")
    assert {"conv1.output > gelu1.input", "gelu1.output > max_pool1.input"} <= hands.edges()
    assert hands.steps() == ["Replace relu1 by GELU"]
    assert [window.session.graph[i].block for i in hands.view.selected_nodes()] == ["GELU"]
    window.session.undo()
    assert hands.edges() == before


def test_selected_nodes_are_connected_in_a_row(window: MainWindow) -> None:
    hands = hands_on(window)
    graph = window.session.graph
    made = [graph.add("ReLU", name=f"row{i}", position=(300 * i, 2000)).id for i in range(3)]
    hands.view.select([made[2], made[0], made[1]])
    hands.key(Qt.Key.Key_L, CTRL)
    assert {"row0.output > row1.input", "row1.output > row2.input"} <= hands.edges()
    assert hands.steps() == ["Connect in a row"]


def test_frames_by_key_rename_and_delete(qtbot: QtBot, window: MainWindow) -> None:
    hands = hands_on(window)
    hands.view.select([hands.id("conv1"), hands.id("relu1")])
    hands.key(Qt.Key.Key_G, CTRL)
    editor = hands.view.annotating.editor
    assert editor is not None
    QTest.keyClicks(editor, "Stem")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    [frame] = window.session.graph.annotations.values()
    assert frame.text == "Stem"
    window.actions_["colour_green"].trigger()
    assert window.session.graph.annotations[frame.id].colour == "green"
    qtbot.keyClick(window.canvas, Qt.Key.Key_F2)
    editor = hands.view.annotating.editor
    assert editor is not None
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    hands.key(Qt.Key.Key_L)
    now = window.session.graph.annotations[frame.id]
    assert set(window.canvas.canvas.nodes_framed(now.rect)) == {hands.id("conv1"), hands.id("relu1")}
    window.session.undo()
    assert window.session.graph.annotations[frame.id].rect == frame.rect
    hands.key(Qt.Key.Key_Delete)
    assert not window.session.graph.annotations
    assert len(window.session.graph) == 14
    window.session.undo()
    assert window.session.graph.annotations[frame.id].text == "Stem"


def test_groups_are_found_like_blocks(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.view.select([hands.id("conv2"), hands.id("relu2")])
    window.edits.group()
    graph = window.session.graph
    [definition] = graph.definitions.values()
    window.canvas.setFocus()
    window.canvas.select(())
    hands.key(Qt.Key.Key_A, SHIFT)
    enter(popup_of(window), definition.name)
    assert len(graph.groups) == 2
    window.session.enter(next(iter(graph.groups)))
    window.canvas.setFocus()
    hands.key(Qt.Key.Key_A, SHIFT)
    assert definition.name not in [c.text for c in popup_of(window).model.found]


def test_paste_with_incoming_edges(window: MainWindow) -> None:
    hands = hands_on(window)
    hands.view.select([hands.id("relu1"), hands.id("max_pool1")])
    hands.key(Qt.Key.Key_C, CTRL)
    hands.key(Qt.Key.Key_V, CTRL | SHIFT)
    relu, pool = (window.session.graph[id] for id in hands.view.selected_nodes())
    assert f"conv1.output > {relu.name}.input" in hands.edges()
    assert f"{relu.name}.output > {pool.name}.input" in hands.edges()
    assert hands.steps() == ["Paste"]
    QApplication.clipboard().setText(QApplication.clipboard().text() + " ")
    hands.key(Qt.Key.Key_V, CTRL | SHIFT)
    fed = [e for id in hands.view.selected_nodes() for e in window.session.graph.incoming(id)]
    assert len(fed) == 1
