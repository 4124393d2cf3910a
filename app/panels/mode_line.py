"""One line of the inspector: that a node is bypassed or muted, what that means, and the way back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QWidget

from graph_engine.graph.command import Command
from graph_engine.graph.modes import SetMode
from graph_engine.graph.node import Node


class ModeLine(QLabel):
    """Shown only where a node does not compute.

    Args:
        execute: carries out a command.
    """

    def __init__(self, execute: Callable[[Command], object], parent: QWidget | None = None):
        super().__init__(parent)
        self._node = ""
        self.setProperty("role", "warning")
        self.setWordWrap(True)
        self.linkActivated.connect(lambda _: execute(SetMode([self._node], "active")))

    def show_node(self, node: Node) -> None:
        """Follows the mode of a node."""
        self._node = node.id
        translate = QCoreApplication.translate
        words = {
            "active": "",
            "bypassed": translate("ModeLine", "Bypassed: passes on what arrives, as if it were not there."),
            "muted": translate("ModeLine", "Muted: gives nothing, as if nothing were connected to it."),
        }[node.mode]
        self.setText(f'{words} <a href="#">{translate("ModeLine", "Switch on")}</a>')
        self.setVisible(bool(words))
