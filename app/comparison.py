"""The document beside another version of itself: as it was saved, or as it was in a run. What is different is marked on the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent

from app.canvas.view import CanvasView
from app.runs import Runs
from app.session import Session
from graph_engine import Graph
from graph_engine.analysis.difference import Difference, Kind, NodeChange, difference
from graph_engine.analysis.matching import match_nodes
from graph_engine.errors import ArchloomError
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.training.rundir import DOCUMENT, SOURCE

SETTLE_MS = 150
"""After an edit, how long until it is compared anew: a drag is compared when it pauses."""

PAD = 160
"""Pixels around what a change is shown at."""


class Comparison(QObject):
    """Compares the session's document with another version, until that is ended.

    Attributes:
        title: what it is compared with, in words; empty where nothing is compared.
        found: what is different; None where nothing is compared.
        place: the number of the change that was led to last, from 0; None before the first.

    Signals:
        changed: the attributes are different now.
        failed: the other version cannot be read; one sentence.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, session: Session, runs: Runs, canvas: CanvasView, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._runs = runs
        self._canvas = canvas
        self._before: Graph | None = None
        self._run: Path | None = None
        self.title = ""
        self.found: Difference | None = None
        self.place: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._compare)
        session.state_changed.connect(self._later)
        session.place_changed.connect(self._mark)
        session.replaced.connect(self.end)
        canvas.installEventFilter(self)

    @property
    def changes(self) -> tuple[NodeChange, ...]:
        """The changes that one is led to, in their order."""
        return self.found.nodes if self.found is not None else ()

    @property
    def metrics(self) -> Mapping[str, tuple[float, float]]:
        """What the changes did: metrics of the compared run and of the newest one of the network as it is now, where both were measured."""
        entries = {entry.folder: entry for entry in self._runs.entries}
        if self._run not in entries:
            return {}
        old, now = entries[self._run].record.metrics, self._session.document
        try:
            source = now.to_python()
        except ArchloomError:
            return {}
        for folder, entry in entries.items():
            model = folder / SOURCE / "model.py"
            if folder != self._run and entry.record.metrics and model.exists() and model.read_text(encoding="utf-8") == source:
                new = entry.record.metrics
                return {name: (old[name], new[name]) for name in old if name.startswith("val/") and name in new}
        return {}

    def with_saved(self) -> None:
        """Compares with the file."""
        path = self._session.path
        if path is None:
            self.failed.emit(self.tr("The document has not been saved yet, so there is nothing to compare it with."))
            return
        self._begin(path, self.tr("the saved version"), None)

    def with_last_run(self) -> None:
        """Compares with the newest run."""
        if not self._runs.entries:
            self.failed.emit(self.tr("The document has no run yet, so there is nothing to compare it with."))
            return
        entry = self._runs.entries[0]
        self.with_run(entry.folder, entry.name)

    def with_run(self, folder: Path, name: str) -> None:
        """Compares with the document of a run."""
        self._begin(folder / DOCUMENT, self.tr("run {0}").format(name), folder)

    def end(self) -> None:
        """Compares no longer."""
        if self._before is not None:
            self._before = self.found = self.place = self._run = None
            self.title = ""
            self._timer.stop()
            self._canvas.canvas.differences.show_marks({}, (), None, {})
            self._canvas.viewport().update()
            self.changed.emit()

    def step(self, by: int) -> None:
        """Leads to the next change, or to the one before; after the last comes the first."""
        if not self.changes:
            return
        self.place = (self.place + by) % len(self.changes) if self.place is not None else (0 if by > 0 else len(self.changes) - 1)
        change = self.changes[self.place]
        if change.after is not None:
            if self._session.find(change.after.id):
                self._canvas.reveal(change.after.id)
        elif change.before is not None:
            self._go_to(change.group)
            shade = self._canvas.canvas.differences.shades.get(change.before.id)
            if shade is not None:
                self._canvas.camera.show_rect(QRectF(*shade.rect), PAD, animate=True)
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_escape = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape
        if is_escape and self._before is not None and self._canvas.gesture is None:
            self.end()
            return True
        return super().eventFilter(watched, event)

    def _go_to(self, group: str) -> None:
        """Shows the graph of that name, where it is not shown."""
        graph = self._session.graph
        if group == (graph.name if isinstance(graph, Definition) else ""):
            return
        document = self._session.document
        inside = next((d for d in document.definitions.values() if d.name == group), None)
        if inside is None:
            self._session.go(())
        elif inside.nodes:
            self._session.find(next(iter(inside.nodes)))

    def _begin(self, path: Path, title: str, run: Path | None) -> None:
        try:
            before = Graph.load(path)
        except ArchloomError as error:
            self.failed.emit(str(error))
            return
        self._before, self.title, self.place, self._run = before, title, None, run
        self._compare()

    def _later(self) -> None:
        if self._before is not None:
            self._timer.start()

    def _compare(self) -> None:
        if self._before is None:
            return
        self.found = difference(self._before, self._session.document, self._before.check(), self._session.report)
        if self.place is not None and self.place >= len(self.changes):
            self.place = None
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        """Shows what concerns the graph that is in view."""
        if self._before is None or self.found is None:
            return
        graph = self._session.graph
        name = graph.name if isinstance(graph, Definition) else ""
        here = [change for change in self.found.nodes if change.group == name]
        marks: dict[str, Kind] = {change.after.id: change.kind for change in here if change.after is not None}
        touched = self._touched()
        for id, definition in graph.groups.items():
            if definition in touched:
                marks.setdefault(id, "changed")
        removed = [change.before for change in here if change.kind == "removed" and change.before is not None]
        before: CoreGraph | None = self._before
        if name:
            before = next((d for d in self._before.definitions.values() if d.name == name), None)
        pairs = match_nodes(before, graph) if before is not None and removed else {}
        self._canvas.canvas.differences.show_marks(marks, removed, before if removed else None, pairs)
        self._canvas.viewport().update()

    def _touched(self) -> set[str]:
        """Ids of the groups in which something is different, at whatever depth."""
        assert self.found is not None
        document = self._session.document
        names = {change.group for change in self.found.nodes if change.group and change.kind != "moved"}
        touched = {id for id, definition in document.definitions.items() if definition.name in names}
        while more := {id for id, d in document.definitions.items() if id not in touched and set(d.groups.values()) & touched}:
            touched |= more
        return touched
