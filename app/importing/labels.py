"""Labels that the pages have in common."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel


def title_label(text: str) -> QLabel:
    """The title of a page."""
    label = QLabel(text)
    label.setProperty("role", "title")
    return label
