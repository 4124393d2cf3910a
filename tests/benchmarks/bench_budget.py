"""What a run was said to cost beside what it cost: peak of the process's memory, and time of an epoch.

``python -m tests.benchmarks.bench_budget [TEMPLATE …]``; all templates, if none is named, each with its own batch size and with one of
16 times as many samples, where the network's part of the memory is greater. Every figure comes from a process of its own. The column
"small batches" is what steps with small batches told of a whole one's activations, as a share of what that took.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graph_engine.templates import template, templates

GREATER = 16


def prepared(id: str, greater: int, folder: Path) -> Path:
    """A folder of a run of one epoch."""
    from graph_engine.training.rundir import prepare

    graph = template(id).open()
    training = graph.settings.training
    graph.configure(training={"epochs": 1, "batch_size": greater * training["batch_size"]})
    prepare(graph, folder)
    return folder


def ask(id: str, greater: int, free: int | None) -> Any:
    """The answer before a run, with so many bytes free."""
    from graph_engine.training import budget, worker
    from graph_engine.training.control import Control
    from graph_engine.training.probe import probe

    worker.warm_up()
    events: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        room = type("Memory", (), {"available": free or budget.psutil.virtual_memory().available})
        with patch.object(budget.psutil, "virtual_memory", lambda: room):
            probe("budget", prepared(id, greater, Path(folder) / "run"), events.append, Control())
    return events[-1]


def run(id: str, greater: int) -> tuple[int, float]:
    """Bytes at the peak, and seconds, of a run's process and its epoch."""
    from graph_engine.training import worker
    from graph_engine.training.control import Control
    from graph_engine.training.events import Measured, StateChange
    from graph_engine.training.run import run as run_it
    from graph_engine.training.state import RunState

    worker.warm_up()
    began, ended = 0.0, 0.0

    def listen(event: Any) -> None:
        nonlocal began, ended
        if isinstance(event, StateChange) and event.state is RunState.RUNNING:
            began = time.monotonic()
        elif isinstance(event, Measured) and event.name == "val/loss":
            ended = time.monotonic()

    with tempfile.TemporaryDirectory() as folder:
        run_it(prepared(id, greater, Path(folder) / "run"), listen, Control())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, ended - began


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    """Prints the table."""
    ids = sys.argv[1:] or [each.id for each in templates()]
    print(f"{'template':30} {'batch':>6} {'said MB':>8} {'peak MB':>8} {'said/peak':>9} {'small batches':>13} {'said s':>7} {'epoch s':>7}")
    ratios = []
    for id in ids:
        for greater in (1, GREATER):
            answer, carried = alone(ask, id, greater, None), alone(ask, id, greater, 1)
            peak, seconds = alone(run, id, greater)
            said = answer.process + answer.needed
            ratios.append(said / peak)
            share = carried.activations / answer.activations if answer.activations else 1.0
            print(
                f"{id:30} {answer.batch:6} {said / 1e6:8.0f} {peak / 1e6:8.0f} {said / peak:9.3f} {share:13.3f} "
                f"{answer.epoch:7.2f} {seconds:7.2f}",
                flush=True,
            )
    far = [ratio for ratio in ratios if abs(ratio - 1) > 0.15]
    print(f"said/peak: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}")
    print(f"beyond 15 %: {len(far)} of {len(ratios)}")


if __name__ == "__main__":
    main()
