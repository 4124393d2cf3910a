"""The main job, with the mouse and the keyboard, in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.actions import ACTIONS, CONTEXT, MENUS, TOOLBAR
from app.theme.tokens import DARK
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import SetParams
from graph_engine.templates import template
from tests.app.conftest import type_into

Answer = Callable[[str, QMessageBox.StandardButton], list[str]]
Make = Callable[[], MainWindow]
Button = QMessageBox.StandardButton


def drag_block(window: MainWindow, block: str, to: QPoint) -> None:
    """Drags a row of the palette to a point of the canvas: what Qt tells the canvas of a drag, with what the palette puts into it."""
    tree = window.palette_panel.tree
    model = tree.model()
    found = [
        model.index(child, 0, model.index(row, 0))
        for row in range(model.rowCount())
        for child in range(model.rowCount(model.index(row, 0)))
    ]
    index = next(i for i in found if i.data() == block)
    tree.scrollTo(index)
    data = model.mimeData([index])
    for kind in ("enter", "move", "drop"):
        _send_drag(window.canvas.viewport(), kind, data, to)


def _send_drag(widget: QWidget, kind: str, data: QMimeData, at: QPoint) -> None:
    common = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    if kind == "enter":
        event: QDropEvent = QDragEnterEvent(at, *common)
    elif kind == "move":
        event = QDragMoveEvent(at, *common)
    else:
        event = QDropEvent(QPointF(at), *common)
    QApplication.sendEvent(widget, event)


def test_draw_a_network_save_and_reopen_it(qtbot: QtBot, make_window: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = make_window()
    qtbot.mouseClick(window.start_page.empty_button, Qt.MouseButton.LeftButton)
    assert window.start_page.isHidden()
    window.canvas.set_zoom(1.0)
    for place, block in enumerate(("Input", "Linear", "Output")):
        drag_block(window, block, QPoint(120 + 220 * place, 200))
    graph = window.session.graph
    assert [n.block for n in graph] == ["Input", "Linear", "Output"]
    _draw_edge(qtbot, window, "Input", "Linear")
    _draw_edge(qtbot, window, "Linear", "Output")
    assert len(graph.edges) == 2

    linear = next(n for n in graph if n.block == "Linear")
    window.canvas.select([linear.id])
    type_into(qtbot, window.inspector.page.form.rows["out_features"].editor.field, "7")
    assert linear.params["out_features"] == 7
    before = len(window.session.history.done)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert linear.params["out_features"] != 7
    assert len(window.session.history.done) == before - 1
    qtbot.keyClick(window.canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert linear.params["out_features"] == 7

    path = tmp_path / "mine.archloom"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    assert window.isWindowModified()
    qtbot.keyClick(window.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert not window.isWindowModified()
    assert window.windowTitle().startswith("mine[*]")
    window.session.new()
    assert window.documents.open_path(path)
    assert [n.block for n in window.session.graph] == ["Input", "Linear", "Output"]
    assert window.preferences.recent == [path.resolve()]


def _draw_edge(qtbot: QtBot, window: MainWindow, source: str, target: str) -> None:
    canvas = window.canvas
    ids = {n.block: n.id for n in window.session.graph}

    def port(block: str, side: str) -> QPoint:
        item = canvas.canvas.nodes[ids[block]]
        place = (item.layout.outputs if side == "output" else item.layout.inputs)[0]
        return canvas.mapFromScene(item.pos() + QPointF(place.x, place.y))

    viewport = canvas.viewport()
    start, end = port(source, "output"), port(target, "input")
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(viewport, (start + end) / 2)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


def test_palette_adds_behind_the_selected_node(qtbot: QtBot, window: MainWindow) -> None:
    conv = window.session.graph.named("conv1")
    window.canvas.select([conv.id])
    qtbot.keyClicks(window.palette_panel.field, "batchnorm2d")
    qtbot.keyClick(window.palette_panel.field, Qt.Key.Key_Return)
    added = list(window.session.graph)[-1]
    assert added.block == "BatchNorm2d"
    assert [e.source for e in window.session.graph.incoming(added.id)] == [conv.id]
    assert window.canvas.selected_nodes() == (added.id,)
    window.session.undo()
    assert added.id not in window.session.graph


def test_letters_stay_letters_while_text_is_edited(qtbot: QtBot, window: MainWindow) -> None:
    before = {n.id: n.position for n in window.session.graph}
    field = window.palette_panel.field
    field.setFocus()
    qtbot.keyClicks(field, "LF.")
    assert field.text() == "LF."
    assert {n.id: n.position for n in window.session.graph} == before


def test_copy_paste_duplicate_delete(qtbot: QtBot, window: MainWindow) -> None:
    graph, canvas = window.session.graph, window.canvas
    count = len(graph)
    canvas.select([graph.named("conv2").id, graph.named("relu2").id])
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert len(graph) == count + 2
    assert len(canvas.selected_nodes()) == 2
    qtbot.keyClick(canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert len(graph) == count + 4
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert len(graph) == count + 2
    for _ in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(graph) == count
    assert not window.session.is_dirty


def test_paste_of_foreign_text_is_refused_in_words(qtbot: QtBot, window: MainWindow) -> None:
    QApplication.clipboard().setText("no nodes at all")
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert window.status.currentMessage()
    assert not window.session.is_dirty


def test_unsaved_guard(qtbot: QtBot, window: MainWindow, answer: Answer) -> None:
    window.session.execute(SetParams(window.session.graph.named("conv1").id, {"out_channels": 8}))
    seen = answer("unsaved", Button.Cancel)
    window.documents.new()
    assert "Digits CNN" in seen[0]
    assert len(window.session.graph)
    answer("unsaved", Button.Cancel)
    assert not window.close()
    answer("unsaved", Button.Discard)
    window.documents.new()
    assert not len(window.session.graph)


def test_a_file_that_cannot_be_read_is_told_and_changes_nothing(window: MainWindow, tmp_path: Path, answer: Answer) -> None:
    path = tmp_path / "broken.archloom"
    path.write_text('{"format": "archloom", "ver')
    seen = answer("complaint", Button.Ok)
    count = len(window.session.graph)
    assert not window.documents.open_path(path)
    assert "broken.archloom cannot be opened" in seen[0]
    assert len(window.session.graph) == count


def test_unwritable_place_is_told(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "missing" / "x.archloom"), ""))
    seen = answer("complaint", Button.Ok)
    assert not window.documents.save()
    assert "x.archloom is not saved" in seen[0]


def test_export_from_the_menu(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "net.py"), ""))
    window.actions_["export_python"].trigger()
    assert (tmp_path / "net.py").read_text() == window.session.graph.to_python()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "project"), ""))
    window.actions_["export_project"].trigger()
    assert {"model.py", "train.py"} <= {p.name for p in (tmp_path / "project").iterdir()}


def test_dropped_document_is_opened(make_window: Make, tmp_path: Path) -> None:
    window = make_window()
    path = tmp_path / "dropped.archloom"
    template("cnn_digits").open().save(path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    for kind in ("enter", "drop"):
        _send_drag(window.start_page, kind, data, QPoint(50, 50))
    assert window.session.path == path


def test_theme_switch_is_remembered(window: MainWindow, make_window: Make) -> None:
    window.actions_["theme_dark"].trigger()
    assert window.themes.theme is DARK
    image = window.canvas.grab().toImage()
    assert image.pixelColor(3, 3).name() == DARK.canvas
    assert make_window().themes.mode == "dark"
    window.actions_["theme_light"].trigger()


def test_problem_leads_to_its_node_and_is_mended(qtbot: QtBot, window: MainWindow) -> None:
    conv = window.session.graph.named("conv1")
    window.session.execute(SetParams(conv.id, {"kernel_size": 40}))
    window.docks.show("problems")
    panel = window.problems
    assert panel.list.count() == 1
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualItemRect(panel.list.item(0)).center())
    assert window.canvas.selected_nodes() == (conv.id,)
    row = panel.list.row_widget(0)
    qtbot.mouseClick(row.fix_buttons[0], Qt.MouseButton.LeftButton)
    assert conv.params["padding"] == 20
    assert window.session.checked.nodes[conv.id].status == "ok"


def test_start_page_card_opens_its_template(qtbot: QtBot, make_window: Make) -> None:
    window = make_window()
    card = window.start_page.cards[0]
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert window.start_page.isHidden()
    assert len(window.session.graph)
    assert window.session.title == card.accessibleName()


def test_recent_files_reach_menu_and_start_page(make_window: Make, tmp_path: Path) -> None:
    path = tmp_path / "seen.archloom"
    template("cnn_digits").open().save(path)
    make_window().documents.open_path(path)
    again = make_window()
    assert again.preferences.recent == [path.resolve()]
    path.unlink()
    assert again.preferences.recent == []


def test_table_of_actions_is_whole(window: MainWindow) -> None:
    from operator import attrgetter

    ids = [a.id for a in ACTIONS]
    assert len(set(ids)) == len(ids)
    assert {i for i in (*CONTEXT, *TOOLBAR) if i != "|"} <= set(ids)
    taken: set[str] = set()
    for act in ACTIONS:
        assert callable(attrgetter(act.handler)(window)), act.id
        assert act.menu in MENUS
        keys = {k.toString() for k in window.actions_[act.id].shortcuts()}
        assert not keys & taken, act.id
        taken |= keys


def test_layout_is_remembered(window: MainWindow, make_window: Make) -> None:
    window.docks.all["problems"].hide()
    window.session.new()
    window.close()
    again = make_window()
    again.documents.new_from(template("cnn_digits"))
    assert again.docks.all["problems"].isHidden()
    assert not again.docks.all["code"].isHidden()


def test_reading_is_all_that_opening_does(make_window: Make, tmp_path: Path) -> None:
    path = tmp_path / "same.archloom"
    template("cnn_digits").open().save(path)
    text = path.read_bytes()
    window = make_window()
    window.documents.open_path(path)
    assert not window.session.is_dirty
    assert path.read_bytes() == text
    assert isinstance(window.session.graph, Graph)


def test_every_field_has_a_name_for_screen_readers(window: MainWindow) -> None:
    window.canvas.select([window.session.graph.named("conv1").id])
    nameless = [f for f in window.inspector.findChildren(QLineEdit) if not f.accessibleName()]
    assert not nameless
