"""What the window knows of the current run: its state, its progress and its curves so far."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_data_path
from PySide6.QtCore import QObject, Signal

from app.jobs import Worker
from app.names import file_stem
from app.series import Series
from graph_engine import Graph
from graph_engine.training.events import Event, Log, Measured, Progress, Samples, StateChange
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState

NOTHING_DONE = Progress(0, 0, 0, 0, 0.0)


class Run(QObject):
    """The current run, or the last one.

    Attributes:
        state: where it is in its life.
        message: what the worker said of the state, or empty.
        node: id of the node that a failure concerns, or None.
        progress: how far it is.
        series: the values of each metric, by name.
        samples: some samples as the network did them after the last epoch; None where it shows none.
        folder: the run's folder, or None before the first run.

    Signals:
        began: a new run; the curves start afresh.
        state_changed: `state`, `message` or `node` differ.
        progress_changed: `progress` differs.
        metrics_changed: some series have more values.
        samples_changed: `samples` differ.
        logged: text that the run printed.
    """

    began = Signal()
    state_changed = Signal()
    progress_changed = Signal()
    metrics_changed = Signal()
    samples_changed = Signal()
    logged = Signal(str)

    def __init__(self, worker: Worker, parent: QObject | None = None, runs: Path | None = None):
        super().__init__(parent)
        self.worker = worker
        self._runs = runs if runs is not None else user_data_path("archloom") / "runs"
        self.state = RunState.IDLE
        self.message = ""
        self.node: str | None = None
        self.progress = NOTHING_DONE
        self.series: dict[str, Series] = {}
        self.samples: Samples | None = None
        self.folder: Path | None = None
        self._since = 0.0
        self._since_step = 0
        worker.events.connect(self.take)
        worker.died.connect(self._on_died)

    @property
    def is_busy(self) -> bool:
        """Whether a run holds the worker."""
        return self.state.is_active

    @property
    def fraction(self) -> float:
        """Share of the run that is done, from 0 to 1."""
        return self.progress.step / self.progress.steps if self.progress.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end of the run by the pace since it began or went on; None while it is unknown or none runs."""
        done = self.progress.step - self._since_step
        if self.state != RunState.RUNNING or done <= 0:
            return None
        return (time.monotonic() - self._since) / done * (self.progress.steps - self.progress.step)

    def start(self, graph: Graph, folder: Path | None = None) -> None:
        """Begins a run of ``graph`` as it is now, in a folder of its own.

        Raises:
            ArchloomError: the graph has errors, or the folder cannot be made.
        """
        self.folder = new_run(graph, folder if folder is not None else self._runs / file_stem(graph.name))
        self.series = {}
        self.samples = None
        self.progress = NOTHING_DONE
        self.began.emit()
        self.samples_changed.emit()
        self.progress_changed.emit()
        self._become(RunState.STARTING)
        self.worker.start()
        self.worker.run(self.folder)

    def take(self, events: Iterable[Event]) -> None:
        """Takes in what the worker reports; views are told once for the whole list."""
        measured = moved = False
        for event in events:
            match event:
                case Measured(name, step, _, value):
                    self.series.setdefault(name, Series()).append(step, value)
                    measured = True
                case Progress():
                    self.progress = event
                    moved = True
                case StateChange(state, message, node):
                    self._become(state, message or "", node)
                case Samples():
                    self.samples = event
                    self.samples_changed.emit()
                case Log(text):
                    self.logged.emit(text)
        if measured:
            self.metrics_changed.emit()
        if moved:
            self.progress_changed.emit()

    def _become(self, state: RunState, message: str = "", node: str | None = None) -> None:
        if state == RunState.RUNNING:
            self._since, self._since_step = time.monotonic(), self.progress.step
        self.state, self.message, self.node = state, message, node
        self.state_changed.emit()

    def _on_died(self, message: str) -> None:
        if self.is_busy:
            self._become(RunState.FAILED, message + " " + self.tr("Your document is safe; press Run to train again."))
        else:
            self.state_changed.emit()
