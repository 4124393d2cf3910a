"""Drag on the empty canvas: selects the nodes that the rectangle touches, and the points of edges in it. Shift adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.bends import Place
from app.canvas.interactions.base import Interaction, Pointer

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class RubberBand(Interaction):
    """Draws a rectangle and selects the nodes that it touches, while it is drawn."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._start = QPointF()
        self._before: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._bends: tuple[Place, ...] = ()
        self._adds = False
        self._band: QGraphicsPathItem | None = None

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton

    def begin(self, pointer: Pointer) -> None:
        self._start = pointer.at
        self._adds = pointer.shift
        self._before = self.scene.selected_nodes(), self.scene.selected_edges()
        self._bends = self.scene.bends.selected
        if not self._adds:
            self.scene.select(())

    def move(self, pointer: Pointer) -> None:
        rect = QRectF(self._start, pointer.at).normalized()
        if self._band is None:
            look = self.scene.stage.look
            self._band = self.scene.add_draft(look.band_pen, look.band)
        path = QPainterPath()
        path.addRect(rect)
        self._band.setPath(path)
        self.view.update_drafts()
        inside = [item.node.id for item in self.scene.nodes_in(rect)]
        bends = list(self.scene.bends.within(rect)) if self.view.zoom >= self.scene.near else []
        nodes, edges = self._before
        if self._adds:
            self.scene.select([*nodes, *inside], edges, (), [*self._bends, *bends])
        else:
            self.scene.select(inside, (), (), bends)

    def end(self, pointer: Pointer) -> None:
        self._remove()

    def cancel(self) -> None:
        self._remove()
        self.scene.select(*self._before, (), self._bends)

    def _remove(self) -> None:
        if self._band is not None:
            self.scene.remove_draft(self._band)
            self._band = None
            self.view.update_drafts()
