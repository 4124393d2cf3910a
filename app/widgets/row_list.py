"""A list of which each row is a widget.

A widget is made when its row comes into view: hundreds of them would take longer than all else in an edit.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

LEAST = 34
"""Height of a row that was not in view yet, and the least of any."""


class RowList(QListWidget):
    """Rows that are made when they come into view.

    Args:
        make: makes the widget of a row, from its number.
    """

    def __init__(self, make: Callable[[int], QWidget], parent: QWidget | None = None):
        super().__init__(parent)
        self._make = make
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().valueChanged.connect(self.make_seen)

    def add(self, item: QListWidgetItem) -> None:
        """Adds a row at the end; `make_seen` is to be called when all are there."""
        item.setSizeHint(QSize(0, LEAST))
        self.addItem(item)

    def row_widget(self, row: int) -> QWidget:
        """The widget of a row, made now if it was not in view yet."""
        item = self.item(row)
        found: QWidget | None = self.itemWidget(item)
        if found is None:
            found = self._make(row)
            item.setSizeHint(QSize(0, max(LEAST, found.sizeHint().height())))
            self.setItemWidget(item, found)
        return found

    def make_seen(self) -> None:
        """Makes the widgets of the rows in view; of none while the list is not shown."""
        if not self.isVisible():
            return
        row = max(self.indexAt(QPoint(1, 1)).row(), 0)
        while row < self.count() and self.visualItemRect(self.item(row)).top() < self.viewport().height():
            self.row_widget(row)
            row += 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.make_seen()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.make_seen()
