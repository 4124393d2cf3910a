"""The demonstration without a display."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.test_startup import run


@pytest.mark.slow
def test_demo_off_screen_leaves_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("-m", "app", "demo", drop=("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("No display here")
    made = tmp_path / "archloom-demo"
    assert {"window.png", "window-dark.png", "curves.png", "run", "project"} <= {p.name for p in made.iterdir()}
    assert (made / "run" / "weights.safetensors").is_file()
    assert (made / "project" / "train.py").is_file()
    assert "Traceback" not in result.stderr
