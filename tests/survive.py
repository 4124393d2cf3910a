"""Kills runs at random moments and resumes them until they are finished: ``python -m tests.survive [--kills 100] [--seed 0]``.

What trains, the exported script, the window, or the window and its training process together get SIGKILL, at any moment from the
command on: while data is read, in the middle of an epoch, while a checkpoint is written. After some of the kills the newest file is
cut off as well, as when the power fails. What is left in the end must be what a run has that nobody touched: the same metrics, the same
weights, the same best weights, to the last bit. Each line of the table is a network and a way to kill it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from graph_engine import Graph
from graph_engine.templates import template
from graph_engine.training.control import Control
from graph_engine.training.run import run
from graph_engine.training.rundir import METRICS, RECORD, new_run, read_run
from graph_engine.training.state import RunState
from graph_engine.training.worker import warm_up
from tests.engine.training.helpers import ROOT, change, small_net

COMPARED = ("metrics.jsonl", "weights.safetensors", "checkpoints/best.safetensors")
CUT = ("checkpoints/last.pt", METRICS, RECORD)
PATIENCE = 120.0
"""Seconds until a process that should have begun, or ended, is called hung."""


def networks() -> dict[str, Graph]:
    """What makes resuming hard, spread over some networks: random numbers, buffers, schedules, means, best weights, several outputs."""
    one_cycle = {"name": "OneCycleLR", "max_lr": 0.01}
    tiny = {"threads": 1, "device": "cpu"}
    gru, wine, rows = template("gru_languages").graph, template("two_parts_wine").graph, template("attention_digits").graph
    gru.configure(training={**tiny, "epochs": 1, "batch_size": 256})
    wine.configure(training={**tiny, "epochs": 8, "batch_size": 16, "average": {"name": "SWA", "start": 3}})
    rows.configure(training={**tiny, "epochs": 2, "stopping": {"name": "patience", "patience": 1}})
    return {
        "CNN, dropout, batch norm": small_net(),
        "CNN, OneCycleLR, EMA, best": small_net(schedule=one_cycle, average="EMA", keep="best"),
        "attention, early stopping": rows,
        "GRU on names, padded": gru,
        "two inputs and outputs, SWA": wine,
    }


class Training:
    """What the training process does, in a fork of this one, which is warm."""

    def __init__(self, run_dir: Path, resume: bool):
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                run(run_dir, lambda _: None, Control(), resume=resume)
            finally:
                os._exit(0)

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> None:
        os.waitpid(self._pid, 0)


class Script:
    """The exported script, by itself."""

    def __init__(self, run_dir: Path, resume: bool):
        log = run_dir / "metrics.jsonl"
        known = _changed(log)
        flags = ["--resume"] if resume else []
        self._popen = subprocess.Popen(
            [sys.executable, "train.py", "--run-dir", str(run_dir), *flags],
            cwd=run_dir / "source",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(lambda: _changed(log) != known or self._popen.poll() is not None)

    def kill(self) -> None:
        self._popen.kill()

    def wait(self) -> None:
        self._popen.wait(PATIENCE)


class Window:
    """The real window, off screen, and its training process; only the window is killed."""

    def __init__(self, run_dir: Path, resume: bool):
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.survive", "--window", str(run_dir)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._popen.stdout
        self.worker = int(self._popen.stdout.readline())

    def kill(self) -> None:
        self._popen.kill()

    def wait(self) -> None:
        """Until the window has ended, and its training process, which goes on to the end of the run and then ends by itself."""
        self._popen.wait(PATIENCE)
        _wait_for(lambda: not _lives(self.worker))


class Both(Window):
    """The window and its training process at once."""

    def kill(self) -> None:
        super().kill()
        if _lives(self.worker):
            os.kill(self.worker, signal.SIGKILL)


WAYS: dict[str, type[Any]] = {"process": Training, "script": Script, "window": Window, "both": Both}


@dataclass
class Count:
    """What happened to the runs of one network.

    Attributes:
        kills: by way.
        moments: kills in the middle of an epoch, and while a file was being written.
        cuts: files that were cut off, by name.
        runs: finished and compared.
        different: of these, the files that were not the same, by name.
    """

    kills: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    different: Counter[str] = field(default_factory=Counter)


def harass(graph: Graph, kills: int, ways: Sequence[str], folder: Path, chance: random.Random) -> Count:
    """Kills runs of a network so often, in these ways in turn, and compares what they become with a run that is left alone."""
    count = Count()
    reference = _prepared(graph, folder)
    began = time.monotonic()
    Training(reference, resume=False).wait()
    longest = time.monotonic() - began
    assert read_run(reference).state is RunState.FINISHED, read_run(reference).message
    while count.kills.total() < kills:
        run_dir = _prepared(graph, folder)
        while not _is_finished(run_dir):
            _once(run_dir, ways[count.kills.total() % len(ways)], kills, longest, count, chance)
        count.runs += 1
        count.different.update(name for name in COMPARED if (run_dir / name).read_bytes() != (reference / name).read_bytes())
    return count


def _once(run_dir: Path, way: str, kills: int, longest: float, count: Count, chance: random.Random) -> None:
    """Lets a run go on, and kills it within so many seconds, unless it has ended before or all kills are done."""
    life = WAYS[way](run_dir, resume=(run_dir / "metrics.jsonl").exists())
    if count.kills.total() < kills:
        time.sleep(chance.uniform(0, longest))
        if not _is_finished(run_dir):
            life.kill()
            count.kills[way] += 1
    life.wait()
    if _is_finished(run_dir):
        return
    if list(run_dir.rglob("*.tmp")):
        count.moments["writing"] += 1
    if _batch(run_dir / "checkpoints" / "last.pt"):
        count.moments["mid-epoch"] += 1
    name = chance.choice(CUT)
    before = run_dir / ("run.previous.json" if name == RECORD else "checkpoints/previous.pt")
    path = run_dir / name
    if before.exists() and path.exists() and chance.random() < 0.3:  # a kill between two renames leaves only the former
        size = path.stat().st_size
        # what the checkpoint before knows of the metrics was on the disk long ago
        least = torch.load(before, weights_only=True)["log_size"] if name == METRICS else 0
        path.write_bytes(path.read_bytes()[: chance.randint(least, size)])
        count.cuts[path.name] += 1


def _batch(checkpoint: Path) -> int:
    """How many batches of its epoch were done; 0 where there is no checkpoint, or it was cut off before and no process has seen that."""
    try:
        return int(torch.load(checkpoint, weights_only=True)["at"]["batch"])
    except (OSError, RuntimeError, EOFError):
        return 0


def _prepared(graph: Graph, folder: Path) -> Path:
    """A run that writes a checkpoint after every step."""
    run_dir = new_run(graph, folder)
    change(run_dir, "SAVE_SECONDS = 5.0", "SAVE_SECONDS = 0.001", "train.py")
    change(run_dir, "max(SAVE_SECONDS, 100 * (now - began))", "SAVE_SECONDS", "train.py")
    return run_dir


def _is_finished(run_dir: Path) -> bool:
    """Whether the test is measured and the weights are written; a run that is stopped writes weights too."""
    log = run_dir / "metrics.jsonl"
    return (run_dir / "weights.safetensors").exists() and log.exists() and b'"test/' in log.read_bytes()[-500:]


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "a process hangs"
        time.sleep(0.01)


def _window(run_dir: Path) -> None:
    """The victim: a window that goes on with a run, tells its training process's id, and closes when the run has ended."""
    from app.screenshot import off_screen_window, settle

    app, window = off_screen_window((900, 600), "light")
    worker = window.run.worker
    worker.start()
    settle(app, lambda: worker.is_ready, 0)
    window.resume_run(run_dir)
    print(worker.pid, flush=True)
    settle(app, lambda: not window.run.is_busy, 0)
    window.close()


