"""The points of edges on the canvas: which are selected, and what is done with them by mouse and keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.curves import DOT, distance_to
from app.canvas.geometry import Point, tidy
from app.canvas.items import LABEL_LAYER, EdgeItem
from graph_engine.graph.bends import Bend, shifted
from graph_engine.graph.command import Command

if TYPE_CHECKING:
    from app.canvas.screen_scene import ScreenScene

Place = tuple[str, int]
"""An edge's id, and the number of one of its points."""
RING = DOT + 2.5


class BendMarks:
    """The selected points of one scene, with a ring around each.

    Attributes:
        selected: in the order in which they were selected.
    """

    def __init__(self, scene: ScreenScene):
        self.selected: tuple[Place, ...] = ()
        self._counts: dict[str, int] = {}
        self._scene = scene
        self._rings = QGraphicsPathItem()
        self._rings.setZValue(LABEL_LAYER)
        scene.addItem(self._rings)

    def select(self, places: Collection[Place]) -> bool:
        """Selects these points and no others; whether that is a change."""
        before, self.selected = self.selected, tuple(dict.fromkeys(places))
        self._counts = {id: len(self._scene.edges[id].bends) for id, _ in self.selected}
        self.refresh()
        return self.selected != before

    def refresh(self) -> None:
        """Edges came, went or run elsewhere, or the theme is another one. No point of an edge that has more or fewer now stays selected."""
        edges = self._scene.edges
        self.selected = tuple((id, i) for id, i in self.selected if id in edges and len(edges[id].bends) == self._counts[id])
        path = QPainterPath()
        for id, i in self.selected:
            path.addEllipse(QPointF(*edges[id].bends[i]), RING, RING)
        self._rings.setPen(self._scene.stage.look.ring)
        self._rings.setPath(path)

    def within(self, rect: QRectF) -> Iterator[Place]:
        """The points in a rectangle; from afar they are not shown, so there are none."""
        graph = self._scene.stage.graph
        for id in graph.bent:
            yield from ((id, i) for i, point in enumerate(self._scene.edges[id].bends) if rect.contains(QPointF(*point)))


def with_bend(item: EdgeItem, at: Point) -> tuple[Command, Place]:
    """The command that lets an edge run through one more point, and which of its points that is."""
    distances = [distance_to((part,), *at) for part in item.parts] if item.bends else [0.0]
    number = distances.index(min(distances))
    text = QCoreApplication.translate("canvas", "Add point to edge")
    return Bend({item.edge.id: (*item.bends[:number], tidy(*at), *item.bends[number:])}, text), (item.edge.id, number)


def without_bends(items: Iterable[EdgeItem], places: Collection[Place]) -> Command:
    """The command that takes points away."""
    left = {item.edge.id: tuple(p for i, p in enumerate(item.bends) if (item.edge.id, i) not in places) for item in items}
    one = QCoreApplication.translate("canvas", "Remove point of edge")
    return Bend(left, one if len(places) == 1 else QCoreApplication.translate("canvas", "Remove {0} points of edges").format(len(places)))


def loose(scene: ScreenScene, nodes: Collection[str]) -> list[EdgeItem]:
    """The edges with selected points that do not go along by themselves when these nodes move, as not both of their ends do."""
    items = [scene.edges[id] for id in dict.fromkeys(id for id, _ in scene.bends.selected)]
    return [item for item in items if not (item.edge.source in nodes and item.edge.target in nodes)]


def with_bends_moved(items: Iterable[EdgeItem], places: Collection[Place], by: Point) -> Bend:
    """The command that moves points."""
    moved = {
        item.edge.id: tuple(shifted([p], by)[0] if (item.edge.id, i) in places else p for i, p in enumerate(item.bends)) for item in items
    }
    one = QCoreApplication.translate("canvas", "Move point of edge")
    return Bend(moved, one if len(places) == 1 else QCoreApplication.translate("canvas", "Move {0} points of edges").format(len(places)))
