"""The runs of the open document: what came of each, and which of them lie under the curves of the current one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from app.jobs import Errand
from app.run import Run
from app.series import Series, read_series
from app.session import Session
from graph_engine import Graph
from graph_engine.analysis.difference import difference, flat, word
from graph_engine.errors import ArchloomError, RunError
from graph_engine.training.holding import holder_of
from graph_engine.training.rundir import DOCUMENT, METRICS, Label, RunRecord, list_runs, read_label, read_run, write_label

MOST_SHOWN = 100
"""Runs in the list; older ones stay in their folder."""

COLOURS = range(2, 8)
"""Places of the colours for runs under the current one; the first two are the current one's."""


class Entry(NamedTuple):
    """A run of the list.

    Attributes:
        is_lost: its process died without a word, so that its record still says that it runs.
        is_elsewhere: a process trains it that this window has nothing to do with.
    """

    folder: Path
    record: RunRecord
    label: Label
    is_lost: bool
    is_elsewhere: bool

    @property
    def name(self) -> str:
        """What it is called."""
        return self.label.name or self.folder.name


class Shown(NamedTuple):
    """A run that lies under the current one."""

    entry: Entry
    colour: int
    series: Mapping[str, Series]


class Runs(QObject):
    """The runs of the document that is open.

    Attributes:
        entries: the newest first.

    Signals:
        changed: `entries` differ.
        shown_changed: other runs lie under the current one, or under other names.
        failed: something could not be written; one sentence.
    """

    changed = Signal()
    shown_changed = Signal()
    failed = Signal(str)

    def __init__(self, session: Session, run: Run, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._run = run
        self._series: dict[Path, Mapping[str, Series]] = {}
        self._colours: dict[Path, int] = {}
        self._records: dict[Path, tuple[int, RunRecord]] = {}
        self.entries: tuple[Entry, ...] = ()
        session.replaced.connect(self._on_replaced)
        run.state_changed.connect(self._on_run)
        self.refresh()

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The runs under the current one, in the order in which they were chosen."""
        known = {entry.folder: entry for entry in self.entries}
        return tuple(Shown(known[f], c, self._series[f]) for f, c in self._colours.items() if f in self._series and f in known)

    def colour(self, folder: Path) -> int | None:
        """The place of the colour of a run under the current one; None where it is not."""
        return self._colours.get(folder)

    def refresh(self) -> None:
        """Reads the folder of runs again."""
        self.entries = tuple(filter(None, map(self._read, list_runs(self._run.home(self._session.document))[:MOST_SHOWN])))
        self.changed.emit()

    def show(self, folder: Path, is_shown: bool) -> None:
        """Lays a run under the current one, or takes it away."""
        if not is_shown:
            self._colours.pop(folder, None)
            self._series.pop(folder, None)
            self.shown_changed.emit()
        elif folder not in self._colours:
            free = [colour for colour in COLOURS if colour not in self._colours.values()]
            if not free:
                self.failed.emit(self.tr("{0} runs are shown already: take one away first.").format(len(COLOURS)))
                self.changed.emit()
                return
            self._colours[folder] = free[0]
            Errand(lambda: read_series(folder / METRICS), self).done.connect(lambda series: self._on_read(folder, series))

    def rename(self, folder: Path, label: Label) -> None:
        """Gives a run a name and tags."""
        try:
            write_label(folder, label)
        except ArchloomError as error:
            self.failed.emit(str(error))
        self.refresh()
        self.shown_changed.emit()

    def differences(self, entry: Entry) -> list[str]:
        """What the document as it is now says otherwise than the run: a setting, or a node, each."""
        now, then = flat(self._session.document.settings.to_plain()), flat(entry.record.settings)
        found = [f"{name} {word(then.get(name))} → {word(now.get(name))}" for name in {**then, **now} if then.get(name) != now.get(name)]
        try:
            before = Graph.load(entry.folder / DOCUMENT)
        except ArchloomError:
            return [*found, self.tr("the network")]
        changes = difference(before, self._session.document, before.check(), self._session.report)
        return [*found, *(change.words for change in changes.nodes if change.kind != "moved")]

    def _read(self, folder: Path) -> Entry | None:
        try:
            changed = folder.stat().st_mtime_ns  # files are replaced in it, never changed
            if folder not in self._records or self._records[folder][0] != changed:
                self._records[folder] = changed, read_run(folder)
        except (OSError, RunError):
            return None  # it is no run that anything could be told of
        record = self._records[folder][1]
        is_open = record.state.is_active and not (folder == self._run.folder and self._run.is_busy)
        is_elsewhere = is_open and holder_of(folder) is not None
        return Entry(folder, record, read_label(folder), is_open and not is_elsewhere, is_elsewhere)

    def _on_read(self, folder: Path, series: Mapping[str, Series]) -> None:
        if folder in self._colours:
            self._series[folder] = series
            self.shown_changed.emit()

    def _on_run(self) -> None:
        if self._run.folder in self._colours and self._run.is_busy:
            self.show(self._run.folder, False)  # it is the current one now
        self.refresh()

    def _on_replaced(self) -> None:
        self._colours.clear()
        self._series.clear()
        self.refresh()
        self.shown_changed.emit()
