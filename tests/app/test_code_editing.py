"""The code pane edited by hand: the canvas follows in one step, keeps what did not change, and a mistake stays where it was made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from graph_engine.graph.commands import Rename
from graph_engine.templates import template

WRITTEN = Path(__file__).parents[1] / "data" / "written"


def replace(window: MainWindow, old: str, new: str) -> None:
    """Types over a part of the code, as a person does."""
    view = window.code.view
    at = view.toPlainText().index(old)
    cursor = view.textCursor()
    cursor.setPosition(at)
    cursor.setPosition(at + len(old), QTextCursor.MoveMode.KeepAnchor)
    cursor.insertText(new)


def read(window: MainWindow, qtbot: QtBot) -> None:
    """Presses Ctrl+Enter and waits until the text is read."""
    qtbot.keyClick(window.code.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.code._is_reading)


@pytest.fixture
def editing(window: MainWindow) -> MainWindow:
    window.actions_["edit_code"].trigger()
    assert window.code.is_editing and not window.code.view.isReadOnly()
    return window


def test_the_canvas_follows_in_one_step_and_keeps_what_did_not_change(editing: MainWindow, qtbot: QtBot) -> None:
    session = editing.session
    before = {n.name: (n.id, n.position) for n in session.document}
    replace(editing, "nn.Conv2d(32, 64, kernel_size=3)", "nn.Conv2d(32, 48, kernel_size=3)")
    replace(editing, "nn.Conv2d(64, 64, kernel_size=3)", "nn.Conv2d(48, 64, kernel_size=3)")
    read(editing, qtbot)
    assert session.document.named("conv2").params["out_channels"] == 48
    assert {n.name: (n.id, n.position) for n in session.document} == before
    assert session.report.ok and session.undo_text == "Edit code"
    session.undo()
    assert session.document.named("conv2").params["out_channels"] == 64
    qtbot.waitUntil(lambda: "nn.Conv2d(32, 64" in editing.code.view.toPlainText())  # the code follows the canvas too


def test_a_new_layer_comes_beside_what_feeds_it(editing: MainWindow, qtbot: QtBot) -> None:
    graph = editing.session.document
    replace(editing, "        self.flatten1 =", "        self.drop = nn.Dropout(0.3)\n        self.flatten1 =")
    replace(editing, "        x = self.flatten1(x)", "        x = self.drop(x)\n        x = self.flatten1(x)")
    read(editing, qtbot)
    new, feeding = graph.named("drop"), graph.named("relu3")
    assert [e.source for e in graph.incoming(new.id)] == [feeding.id]
    assert 0 < new.position[0] - feeding.position[0] < 600
    assert len(editing.session.history.done) == 1


def test_what_cannot_be_read_stands_at_its_line_and_changes_nothing(editing: MainWindow, qtbot: QtBot) -> None:
    before = editing.session.document.to_python()
    replace(editing, "self.relu2(x)", "self.relu9(x)")
    read(editing, qtbot)
    line = editing.code.view.toPlainText().splitlines().index("        x = self.relu9(x)") + 1
    assert editing.code.view.faulty_line == line
    assert f"Line {line}" in editing.code.banner.text() and editing.code.banner.property("role") == "error"
    assert editing.session.document.to_python() == before and not editing.session.history.done
    replace(editing, "self.relu9(x)", "self.relu2(x)")
    assert editing.code.view.faulty_line == 0
    read(editing, qtbot)
    assert not editing.session.history.done


def test_a_shape_that_does_not_fit_is_for_the_canvas_to_tell_and_can_be_mended_in_the_text(editing: MainWindow, qtbot: QtBot) -> None:
    replace(editing, "self.max_pool1 = nn.MaxPool2d(2)", "self.max_pool1 = nn.MaxPool2d(40)")
    read(editing, qtbot)
    assert not editing.session.report.ok
    assert editing.code.banner.text() == editing.session.report.obstacle.message
    replace(editing, "self.max_pool1 = nn.MaxPool2d(40)", "self.max_pool1 = nn.MaxPool2d(2)")
    read(editing, qtbot)
    assert editing.session.report.ok


def test_a_pause_reads_the_text_too(editing: MainWindow, qtbot: QtBot) -> None:
    replace(editing, "self.linear1 = nn.Linear(576, 64)", "self.linear1 = nn.Linear(576, 32)")
    replace(editing, "self.linear2 = nn.Linear(64, 10)", "self.linear2 = nn.Linear(32, 10)")
    qtbot.waitUntil(lambda: editing.session.document.named("linear1").params["out_features"] == 32)


def test_esc_reads_and_leaves_and_asks_twice_to_give_up_what_cannot_be_read(editing: MainWindow, qtbot: QtBot) -> None:
    replace(editing, "nn.Linear(64, 10)", "nn.Linear(64, 10")
    qtbot.keyClick(editing.code.view, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: "Esc again" in editing.code.banner.text())
    assert editing.code.is_editing
    qtbot.keyClick(editing.code.view, Qt.Key.Key_Escape)
    assert not editing.code.is_editing
    assert editing.code.view.toPlainText() == editing.session.document.to_python()


def test_an_edit_on_the_canvas_shows_in_the_text_unless_it_holds_something_unread(editing: MainWindow, qtbot: QtBot) -> None:
    graph, view, banner = editing.session.document, editing.code.view, editing.code.banner
    editing.canvas.select([graph.named("flatten1").id])
    editing.actions_["delete"].trigger()
    qtbot.waitUntil(lambda: "nothing is connected" in banner.text())
    editing.session.undo()
    qtbot.waitUntil(lambda: "follows what you type" in banner.text())
    editing.session.execute(Rename(graph.named("conv1").id, "first"))
    qtbot.waitUntil(lambda: "self.first = " in view.toPlainText())
    replace(editing, "nn.Linear(64, 10)", "nn.Linear(64, 11)")
    editing.session.execute(Rename(graph.named("first").id, "stem"))
    qtbot.waitUntil(lambda: "changed since" in banner.text())
    read(editing, qtbot)
    assert graph.named("linear2").params["out_features"] == 11 and graph.named("first").block == "Conv2d"


def test_lines_and_nodes_lead_to_each_other_while_the_text_is_edited(editing: MainWindow, qtbot: QtBot) -> None:
    replace(editing, "        x = self.conv1(x)", "        # sees edges\n        x = self.conv1(x)")
    read(editing, qtbot)
    node = editing.session.document.named("conv2").id
    lines = editing.code.view.toPlainText().splitlines()
    marked = {line for line, id in editing.code._lines.items() if id == node}
    assert {lines[n - 1].strip().partition("  #")[0] for n in marked} == {
        "self.conv2 = nn.Conv2d(32, 64, kernel_size=3)",
        "x = self.conv2(x)",
    }
    editing.code.view.line_chosen.emit(min(marked))
    assert editing.canvas.selected_nodes() == (node,)


def test_groups_are_edited_as_classes(make_window: Callable[[], MainWindow], qtbot: QtBot) -> None:
    window = make_window()
    window.documents.new_from(template("hybrid_digits"))
    window.actions_["edit_code"].trigger()
    replace(window, "self.relu1 = nn.ReLU()", "self.relu1 = nn.GELU()")
    read(window, qtbot)
    inside = window.session.document.inside("Convolution").graph
    assert inside.named("relu1").block == "GELU"
    window.session.undo()
    assert inside.named("relu1").block == "ReLU"


def test_keys_indent_as_editors_do(editing: MainWindow, qtbot: QtBot) -> None:
    view = editing.code.view
    view.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClicks(view, "def f():")
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClicks(view, "if 1:")
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClicks(view, "x")
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Backspace)
    qtbot.keyClicks(view, "y")
    assert view.toPlainText().endswith("def f():\n    if 1:\n        x\n    y")


BLOCK = "nn.Sequential(\n    nn.Conv2d(64, 64, 3, padding=1),\n    nn.BatchNorm2d(64),\n    nn.ReLU(),\n)\n"


def test_code_that_is_pasted_becomes_nodes(window: MainWindow) -> None:
    graph = window.session.document
    before = set(graph.nodes)
    QGuiApplication.clipboard().setText(BLOCK)
    window.actions_["paste"].trigger()
    new = [graph[id] for id in graph.nodes if id not in before]
    assert [n.block for n in new] == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert set(window.canvas.selected_nodes()) == {n.id for n in new}
    assert window.session.undo_text == "Paste code"
    QGuiApplication.clipboard().setText("class Net(nn.Module):\n    pass\n")
    window.actions_["paste"].trigger()
    assert window.status.currentMessage() == "Line 1: Net has no forward."
    window.session.undo()
    assert set(graph.nodes) == before


def test_code_pasted_into_an_empty_network_is_a_network(window: MainWindow) -> None:
    window.session.new()
    window.show_document()
    QGuiApplication.clipboard().setText("model = nn.Sequential(nn.Linear(30, 8), nn.ReLU(), nn.Linear(8, 2))")
    window.actions_["paste"].trigger()
    assert window.session.report.ok and window.session.report.parameters == 30 * 8 + 8 + 8 * 2 + 2


def test_a_python_file_is_opened_by_reading_it(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "nets.py"
    file.write_text((WRITTEN / "unet.py").read_text() + "\n\nclass Small(nn.Module):\n    def forward(self, x):\n        return x.abs()\n")
    asked: list[list[str]] = []

    def choose(parent: object, title: str, label: str, items: list[str], *_: object, **__: object) -> tuple[str, bool]:
        asked.append(items)
        return "UNet", True

    monkeypatch.setattr(QInputDialog, "getItem", choose)
    assert window.documents.open_path(file)
    assert asked == [["Small", "UNet"]]
    assert window.session.document.name == "UNet" and window.session.path is None and window.session.report.ok
    assert "nets.py was read, not run." in window.status.currentMessage()
