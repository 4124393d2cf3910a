"""A small network, the files of a run, and the window's end of the training process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from graph_engine import Graph
from graph_engine.training.events import Event, Log, Measured, Ready, StateChange, decode
from graph_engine.training.state import RunState

ROOT = Path(__file__).resolve().parents[3]
ENDED = (RunState.FINISHED, RunState.STOPPED, RunState.FAILED)
FORWARD = "    def forward(self, x: Tensor) -> Tensor:\n"

TYPED = ("--extend-per-file-ignores", "model.py:RET504")
"""For ruff: what a layer gives is known as a tensor only once it has a name, so mypy's strict mode has it named before it is returned."""


def small_net(**training: Any) -> Graph:
    """A CNN for the 8×8 digits with all that makes resuming hard: dropout draws random numbers, batch norm has buffers."""
    graph = Graph("small_net")
    before = graph.add("Input", shape=[1, 8, 8])
    for block, params in (
        ("Conv2d", {"out_channels": 8, "kernel_size": 3}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("Dropout", {"p": 0.2}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    ):
        node = graph.add(block, **params)
        graph.connect(before, node)
        before = node
    graph.configure(data={"dataset": "digits"}, training={"epochs": 3, "batch_size": 32, "threads": 1, "device": "cpu", **training})
    return graph


def metrics(run_dir: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl, each valid JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]


def change(run_dir: Path, old: str, new: str, file: str = "model.py") -> None:
    """Changes the source that a run will import."""
    path = run_dir / "source" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


class Process:
    """The window's end of a training process."""

    def __init__(self) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "graph_engine.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.events: list[Event] = []

    def send(self, **command: Any) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(json.dumps(command).encode() + b"\n")
        self.popen.stdin.flush()

    def read(self) -> list[Event]:
        """The next batch; empty when the process is gone."""
        assert self.popen.stdout
        line = self.popen.stdout.readline()
        batch = decode(line) if line else []
        self.events += batch
        return batch

    def until(self, condition: Any) -> Event:
        """Reads up to an event that meets the condition."""
        while batch := self.read():
            for event in batch:
                if condition(event):
                    return event
        raise AssertionError(f"the process ended first; its last events: {self.events[-5:]}")

    def until_ready(self) -> Process:
        self.until(lambda event: isinstance(event, Ready))
        return self

    def until_state(self, *states: RunState) -> StateChange:
        event = self.until(lambda event: isinstance(event, StateChange) and event.state in states)
        assert isinstance(event, StateChange)
        return event

    def until_step(self, step: int) -> None:
        self.until(lambda event: isinstance(event, Measured) and event.step >= step)

    def run(self, run_dir: Path, **options: Any) -> StateChange:
        """A run to its end."""
        self.events.clear()
        self.send(do="run", run_dir=str(run_dir), **options)
        return self.until_state(*ENDED)

    def logged(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Log)]

    def close(self) -> None:
        """Ends the process, and what it does."""
        assert self.popen.stdin and self.popen.stdout and self.popen.stderr
        if self.popen.poll() is None:
            self.send(do="quit")
        self.popen.stdin.close()
        self.popen.wait(30)
        self.popen.stdout.close()
        self.popen.stderr.close()
