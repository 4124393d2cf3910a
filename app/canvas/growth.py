"""Room for cards that grow: what lies below them goes down, as lines of text do under a line that is let in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.canvas.geometry import GRID, STRIP, Rect, layout
from graph_engine.graph.annotate import Annotate
from graph_engine.graph.bends import Bend
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Move
from graph_engine.graph.node import Form

if TYPE_CHECKING:
    from app.canvas.scene import CanvasScene

APART = STRIP + 8.0
"""What stays free between two cards below each other, where so much was free: room for the strip of a live sample."""


def room_for(scene: CanvasScene, forms: Mapping[str, Form]) -> list[Command]:
    """What moves cards, frames, notes and points of edges down, so that cards do not cover others once they have these forms."""
    graph = scene.stage.graph
    cards = {id: item.rect for id, item in scene.nodes.items()}
    tall = {id: layout(graph[id].spec, graph.idle_outputs(id), form, graph.direction).height for id, form in forms.items()}
    cuts = made_room(cards, tall)
    if not cuts:
        return []

    def down(y: float) -> float:
        """Where what lay at a height goes."""
        return y + sum(room for at, room in cuts if y >= at)

    moved = {id: (x, down(y)) for id, (x, y, _, _) in cards.items() if down(y) != y}
    parts: list[Command] = [Move(moved)]
    text = QCoreApplication.translate("canvas", "Make room")
    changed = {}
    for id, note in graph.annotations.items():
        left, top, width, height = note.rect
        rect = left, down(top), width, down(top + height) - down(top) if note.kind == "frame" else height
        if rect != note.rect:
            changed[id] = note._replace(rect=rect)
    if changed:
        parts.append(Annotate(changed, text))
    loose = (id for id in graph.bent if not (graph.edges[id].source in moved and graph.edges[id].target in moved))
    bends = {id: tuple((x, down(y)) for x, y in graph.bends(id)) for id in loose}
    bends = {id: points for id, points in bends.items() if points != graph.bends(id)}
    return [*parts, Bend(bends, text)] if bends else parts


def made_room(cards: Mapping[str, Rect], tall: Mapping[str, float]) -> list[tuple[float, float]]:
    """Where how much room is made: from these heights on all goes down by so much.

    Args:
        cards: where cards are now.
        tall: the new height of those that change.
    """
    cuts: dict[float, float] = {}
    for id, height in tall.items():
        left, top, width, before = cards[id]
        below = [r for other, r in cards.items() if other != id and r[1] >= top + before and r[0] < left + width and left < r[0] + r[2]]
        if not below or height <= before:
            continue
        first = min(r[1] for r in below)
        lacking = top + height + min(APART, first - top - before) - first
        if lacking > 0:
            cuts[first] = max(cuts.get(first, 0.0), math.ceil(lacking / GRID) * GRID)
    return sorted(cuts.items())
