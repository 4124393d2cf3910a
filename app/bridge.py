"""The one place where the engine's events become Qt signals.

The engine tells of changes by calling plain functions, on whatever thread the edit was made. A signal reaches slots of objects that live
on the window's thread on that thread, so views never see a change from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from graph_engine.graph.changes import Change
from graph_engine.graph.graph import CoreGraph


class GraphBridge(QObject):
    """Carries the changes of one graph of a document at a time.

    Signals:
        changed: a tuple of `graph_engine.graph.changes.Change`, once for each edit of the graph, or of the document's settings and groups.
        settled: an edit of the document is complete, in whichever graph it was.
    """

    changed = Signal(object)
    settled = Signal()

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._leave: list[Callable[[], None]] = []

    def watch(self, graph: CoreGraph) -> None:
        """Carries the changes of ``graph`` from now on, and of no other."""
        for leave in self._leave:
            leave()
        self._leave = [graph.subscribe(self.changed.emit), graph.on_settled(self.settled.emit)]
        if graph.root is not graph:
            self._leave.append(graph.root.subscribe(self._tell_of_document))

    def _tell_of_document(self, changes: Sequence[Change]) -> None:
        common = tuple(c for c in changes if c.kind in ("settings", "definition"))
        if common:
            self.changed.emit(common)
