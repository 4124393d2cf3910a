"""What an empty canvas says: what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.theme import SPACE, icon


class EmptyHint(QWidget):
    """A picture and two lines in the middle of an empty canvas; clicks and drops pass through it."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = QLabel(self.tr("Drag a block from the palette"))
        title.setProperty("role", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        more = QLabel(self.tr("or press Space to search for one"))
        more.setProperty("role", "muted")
        more.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE.tight)
        column.addWidget(self._picture)
        column.addSpacing(SPACE.near)
        column.addWidget(title)
        column.addWidget(more)
        self.refresh()

    def refresh(self) -> None:
        """Takes the colours of the theme in force."""
        self._picture.setPixmap(icon("tree-structure", "text_faint").pixmap(40, 40))

    def centre(self) -> None:
        """Goes to the middle of the parent."""
        self.adjustSize()
        parent = self.parentWidget()
        assert parent is not None
        room = parent.rect()
        self.move((room.width() - self.width()) // 2, (room.height() - self.height()) // 2)
