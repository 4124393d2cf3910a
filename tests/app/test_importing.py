"""Import in the window: nothing runs before one says so; what comes of it is told, and opens as a document with its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from torch import nn

from app.importing.dialog import INPUTS, REPORT, WHAT, ImportDialog
from app.importing.inputs import InputRow
from app.window import MainWindow
from graph_engine import Graph

SLOW = 60_000

NET = """
import pathlib, time, torch
from torch import nn
pathlib.Path({mark!r}).write_text("ran")

class Part(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x):
        return torch.relu(self.linear(x)) + x

class Net(nn.Module):
    '''Adds up what its parts find. In turn.'''

    def __init__(self, width=6, depth=3):
        super().__init__()
        if width > 50:
            raise ValueError("too wide")
        if width > 40:
            time.sleep(600)
        self.parts = nn.Sequential(*[Part(width) for _ in range(depth)])

    def forward(self, x, scale=None):
        return torch.erfc(self.parts(x if scale is None else x * scale))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(NET.format(mark=str(tmp_path / "mark")))
    return path


def drop(window: MainWindow, path: Path) -> ImportDialog:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, mime, buttons, keys))
    assert window.imports.dialog is not None
    return window.imports.dialog


def press(qtbot: QtBot, window: MainWindow) -> None:
    """Enter, and then whatever it takes."""
    assert window.imports.dialog is not None
    qtbot.keyClick(window.imports.dialog, Qt.Key.Key_Return)
    assert window.imports.importing.is_busy
    qtbot.waitUntil(lambda: not window.imports.importing.is_busy, timeout=SLOW)


def test_a_dropped_file_becomes_a_document_with_its_weights(
    qtbot: QtBot, make_window: Callable[[], MainWindow], file: Path, tmp_path: Path
) -> None:
    window = make_window()
    dialog = drop(window, file)
    assert [dialog.what.offered.itemText(i) for i in range(2)] == ["Net", "Part"]
    assert (
        dialog.what.arguments.placeholderText() == "width=6, depth=3"
        and dialog.what.about.text() == "Adds up what its parts find. In turn."
    )
    assert str(file) in dialog.what.notice.text()
    dialog.what.arguments.setText("width=4")
    QTest.qWait(100)
    assert not (tmp_path / "mark").exists()
    press(qtbot, window)
    assert dialog.pages.currentIndex() == INPUTS and (tmp_path / "mark").exists()
    assert dialog.inputs.title.text() == "Net · 60 parameters"
    assert dialog.inputs.arguments == ["x", "scale"] and dialog.inputs.shapes == {"x": "4:float32"}
    press(qtbot, window)
    assert dialog.pages.currentIndex() == REPORT and dialog.report.title.text().endswith("to the bit")
    qtbot.keyClick(dialog.forward, Qt.Key.Key_Return)
    assert window.imports.dialog is None
    document = window.session.document
    assert [(n.name, n.params.get("repeat")) for n in document] == [("x", None), ("parts", 3), ("erfc1", None), ("output", None)]
    assert window.session.is_dirty and window.session.checked.ok and not window.session.undo_text
    document.save(tmp_path / "kept.archloom")
    assert len(Graph.load(tmp_path / "kept.archloom").weights) == 6
    window.session.new()


def test_what_goes_wrong_is_told_and_can_be_mended(qtbot: QtBot, window: MainWindow, file: Path) -> None:
    dialog = drop(window, file)
    dialog.what.arguments.setText("width=60")
    press(qtbot, window)
    assert dialog.words.text() == "Net cannot be called with these arguments: ValueError: too wide"
    dialog.what.arguments.setText("width=wide")
    press(qtbot, window)
    assert "no plain values" in dialog.words.text() and dialog.pages.currentIndex() == WHAT
    dialog.what.arguments.setText("45")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.words.text() == "Loading…", timeout=SLOW)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not window.imports.importing.is_busy and dialog.isVisible() and dialog.words.text() == "Cancelled."
    dialog.what.arguments.clear()
    press(qtbot, window)
    row: InputRow = dialog.inputs._rows["x"]
    row.shape.setText("six")
    assert not dialog.forward.isEnabled()
    row.shape.setText("2, 7")
    press(qtbot, window)
    assert "mat1 and mat2 shapes cannot be multiplied" in dialog.words.text()
    row.shape.setText("2, 6")
    press(qtbot, window)
    assert dialog.pages.currentIndex() == REPORT
    before = window.session.document
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.imports.dialog is None and window.session.document is before


def test_a_checkpoint_becomes_a_skeleton_and_asks_for_no_trust(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).state_dict(), tmp_path / "net.pth")
    dialog = drop(window, tmp_path / "net.pth")
    assert dialog.what._notice.isHidden() and dialog.forward.text() == "Load"
    press(qtbot, window)
    assert dialog.pages.currentIndex() == REPORT and "to be completed" in dialog.report.title.text()
    qtbot.keyClick(dialog.forward, Qt.Key.Key_Return)
    document = window.session.document
    assert [n.block for n in document] == ["Input", "Linear", "Linear", "Output"] and document.begins_with_weights
    window.session.new()


def test_a_file_that_is_no_python_offers_nothing(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("class (")
    dialog = drop(window, tmp_path / "bad.py")
    assert dialog.what.about.text() == "bad.py is no Python that can be read: there is a mistake in line 1."
    assert not dialog.forward.isEnabled()
    dialog.what.field.setText("package.module:Net")
    assert dialog.what.source == "package.module:Net" and dialog.forward.isEnabled()
    dialog.reject()
