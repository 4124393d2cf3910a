"""Buttons that the toolkit has no kind for."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from app.theme.icons import icon


class PrimaryButton(QToolButton):
    """The one filled button of a place. It follows an action in all but the colour of its icon, which stands on the accent.

    Args:
        action: what it does.
        icon_name: its picture.
    """

    def __init__(self, action: QAction, icon_name: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._action = action
        self._icons = icon(icon_name, "accent_text"), icon(icon_name, "text_faint")
        self.setProperty("role", "primary")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(18, 14))  # wider than the picture, so that the words keep off it
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        action = self._action
        self.setText(action.text().replace("&", ""))
        self.setToolTip(action.toolTip())
        self.setEnabled(action.isEnabled())
        self.setIcon(self._icons[0 if action.isEnabled() else 1])


class FlatButton(QToolButton):
    """A button of few words that follows an action.

    Args:
        action: what it does.
    """

    def __init__(self, action: QAction, parent: QWidget | None = None):
        super().__init__(parent)
        self._action = action
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(18, 14))  # wider than the picture, so that the words keep off it
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setIcon(self._action.icon())
        self.setText(self._action.text().replace("&", ""))
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())
