"""What a run leaves on the disk: its metrics, as lines of JSON and for TensorBoard, and its checkpoints.

Whatever ends the process, and whenever, what was written before stays whole: files are replaced, never changed, but for the metrics,
which grow, and which a run that goes on cuts off at the place that its checkpoint knows.
"""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class Metric(NamedTuple):
    """What was measured after so many steps: a line of metrics.jsonl."""

    step: int
    epoch: int
    name: str
    value: float


class Log:
    """The metrics of a run, in `metrics.jsonl` and in a file of its own for TensorBoard.

    Args:
        run_dir: folder of the run.
        size: bytes of `metrics.jsonl` that are kept: what was written after the checkpoint will be written again.
        step: the step of that checkpoint; TensorBoard forgets what an earlier file says of later ones.
    """

    def __init__(self, run_dir: Path, size: int, step: int) -> None:
        self._lines = _open_at(run_dir / "metrics.jsonl", size)
        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        self._board = (run_dir / name).open("wb")
        self._rows = RecordWriter(self._board)
        self._add(Event(wall_time=time.time(), file_version="brain.Event:2"))
        self._add(Event(wall_time=time.time(), step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is left."""
        with self._board:  # closed as well where the disk is full
            self._lines.close()

    def write(self, metrics: Iterable[Metric]) -> None:
        """Adds metrics to both."""
        now = time.time()
        for metric in metrics:
            self._lines.write((_to_json(metric) + "\n").encode())
            value = Summary.Value(tag=metric.name, simple_value=metric.value)
            self._add(Event(wall_time=now, step=metric.step, summary=Summary(value=[value])))
        self._lines.flush()  # for whoever reads along

    def sync(self) -> int:
        """Has all of it on the disk; returns the size of `metrics.jsonl`."""
        self._board.flush()
        self._lines.flush()
        os.fsync(self._lines.fileno())
        return self._lines.tell()

    def _add(self, event: Event) -> None:
        self._rows.write(event.SerializeToString())


def read_checkpoint(run_dir: Path) -> dict[str, Any]:
    """The newest checkpoint of which all is there, or an empty one where a run has not come so far.

    Raises:
        ValueError: there are checkpoints, and all are damaged.
    """
    folder = run_dir / "checkpoints"
    last = folder / "last.pt"
    found = {}
    for path in (last, folder / "previous.pt"):
        if path.exists():
            try:
                found[path] = torch.load(path, map_location="cpu", weights_only=True)
            except Exception:  # torch raises almost anything over a damaged file
                print(f"{path} is damaged.")
                found[path] = {}
    if not found:
        return {}
    log = run_dir / "metrics.jsonl"
    size = log.stat().st_size if log.exists() else 0
    readable = [path for path, checkpoint in found.items() if checkpoint]
    whole = [path for path in readable if found[path]["log_size"] <= size]
    if not readable:
        raise ValueError(f"No checkpoint in {folder} can be read: begin again without --resume.")
    path = (whole or readable)[0]
    if path != last:
        print(f"The run goes on from {path.name}, after step {found[path]['at']['step']}.")
        path.replace(last)  # so that the next one does not push the good one out
    return dict(found[path])


@contextmanager
def replacing(path: Path, keep: Path | None = None) -> Iterator[BinaryIO]:
    """A file to write that takes the place of another in the end, so that no crash leaves half of one; `keep` receives the other."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            path.replace(keep)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _to_json(metric: Metric) -> str:
    """One line; JSON has no NaN and no infinity, so they become strings."""
    value = metric.value if math.isfinite(metric.value) else json.dumps(metric.value)
    return json.dumps(metric._asdict() | {"value": value})


def _open_at(path: Path, size: int) -> BinaryIO:
    """The metrics, to go on after so many bytes."""
    file = path.open("ab")
    if file.tell() < size:
        size = path.read_bytes().rfind(b"\n") + 1
        print(f"{path} lacks some of its last lines; the run goes on without them.")
    file.seek(file.truncate(size))
    return file
