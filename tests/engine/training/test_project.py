"""The text of an exported project says exactly what the document says, and reads as if written by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graph_engine.codegen.project import project_files
from graph_engine.settings.losses import LOSSES
from graph_engine.settings.optimizers import OPTIMIZERS
from tests.engine.training.helpers import ROOT, TYPED, small_net


@pytest.mark.parametrize(
    ("training", "line"),
    [
        ({"optimizer": "AdamW"}, "return torch.optim.AdamW(model.parameters(), lr=0.001)"),
        ({"optimizer": {"name": "SGD", "lr": 0.5, "momentum": 0.9}}, "return torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)"),
        ({"loss": {"name": "CrossEntropyLoss", "label_smoothing": 0.1}}, "LOSS = nn.CrossEntropyLoss(label_smoothing=0.1)"),
        ({"loss": "MSELoss"}, "LOSS = nn.MSELoss()"),
        ({"seed": 7}, "SEED = 7"),
        ({"device": "cuda"}, 'DEVICE = "cuda"  # "auto" takes a GPU where there is one'),
        ({"threads": None}, "THREADS: int | None = None  # None: measured when the run begins"),
    ],
)
def test_a_setting_is_a_line_of_the_script(training: dict[str, Any], line: str) -> None:
    assert line in [text.strip() for text in project_files(small_net(**training))["train.py"].splitlines()]


@pytest.mark.parametrize("loss", [option.id for option in LOSSES])
@pytest.mark.parametrize("optimizer", [option.id for option in OPTIMIZERS])
def test_every_choice_gives_a_script_that_compiles(loss: str, optimizer: str) -> None:
    files = project_files(small_net(loss=loss, optimizer=optimizer))
    for name in ("model.py", "data.py", "train.py"):
        compile(files[name], name, "exec")
    assert ("accuracy" in files["train.py"]) == (loss in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"))
    assert "${" not in "".join(files.values())
    assert "%%" not in "".join(files.values())


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
def test_the_project_passes_the_linter_that_the_program_passes(tmp_path: Path, loss: str) -> None:
    for name, text in project_files(small_net(loss=loss)).items():
        (tmp_path / name).write_text(text)
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "check", *config, *TYPED, "."], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", *config, "."], cwd=tmp_path, check=True)
