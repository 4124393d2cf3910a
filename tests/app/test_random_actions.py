"""Random work in the window, through its own actions, editors and gestures: every undo and redo brings back the document to the letter.

A short series is a test; ``python -m tests.app.test_random_actions --steps 10000 --seed 1`` plays a long one and says what it played.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.preferences import Preferences
from app.startup import make_application, make_window
from app.window import MainWindow
from tests.app.working import Working


def play(make: Callable[[], MainWindow], folder: Path, steps: int, number: int | None = None) -> None:
    """Plays series of steps until so many are done; a failing one is told, of a long series shrunk, which takes minutes.

    Args:
        make: makes a window to work in.
        folder: for its file.
        steps: how many.
        number: the seed; left out, always the same.
    """
    Working.make, Working.folder = staticmethod(make), folder
    length = min(50, steps)
    plan = settings(
        max_examples=-(-steps // length),
        stateful_step_count=length,
        deadline=None,
        database=None,
        derandomize=number is None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,) if number is None else (Phase.generate, Phase.shrink),
        print_blob=False,
    )
    machine = Working if number is None else seed(number)(Working)
    hook, sys.excepthook = sys.excepthook, lambda *error: Working.raised.append("".join(traceback.format_exception(*error)))
    try:
        run_state_machine_as_test(machine, settings=plan)
    finally:
        sys.excepthook = hook


def windows(app: QApplication, folder: Path) -> Callable[[], MainWindow]:
    """What makes windows as the program does, without a training process; their preferences lie in a folder."""

    def make() -> MainWindow:
        window = make_window(app, Preferences(QSettings(str(folder / "preferences.ini"), QSettings.Format.IniFormat)))
        window.resize(1280, 800)
        window.show()
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window)
        return window

    return make


def test_random_work_is_undone_to_the_letter(qapp: QApplication, tmp_path: Path) -> None:
    play(windows(qapp, tmp_path), tmp_path, 200)


def main() -> None:
    """A long series, off screen unless a platform is chosen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
            os.environ[f"XDG_{kind}_HOME"] = str(Path(folder) / kind.lower())
        began = time.monotonic()
        play(windows(make_application(), Path(folder)), Path(folder), chosen.steps, chosen.seed)
        print(f"{Working.steps:,} steps in {time.monotonic() - began:.0f} s without a difference, seed {chosen.seed}")
        print(", ".join(f"{name} {count}" for name, count in Working.played.most_common()))


if __name__ == "__main__":
    main()
