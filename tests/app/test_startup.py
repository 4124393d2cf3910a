"""Starting: fast and light where all is well, one sentence where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import startup

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, drop: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Python from the source tree in an environment of its own."""
    kept = {k: v for k, v in os.environ.items() if k not in drop}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, env={**kept, "PYTHONPATH": str(ROOT), **environment}
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are Linux's")
def test_no_display_is_one_sentence() -> None:
    result = run("-m", "app", drop=("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    assert result.returncode == 1
    assert result.stderr.startswith("archloom: There is no display")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are Linux's")
def test_unreachable_display_is_one_sentence() -> None:
    result = run("-m", "app", drop=("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"), DISPLAY=":4711")
    assert result.returncode == 1
    assert ":4711 cannot be reached" in result.stderr
    assert result.stderr.count("\n") == 1


def test_missing_library_names_the_package() -> None:
    told = startup._missing_library("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")
    assert "libxcb-cursor0" in told


def test_window_loads_no_torch_and_no_plots_first() -> None:
    code = (
        "import sys\nfrom app.startup import make_application, make_window\n"
        "app = make_application()\nwindow = make_window(app)\nwindow.show()\napp.processEvents()\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'pyqtgraph', 'tensorboard') if m in sys.modules])"
    )
    result = run("-c", code, QT_QPA_PLATFORM="offscreen")
    assert result.stdout.strip() == "[]"


def test_command_line_loads_no_qt(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.argv = ['archloom', 'templates']\nfrom app.__main__ import main\nstatus = main()\n"
        "print(status, [m for m in sys.modules if m.startswith(('PySide6', 'torch'))], file=sys.stderr)"
    )
    assert run("-c", code).stderr.strip() == "0 []"


def test_screenshot(tmp_path: Path) -> None:
    from graph_engine.templates import template

    template("cnn_digits").open().save(tmp_path / "net.archloom")
    result = run(
        "-m", "app", "screenshot", str(tmp_path / "net.archloom"), "-o", str(tmp_path / "net.png"), "--size", "900x600", "--theme", "dark"
    )
    assert result.returncode == 0
    assert not result.stderr
    data = (tmp_path / "net.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (900, 600)


def test_screenshot_of_a_bad_document_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.archloom").write_text("[")
    result = run("-m", "app", "screenshot", str(tmp_path / "bad.archloom"), "-o", str(tmp_path / "bad.png"))
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "bad.png").exists()


def test_the_collector_passes_over_the_open_document_and_frees_the_one_before() -> None:
    code = (
        "import gc, weakref\nfrom PySide6.QtCore import QEvent\nfrom app.screenshot import off_screen_window, settle\n"
        "app, window = off_screen_window((800, 600), 'light')\nwindow.session.new()\nold = weakref.ref(window.session.document)\n"
        "settle(app, lambda: gc.get_freeze_count() > 0)\nwindow.session.new()\n"
        "app.processEvents()\napp.sendPostedEvents(None, QEvent.Type.DeferredDelete)\nsettle(app, lambda: old() is None)\n"
        "print(gc.get_freeze_count() > 50_000, old())"
    )
    result = run("-c", code, QT_QPA_PLATFORM="offscreen")
    assert result.stdout.strip() == "True None", result.stderr
