"""The results of a run: asked of the training process for the run that was over last, or for an earlier one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.run import Run
from app.session import Session
from graph_engine.training.results import Results
from graph_engine.training.rundir import WEIGHTS
from graph_engine.training.state import RunState


class RunResults(QObject):
    """What is known of one run.

    Attributes:
        found: the results; None before any were asked for.
        name: of the run.
        is_asking: whether they are on their way.

    Signals:
        changed: one of these differs.
    """

    changed = Signal()

    def __init__(self, session: Session, run: Run, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._run = run
        self._folder: Path | None = None
        self._next: Path | None = None
        self._part = "validation"
        self._state = run.state
        self.found: Results | None = None
        self.name = ""
        self.is_asking = False
        run.state_changed.connect(self._on_state)
        run.judged.connect(self._take)
        run.worker.died.connect(self._give_up)
        session.replaced.connect(self._forget)

    def ask(self, folder: Path | None = None, part: str | None = None, name: str = "") -> None:
        """Asks for the results of a run, or for those of another part of its data; the other stays as it was."""
        if folder is not None:
            self._folder, self.name = folder, name or folder.name
        self._part = part or self._part
        if self._folder is None:
            return
        self._next, self.found, self.is_asking = None, None, True
        self._run.worker.start()
        self._run.worker.judge(self._folder, self._part)
        self.changed.emit()

    def look(self) -> None:
        """Asks for the results of the run that was over last, unless that is done."""
        if self._next is not None:
            self.ask(self._next)

    def _on_state(self) -> None:
        run = self._run
        if run.state == self._state:  # a question was asked or answered, or the process is another one: not the end of a run
            return
        self._state = run.state
        if run.state == RunState.STARTING:  # what is asked now is put off, and the run may change what was found
            self._next, self.is_asking = None, False
        elif run.state in (RunState.FINISHED, RunState.STOPPED) and run.folder is not None and run.is_of(self._session.document):
            self._next = run.folder if (run.folder / WEIGHTS).exists() else None
        self.changed.emit()

    def _take(self, results: Results) -> None:
        if results.run_dir == str(self._folder) and results.part == self._part:
            self.found, self.is_asking = results, False
            self.changed.emit()

    def _give_up(self, why: str) -> None:
        if self.is_asking:
            self.is_asking = False
            self.found = Results(str(self._folder), self._part, message=why + " " + self.tr("Runs can ask for the results again."))
            self.changed.emit()

    def _forget(self) -> None:
        self._folder = self._next = self.found = None
        self.is_asking = False
        self.changed.emit()
