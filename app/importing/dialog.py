"""The dialog in which a network is imported: what, with which inputs, and then how it compares with the original."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.documents import Documents
from app.importing.inputs import InputsPage
from app.importing.process import Imported, Importing
from app.importing.report import ReportPage
from app.importing.what import WhatPage
from app.session import Session
from app.theme.tokens import SPACE

WHAT, INPUTS, REPORT = range(3)
"""The pages."""


class Imports(QObject):
    """What the window does to import networks.

    Attributes:
        importing: the process.
        dialog: the dialog, while it is open.
    """

    def __init__(self, session: Session, documents: Documents, window: QWidget):
        super().__init__(window)
        self._window = window
        self._documents = documents
        self.importing = Importing(session, self)
        self.dialog: ImportDialog | None = None

    def ask(self, path: Path | None = None) -> None:
        """Opens the dialog; ``path`` is a file that is named already."""
        if self.dialog is not None:
            return
        self.dialog = ImportDialog(self._window, self.importing, path)
        self.dialog.wanted.connect(lambda graph: self._documents.recover(graph, None))
        self.dialog.finished.connect(self._forget)
        self.dialog.open()

    def close(self) -> None:
        """Ends the process, if there is one."""
        self.importing.cancel()

    def _forget(self) -> None:
        self.dialog = None


class ImportDialog(QDialog):
    """Leads from a name to a network.

    Args:
        window: its parent.
        importing: does the work.
        path: a file that was dropped, or None.

    Attributes:
        what, inputs, report: the pages.
        forward, back, leave: the buttons.

    Signals:
        wanted: the `Graph` that is to be opened.
    """

    wanted = Signal(object)

    def __init__(self, window: QWidget, importing: Importing, path: Path | None = None):
        super().__init__(window)
        self._importing = importing
        self._made: Imported | None = None
        self.setWindowTitle(self.tr("Import"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.what, self.inputs, self.report = WhatPage(), InputsPage(), ReportPage()
        self.pages = QStackedWidget()
        for page in (self.what, self.inputs, self.report):
            self.pages.addWidget(page)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.back, self.leave, self.forward = QPushButton(self.tr("Back")), QPushButton(), QPushButton()
        for button in (self.back, self.leave):
            button.setAutoDefault(False)
        self.forward.setDefault(True)
        self.back.clicked.connect(self._on_back)
        self.leave.clicked.connect(self.reject)
        self.forward.clicked.connect(self._on_forward)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE.near)
        buttons.addWidget(self.back)
        buttons.addStretch()
        buttons.addWidget(self.leave)
        buttons.addWidget(self.forward)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.far, SPACE.wide, SPACE.far, SPACE.wide)
        column.setSpacing(SPACE.base)
        column.addWidget(self.pages, 1)
        column.addWidget(self.words)
        column.addWidget(self.progress)
        column.addLayout(buttons)
        self.resize(600, 420)
        self.what.changed.connect(self._refresh)
        self.inputs.changed.connect(self._refresh)
        importing.said.connect(self._on_said)
        importing.looked.connect(self._on_looked)
        importing.imported.connect(self._on_imported)
        importing.refused.connect(self._on_refused)
        if path is not None:
            self.what.name(path)
        self._tell("")
        self._refresh()

    def reject(self) -> None:
        """Ends what is under way; with nothing under way, closes."""
        if self._importing.is_busy:
            self._importing.cancel()
            if self.pages.currentIndex() == INPUTS:  # what was loaded is gone with its process
                self.pages.setCurrentIndex(WHAT)
            self._tell(self.tr("Cancelled."))
            self._refresh()
            return
        self._importing.cancel()
        super().reject()

    def _on_forward(self) -> None:
        page = self.pages.currentIndex()
        if page == REPORT:
            assert self._made is not None
            self.wanted.emit(self._made.graph)
            self.accept()
            return
        self._tell("")
        source = self.what.source
        if page == WHAT and self.what.is_checkpoint:
            self._importing.take(source, self.what.title, [], {})
        elif page == WHAT:
            self._importing.look(source)
        else:
            self._importing.take(source, self.what.title, self.inputs.arguments, self.inputs.shapes)
        self._refresh()

    def accept(self) -> None:
        self._importing.cancel()
        super().accept()

    def _on_back(self) -> None:
        is_first = self.pages.currentIndex() == INPUTS or self.what.is_checkpoint
        self.pages.setCurrentIndex(WHAT if is_first else INPUTS)
        self._tell("")
        self._refresh()

    def _on_said(self, text: str, share: float) -> None:
        self._tell(self.tr("{0}…").format(text))
        self.progress.setValue(round(100 * share))

    def _on_looked(self, found: Mapping[str, Any]) -> None:
        self.inputs.show_module(found)
        self._turn(INPUTS)

    def _on_imported(self, made: Imported) -> None:
        self._made = made
        self.report.show_report(made.report)
        self._turn(REPORT)

    def _turn(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        self._tell("")
        self._refresh()
        if page == INPUTS:
            self.inputs.focus_first()
        else:
            self.forward.setFocus()

    def _on_refused(self, reason: str) -> None:
        self._tell(reason, is_wrong=True)
        self._refresh()

    def _tell(self, text: str, *, is_wrong: bool = False) -> None:
        self.words.setProperty("role", "error" if is_wrong else "muted")
        self.words.style().unpolish(self.words)
        self.words.style().polish(self.words)
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def _refresh(self) -> None:
        page, busy = self.pages.currentIndex(), self._importing.is_busy
        self.pages.setEnabled(not busy)
        self.progress.setVisible(busy)
        if not busy:
            self.progress.setValue(0)
        self.back.setVisible(page != WHAT)
        self.back.setEnabled(not busy)
        self.leave.setText(self.tr("Cancel") if busy or page != REPORT else self.tr("Discard"))
        self.forward.setText(
            (self.tr("Trust and Load") if self.what.is_code else self.tr("Load"), self.tr("Import"), self.tr("Open Network"))[page]
        )
        ready = (bool(self.what.source), self.inputs.is_complete, True)[page]
        self.forward.setEnabled(ready and not busy)
