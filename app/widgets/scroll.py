"""A scroll area that looks like the panel it stands in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


def fill_scroll_area(area: QScrollArea, content: QWidget) -> None:
    """Makes ``area`` show ``content`` as wide as there is room, without a ground of its own."""
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    content.setAutoFillBackground(False)  # QScrollArea has just switched it on
    area.viewport().setAutoFillBackground(False)
