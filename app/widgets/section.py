"""A titled part of a panel that folds away."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from app.theme.icons import icon
from app.theme.style import current, sans
from app.theme.tokens import SPACE, TYPE

_HEIGHT = 28
_CARET = 10


class Heading(QAbstractButton):
    """A caret and a title, flush with what stands below."""

    def __init__(self, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.is_open = True
        self.setText(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(_font()).horizontalAdvance(self.text()) + _CARET + SPACE.tight, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        middle = self.rect().center().y()
        name = "caret-down" if self.is_open else "caret-right"
        icon(name, "text_faint").paint(painter, QRect(0, middle - _CARET // 2, _CARET, _CARET))
        painter.setFont(_font())
        painter.setPen(QColor(theme.focus if self.hasFocus() else theme.text if self.underMouse() else theme.text_muted))
        painter.drawText(self.rect().adjusted(_CARET + SPACE.tight + 2, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())


class Section(QWidget):
    """A heading, and what it heads; a click on the heading folds it.

    Attributes:
        body: the layout to add to.

    Signals:
        toggled: whether it is open now.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, *, is_open: bool = True, parent: QWidget | None = None):
        super().__init__(parent)
        self._head = Heading(title)
        self._head.clicked.connect(lambda: self.set_open(not self.is_open))
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, SPACE.hair, 0, SPACE.near)
        self.body.setSpacing(SPACE.tight)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._head)
        outer.addWidget(self._content)
        self.set_open(is_open)

    @property
    def is_open(self) -> bool:
        return self._head.is_open

    @property
    def heading(self) -> str:
        """The title."""
        return self._head.text()

    def set_title(self, title: str) -> None:
        """Changes the heading."""
        self._head.setText(title)

    def set_open(self, is_open: bool) -> None:
        """Opens or folds it."""
        self._head.is_open = is_open
        self._head.update()
        self._content.setVisible(is_open)
        self.toggled.emit(is_open)


def _font() -> QFont:
    return sans(TYPE.body, QFont.Weight.DemiBold)
