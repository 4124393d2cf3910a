"""Starts the window, or says in one sentence why that cannot be and what to do."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.preferences import Preferences
    from app.window import MainWindow

_PACKAGES = {"libxcb-cursor.so.0": "libxcb-cursor0", "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libxkbcommon.so.0": "libxkbcommon0"}
"""Debian's package of the libraries that a bare system lacks most often."""
_SETTLED_MS = 1000
"""When, after a document was opened, all is there that lives as long as it."""


def open_window(path: Path | None) -> int:
    """Opens the window on a document, or on the start page; returns when it is closed, with the exit status."""
    if not can_open():
        return 1
    app = make_application()
    window = make_window(app)
    window.show()
    _start_worker_later(window)
    window.offers.show()
    window.tour.offer_once()
    if path is not None:
        window.documents.open_path(path)
    return app.exec()


def can_open() -> bool:
    """Whether a window can be opened here; where not, says why on the standard error."""
    import_engine()
    reason = obstacle()
    if reason:
        sys.stderr.write(f"archloom: {reason}\n")
    return not reason


def import_engine() -> None:
    """Imports what the window needs besides Qt, ahead of it: once PySide6 is there, it reads the source of each module that is imported."""
    import graph_engine.document.read
    import graph_engine.templates
    import graph_engine.training.rundir  # noqa: F401


def obstacle() -> str:
    """Why no window can be opened here, in one sentence that says what to do; empty where one can.

    Qt ends the process where it finds no display or cannot load a library, so this is found out before Qt is.
    """
    reason = no_display()
    if reason:
        return reason
    if importlib.util.find_spec("PySide6") is None:
        return "The Python package PySide6 is not installed: run “python -m pip install PySide6-Essentials”."
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        return _missing_library(str(error))
    return _unloadable_plugin() if _uses_x() else ""


def no_display() -> str:
    """Why there is no display, in one sentence that says what to do; empty where there is one."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return (
            "There is no display to open a window on: start it in a desktop session, or use the commands of the terminal "
            "(archloom --help), which need none."
        )
    if _uses_x() and _x_refuses():
        return f"The display {os.environ['DISPLAY']} cannot be reached: check DISPLAY, or allow connections to it."
    return ""


def make_application() -> QApplication:
    """The Qt application."""
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    QGuiApplication.setDesktopFileName("archloom")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("archloom")
    app.setApplicationDisplayName("Archloom")
    app.setOrganizationName("archloom")
    return app


def make_window(app: QApplication, preferences: Preferences | None = None) -> MainWindow:
    """The window with all that it needs; not shown yet, its worker not started."""
    from app.jobs import Worker
    from app.preferences import Preferences
    from app.run import Run
    from app.session import Session
    from app.theme.style import ThemeManager
    from app.window import MainWindow

    kept = preferences if preferences is not None else Preferences()
    window = MainWindow(Session(), Run(Worker()), ThemeManager(app, kept.theme), kept)
    _tidy_memory(window)
    return window


def _tidy_memory(window: MainWindow) -> None:
    """Has the collector pass over what is there once the window has shown, and whenever a document has been opened."""
    from PySide6.QtCore import QTimer

    from graph_engine.memory import set_aside

    later = QTimer(window, interval=_SETTLED_MS, singleShot=True)
    later.timeout.connect(set_aside)
    window.session.replaced.connect(later.start)
    later.start()


def _start_worker_later(window: MainWindow) -> None:
    from PySide6.QtCore import QTimer

    QTimer.singleShot(0, window, window.run.worker.start)  # after the window's first paint has been queued


def _uses_x() -> bool:
    return (
        sys.platform.startswith("linux")
        and not os.environ.get("QT_QPA_PLATFORM")
        and bool(os.environ.get("DISPLAY"))
        and not os.environ.get("WAYLAND_DISPLAY")
    )


def _x_refuses() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False  # told when Qt's plugin is tried
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return refused


def _unloadable_plugin() -> str:
    from PySide6.QtCore import QLibraryInfo

    plugin = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms" / "libqxcb.so"
    if not plugin.is_file():
        return ""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return _missing_library(str(error))
    return ""


def _missing_library(message: str) -> str:
    library = message.partition(":")[0].strip()
    package = _PACKAGES.get(library)
    how = f"on Debian and Ubuntu, “sudo apt install {package}”" if package else "install it with your system's package manager"
    return f"The system library {library} is missing, without which Qt cannot open a window: {how}."
