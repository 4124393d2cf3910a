"""Keeps edges that run back off the cards that lie between their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from app.canvas.geometry import STACK, Rect

if TYPE_CHECKING:
    from app.canvas.items import EdgeItem
    from app.canvas.screen_scene import ScreenScene


class Lanes:
    """What lies in the way of a scene's edges."""

    def __init__(self, scene: ScreenScene):
        self._scene = scene
        scene.stage.is_occupied = self._is_occupied

    def concerned(self, touched: Sequence[Rect]) -> Iterator[EdgeItem]:
        """The edges that may have to run at another height now that cards have come, gone or moved in some places."""
        for id in tuple(self._scene.stage.choosing):
            line = self._scene.edges[id]
            (left, right), (top, bottom) = sorted((line.curve[0], line.curve[6])), sorted((line.curve[1], line.curve[7]))
            if any(x < right and left < x + w and y < bottom and top < y + h for x, y, w, h in touched):
                yield line

    def _is_occupied(self, first: float, last: float, at: float) -> bool:
        line = QRectF(first, at - STACK, last - first, 2 * STACK)
        if self._scene.stage.graph.direction == "down":
            line = QRectF(line.y(), line.x(), line.height(), line.width())
        return any(True for _ in self._scene.nodes_in(line))
