"""A card above an edge: it is put onto it when it is dropped. Which edge that is, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.curves import distance_to
from app.canvas.geometry import Layout, Point
from app.canvas.items import EdgeItem, curve_path

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

NEAR = 22.0
"""How far, in scene units, an edge may pass the middle of a card that is put onto it."""


class OntoEdge:
    """The edge that a card would be put onto; while there is one, it is shown as it would run."""

    def __init__(self, view: CanvasView):
        self._view = view
        self._draft: QGraphicsPathItem | None = None
        self.edge: EdgeItem | None = None

    def look(self, corner: Point, card: Layout) -> None:
        """The card is here now.

        Args:
            corner: its top left one.
            card: its size and ports.
        """
        scene = self._view.canvas
        x, y = corner[0] + card.width / 2, corner[1] + card.height / 2
        best, found = NEAR, None
        for item in scene.items_in(QRectF(x - NEAR, y - NEAR, 2 * NEAR, 2 * NEAR)):
            if isinstance(item, EdgeItem) and (item is self.edge or item.isVisible()) and (d := distance_to(item.parts, x, y)) < best:
                best, found = d, item
        if found is not self.edge:
            self._show(True)
            self.edge = found
            self._show(False)
        if self.edge is None:
            self._forget_draft()
            return
        if self._draft is None:
            self._draft = scene.add_draft(scene.stage.look.draft)
        c, into, out = self.edge.curve, card.inputs[0], card.outputs[0]
        path = curve_path(c[:2], (corner[0] + into.x, corner[1] + into.y), card.direction)
        path.addPath(curve_path((corner[0] + out.x, corner[1] + out.y), c[6:], card.direction))
        self._draft.setPath(path)
        self._view.update_drafts()

    def take(self) -> str | None:
        """Id of the edge, or None; things are shown as they are again."""
        found = self.edge.edge.id if self.edge is not None else None
        self._show(True)
        self.edge = None
        self._forget_draft()
        return found

    def _show(self, visible: bool) -> None:
        if self.edge is None:
            return
        hidden, id = self._view.canvas.stage.hidden_edges, self.edge.edge.id
        if visible:
            hidden.discard(id)
        else:
            hidden.add(id)
        self.edge.setVisible(visible)

    def _forget_draft(self) -> None:
        if self._draft is not None:
            self._view.canvas.remove_draft(self._draft)
            self._draft = None
            self._view.update_drafts()
