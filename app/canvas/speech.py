"""What the canvas says to screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from app.canvas.wording import wording, worst_of

if TYPE_CHECKING:
    from app.canvas.items import NodeItem
    from app.canvas.view import CanvasView


def announce(view: CanvasView, text: str) -> None:
    """Says something now, and as the description of the canvas from then on."""
    view.setAccessibleDescription(text)
    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, text))


def spoken(item: NodeItem) -> str:
    """A card in words: name, block, parameters, shape, and the gravest finding."""
    said = wording(item.node, item.checked)
    worst = worst_of(item.checked)
    parts = [said.name, said.block, said.params, said.shape.replace("×", " × "), worst.message if worst is not None else ""]
    return ", ".join(p for p in parts if p)
