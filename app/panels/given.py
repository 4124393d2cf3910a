"""A page of the data panel: some samples of the training part as the network receives them, after all preparation."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QStackedLayout, QTableWidget, QTableWidgetItem, QWidget

from app.asked import GivenSamples
from app.panels.augmented import pixmap
from app.panels.data_pages import table
from app.session import Session
from app.theme.tokens import SPACE
from app.widgets.empty import EmptyState

_SIDE = 48
_WIDEST = 420


class GivenPage(QWidget):
    """A row for each sample, a column for each field."""

    def __init__(self, session: Session, shown: GivenSamples, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._shown = shown
        self._empty = EmptyState("database", "")
        self.cells: QTableWidget = table()
        self.cells.setAccessibleName(self.tr("Samples as the network receives them"))
        self.cells.setIconSize(QSize(_SIDE, _SIDE))
        self.cells.setWordWrap(True)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.cells)
        shown.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        samples = self._shown.samples
        self._stack.setCurrentIndex(1 if samples else 0)
        self._empty.say(self._shown.message)
        option = self._session.document.settings.data["dataset"].option
        names = [field.name for field in option.inputs + option.targets]
        self.cells.clear()
        if not samples or len(samples[0]) != len(names):
            return
        self.cells.setColumnCount(len(names))
        self.cells.setRowCount(len(samples))
        self.cells.setHorizontalHeaderLabels(names)
        for row, sample in enumerate(samples):
            for column, told in enumerate(sample):
                item = (
                    QTableWidgetItem(told) if isinstance(told, str) else QTableWidgetItem(QIcon(pixmap(told, self.devicePixelRatioF())), "")
                )
                item.setToolTip(told if isinstance(told, str) else f"{told.width} × {told.height}")
                self.cells.setItem(row, column, item)
        self.cells.resizeColumnsToContents()
        for column in range(len(names)):
            self.cells.setColumnWidth(column, min(self.cells.columnWidth(column), _WIDEST))
        self.cells.resizeRowsToContents()
        for row in range(len(samples)):
            self.cells.setRowHeight(row, self.cells.rowHeight(row) + SPACE.near)
