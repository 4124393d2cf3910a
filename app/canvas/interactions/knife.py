"""Ctrl and a drag that begins on nothing: cuts every edge that it crosses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen

from app.canvas.curves import Curve, along
from app.canvas.interactions.base import Interaction, Pointer
from app.canvas.items import EdgeItem
from graph_engine.graph.commands import Disconnect

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

STEPS = 48
"""An edge is taken as so many straight pieces."""


class Knife(Interaction):
    """Draws a stroke; what it crosses fades while it is drawn, and goes when it ends."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._last = QPointF()
        self._path = QPainterPath()
        self._cut: dict[str, EdgeItem] = {}
        look = self.scene.stage.look
        pen = QPen(look.error, 1.6)
        pen.setCosmetic(True)
        self._draft = self.scene.add_draft(pen)

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        on_nothing = pointer.hit.node is None and pointer.hit.edge is None
        return pointer.button == Qt.MouseButton.LeftButton and pointer.ctrl and not pointer.alt and on_nothing

    def begin(self, pointer: Pointer) -> None:
        self._last = pointer.at
        self._path.moveTo(pointer.at)

    def move(self, pointer: Pointer) -> None:
        stroke = QLineF(self._last, pointer.at)
        self._last = pointer.at
        self._path.lineTo(pointer.at)
        self._draft.setPath(self._path)
        around = QRectF(stroke.p1(), stroke.p2()).normalized().adjusted(-1, -1, 1, 1)
        for item in self.scene.items_in(around):
            if isinstance(item, EdgeItem) and item.edge.id not in self._cut and _crosses(item.parts, stroke):
                self._cut[item.edge.id] = item
                item.setOpacity(0.25)
        self.view.update_drafts()

    def end(self, pointer: Pointer) -> None:
        self.cancel()
        if self._cut:
            self.scene.session.execute(Disconnect(self._cut))

    def cancel(self) -> None:
        for item in self._cut.values():
            item.setOpacity(1.0)
        self.scene.remove_draft(self._draft)
        self.view.update_drafts()


def _crosses(parts: Sequence[Curve], stroke: QLineF) -> bool:
    steps = max(STEPS, STEPS * len(parts) // 2)
    points = [QPointF(*along(parts, i / steps)) for i in range(steps + 1)]
    bounded = QLineF.IntersectionType.BoundedIntersection
    return any(QLineF(a, b).intersects(stroke)[0] == bounded for a, b in pairwise(points))
