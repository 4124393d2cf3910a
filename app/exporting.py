"""Exports from the window: asks what has to be known, writes, and tells what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from app.actions import plain, translated
from app.documents import Documents
from app.exports import Export, Order, Part, export_named
from app.names import file_stem
from app.session import Session
from app.theme.tokens import SPACE
from graph_engine.errors import ArchloomError


class Exporting(QObject):
    """Exports the session's document.

    Args:
        session: whose document.
        documents: knows where files of it belong, and how to complain.
        selected: gives the ids of the selected nodes.
        window: parent of the dialogs.

    Signals:
        told: something was written; one sentence.
    """

    told = Signal(str)

    def __init__(self, session: Session, documents: Documents, selected: Callable[[], Sequence[str]], window: QWidget):
        super().__init__(window)
        self._session = session
        self._documents = documents
        self._selected = selected
        self._window = window

    def ask(self, id: str) -> None:
        """Asks for what an export of that id needs, and for the path, and writes it."""
        export = export_named(id)
        title = plain(translated(export.title))
        part = Part()
        if "part" in export.choices:
            parts = self._parts()
            chosen = self._choose(title, self.tr("What to draw"), list(parts))
            if chosen is None:
                return
            part = parts[chosen]
        document = self._session.document
        kinds = f"{translated(export.kind)} (*{export.suffix})"
        path = self._documents.ask_path(title, file_stem(document.name) + export.suffix, kinds, export.suffix)
        if path is not None:
            self._write(export, Order(document, path, part))

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
            self._documents.complain(self.tr("{0} is not exported").format(order.path.name), error)
            return
        QGuiApplication.restoreOverrideCursor()
        self.told.emit(" ".join([self.tr("Exported to {0}").format(order.path), *notes]))

    def _parts(self) -> dict[str, Part]:
        """What can be drawn now, by what it is called; what is meant most likely first."""
        place, nodes = self._session.place, frozenset(self._selected())
        parts = {}
        if nodes:
            parts[self.tr("The selected nodes ({0})").format(len(nodes))] = Part(place, nodes)
        if place:
            parts[self.tr("This group, {0}").format(self._session.graph.name)] = Part(place)
        return {**parts, self.tr("The whole network"): Part()}
