"""A card above an edge: it is put onto it when it is dropped. What can be put onto what, and how that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from app.canvas.geometry import WIDTH, distance_to
from app.canvas.items import EdgeItem
from app.canvas.scene import Hit

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

NEAR = 22.0
"""How far, in scene units, an edge may pass the middle of a card that is put onto it."""


class OntoEdge:
    """The edge that a card would be put onto; it is lit as if the pointer were on it."""

    def __init__(self, view: CanvasView):
        self._view = view
        self.edge: EdgeItem | None = None

    def look(self, middle: QPointF) -> None:
        """The middle of the card is here now."""
        scene = self._view.canvas
        best, found = NEAR, None
        around = QRectF(middle.x() - WIDTH / 2, middle.y() - NEAR, WIDTH, 2 * NEAR)
        for item in scene.items_in(around):
            if isinstance(item, EdgeItem) and item.isVisible() and (d := distance_to(item.curve, middle.x(), middle.y())) < best:
                best, found = d, item
        self._light(found)

    def take(self) -> str | None:
        """Id of the edge, or None; it is not lit any longer."""
        found = self.edge.edge.id if self.edge is not None else None
        self._light(None)
        return found

    def _light(self, edge: EdgeItem | None) -> None:
        if edge is not self.edge:
            self.edge = edge
            self._view.canvas.hover(Hit(edge=edge))
            self._view.update_drafts()
