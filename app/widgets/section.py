"""A titled part of a panel that folds away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme.icons import icon
from app.theme.tokens import SPACE


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
        self._head = QToolButton()
        self._head.setObjectName("section")
        self._head.setText(title)
        self._head.setCheckable(True)
        self._head.setChecked(is_open)
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.setIconSize(QSize(10, 10))
        self._head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._head.toggled.connect(self._fold)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, SPACE.tight, 0, SPACE.near)
        self.body.setSpacing(SPACE.tight)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._head)
        outer.addWidget(self._content)
        self._fold(is_open)

    @property
    def is_open(self) -> bool:
        return self._head.isChecked()

    def set_title(self, title: str) -> None:
        """Changes the heading."""
        self._head.setText(title)

    def set_open(self, is_open: bool) -> None:
        """Opens or folds it."""
        self._head.setChecked(is_open)

    def _fold(self, is_open: bool) -> None:
        self._head.setIcon(icon("caret-down" if is_open else "caret-right", "text_faint"))
        self._content.setVisible(is_open)
        self.toggled.emit(is_open)
