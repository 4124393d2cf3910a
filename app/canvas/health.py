"""A small mark on each card that tells how the node fares while the network trains: by its shape as well as by its colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from app.canvas.look import Look
from app.vitals import Mark

if TYPE_CHECKING:
    from app.canvas.scene import CanvasScene

RADIUS = 4.0
"""Half the size of a mark."""


class HealthMarks:
    """Keeps the marks on a scene's cards.

    Attributes:
        marks: by node; a new card has its mark from the start.
    """

    def __init__(self, scene: CanvasScene):
        self._scene = scene
        self.marks: Mapping[str, Mark] = {}

    def show(self, marks: Mapping[str, Mark]) -> None:
        """Shows these; cards whose mark stays are left alone."""
        before, self.marks = self.marks, marks
        other = [id for id in before.keys() | marks.keys() if before.get(id) != marks.get(id) and id in self._scene.nodes]
        for id in other:
            item = self._scene.nodes[id]
            item.health = marks.get(id)
            item.reword()
            self._scene.overview.touch_node(id)
        if other:
            self._scene.content_changed.emit()


def paint_mark(painter: QPainter, look: Look, mark: Mark, middle: QPointF, radius: float = RADIUS) -> None:
    """A dot where all is well, a triangle where something is odd, a square on its corner where the run ended of it."""
    painter.setPen(Qt.PenStyle.NoPen)
    x, y = middle.x(), middle.y()
    if mark == "well":
        painter.setBrush(look.well)
        painter.drawEllipse(QRectF(x - 0.75 * radius, y - 0.75 * radius, 1.5 * radius, 1.5 * radius))
    elif mark == "odd":
        painter.setBrush(look.warning)
        height = 1.15 * radius
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - height), QPointF(x + 1.25 * radius, y + height), QPointF(x - 1.25 * radius, y + height)])
        )
    else:
        painter.setBrush(look.error)
        reach = 1.35 * radius
        painter.drawPolygon(QPolygonF([QPointF(x, y - reach), QPointF(x + reach, y), QPointF(x, y + reach), QPointF(x - reach, y)]))
