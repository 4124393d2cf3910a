"""Runs a prepared run in this process: the training process and the command line both come through here.

The loop itself is the run's own ``train.py``. This module loads it, looks on, keeps ``run.json``, and says what went wrong in a sentence.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.errors import ArchloomError, RunError
from graph_engine.training import rundir
from graph_engine.training.attendant import Attendant
from graph_engine.training.births import find_birth
from graph_engine.training.control import Control
from graph_engine.training.course import Born
from graph_engine.training.events import Listener, Log, Measured, Progress, Samples, StateChange
from graph_engine.training.failures import explain
from graph_engine.training.holding import Holder, held
from graph_engine.training.live.looking import Looker
from graph_engine.training.loading import loaded
from graph_engine.training.rundir import RunRecord
from graph_engine.training.sample import Sample
from graph_engine.training.state import RunState
from graph_engine.training.together import Meeting, run_together

if TYPE_CHECKING:
    from graph_engine.api import Graph


PATIENCE = 60.0
"""Seconds for which one of several machines waits until another has prepared the run."""


def run(
    run_dir: Path,
    listener: Listener,
    control: Control,
    *,
    looker: Looker | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    threads: int | None = None,
    resume: bool = False,
) -> RunRecord:
    """Trains until the last epoch, a stop, or a failure; what happens goes to ``listener``, failures too.

    Args:
        run_dir: a prepared folder (`rundir.prepare`).
        listener: is called in this thread, at most thirty times a second with all that is new.
        control: pauses and stops.
        looker: shows what the network makes of a sample while it trains, where somebody wishes to see.
        epochs, seed, device, threads: in place of the document's; None leaves those.
        resume: go on from the last checkpoint, from the beginning where there is none; otherwise the folder must not have been run.

    Returns:
        The record, as it is in the folder.

    Raises:
        RunError: the folder is not that of a run.
    """
    record = rundir.read_run(run_dir, tell=lambda words: listener(Log(words)))
    watch = _Watch(listener, control, run_dir, looker)
    try:
        if not resume and (run_dir / rundir.METRICS).exists():
            raise RunError(f"{run_dir} has been run already: resume it, or make a new run.")
        with loaded(run_dir / rundir.SOURCE) as train, _torch_as_it_was():
            _check_device(device or train.DEVICE)
            training = train.Training(
                run_dir,
                epochs=epochs or record.epochs,
                seed=record.seed if seed is None else seed,
                device=device or record.device,
                threads=threads or record.threads,
                resume=resume,
                watch=watch,
            )
            record = replace(
                record,
                state=RunState.RUNNING,
                message=None,
                node=None,
                epochs=training.epochs,
                seed=training.seed,
                device=str(training.device),
                threads=training.threads,
                processes=training.team.size,
                versions=versions(),
            )
            rundir.write_run(run_dir, record, sync=False)
            listener(StateChange(RunState.RUNNING))
            watch.attendant = Attendant(training, sys.modules["model"], record, run_dir, listener)
            metrics = training.fit()
        record = replace(record, state=RunState.STOPPED if watch.stopped else RunState.FINISHED, metrics=metrics)
    except Exception as error:
        failure = explain(error, run_dir, record)
        if failure.traceback:
            listener(Log(traceback.format_exc()))
        born = _birth(run_dir, record, listener) if isinstance(error, FloatingPointError) else None
        if born is not None and watch.attendant is not None:
            failure = watch.attendant.blame(born, failure)
        record = replace(record, state=RunState.FAILED, message=failure.message, node=failure.node, metrics=watch.metrics)
    try:
        if watch.attendant is not None:
            watch.attendant.close()
        rundir.write_run(run_dir, record)
    except ArchloomError as error:
        record = replace(record, state=RunState.FAILED, message=record.message or str(error))
    listener(StateChange(record.state, record.message, record.node))
    return record


def train(
    graph: Graph,
    run_dir: Path,
    listener: Listener,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    resume: bool = False,
    processes: int = 1,
    meeting: Meeting | None = None,
) -> RunRecord:
    """Trains a graph as the command line does, in this process, or in several. An interrupt from the keyboard stops the run after its step.

    Args:
        graph: what to train; its settings count where no other argument is given.
        run_dir: where; it must not hold a run, except with ``resume``.
        listener: receives events.
        epochs, seed, device, resume: as for `run`; a folder without a run is begun with or without ``resume``.
        processes: how many share each batch.
        meeting: with other machines that share it too. The run is begun, or goes on, in a folder that all of them see.

    Raises:
        CheckError: the graph has errors.
        RunError: the run cannot start, or failed.
        UnwritableError: the folder cannot be written to.
    """
    options: dict[str, Any] = {"epochs": epochs, "seed": seed, "device": device, "resume": resume or meeting is not None}
    control = Control()
    with ExitStack() as stack:
        if meeting is None:
            _prepare(graph, run_dir, resume)
            stack.enter_context(held(run_dir, Holder(os.getpid())))
        else:
            _prepare_once(graph, run_dir, stack)
        stack.enter_context(_interrupt(control))
        if processes > 1 or meeting is not None:
            record = run_together(run_dir, listener, control, processes, meeting=meeting, **options)
        else:
            record = run(run_dir, listener, control, **options)
    if record.state is RunState.FAILED:
        raise RunError(record.message)
    return record


def _prepare(graph: Graph, run_dir: Path, resume: bool) -> None:
    if not resume or not rundir.holds_run(run_dir):
        rundir.prepare(graph, run_dir)
    elif not rundir.is_run_of(graph, run_dir):
        raise RunError(f"The run in {run_dir} was begun with another version of the document: train this one into a new folder.")


def _prepare_once(graph: Graph, run_dir: Path, stack: ExitStack) -> None:
    """Of several machines the first one holds the run and prepares it; the others wait until it has."""
    run_dir.mkdir(parents=True, exist_ok=True)
    try:
        stack.enter_context(held(run_dir, Holder(os.getpid())))
    except RunError:
        deadline = time.monotonic() + PATIENCE
        while not (run_dir / rundir.RECORD).exists():
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    _prepare(graph, run_dir, resume=True)


def devices() -> tuple[str, ...]:
    """What this machine can train on."""
    import torch

    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def _birth(run_dir: Path, record: RunRecord, listener: Listener) -> Born | None:
    """Where the number that is none came from; that it cannot be found out does not hide that the run failed."""
    try:
        with _torch_as_it_was():
            return find_birth(run_dir, record)
    except Exception:
        listener(Log(traceback.format_exc()))
        return None


class _Watch:
    """What a run's ``train.py`` tells and asks."""

    def __init__(self, listener: Listener, control: Control, run_dir: Path, looker: Looker | None):
        self.stopped = False
        self.metrics: dict[str, float] = {}
        self._listener = listener
        self._control = control
        self._run_dir = run_dir
        self._looker = looker
        self._training: Any = None
        self._holding = False
        self._step = 0
        self._clock = time.monotonic()
        self._rate = 0.0
        self.attendant: Attendant | None = None

    def wish(self) -> str:
        if self._control.wish == "go" and not self._holding:
            if self.attendant is not None:
                self.attendant.before_step()
            return "go"
        if self._control.wish == "pause" and not self._holding:
            self._holding = True  # a checkpoint is written before the question comes again
            return "pause"
        if self._control.wish == "pause":
            self._listener(StateChange(RunState.PAUSED))
            self._hold()
            self._clock = time.monotonic()
        if self._control.wish == "stop":
            self.stopped = True
            return "stop"
        self._holding = False
        self._listener(StateChange(RunState.RUNNING))
        return "go"

    def _hold(self) -> None:
        """Waits until the run may go on; meanwhile its network can be looked at."""
        looker, training = self._looker, self._training
        if looker is None or training is None:
            self._control.wait()
            return
        while self._control.wish == "pause":
            self._control.wait(lambda: looker.is_asked)
            looker.glance(training, self._run_dir)

    def tell(self, metrics: list[Any], training: Any) -> None:
        for metric in metrics:
            self._listener(Measured(metric.name, metric.step, metric.epoch, metric.value))
            self.metrics[metric.name] = metric.value
        if self.attendant is not None:
            self.attendant.take(metrics)
        at, now = training.at, time.monotonic()
        if self._step and at.step > self._step:
            samples = (at.step - self._step) * len(training.train_data) / training.steps_per_epoch
            rate = samples / max(now - self._clock, 1e-9)
            self._rate = 0.8 * self._rate + 0.2 * rate if self._rate else rate
        self._step, self._clock = at.step, now
        epoch = at.epoch if at.batch else max(1, at.epoch - 1)  # between two epochs it is the one that is over
        self._listener(Progress(at.step, training.epochs * training.steps_per_epoch, epoch, training.epochs, self._rate))
        self._training = training
        if self._looker is not None:
            self._looker.glance(training, self._run_dir)

    def show(self, samples: list[Any], training: Any) -> None:
        self._listener(Samples(training.at.epoch, tuple(map(Sample.of, samples))))


@contextmanager
def _torch_as_it_was() -> Iterator[None]:
    """Takes back what a script sets for its process, which for a script of its own ends with it."""
    import torch

    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic)


def _check_device(device: str) -> None:
    found = devices()
    if device.split(":")[0] not in ("auto", *found):
        raise RunError(f"This machine cannot train on {device!r}; it has {', '.join(found)}.")


@cache
def versions() -> dict[str, str]:
    """Of the program's parts that can change the result of a run."""
    import torch

    found = {"python": platform.python_version(), "torch": torch.__version__}
    with suppress(PackageNotFoundError):  # used from its folder, not installed
        found["archloom"] = version("archloom")
    return found


@contextmanager
def _interrupt(control: Control) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, lambda *_: control.stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
