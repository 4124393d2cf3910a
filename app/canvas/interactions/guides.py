"""Lines on which a dragged card stops: the left and upper edges of other cards, and where an edge runs straight."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.geometry import Point, Rect
from app.canvas.items import NodeItem

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

REACH = 7.0
"""Scene units from a line within which a card stops on it; less than half the grid, so that every place can be reached."""
BEYOND = 10.0


class Line(NamedTuple):
    """A line to stop on.

    Attributes:
        at: the coordinate of the card's corner on it.
        shown: the coordinate at which it is drawn.
        card: whose line it is.
    """

    at: float
    shown: float
    card: Rect


class Guides:
    """The lines of one drag. Cards that are far away have none.

    Args:
        view: the canvas.
        grabbed: id of the node that is held.
        moving: ids of all that move.
    """

    def __init__(self, view: CanvasView, grabbed: str, moving: Collection[str]):
        self._view = view
        self._held = view.canvas.nodes[grabbed]
        self._upright: list[Line] = []
        self._level: list[Line] = []
        self._draft: QGraphicsPathItem | None = None
        if view.zoom < view.canvas.near:
            return
        graph, scene = view.canvas.stage.graph, view.canvas
        for item in scene.items_in(view.camera.shown()):
            if isinstance(item, NodeItem) and item.node.id not in moving:
                x, y, _, _ = item.rect
                self._upright.append(Line(x, x, item.rect))
                self._level.append(Line(y, y, item.rect))
        for edge in (*graph.incoming(grabbed), *graph.outgoing(grabbed)):
            into = edge.target == grabbed
            other = scene.nodes[edge.source if into else edge.target]
            if other.node.id not in moving:
                mine = self._held.layout.port("input", edge.target_port) if into else self._held.layout.port("output", edge.source_port)
                its = other.layout.port("output", edge.source_port) if into else other.layout.port("input", edge.target_port)
                if graph.direction == "across":
                    self._level.append(Line(other.y() + its.y - mine.y, other.y() + its.y, other.rect))
                else:
                    self._upright.append(Line(other.x() + its.x - mine.x, other.x() + its.x, other.rect))

    def stop(self, wanted: Point, snapped: Point) -> Point:
        """Where the card goes.

        Args:
            wanted: its corner as the pointer has it.
            snapped: the same on the grid.
        """
        upright, level = _nearest(self._upright, wanted[0], wanted), _nearest(self._level, wanted[1], wanted)
        x = upright.at if upright is not None else snapped[0]
        y = level.at if level is not None else snapped[1]
        path = QPainterPath()
        if upright is not None:
            _, top, _, height = upright.card
            path.moveTo(upright.shown, min(top, y) - BEYOND)
            path.lineTo(upright.shown, max(top + height, y + self._held.layout.height) + BEYOND)
        if level is not None:
            left, _, width, _ = level.card
            path.moveTo(min(left, x) - BEYOND, level.shown)
            path.lineTo(max(left + width, x + self._held.layout.width) + BEYOND, level.shown)
        self._show(path)
        return x, y

    def hide(self) -> None:
        """The drag is over."""
        self._show(QPainterPath())

    def _show(self, path: QPainterPath) -> None:
        scene = self._view.canvas
        if path.isEmpty():
            if self._draft is not None:
                scene.remove_draft(self._draft)
                self._draft = None
        else:
            if self._draft is None:
                self._draft = scene.add_draft(scene.stage.look.guide)
            self._draft.setPath(path)


def _nearest(lines: list[Line], at: float, corner: Point) -> Line | None:
    """The line to stop on; of those in the same place, that of the nearest card."""

    def distance(line: Line) -> tuple[float, float]:
        return abs(line.at - at), abs(line.card[0] - corner[0]) + abs(line.card[1] - corner[1])

    best = min(lines, key=distance, default=None)
    return best if best is not None and abs(best.at - at) <= REACH else None
