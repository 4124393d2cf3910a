"""Ctrl, Alt and a drag that begins on nothing: selects the nodes whose middle lies in the loop. Shift adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath, QPolygonF

from app.canvas.interactions.base import Interaction, Pointer

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Lasso(Interaction):
    """Draws a loop and selects what it encloses, while it is drawn."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._before = self.scene.selected_nodes(), self.scene.selected_edges()
        self._adds = False
        self._points: list[QPointF] = []
        look = self.scene.stage.look
        self._draft = self.scene.add_draft(look.band_pen, look.band)

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.ctrl and pointer.alt and pointer.hit.node is None

    def begin(self, pointer: Pointer) -> None:
        self._adds = pointer.shift
        self._points.append(pointer.at)

    def move(self, pointer: Pointer) -> None:
        self._points.append(pointer.at)
        loop = QPainterPath()
        loop.addPolygon(QPolygonF(self._points))
        loop.closeSubpath()
        self._draft.setPath(loop)
        self.view.update_drafts()
        inside = [n.node.id for n in self.scene.nodes_in(loop.boundingRect()) if loop.contains(n.sceneBoundingRect().center())]
        kept, edges = self._before if self._adds else ((), ())
        self.scene.select([*kept, *inside], edges)

    def end(self, pointer: Pointer) -> None:
        self._remove()

    def cancel(self) -> None:
        self._remove()
        self.scene.select(*self._before)

    def _remove(self) -> None:
        self.scene.remove_draft(self._draft)
        self.view.update_drafts()
