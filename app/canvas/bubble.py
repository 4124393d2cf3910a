"""A sentence beside the pointer: why a gesture is refused."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget


class Bubble(QLabel):
    """A label that follows the pointer and never leaves its parent."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setProperty("role", "bubble")
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_at(self, place: QPoint) -> None:
        """Shows the text below and to the right of a place in the parent; hides where there is no text."""
        if not self.text():
            self.hide()
            return
        self.setFixedWidth(min(420, self.fontMetrics().horizontalAdvance(self.text()) + 24))
        self.adjustSize()
        parent = self.parentWidget()
        assert parent is not None
        room = parent.rect()
        self.move(min(place.x() + 16, room.right() - self.width() - 8), min(place.y() + 18, room.bottom() - self.height() - 8))
        self.show()
        self.raise_()
