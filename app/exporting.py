"""Exports from the window: asks what has to be known, writes, and tells what came of it.

What needs torch is written by a process of its own, from a copy of the document; it can be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDir, QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from app.actions import plain, translated
from app.documents import Documents
from app.exports import Export, Order, Part, export_named
from app.jobs import Asker
from app.names import file_stem
from app.runs import Runs
from app.session import Session
from app.theme.tokens import SPACE
from graph_engine.errors import ArchloomError
from graph_engine.training.rundir import SOURCE, WEIGHTS

COMMAND = ("-P", "-m", "graph_engine.exporter")
"""Arguments of Python."""

SECONDS = 900.0
"""How long one stage may take."""


class Exporting(QObject):
    """Exports the session's document.

    Args:
        session: whose document.
        documents: knows where files of it belong, and how to complain.
        runs: of the document, whose weights can be exported.
        selected: gives the ids of the selected nodes.
        window: parent of the dialogs.

    Attributes:
        stage: what is under way, in words; empty where nothing is.
        written: the file or folder that was written last; None before, and once it is put away.
        notes: what is to be known of it.

    Signals:
        told: something was written; one sentence.
        changed: the attributes are different now.
    """

    told = Signal(str)
    changed = Signal()

    def __init__(self, session: Session, documents: Documents, runs: Runs, selected: Callable[[], Sequence[str]], window: QWidget):
        super().__init__(window)
        self._session = session
        self._documents = documents
        self._runs = runs
        self._selected = selected
        self._window = window
        self._asker = Asker(COMMAND, SECONDS, self)
        self._asker.said.connect(self._on_said)
        self._asker.replied.connect(self._on_replied)
        self._copy: QTemporaryDir | None = None
        self.stage = ""
        self.written: Path | None = None
        self.notes: tuple[str, ...] = ()

    def ask(self, id: str) -> None:
        """Asks for what an export of that id needs, and for the path, and writes it."""
        export = export_named(id)
        if export.needs_torch and self.stage:
            self.told.emit(self.tr("Something is being exported already: wait for it, or cancel it."))
            return
        title, document = plain(translated(export.title)), self._session.document
        parts, runs = {"": Part()}, dict[str, Path | None]({"": None})
        if "part" in export.choices:
            parts = self._parts()
        if "weights" in export.choices:
            runs = self._weights()
        part = self._choose(title, self.tr("What to draw"), list(parts))
        run = self._choose(title, self.tr("Weights"), list(runs)) if part is not None else None
        if part is None or run is None:
            return
        kinds = f"{translated(export.kind)} (*{export.suffix})"
        path = self._documents.ask_path(title, file_stem(document.name) + export.suffix, kinds, export.suffix)
        if path is not None:
            order = Order(document, path, parts[part], runs[run])
            (self._send if export.needs_torch else self._write)(export, order)

    def cancel(self) -> None:
        """Ends what is under way; nothing is written."""
        self._asker.reset()
        self._settle(None)
        self.told.emit(self.tr("Nothing was exported."))

    def put_away(self) -> None:
        """What was written needs not be told any longer."""
        self._settle(None)

    def close(self) -> None:
        """Ends the process, where there is one."""
        self._asker.reset()

    def _choose(self, title: str, what: str, names: Sequence[str]) -> str | None:
        """Has one of several chosen, the first being proposed; only one is not asked for. None where the user would rather not."""
        if len(names) == 1:
            return names[0]
        dialog = QDialog(self._window)
        dialog.setObjectName("choices")
        dialog.setWindowTitle(title)
        box = QComboBox()
        box.addItems(names)
        box.setMinimumContentsLength(28)
        form = QFormLayout()
        form.addRow(what, box)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Choose File…"))
        buttons.accepted.connect(dialog.accept)
        buttons.rejected.connect(dialog.reject)
        rows = QVBoxLayout(dialog)
        rows.setContentsMargins(SPACE.far, SPACE.far, SPACE.far, SPACE.base)
        rows.setSpacing(SPACE.far)
        rows.addLayout(form)
        rows.addWidget(buttons)
        return box.currentText() if dialog.exec() == QDialog.DialogCode.Accepted else None

    def _write(self, export: Export, order: Order) -> None:
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            notes = export.write(order)
        except ArchloomError as error:
            QGuiApplication.restoreOverrideCursor()
            self._refuse(order.path, error)
            return
        QGuiApplication.restoreOverrideCursor()
        self._settle(order.path, notes)

    def _send(self, export: Export, order: Order) -> None:
        self._copy = QTemporaryDir(QDir.tempPath() + "/archloom-export")
        copy = Path(self._copy.path()) / "network.archloom"
        try:
            order.graph.to_python()  # what is wrong with it is told at once
            order.graph.save_copy(copy)
        except ArchloomError as error:
            self._refuse(order.path, error)
            return
        self.stage = self.tr("Starting PyTorch") if not self._asker.is_alive else self.tr("Building the network")
        self.written, self.notes = None, ()
        self.changed.emit()
        folder = order.graph.folder
        request = {"document": str(copy), "folder": str(folder) if folder is not None else None, "trusted": order.graph.is_trusted}
        run = str(order.run) if order.run is not None else None
        self._asker.ask(order.path, {**request, "format": export.id, "path": str(order.path), "run": run})

    def _on_said(self, _path: Path, at: Mapping[str, Any]) -> None:
        self.stage = at["stage"]
        self.changed.emit()

    def _on_replied(self, path: Path, reply: Mapping[str, Any]) -> None:
        if "refusal" in reply:
            self._refuse(path, ArchloomError(reply["refusal"]))
        else:
            self._settle(path, reply["told"])

    def _refuse(self, path: Path, error: Exception) -> None:
        self._settle(None)
        self._documents.complain(self.tr("{0} is not exported").format(path.name), error)

    def _settle(self, path: Path | None, notes: Sequence[str] = ()) -> None:
        self._copy = None
        self.stage, self.written, self.notes = "", path, tuple(notes)
        self.changed.emit()
        if path is not None:
            self.told.emit(self.tr("Exported to {0}").format(path))

    def _parts(self) -> dict[str, Part]:
        """What can be drawn now, by what it is called; what is meant most likely first."""
        place, nodes = self._session.place, frozenset(self._selected())
        parts = {}
        if nodes:
            parts[self.tr("The selected nodes ({0})").format(len(nodes))] = Part(place, nodes)
        if place:
            parts[self.tr("This group, {0}").format(self._session.graph.name)] = Part(place)
        return {**parts, self.tr("The whole network"): Part()}

    def _weights(self) -> dict[str, Path | None]:
        """Whose weights can be exported, by what they are called: those of runs of this very network, the newest first."""
        document, found = self._session.document, dict[str, Path | None]()
        try:
            source = document.to_python()
        except ArchloomError:
            source = ""  # what is wrong with it is told when it is written
        for entry in self._runs.entries:
            model = entry.folder / SOURCE / "model.py"
            if (entry.folder / WEIGHTS).exists() and model.exists() and model.read_text(encoding="utf-8") == source:
                found[self.tr("Learned in run {0}").format(entry.name)] = entry.folder
        first = self.tr("As the document begins") if document.begins_with_weights else self.tr("Fresh, nothing learned")
        return {**found, first: None}
