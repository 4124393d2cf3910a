"""Runs that go on without a window: what happens to one when the window closes, how the next window gets it back, what it is told else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app.jobs import Errand
from app.run import Run
from app.session import Session
from app.widgets.text import measure_text, measure_words
from graph_engine import Graph
from graph_engine.errors import ArchloomError
from graph_engine.training.holding import PROCESS, forget, holder_of
from graph_engine.training.rundir import DOCUMENT, RunRecord, read_label, read_run, write_run
from graph_engine.training.state import RunState


class Gone(NamedTuple):
    """A run that has gone on without a window.

    Attributes:
        is_on: it still goes on.
    """

    folder: Path
    record: RunRecord
    is_on: bool

    @property
    def name(self) -> str:
        """What it is called."""
        return read_label(self.folder).name or self.folder.name

    @property
    def can_resume(self) -> bool:
        """Whether it ended before its last epoch."""
        return not self.is_on and self.record.state is not RunState.FINISHED

    @property
    def document(self) -> tuple[Path, bool]:
        """The file of its document and True, or the run's own copy and False where that is not there any more."""
        path = Path(self.record.path or "")
        return (path, True) if path.is_file() else (self.folder / DOCUMENT, False)


class Unattended(QObject):
    """Keeps to the document that is open.

    Attributes:
        gone: its runs that a word is to be said of, the newest first.

    Signals:
        changed: `gone` differs.
        found: runs of any document, a list of `Gone`.
    """

    changed = Signal()
    found = Signal(object)

    def __init__(self, session: Session, run: Run, window: QWidget):
        super().__init__(window)
        self._session = session
        self._run = run
        self._window = window
        self.gone: list[Gone] = []
        session.replaced.connect(self._on_replaced)
        run.state_changed.connect(self._on_run)

    def may_close(self) -> bool:
        """Whether the window may close. Asks what is to become of a run; it goes on, or is stopped, when this returns True."""
        run = self._run
        if not run.state.is_active:
            run.worker.close()
            return True
        paused = run.state is RunState.PAUSED
        box = QMessageBox(QMessageBox.Icon.NoIcon, "Archloom", "", QMessageBox.StandardButton.NoButton, self._window)
        box.setObjectName("running")
        box.setText(self.tr("A run is paused.") if paused else self.tr("A run is training."))
        box.setInformativeText(
            self.tr("It can wait without this window; you find it here when you open Archloom again. Stopped, it can be resumed later.")
            if paused
            else self.tr(
                "It can go on without this window; you find it here when you open Archloom again. Stopped, it can be resumed later."
            )
        )
        keep = box.addButton(self.tr("&Let It Wait") if paused else self.tr("&Let It Go On"), QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton(self.tr("&Stop It"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(keep)
        box.exec()
        if box.clickedButton() is keep:
            run.worker.leave()
        elif box.clickedButton() is stop:
            run.worker.close()
        return box.clickedButton() in (keep, stop)

    def search(self) -> None:
        """Looks for such runs of all documents."""
        Errand(lambda: _read(self._run.everywhere.glob(f"*/*/{PROCESS}")), self).done.connect(self.found)

    def show(self, gone: Gone) -> None:
        """Takes over a run of the open document, where this window has none."""
        self._run.attach(gone.folder, self._session.document)
        self._drop(gone.folder)

    def put_away(self, gone: Gone) -> None:
        """What has become of a run is known now."""
        if not gone.is_on:
            forget(gone.folder)
        self._drop(gone.folder)

    def words(self, gone: Gone) -> str:
        """What has become of a run."""
        record, name = gone.record, gone.name
        if gone.is_on:
            return self.tr("Run {0} of this document is training without a window.").format(name)
        if record.state is RunState.FINISHED:
            told = [f"{measure_words(n.removeprefix('val/'))} {measure_text(v)}" for n, v in record.metrics.items() if n.startswith("val/")]
            return self.tr("Run {0} has finished while no window was open.").format(name) + "".join(f"  {one}" for one in told)
        if record.state is RunState.STOPPED:
            return self.tr("Run {0} was stopped while no window was open.").format(name)
        return self.tr("Run {0} failed while no window was open: {1}").format(name, record.message)

    def _drop(self, folder: Path | None) -> None:
        self.gone = [gone for gone in self.gone if gone.folder != folder]
        self.changed.emit()

    def _on_replaced(self) -> None:
        document = self._session.document
        home = self._run.home(document)
        self.gone = [gone for gone in _read(home.glob(f"*/{PROCESS}")) if gone.folder != self._run.folder]
        running = next((gone for gone in self.gone if gone.is_on and _fits(gone.record, document)), None)
        if running is not None and not self._run.is_busy:
            self.show(running)
        self.changed.emit()

    def _on_run(self) -> None:
        if self._run.state is RunState.STARTING:  # of one that is resumed all is said
            self._drop(self._run.folder)
        self.changed.emit()


def _fits(record: RunRecord, document: Graph) -> bool:
    """Whether a run is of what has become this document, rather than of another one of the same name."""
    names = {node.id: node.name for graph in document.graphs() for node in graph}
    return 2 * sum(names.get(id) == name for id, name in record.nodes.items()) >= len(record.nodes) > 0


def _read(files: Iterable[Path]) -> list[Gone]:
    """The runs whose folders have those files, the newest first; of one whose process is dead it is written down that it failed."""
    found = []
    for folder in sorted((file.parent for file in files), reverse=True):
        try:
            record, is_on = read_run(folder), holder_of(folder) is not None
            if not is_on and record.state not in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED):
                message = "Its process was killed, or the machine went down. It can go on from its last checkpoint."
                record = replace(record, state=RunState.FAILED, message=message)
                write_run(folder, record)
        except ArchloomError:
            continue  # of a folder that is no run's nothing can be told
        found.append(Gone(folder, record, is_on))
    return found
