"""The owner of the open document. Every edit that the window makes passes through here."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.bridge import GraphBridge
from graph_engine import Graph
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.changes import Change
from graph_engine.graph.commands import Command
from graph_engine.graph.history import History


class Session(QObject):
    """The document, its history and its file.

    Attributes:
        graph: the open document; read it, never change it but through `execute`.
        checked: what the check after the last edit found.
        history: the steps that can be undone.
        path: the file, or None while the document has none.

    Signals:
        changed: a tuple of `Change`, after each edit.
        checked_changed: the new `CheckedGraph`, after each edit.
        replaced: another document was opened; whatever was known of the old one is void.
        state_changed: `path`, `is_dirty`, `title` or what undo and redo would do may be different now.
    """

    changed = Signal(object)
    checked_changed = Signal(object)
    replaced = Signal()
    state_changed = Signal()

    def __init__(self, graph: Graph | None = None, parent: QObject | None = None):
        super().__init__(parent)
        self.path: Path | None = None
        self._bridge = GraphBridge(self)
        self._bridge.changed.connect(self._on_changed)
        self._install(graph if graph is not None else Graph(), None)

    @property
    def is_dirty(self) -> bool:
        """Whether closing now would lose work."""
        return not self.history.is_saved

    @property
    def title(self) -> str:
        """The document's name for people."""
        return self.path.stem if self.path is not None else self.graph.name

    @property
    def undo_text(self) -> str:
        """What `undo` would take back; empty where there is nothing."""
        return self.history.done[-1].text if self.history.done else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would carry out; empty where there is nothing."""
        return self.history.undone[-1].text if self.history.undone else ""

    def execute(self, command: Command, gesture: object = None) -> None:
        """Carries out a command as one step, merged with the last one where both are of the same gesture.

        Raises:
            GraphError: the command was refused; nothing has changed.
        """
        self.history.execute(command, gesture)
        self.state_changed.emit()

    def undo(self) -> None:
        """Takes the last step back, where there is one."""
        if self.history.undo() is not None:
            self.state_changed.emit()

    def redo(self) -> None:
        """Carries out again what was undone last, where there is something."""
        if self.history.redo() is not None:
            self.state_changed.emit()

    def new(self, graph: Graph | None = None) -> None:
        """Goes on with ``graph``, or with an empty one, as a document that has no file yet."""
        self._install(graph if graph is not None else Graph(), None)
        self.replaced.emit()
        self.state_changed.emit()

    def open(self, path: Path) -> None:
        """Goes on with the document in a file.

        Raises:
            DocumentError: it cannot be read; the open document stays.
        """
        self._install(Graph.load(path), path)
        self.replaced.emit()
        self.state_changed.emit()

    def save(self, path: Path | None = None) -> None:
        """Writes the document to ``path``, its file from then on, or to the file that it has.

        Raises:
            UnwritableError: the place cannot be written to; what was there is as before.
            ValueError: there is neither.
        """
        target = path if path is not None else self.path
        if target is None:
            raise ValueError("a document without a file needs a path to be saved to")
        self.graph.save(target)
        self.path = target
        self.history.mark_saved()
        self.state_changed.emit()

    def _install(self, graph: Graph, path: Path | None) -> None:
        self.graph = graph
        self.history = History(graph)
        self.path = path
        self._bridge.watch(graph)
        self.checked: CheckedGraph = graph.check()

    def _on_changed(self, changes: tuple[Change, ...]) -> None:
        self.changed.emit(changes)
        self.checked = self.graph.check()
        self.checked_changed.emit(self.checked)
