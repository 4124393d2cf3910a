"""A window to work on, made as the program makes it, with hands for what tests do again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.jobs import Worker
from app.preferences import Preferences
from app.run import Run
from app.session import Session
from app.theme.style import ThemeManager
from app.window import MainWindow
from graph_engine.templates import template
from graph_engine.training.events import StateChange
from graph_engine.training.state import RunState


def give_up(window: MainWindow) -> None:
    """Leaves nothing that a closing window would ask about."""
    window.session.new()
    window.run.worker.close()
    window.run.take([StateChange(RunState.STOPPED)])


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "preferences.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def make_window(qtbot: QtBot, qapp: QApplication, store: QSettings, tmp_path: Path) -> Iterator[Callable[[], MainWindow]]:
    """Makes windows whose worker is not started; they are closed after the test, unsaved work and all."""
    made: list[MainWindow] = []

    def make() -> MainWindow:
        preferences = Preferences(store)
        window = MainWindow(Session(), Run(Worker(), runs=tmp_path / "runs"), ThemeManager(qapp, preferences.theme), preferences)
        qtbot.addWidget(window, before_close_func=give_up)
        window.resize(1280, 800)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        made.append(window)
        return window

    yield make
    for window in made:
        window.run.worker.close()


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    """A window with the digits CNN open."""
    made = make_window()
    made.documents.new_from(template("cnn_digits"))
    return made


@pytest.fixture
def answer(qapp: QApplication) -> Callable[[str, QMessageBox.StandardButton], list[str]]:
    """Presses a button of the message box of a name as soon as it opens; gives the list of the texts that it showed."""

    def prepare(name: str, button: QMessageBox.StandardButton) -> list[str]:
        seen: list[str] = []

        def press() -> None:
            box = next((w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()), None)
            if box is None:
                QTimer.singleShot(10, press)
                return
            assert box.objectName() == name
            seen.append(f"{box.text()} {box.informativeText()}")
            box.button(button).click()

        QTimer.singleShot(0, press)
        return seen

    return prepare


def type_into(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Replaces what stands in a field, key by key, and leaves it with Enter."""
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(widget, text)
    qtbot.keyClick(widget, Qt.Key.Key_Return)
