"""Draws the real window into a file, off screen."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.errors import UnwritableError

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtWidgets import QApplication, QWidget

    from app.window import MainWindow


def screenshot(path: Path, out: Path, size: tuple[int, int], theme: str) -> None:
    """Opens a document in the window and writes its picture.

    Args:
        path: the document.
        out: the PNG to write.
        size: width and height of the window in pixels.
        theme: ``light`` or ``dark``.

    Raises:
        DocumentError: the document cannot be read.
        UnwritableError: the picture cannot be written.
    """
    app, window = off_screen_window(size, theme)
    window.session.open(path)
    window.show_document()
    window.need_charts()
    settle(app, lambda: True)
    write_picture(window, out)
    window.hide()


def off_screen_window(size: tuple[int, int], theme: str) -> tuple[QApplication, MainWindow]:
    """A window that no display is needed for, and that neither reads nor changes what the user's own remembers."""
    app = off_screen_application()
    from PySide6.QtCore import QSettings

    from app.preferences import Preferences
    from app.startup import make_window

    with tempfile.NamedTemporaryFile(suffix=".ini") as file:
        store = QSettings(file.name, QSettings.Format.IniFormat)
    preferences = Preferences(store)
    preferences.theme = theme  # type: ignore[assignment]
    window = make_window(app, preferences)
    window.resize(*size)
    window.show()
    return app, window


def off_screen_application() -> QApplication:
    """The Qt application that there is, or one that no display is needed for."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    there = QApplication.instance()
    if isinstance(there, QApplication):
        return there
    qInstallMessageHandler(_tell)
    from app.startup import make_application
    from app.theme.style import load_fonts

    app = make_application()
    load_fonts()
    return app


def _tell(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Passes Qt's messages on, but for the one that the off-screen platform repeats with every change of a window."""
    if "propagateSizeHints" not in text:
        sys.stderr.write(text + "\n")


def settle(app: QApplication, done: Callable[[], bool], seconds: float = 0.4) -> None:
    """Handles events until ``done``, and then until delayed work has had its time."""
    while not done():
        app.processEvents()
        time.sleep(0.01)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)


def write_picture(widget: QWidget, out: Path) -> None:
    """Writes the picture of a widget as PNG.

    Raises:
        UnwritableError: it cannot be written.
    """
    if not widget.grab().save(str(out), "PNG"):
        raise UnwritableError(f"{out} cannot be written: choose a folder that exists and that you may write to.")
