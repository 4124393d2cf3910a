"""Closing the window while it trains, and opening it again: real processes, which the tests end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from graph_engine.templates import template
from graph_engine.training.holding import PROCESS, holder_of
from graph_engine.training.rundir import new_run, read_run, write_run
from graph_engine.training.state import RunState
from tests.app.test_training import PATIENCE_MS, configure


@pytest.fixture
def training(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> Iterator[MainWindow]:
    """A window that trains a saved document for longer than a test lasts."""
    configure(window, epochs=500)
    window.session.save(tmp_path / "net.archloom")
    with qtbot.waitSignal(window.run.worker.ready, timeout=PATIENCE_MS):
        window.run.worker.start()
    window.start_run()
    qtbot.waitUntil(lambda: window.run.progress.step > 0, timeout=PATIENCE_MS)
    assert window.run.folder is not None
    yield window
    holder = holder_of(window.run.folder)
    if holder is not None:
        os.kill(holder.pid, signal.SIGTERM)


def answer(words: str) -> list[str]:
    """Presses a key for a button of the question that comes; gives the list of what it said."""
    seen: list[str] = []

    def press() -> None:
        box = next((w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()), None)
        if box is None:
            QTimer.singleShot(10, press)
            return
        assert box.objectName() == "running"
        seen.append(box.text())
        next(button for button in box.buttons() if button.text().replace("&", "") == words).click()

    QTimer.singleShot(0, press)
    return seen


def test_a_run_goes_on_while_no_window_is_open(qtbot: QtBot, training: MainWindow, make_window: Callable[[], MainWindow]) -> None:
    path = training.session.path
    assert path is not None
    seen = answer("Cancel")
    assert not training.close() and seen == ["A run is training."]
    assert training.run.state is RunState.RUNNING

    answer("Let It Go On")
    assert training.close() and not training.run.worker.is_alive
    training.run.state = RunState.IDLE
    folder = training.run.folder
    assert folder is not None and holder_of(folder) is not None

    again = make_window()
    with qtbot.waitSignal(again.run.worker.attached, timeout=10_000):
        again.documents.open_path(path)
    run = again.run
    assert run.folder == folder
    qtbot.waitUntil(lambda: run.state is RunState.RUNNING and run.progress.step > 1 and bool(again.vitals.health), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "train/loss" in run.series and run.series["train/loss"].first_step == 1, timeout=PATIENCE_MS)
    assert again.run_bar.isHidden()
    qtbot.waitUntil(lambda: run.progress.step > 100, timeout=PATIENCE_MS)
    again.actions_["pause"].trigger()
    qtbot.waitUntil(lambda: run.state is RunState.PAUSED, timeout=PATIENCE_MS)
    loss = run.series["train/loss"]
    assert len(loss) == loss.last_step == run.progress.step
    again.actions_["stop"].trigger()
    qtbot.waitUntil(lambda: run.state is RunState.STOPPED, timeout=PATIENCE_MS)
    assert again.actions_["run"].isEnabled() and again.run.worker.is_ready


def test_a_run_that_is_stopped_on_closing_has_its_checkpoint(qtbot: QtBot, training: MainWindow) -> None:
    answer("Stop It")
    assert training.close()
    folder = training.run.folder
    assert folder is not None and holder_of(folder) is None and not (folder / PROCESS).exists()
    assert read_run(folder).state is RunState.STOPPED and (folder / "checkpoints" / "last.pt").exists()
    training.run.state = RunState.IDLE


def test_a_run_that_died_unseen_is_told_and_resumed(qtbot: QtBot, training: MainWindow, make_window: Callable[[], MainWindow]) -> None:
    path = training.session.path
    assert path is not None
    answer("Let It Go On")
    assert training.close()
    training.run.state = RunState.IDLE
    assert training.run.folder is not None
    holder = holder_of(training.run.folder)
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: holder_of(training.run.folder) is None)

    again = make_window()
    again.offers.show()
    row = lambda: next((b for b in again.start_page.findChildren(QPushButton) if b.text() == "Show"), None)  # noqa: E731
    qtbot.waitUntil(lambda: row() is not None)
    row().click()
    assert again.session.path == path and not again.run_bar.isHidden()
    assert "Run 001 failed while no window was open: Its process was killed" in again.run_bar.words.text()
    assert read_run(training.run.folder).state is RunState.FAILED
    qtbot.mouseClick(again.run_bar.go_on, Qt.MouseButton.LeftButton)
    assert again.run_bar.isHidden()
    qtbot.waitUntil(lambda: again.run.state is RunState.RUNNING, timeout=PATIENCE_MS)


def test_the_end_of_a_run_that_nobody_saw_is_told_once(window: MainWindow) -> None:
    document = window.session.document
    folder = new_run(document, window.run.home(document))
    write_run(folder, replace(read_run(folder), state=RunState.FINISHED, metrics={"val/accuracy": 0.971, "train/loss": 0.1}))
    (folder / PROCESS).write_text("{}")
    window.documents.new_from(template("cnn_digits"))
    assert window.run_bar.words.text() == "Run 001 has finished while no window was open.  Accuracy 0.9710"
    assert window.run_bar.go_on.isHidden()
    window.run_bar.away.click()
    assert window.run_bar.isHidden() and not (folder / PROCESS).exists()
    window.documents.new()
    assert window.run_bar.isHidden()
