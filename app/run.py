"""What the window knows of the current run: its state, its progress and its curves so far."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from platformdirs import user_data_path
from PySide6.QtCore import QObject, Signal

from app.jobs import Errand, Worker
from app.names import file_stem
from app.series import Series, read_series
from graph_engine import Graph
from graph_engine.errors import ArchloomError
from graph_engine.training.events import Budgeted, Event, Found, Log, Measured, Probed, Progress, Samples, StateChange
from graph_engine.training.health import Health
from graph_engine.training.holding import forget, holder_of
from graph_engine.training.results import Results
from graph_engine.training.rundir import METRICS, new_run, prepare, read_run, write_run
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
        document: whose run it is; None before the first run.
        processes: how many the next run is shared among.
        everywhere: a folder for each document, with its runs.

    Signals:
        began: a new run; the curves start afresh.
        state_changed: `state`, `message` or `node` differ.
        progress_changed: `progress` differs.
        metrics_changed: some series have more values.
        samples_changed: `samples` differ.
        logged: text that the run printed.
        resumed: an earlier run goes on, or one that has gone on without a window is this window's now; its folder.
        measured: what was measured of the network in a step; the `Health`.
        found: what is wrong with the training now; the findings.
        judged: what the network of a run does with some data; the `Results`.
        probed: a question that was asked with `probe` is answered; the `Probed` or `Budgeted`.
    """

    began = Signal()
    state_changed = Signal()
    progress_changed = Signal()
    metrics_changed = Signal()
    samples_changed = Signal()
    logged = Signal(str)
    judged = Signal(object)
    probed = Signal(object)
    resumed = Signal(object)
    measured = Signal(object)
    found = Signal(object)

    def __init__(self, worker: Worker, parent: QObject | None = None, runs: Path | None = None):
        super().__init__(parent)
        self.worker = worker
        self.everywhere = runs if runs is not None else user_data_path("archloom") / "runs"
        self.processes = 1
        self.state = RunState.IDLE
        self.message = ""
        self.node: str | None = None
        self.progress = NOTHING_DONE
        self.series: dict[str, Series] = {}
        self.samples: Samples | None = None
        self.folder: Path | None = None
        self.document: Graph | None = None
        self._probe: Path | None = None
        self._wanted: tuple[Path, Graph] | None = None
        self._since = 0.0
        self._since_step: int | None = None
        worker.events.connect(self.take)
        worker.died.connect(self._on_died)
        worker.attached.connect(self._on_attached)
        worker.refused.connect(self._on_refused)

    @property
    def is_busy(self) -> bool:
        """Whether a run or a question holds the worker."""
        return self.state.is_active or self.is_probing

    @property
    def is_probing(self) -> bool:
        """Whether a question is being answered."""
        return self._probe is not None

    @property
    def fraction(self) -> float:
        """Share of the run that is done, from 0 to 1."""
        return self.progress.step / self.progress.steps if self.progress.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end of the run by the pace since it began or went on; None while it is unknown or none runs."""
        if self.state != RunState.RUNNING or self._since_step is None or self.progress.step <= self._since_step:
            return None
        done = self.progress.step - self._since_step
        return (time.monotonic() - self._since) / done * (self.progress.steps - self.progress.step)

    def named(self, words: str, document: Graph) -> str:
        """What is said of the run while a document is shown: with the name of its own, where that is another."""
        return words if self.document is None or self.document is document else f"{self.document.name}: {words}"

    def is_of(self, document: Graph) -> bool:
        """Whether the run, if there was one, is that of ``document``: what another's nodes do is not shown on this one's."""
        return self.document is None or self.document is document

    def home(self, graph: Graph) -> Path:
        """Where the runs of a document are."""
        return self.everywhere / file_stem(graph.name)

    def start(self, graph: Graph, folder: Path | None = None, path: Path | None = None) -> None:
        """Begins a run of ``graph`` as it is now, in a folder of its own.

        Args:
            folder: where that is made; left out, among the document's runs.
            path: the file of the document.

        Raises:
            ArchloomError: the graph has errors, or the folder cannot be made.
        """
        self.folder = new_run(graph, folder if folder is not None else self.home(graph), path)
        self.document = graph
        self._begin()
        self.worker.run(self.folder, processes=self.processes)

    def probe(self, graph: Graph, kind: str) -> None:
        """Asks a question of a network that is trained for a moment, in a folder that goes afterwards.

        Raises:
            ArchloomError: the graph has errors, or cannot be trained.
        """
        folder = Path(tempfile.mkdtemp(prefix="archloom-"))
        try:
            prepare(graph, folder)
        except ArchloomError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._probe = folder
        self.worker.start()
        self.worker.probe(kind, folder)
        self.state_changed.emit()

    def resume(self, folder: Path, graph: Graph) -> None:
        """Goes on with a run of ``graph`` that was stopped, failed or killed, from its last checkpoint."""
        self._go_on(folder, graph)
        self.worker.run(folder, resume=True, processes=self.processes)

    def attach(self, folder: Path, graph: Graph) -> None:
        """Takes over a run of ``graph`` that goes on without a window; nothing happens where it has ended meanwhile."""
        holder = holder_of(folder)
        if holder is None or self.is_busy:
            return
        if not holder.port:
            self.logged.emit(self.tr("Another program trains this run; it is shown here when that has ended."))
            return
        self._wanted = folder, graph
        self.worker.attach(holder)

    def take(self, events: Iterable[Event]) -> None:
        """Takes in what the worker reports; views are told once for the whole list."""
        measured: dict[str, tuple[list[int], list[float]]] = {}
        moved = False
        for event in events:
            match event:
                case Measured(name, step, _, value):
                    steps, values = measured.setdefault(name, ([], []))
                    steps.append(step)
                    values.append(value)
                case Probed() | Budgeted():
                    self._end_probe()
                    self.probed.emit(event)
                case Results():
                    self.judged.emit(event)
                case Progress() if not self.is_probing:
                    self.progress = event
                    if self._since_step is None:  # a resumed run does not begin with the first step
                        self._since, self._since_step = time.monotonic(), event.step
                    moved = True
                case StateChange(state, message, node):
                    self._become(state, message or "", node)
                case Samples():
                    self.samples = event
                    self.samples_changed.emit()
                case Health():
                    self.measured.emit(event)
                case Found(findings):
                    self.found.emit(findings)
                case Log(text):
                    self.logged.emit(text)
        for name, (steps, values) in measured.items():
            self.series.setdefault(name, Series()).extend(steps, values)
        if measured:
            self.metrics_changed.emit()
        if moved:
            self.progress_changed.emit()

    def _go_on(self, folder: Path, graph: Graph) -> None:
        self.folder, self.document = folder, graph
        self._begin()
        self.resumed.emit(folder)
        Errand(lambda: read_series(folder / METRICS), self).done.connect(lambda series: self._join(folder, series))

    def _on_attached(self) -> None:
        assert self._wanted is not None
        self._go_on(*self._wanted)
        self._wanted = None

    def _on_refused(self, words: str) -> None:
        self._wanted = None
        self.logged.emit(words)
        self.state_changed.emit()

    def _begin(self) -> None:
        self.series = {}
        self.samples = None
        self.progress = NOTHING_DONE
        self.began.emit()
        self.samples_changed.emit()
        self.progress_changed.emit()
        self._become(RunState.STARTING)
        self.worker.start()

    def _join(self, folder: Path, before: dict[str, Series]) -> None:
        """Puts what a resumed run told before in front of what it has told since."""
        if folder != self.folder:
            return
        for name, series in self.series.items():
            before.setdefault(name, Series()).extend(*series.all())
        self.series = before
        self.metrics_changed.emit()

    def _become(self, state: RunState, message: str = "", node: str | None = None) -> None:
        if state == RunState.RUNNING:
            self._since_step = None
        self.state, self.message, self.node = state, message, node
        self.state_changed.emit()

    def _end_probe(self) -> None:
        if self._probe is not None:
            shutil.rmtree(self._probe, ignore_errors=True)
        self._probe = None
        self.state_changed.emit()

    def _on_died(self, message: str) -> None:
        if self.is_probing:
            self._end_probe()
            self.logged.emit(message)
        elif self.is_busy:
            self._write_down(message)
            self._become(RunState.FAILED, message + " " + self.tr("Your document is safe; Runs can resume it from its last checkpoint."))
        else:
            self.state_changed.emit()

    def _write_down(self, message: str) -> None:
        """Says in the run's folder what its process could not say any more."""
        if self.folder is None:
            return
        try:
            write_run(self.folder, replace(read_run(self.folder), state=RunState.FAILED, message=message))
            forget(self.folder)
        except ArchloomError as error:
            self.logged.emit(str(error))
