"""Import of networks, from the window's side: a process of its own loads and records them, and leaves a document in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QDir, QObject, QTemporaryDir, Signal

from app.jobs import Asker
from app.session import Session
from graph_engine import Graph
from graph_engine.errors import ArchloomError
from graph_engine.foreign.outline import CHECKPOINTS, NETWORKS, PYTHON

COMMAND = ("-P", "-m", "graph_engine.importer")
"""Arguments of Python."""

SECONDS = 900.0
"""How long one stage may take."""

DOCUMENT = "network.archloom"
"""What the process calls the document that it leaves."""


def is_network(path: Path) -> bool:
    """Whether a file that is dropped is a network to import, and no data to learn from."""
    return path.suffix.lower() in (PYTHON, *NETWORKS, *CHECKPOINTS)


class Imported(NamedTuple):
    """What an import has made.

    Attributes:
        graph: the network; its weights lie in a folder that lasts as long as it is open.
        report: `graph_engine.importing.report.ImportReport` as JSON has it.
    """

    graph: Graph
    report: Mapping[str, Any]


class Importing(QObject):
    """Has networks imported, one at a time.

    Attributes:
        is_busy: something is under way.

    Signals:
        said: how far it is: a sentence, and the share of the whole.
        looked: what a module is and what it most likely takes, as `graph_engine.importer` replies.
        imported: an `Imported`.
        refused: why there is nothing; one sentence.
    """

    said = Signal(str, float)
    looked = Signal(object)
    imported = Signal(object)
    refused = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._asker = Asker(COMMAND, SECONDS, self)
        self._asker.said.connect(lambda _key, at: self.said.emit(at["stage"], at["share"]))
        self._asker.replied.connect(self._on_reply)
        self._folders: list[tuple[QTemporaryDir, Graph]] = []
        self._folder: QTemporaryDir | None = None
        self.is_busy = False
        session.replaced.connect(self._tidy)

    def look(self, source: str) -> None:
        """Has a module loaded, which runs its code: whoever names it trusts it.

        Args:
            source: as `graph_engine.importing.source` reads it.
        """
        self._ask("look", source)

    def take(self, source: str, name: str, arguments: Sequence[str], inputs: Mapping[str, str]) -> None:
        """Has the module that was loaded last imported.

        Args:
            source: it, as before.
            name: of the network; empty, that of its class.
            arguments: of its ``forward``, in order.
            inputs: shapes by argument.
        """
        self._folder = QTemporaryDir(QDir.tempPath() + "/archloom-import")
        self._ask("import", source, name=name, arguments=list(arguments), inputs=dict(inputs), into=self._folder.path())

    def cancel(self) -> None:
        """Ends what is under way, and the process with all that it has loaded."""
        self.is_busy = False
        self._folder = None
        self._asker.reset()

    def _ask(self, do: str, source: str, **more: Any) -> None:
        self.is_busy = True
        if not self._asker.is_alive:
            self.said.emit(self.tr("Starting PyTorch"), 0.05)
        self._asker.ask(do, {"do": do, "path": source, **more})

    def _on_reply(self, do: object, reply: Mapping[str, Any]) -> None:
        self.is_busy = False
        if "refusal" in reply:
            self.refused.emit(reply["refusal"])
        elif do == "look":
            self.looked.emit(reply)
        else:
            self._open(reply["report"])

    def _open(self, report: Mapping[str, Any]) -> None:
        assert self._folder is not None
        try:
            graph = Graph.load(Path(self._folder.path()) / DOCUMENT)
        except ArchloomError as error:
            self.refused.emit(str(error))
            return
        self._folders.append((self._folder, graph))
        self.imported.emit(Imported(graph, report))

    def _tidy(self) -> None:
        """The weights of networks that are not open any more are of no use."""
        self._folders = [(folder, graph) for folder, graph in self._folders if graph is self._session.document]
