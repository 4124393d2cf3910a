"""The owner of the open document. Every edit that the window makes passes through here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.bridge import GraphBridge
from graph_engine import Graph
from graph_engine.analysis.check import Contents
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.command import Command
from graph_engine.graph.commands import SetSettings
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.groups import In, path_to
from graph_engine.graph.history import History


class Session(QObject):
    """The document, its history and its file, and which of its graphs is shown: the network's own, or the content of a group.

    Attributes:
        document: the open document; read it, never change it but through `execute`.
        graph: the graph that is shown.
        place: ids of the group nodes, from the document's graph inwards, that lead to it.
        report: what the check of the document after the last edit found.
        checked: the part of it that concerns the shown graph, as its use at `place` has it.
        history: the steps that can be undone.
        path: the file, or None while the document has none.

    Signals:
        changed: a tuple of `Change`, after each edit that concerns the shown graph, the settings or the groups.
        checked_changed: the new `checked`, after each edit.
        place_changed: another graph of the document is shown.
        replaced: another document was opened; whatever was known of the old one is void.
        state_changed: `path`, `is_dirty`, `title` or what undo and redo would do may be different now.
        wanted: something is asked for that is no edit of the graph: what, the id of the node concerned, a value.
        noted: what is going on with a node, or what came of it: its id, a sentence, whether that is a problem.
    """

    changed = Signal(object)
    checked_changed = Signal(object)
    place_changed = Signal()
    replaced = Signal()
    state_changed = Signal()
    wanted = Signal(str, str, object)
    noted = Signal(str, str, bool)

    def __init__(self, document: Graph | None = None, parent: QObject | None = None):
        super().__init__(parent)
        self.path: Path | None = None
        self.checked: CheckedGraph
        self._bridge = GraphBridge(self)
        self._bridge.changed.connect(self.changed)
        self._bridge.settled.connect(self._on_settled)
        self._install(document if document is not None else Graph(), None)

    @property
    def is_dirty(self) -> bool:
        """Whether closing now would lose work."""
        return not self.history.is_saved

    @property
    def title(self) -> str:
        """The document's name for people."""
        return self.path.stem if self.path is not None else self.document.name

    @property
    def undo_text(self) -> str:
        """What `undo` would take back; empty where there is nothing."""
        return self.history.done[-1].text if self.history.done else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would carry out; empty where there is nothing."""
        return self.history.undone[-1].text if self.history.undone else ""

    def execute(self, command: Command, gesture: object = None, graph: CoreGraph | None = None) -> None:
        """Carries out a command as one step, merged with the last one where both are of the same gesture.

        Args:
            command: what to do.
            gesture: see `History.execute`.
            graph: the graph to edit; left out, the one that is shown.

        Raises:
            GraphError: the command was refused; nothing has changed.
        """
        target = graph if graph is not None else self.graph
        if isinstance(target, Definition) and not isinstance(command, SetSettings):
            command = In(target.id, command)
        self.history.execute(command, gesture)
        self.state_changed.emit()

    def undo(self) -> None:
        """Takes the last step back, where there is one, and shows the graph that it was made in."""
        if self.history.done:
            self._visit(self.history.done[-1])
            self.history.undo()
            self.state_changed.emit()

    def redo(self) -> None:
        """Carries out again what was undone last, where there is something, and shows the graph concerned."""
        if self.history.undone:
            self._visit(self.history.undone[-1])
            self.history.redo()
            self.state_changed.emit()

    def go(self, place: Sequence[str]) -> None:
        """Shows the graph that a path of group nodes leads to, or as much of the way as there is."""
        found: list[str] = []
        graph: CoreGraph = self.document
        for id in place:
            if id not in graph.groups:
                break
            graph = graph.definitions[graph.groups[id]]
            found.append(id)
        if tuple(found) != self.place or graph is not self.graph:
            self._show(graph, tuple(found))
            self.place_changed.emit()

    def enter(self, node: str) -> None:
        """Shows the content of a group of the shown graph."""
        self.go((*self.place, node))

    def leave(self) -> None:
        """Shows the graph around the shown one."""
        self.go(self.place[:-1])

    def find(self, node: str) -> bool:
        """Shows the graph that holds a node, wherever in the document; false where there is none."""
        holder = self.document.holder(node)
        if holder is None:
            return False
        if holder is not self.graph:
            self.go(path_to(self.document, holder) or ())
        return node in self.graph

    def new(self, document: Graph | None = None) -> None:
        """Goes on with ``document``, or with an empty one, as a document that has no file yet."""
        self._install(document if document is not None else Graph(), None)
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

    def recover(self, document: Graph, path: Path | None) -> None:
        """Goes on with unsaved work: as a document that is not as its file, if it has one, says."""
        if path is not None:
            document.folder = path.resolve().parent
        self._install(document, path)
        self.history.mark_unsaved()
        self.replaced.emit()
        self.state_changed.emit()

    def is_changed_outside(self) -> bool:
        """Whether the file is not as it was read or written last; a file that is gone cannot be overwritten, so it is not."""
        found = _digest(self.path) if self.path is not None else ""
        return found not in ("", self._on_disk)

    def accept_outside(self) -> None:
        """Takes what the file holds now for known: it may be overwritten."""
        if self.path is not None:
            self._on_disk = _digest(self.path)

    def save(self, path: Path | None = None) -> None:
        """Writes the document to ``path``, its file from then on, or to the file that it has.

        Raises:
            UnwritableError: the place cannot be written to; what was there is as before.
            ValueError: there is neither.
        """
        target = path if path is not None else self.path
        if target is None:
            raise ValueError("a document without a file needs a path to be saved to")
        self.document.save(target)
        self.path = target
        self._on_disk = _digest(target)
        self.history.mark_saved()
        self.state_changed.emit()

    def recheck(self) -> None:
        """Checks again although nothing was edited: more is known of modules that are not the program's own, or they are trusted now."""
        self.document.recheck()

    def _install(self, document: Graph, path: Path | None) -> None:
        self.document = document
        self.history = History(document)
        self.path = path
        self._on_disk = _digest(path) if path is not None else ""
        self.report: CheckedGraph = document.check()
        self._show(document, ())

    def _show(self, graph: CoreGraph, place: tuple[str, ...]) -> None:
        self.graph = graph
        self.place = place
        self._bridge.watch(graph)
        self.checked = self._checked_here()

    def _checked_here(self) -> CheckedGraph:
        found = self.report.inside(self.place)
        if found is not None:
            return found
        assert isinstance(self.graph, Definition)
        return Contents(self.document.answers).alone(self.graph)

    def _visit(self, command: Command) -> None:
        """Shows the graph that a step is about to change, so that one sees what happens."""
        if isinstance(command, SetSettings):
            return
        holder = self.document.definitions.get(command.definition) if isinstance(command, In) else self.document
        if holder is not None and holder is not self.graph:
            self.go(path_to(self.document, holder) or ())

    def _on_settled(self) -> None:
        self.report = self.document.check()
        self.go(self.place)  # a step may have taken a group of the way to it away
        self.checked = self._checked_here()
        self.checked_changed.emit(self.checked)


def _digest(path: Path) -> str:
    """A fingerprint of what a file holds; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
