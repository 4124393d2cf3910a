"""Every action can have other keys: chosen in the dialog, told where they are taken, remembered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.actions import ACTIONS
from app.shortcuts import ShortcutEditor
from app.window import MainWindow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def editor_of(window: MainWindow) -> ShortcutEditor:
    window.actions_["change_keys"].trigger()
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, ShortcutEditor) and w.isVisible())


def keys(window: MainWindow, id: str) -> list[str]:
    return [k.toString() for k in window.actions_[id].shortcuts()]


def press(qtbot: QtBot, editor: ShortcutEditor, id: str, key: Qt.Key, place: int = 0) -> None:
    edit = editor.rows[id].edits[place]
    edit.setFocus()
    with qtbot.waitSignal(edit.editingFinished, timeout=3000):
        qtbot.keyClick(edit, key, CTRL | SHIFT)


def test_the_dialog_lists_every_action(window: MainWindow) -> None:
    editor = editor_of(window)
    assert set(editor.rows) == {a.id for a in ACTIONS}
    editor.field.setText("zoom")
    shown = {id for id, row in editor.rows.items() if not row.isHidden()}
    assert {"zoom_in", "zoom_out"} <= shown
    assert "save" not in shown
    editor.close()


def test_a_new_key_works_and_is_remembered(qtbot: QtBot, window: MainWindow, make_window: Callable[[], MainWindow]) -> None:
    editor = editor_of(window)
    press(qtbot, editor, "duplicate", Qt.Key.Key_K)
    assert keys(window, "duplicate") == ["Ctrl+Shift+K"]
    assert "Ctrl+Shift+K" in window.actions_["duplicate"].toolTip()
    editor.close()
    window.canvas.setFocus()
    window.canvas.select([window.session.graph.named("conv1").id])
    before = len(window.session.graph)
    qtbot.keyClick(window.canvas, Qt.Key.Key_K, CTRL | SHIFT)
    assert len(window.session.graph) == before + 1
    assert keys(make_window(), "duplicate") == ["Ctrl+Shift+K"]


def test_a_key_that_is_taken_is_told_and_can_be_taken_over(qtbot: QtBot, window: MainWindow) -> None:
    editor = editor_of(window)
    press(qtbot, editor, "duplicate", Qt.Key.Key_P)
    assert "All Actions" in editor.words.text()
    assert keys(window, "duplicate") == ["Ctrl+D"]
    assert keys(window, "commands") == ["Ctrl+Shift+P"]
    qtbot.mouseClick(editor.take_over, Qt.MouseButton.LeftButton)
    assert keys(window, "duplicate") == ["Ctrl+Shift+P"]
    assert keys(window, "commands") == []
    editor.reset(editor.rows["commands"])
    assert "Duplicate" in editor.words.text()
    assert keys(window, "commands") == []
    editor.reset(editor.rows["duplicate"])
    editor.reset(editor.rows["commands"])
    assert keys(window, "commands") == ["Ctrl+Shift+P"]
    editor.close()


def test_a_fixed_key_is_refused_and_all_can_be_reset(qtbot: QtBot, window: MainWindow) -> None:
    editor = editor_of(window)
    edit = editor.rows["layout"].edits[0]
    edit.setFocus()
    with qtbot.waitSignal(edit.editingFinished, timeout=3000):
        qtbot.keyClick(edit, Qt.Key.Key_Space)
    assert keys(window, "layout") == ["L"]
    edit.findChildren(QLineEdit)[0].actions()[0].trigger()
    assert keys(window, "layout") == []
    for button in editor.findChildren(QDialogButtonBox)[0].buttons():
        if button.text().replace("&", "").startswith("Restore"):
            button.click()
    assert window.actions_["layout"].shortcuts() == [QKeySequence("L")]
    editor.close()
