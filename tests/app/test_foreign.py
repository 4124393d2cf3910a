"""Code that a document names, in the window: nothing runs before the user agrees; what runs is told, whatever becomes of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.jobs import Asker, Worker
from app.panels.inspector_pages import NodePage
from app.preferences import Preferences
from app.run import Run
from app.session import Session
from app.theme.style import ThemeManager
from app.widgets.param_editors import PathEditor
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import Connect, Rename, SetParams
from graph_engine.spec.signature import Signature
from tests.app.conftest import type_into

MODULES = Path(__file__).parent.parent / "data" / "modules"
GATE = Signature("(dim: int, hidden: int = 8)", "(x, other=None)")
HOSTILE = 'import pathlib\npathlib.Path({mark!r}).write_text("ran")\nfrom own_layers import Gate as Bad\n'
SLOW = 30_000


def document(folder: Path, path: str = "own_layers.Gate", signature: Signature = GATE, **params: object) -> Path:
    """A document with one module, and the modules of the tests beside it; nothing is imported to make it."""
    shutil.copytree(MODULES, folder, dirs_exist_ok=True)
    graph = Graph("gated")
    node = graph.add("Module", path=path, signature=signature, name="gate", **params)
    graph.connect(graph.add("Input", shape=[4]), node)
    graph.connect(node, graph.add("Output"))
    graph.save(folder / "gated.archloom")
    return folder / "gated.archloom"


def status(window: MainWindow) -> str:
    node = window.session.graph.named("gate")
    return window.session.checked.nodes[node.id].status


def codes(window: MainWindow) -> list[str]:
    node = window.session.graph.named("gate")
    return [d.code for d in window.session.checked.nodes[node.id].diagnostics]


def test_opening_runs_nothing_and_says_so(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, answer: Callable[[str, QMessageBox.StandardButton], list[str]]
) -> None:
    mark = tmp_path / "mark"
    path = document(tmp_path, "hostile.Bad", dim=4)
    (tmp_path / "hostile.py").write_text(HOSTILE.format(mark=str(mark)))
    window.documents.open_path(path)
    assert window.trust_bar.isVisible() and "hostile.Bad" in window.trust_bar.words.text()
    assert codes(window) == ["module.untrusted"] and status(window) == "waiting" and not window.session.checked.ok
    window.canvas.select([window.session.graph.named("gate").id])
    window.docks.show("code")
    window.start_run()
    assert "is not trusted yet" in window.status.currentMessage() and not window.run.is_busy
    seen = answer("trust", QMessageBox.StandardButton.Cancel)
    qtbot.mouseClick(window.trust_bar.trust, Qt.MouseButton.LeftButton)
    assert f"hostile.Bad   ({tmp_path / 'hostile.py'})" in seen[0]
    QTest.qWait(300)
    asker = window.findChild(Asker)
    assert isinstance(asker, Asker) and not asker.is_alive and not mark.exists()
    assert window.trust_bar.isVisible()

    answer("trust", QMessageBox.StandardButton.Yes)
    window.session.wanted.emit("trust", "", None)
    assert not window.trust_bar.isVisible() and codes(window) == ["module.asked"]
    qtbot.waitUntil(lambda: status(window) == "ok", timeout=SLOW)
    assert mark.exists() and window.session.checked.ok and not window.session.is_dirty
    assert "from hostile import Bad" in window.session.graph.to_python()


def test_trust_is_remembered_for_the_file_and_for_what_it_named(make_window: Callable[[], MainWindow], tmp_path: Path) -> None:
    path = document(tmp_path, dim=4)
    window = make_window()
    window.documents.open_path(path)
    window.session.graph.trust()
    window.session.recheck()
    window.session.state_changed.emit()
    window.session.new()
    again = make_window()
    again.documents.open_path(path)
    assert not again.trust_bar.isVisible() and codes(again) == ["module.asked"]
    again.session.new()
    path.write_text(path.read_text().replace("own_layers.Gate", "own_layers.Join"))
    again.documents.open_path(path)
    assert again.trust_bar.isVisible() and codes(again) == ["module.untrusted"]
    again.trust_bar.away.click()
    assert not again.trust_bar.isVisible() and codes(again) == ["module.untrusted"]
    elsewhere = document(tmp_path / "elsewhere", dim=4)
    again.documents.open_path(elsewhere)
    assert again.trust_bar.isVisible()


def test_a_class_is_read_when_its_name_is_typed_and_that_is_one_step(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.documents.open_path(document(tmp_path, "torch.nn.ReLU", Signature("()", "(x)")))
    session = window.session
    node = session.graph.named("gate")
    window.canvas.select([node.id])
    page = window.inspector.page
    assert isinstance(page, NodePage)
    editor = page.form.rows["path"].editor
    assert isinstance(editor, PathEditor)
    type_into(qtbot, editor.field, "own_layers.Gat")
    assert not session.history.done
    problem = page.form.rows["path"]._problem
    assert problem.text() == "Reading own_layers.Gat…"
    session.execute(Rename(node.id, "door"))  # an edit in between is not lost
    session.execute(Rename(node.id, "gate"))
    qtbot.waitUntil(lambda: "Did you mean Gate?" in problem.text(), timeout=SLOW)
    assert node.params["path"] == "torch.nn.ReLU" and editor.field.text() == "own_layers.Gat"
    type_into(qtbot, editor.field, "own_layers.Gate")
    qtbot.waitUntil(lambda: node.params["path"] == "own_layers.Gate", timeout=SLOW)
    assert node.spec.title == "Gate" and [p.name for p in node.spec.inputs] == ["x", "other"]
    page = window.inspector.page
    assert isinstance(page, NodePage) and list(page.form.rows) == ["path", "dim", "hidden", "act", "layers", "norm", "scale"]
    assert codes(window) == ["param.missing"]
    type_into(qtbot, page.form.rows["dim"].editor.focusProxy(), "4")
    qtbot.waitUntil(lambda: status(window) == "ok", timeout=SLOW)
    for _ in range(2):
        session.undo()
    assert node.params["path"] == "torch.nn.ReLU" and len(session.graph.edges) == 2
    session.redo()
    session.redo()
    assert status(window) == "ok"


def test_outputs_that_running_shows_appear_and_undo_takes_them_back(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.documents.open_path(document(tmp_path, "own_layers.Halves", Signature("()", "(x)")))
    session = window.session
    node = session.graph.named("gate")
    session.graph.trust()
    session.recheck()
    qtbot.waitUntil(lambda: status(window) == "ok", timeout=SLOW)
    assert [p.name for p in node.spec.outputs] == ["output", "output2"] and len(session.graph.edges) == 2
    session.undo()
    assert codes(window) == ["module.outputs"] and len(session.history.undone) == 1
    session.redo()
    assert status(window) == "ok"


@pytest.fixture
def hasty(qtbot: QtBot, qapp: QApplication, store: QSettings, tmp_path: Path) -> MainWindow:
    """A window that gives modules two seconds."""
    preferences = Preferences(store)
    run = Run(Worker(), runs=tmp_path / "runs")
    window = MainWindow(Session(), run, ThemeManager(qapp, "light"), preferences, Asker(seconds=2.0))
    qtbot.addWidget(window, before_close_func=lambda w: w.session.new())
    window.show()
    return window


def test_modules_that_hang_or_crash_hurt_nobody_else(qtbot: QtBot, hasty: MainWindow, tmp_path: Path) -> None:
    hasty.documents.open_path(document(tmp_path, "own_layers.Forever", Signature("()", "(x)")))
    session = hasty.session
    node = session.graph.named("gate")
    session.graph.trust()
    session.recheck()
    other = session.graph.add("Module", path="own_layers.Crash", signature=Signature("()", "(x)"))
    third = session.graph.add("Module", path="own_layers.Counted", signature=Signature("()", "(x)"))
    for target in (other, third):
        session.execute(Connect(session.graph.named("x").id, "output", target.id, "x"))
    session.graph.trust()
    session.recheck()
    qtbot.waitUntil(lambda: not session.checked.questions, timeout=3 * SLOW)
    told = [session.checked.nodes[n.id].diagnostics[0].message for n in (node, other)]
    assert told == [
        "gate: own_layers.Forever took longer than 2 seconds and was ended.",
        f"{other.name}: own_layers.Crash ended the process that it ran in (signal 6).",
    ]
    assert session.checked.nodes[third.id].status == "ok"
    [again] = [fix for d in session.checked.nodes[node.id].diagnostics for fix in d.fixes]
    assert again.action == "ask"


def test_an_answer_to_a_document_that_is_closed_changes_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.documents.open_path(document(tmp_path, dim=4))
    session = window.session
    session.graph.trust()
    session.recheck()
    asker = window.findChild(Asker)
    assert isinstance(asker, Asker) and asker.is_alive
    session.new()
    assert not asker.is_alive
    session.open(document(tmp_path, dim=5))
    assert codes(window) == ["module.asked"] or codes(window) == ["module.untrusted"]
    replies: list[object] = []
    asker.replied.connect(lambda key, reply: replies.append(reply))
    session.graph.trust()
    session.recheck()
    qtbot.waitUntil(lambda: bool(replies), timeout=SLOW)
    assert len(replies) == 1 and codes(window) == ["module.refused"]


def test_a_process_that_is_killed_is_told_and_another_answers(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.documents.open_path(document(tmp_path, "own_layers.Forever", Signature("()", "(x)")))
    session = window.session
    session.graph.trust()
    session.recheck()
    asker = window.findChild(Asker)
    assert isinstance(asker, Asker)
    qtbot.waitUntil(lambda: asker._asked is not None, timeout=SLOW)
    process = asker._process
    assert process is not None
    os.kill(process.processId(), signal.SIGKILL)
    qtbot.waitUntil(lambda: codes(window) == ["module.refused"], timeout=SLOW)
    session.execute(SetParams(session.graph.named("gate").id, {"path": "own_layers.Counted", "signature": Signature("()", "(x)")}))
    session.graph.trust()
    session.recheck()
    qtbot.waitUntil(lambda: status(window) == "ok", timeout=SLOW)
