"""A bar above the canvas that says what is the matter, with buttons that mend it."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.theme.icons import icon
from app.theme.tokens import SPACE

_MARK = 16


class NoticeBar(QFrame):
    """A mark, words, and buttons on their right.

    Args:
        mark: name of its icon.
        buttons: on the right.
        tone: ``warning``, or ``info`` where nothing is wrong.

    Attributes:
        words: what is the matter.
    """

    def __init__(self, mark: str, buttons: tuple[QAbstractButton, ...], parent: QWidget | None = None, tone: str = "warning"):
        super().__init__(parent)
        self.setProperty("role", "notice" if tone == "warning" else "notice-info")
        picture = QLabel()
        picture.setPixmap(icon(mark, tone).pixmap(_MARK, _MARK))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.base, SPACE.tight, SPACE.near, SPACE.tight)
        row.setSpacing(SPACE.near)
        row.addWidget(picture)
        row.addWidget(self.words, 1)
        for button in buttons:
            row.addWidget(button)
