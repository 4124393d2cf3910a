"""What a machine does to a run: a full disk, a data file that is gone. The run fails in a sentence, and goes on to the same bits."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_engine.training.control import Control
from graph_engine.training.events import Event, Measured
from graph_engine.training.run import run
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import change, metrics, small_net


def ignore(_: Event) -> None:
    pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, whose size may be changed."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_fails_the_run_which_goes_on_when_there_is_room(reference: Path, tmp_path: Path, small_disk: Path) -> None:
    run_dir = new_run(small_net(), small_disk)
    change(run_dir, "SAVE_SECONDS = 5.0", "SAVE_SECONDS = 0.01", "train.py")
    change(run_dir, "max(SAVE_SECONDS, 100 * (now - began))", "SAVE_SECONDS", "train.py")
    filler = small_disk / "filler"

    def fill(event: Event) -> None:
        if isinstance(event, Measured) and event.step >= 50 and not filler.exists():
            try:
                filler.write_bytes(b"x" * (1 << 22))
            except OSError:
                assert filler.exists()

    record = run(run_dir, fill, Control())
    assert record.state is RunState.FAILED
    assert (record.message or "").startswith("The disk is full: ")
    filler.unlink()
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()


def test_a_data_file_that_vanishes_fails_the_run_which_goes_on_when_it_is_back(reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    table = tmp_path / "table.csv"
    table.write_text("1,2")
    # a reader that reads while the run goes on, as one of data larger than memory does
    change(run_dir, "import argparse\n", "import argparse\nimport pathlib\n", "train.py")
    change(
        run_dir,
        "        self.at.step += 1\n",
        f"        self.at.step += 1\n        pathlib.Path({str(table)!r}).read_bytes()\n",
        "train.py",
    )

    def lose(event: Event) -> None:
        if isinstance(event, Measured) and event.step >= 60:
            table.unlink(missing_ok=True)

    record = run(run_dir, lose, Control())
    assert record.state is RunState.FAILED
    assert record.message == f"{table} is not there, or not any more: put it back, then resume the run."
    table.write_text("1,2")
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