def main() -> None:
    """Prints the table; ends with status 1 where something differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.window:
        _window(options.window)
        return
    chance = random.Random(options.seed)
    graphs = networks()
    each = -(-options.kills // len(graphs))
    warm_up()
    torch.set_num_threads(1)
    totals = Count()
    print(f"{'network':29}{'kills':>6}  {'process/script/window/both':>26}{'mid-epoch':>11}{'writing':>9}{'cut off':>9}{'runs':>6}  bits")
    for name, graph in graphs.items():
        with tempfile.TemporaryDirectory() as folder:
            count = harass(graph, each, [*["process"] * 8, "window", *["process"] * 8, "script", "window", "both"], Path(folder), chance)
        _print(name, count)
        for part in ("kills", "moments", "cuts", "different"):
            getattr(totals, part).update(getattr(count, part))
        totals.runs += count.runs
    _print("all", totals)
    sys.exit(bool(totals.different))


def _print(name: str, count: Count) -> None:
    ways = "/".join(str(count.kills[way]) for way in WAYS)
    moments = f"{count.moments['mid-epoch']:11}{count.moments['writing']:9}{count.cuts.total():9}"
    same = "the same" if not count.different else f"DIFFERENT: {dict(count.different)}"
    print(f"{name:29}{count.kills.total():6}  {ways:>26}{moments}{count.runs:6}  {same}", flush=True)


if __name__ == "__main__":
    main()
