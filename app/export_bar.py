"""A bar above the canvas while something is exported that takes long, and then on what has to be known of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.exporting import Exporting
from app.theme.icons import icon
from app.widgets.notice import NoticeBar


class ExportBar(NoticeBar):
    """Says what is under way, with a button that ends it; then what was written, with one that leads to its folder."""

    def __init__(self, exporting: Exporting, parent: QWidget | None = None):
        self.cancel, self.folder, self.away = QPushButton(), QPushButton(), QToolButton()
        super().__init__("export", (self.cancel, self.folder, self.away), parent, tone="info")
        self._exporting = exporting
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.clicked.connect(exporting.cancel)
        self.folder.setText(self.tr("Show in Folder"))
        self.folder.clicked.connect(self._show_folder)
        self.away.setIcon(icon("x", "text_muted"))
        self.away.setIconSize(QSize(12, 12))
        self.away.setAutoRaise(True)
        self.away.setToolTip(self.tr("Put away"))
        self.away.setAccessibleName(self.away.toolTip())
        self.away.clicked.connect(exporting.put_away)
        exporting.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        doing, written, notes = self._exporting.stage, self._exporting.written, self._exporting.notes
        if doing:
            self.words.setText(self.tr("Exporting: {0} …").format(doing))
        elif written is not None:
            self.words.setText(" ".join([self.tr("Exported {0}.").format(written.name), *notes]))
        self.cancel.setVisible(bool(doing))
        self.folder.setVisible(not doing)
        self.away.setVisible(not doing)
        self.setVisible(bool(doing or (written is not None and notes)))

    def _show_folder(self) -> None:
        written = self._exporting.written
        if written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(written if written.is_dir() else written.parent)))
