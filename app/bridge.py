"""The one place where the engine's events become Qt signals.

The engine tells of changes by calling plain functions, on whatever thread the edit was made. A signal reaches slots of objects that live
on the window's thread on that thread, so views never see a change from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from graph_engine.graph.graph import CoreGraph


class GraphBridge(QObject):
    """Carries the changes of one graph at a time.

    Signals:
        changed: a tuple of `graph_engine.graph.changes.Change`, once for each edit.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._leave: Callable[[], None] | None = None

    def watch(self, graph: CoreGraph) -> None:
        """Carries the changes of ``graph`` from now on, and of no other."""
        if self._leave is not None:
            self._leave()
        self._leave = graph.subscribe(self.changed.emit)
