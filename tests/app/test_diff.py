"""``archloom diff``: what it prints, its exit status, and its work as git's diff driver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from graph_engine.templates import template
from tests.engine.training.helpers import ROOT


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    graph = template("cnn_digits").open()
    graph.save(tmp_path / "a.archloom")
    graph.set(graph.named("conv1"), out_channels=16)
    graph.remove(graph.named("relu2"))
    graph.save(tmp_path / "b.archloom")
    return tmp_path / "a.archloom", tmp_path / "b.archloom"


def run(*arguments: object) -> int:
    return cli.main(["diff", *map(str, arguments)])


def test_it_tells_what_changed_and_ends_like_diff(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = pair
    assert run(a, b) == 1
    said = capsys.readouterr().out
    assert "~ conv1 (Conv2d): out_channels 32 → 16" in said and "- relu2 (ReLU) removed" in said
    assert run(a, a) == 0
    assert capsys.readouterr().out == ""
    assert run(a, a.with_name("none.archloom")) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert run(a, b, "--json") == 1
    assert {change["kind"] for change in json.loads(capsys.readouterr().out)["nodes"]} == {"changed", "removed"}
    assert run(a) == 2


def test_git_shows_differences_with_it(pair: tuple[Path, Path], tmp_path: Path) -> None:
    home = tmp_path / "repository"
    home.mkdir()
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(ROOT)}

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    git("config", "diff.archloom.command", f"'{Path(sys.executable).as_posix()}' -m app diff")
    (home / ".gitattributes").write_text("*.archloom diff=archloom\n", encoding="utf-8")
    (home / "net.archloom").write_bytes(pair[0].read_bytes())
    git("add", ".")
    git("commit", "-qm", "first")
    (home / "net.archloom").write_bytes(pair[1].read_bytes())
    said = git("diff")
    assert "--- a/net.archloom" in said and "~ conv1 (Conv2d): out_channels 32 → 16" in said
