"""Puts the selected cards in line: aligned, at even distances, or so that edges run level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.canvas.geometry import Rect, tidy
from graph_engine.graph.commands import Macro, Move
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Arrange(QObject):
    """What can be done with the places of the selected nodes; each is one step."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._view = view

    def align(self, edge: str) -> None:
        """Puts one edge of all cards, or their middles, onto a line: ``left``, ``right``, ``top``, ``bottom``, ``middle`` or ``centre``."""
        self._move(self.tr("Align"), aligned(self._rects(), edge))

    def distribute(self, axis: str) -> None:
        """Leaves the same gap between neighbours, ``across`` or ``down``; the outermost stay."""
        self._move(self.tr("Distribute"), distributed(self._rects(), axis))

    def straighten(self) -> None:
        """Moves cards aside so that the edges between the selected ones run straight; of a single one, that to its main input."""
        view = self._view
        graph, items = view.canvas.stage.graph, view.canvas.nodes
        selected = view.selected_nodes()
        axis = 1 if graph.direction == "across" else 0
        places = {id: items[id].rect[axis] for id in selected}
        for id in sorted(selected, key=lambda id: items[id].rect[1 - axis]):
            into = graph[id].spec.main_input
            edges = graph.inputs(id, into.name) if into is not None else ()
            edge = next((e for e in edges if e.source in places or len(selected) == 1), None)
            if edge is not None:
                source = items[edge.source]
                out, end = source.layout.port("output", edge.source_port), items[id].layout.port("input", edge.target_port)
                aside = (out.x - end.x, out.y - end.y)[axis]
                places[id] = places.get(edge.source, source.rect[axis]) + aside
        moved = {id: (items[id].x(), at) if axis else (at, items[id].y()) for id, at in places.items()}
        self._move(self.tr("Straighten"), moved)

    def _rects(self) -> dict[str, Rect]:
        return {id: self._view.canvas.nodes[id].rect for id in self._view.selected_nodes()}

    def _move(self, text: str, positions: Mapping[str, Position]) -> None:
        graph = self._view.canvas.stage.graph
        moved = {id: tidy(*position) for id, position in positions.items() if graph[id].position != tidy(*position)}
        if moved:
            self._view.canvas.session.execute(Macro(text, [Move(moved)]))


def aligned(rects: Mapping[str, Rect], edge: str) -> dict[str, Position]:
    """Corners of rectangles that lie in line with the outermost of them, or with the middle of all.

    Args:
        rects: by id.
        edge: ``left``, ``right``, ``top``, ``bottom``; ``middle`` for a level line through all of them, ``centre`` for an upright one.
    """
    if not rects:
        return {}
    left, top = min(r[0] for r in rects.values()), min(r[1] for r in rects.values())
    right, bottom = max(r[0] + r[2] for r in rects.values()), max(r[1] + r[3] for r in rects.values())
    found = {
        "left": lambda r: (left, r[1]),
        "right": lambda r: (right - r[2], r[1]),
        "centre": lambda r: ((left + right - r[2]) / 2, r[1]),
        "top": lambda r: (r[0], top),
        "bottom": lambda r: (r[0], bottom - r[3]),
        "middle": lambda r: (r[0], (top + bottom - r[3]) / 2),
    }[edge]
    return {id: found(r) for id, r in rects.items()}


def distributed(rects: Mapping[str, Rect], axis: str) -> dict[str, Position]:
    """Corners of rectangles with even gaps, ``across`` or ``down``, between the first and the last."""
    at, size = (0, 2) if axis == "across" else (1, 3)
    order = sorted(rects, key=lambda id: rects[id][at])
    if len(order) < 3:
        return {}
    first, last = rects[order[0]], rects[order[-1]]
    gap = (last[at] - first[at] - sum(rects[id][size] for id in order[:-1])) / (len(order) - 1)
    corners: dict[str, Position] = {}
    place = first[at]
    for id in order:
        x, y = rects[id][:2]
        corners[id] = (place, y) if axis == "across" else (x, place)
        place += rects[id][size] + gap
    return corners
