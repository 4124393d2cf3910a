"""Finds items of the canvas by where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from app.canvas.annotations import Annotations, Grip
from app.canvas.curves import distance_to
from app.canvas.geometry import MARGIN, PortPlace, Rect
from app.canvas.items import EdgeItem, NodeItem
from app.canvas.overview import NEAR, NEAR_SMALL, SMALL, Overview
from app.canvas.strips import StripItem


class Hit(NamedTuple):
    """What lies under a point: a port with its node, a node, an edge and which of its points, a frame or note, or nothing."""

    node: NodeItem | None = None
    port: PortPlace | None = None
    edge: EdgeItem | None = None
    grip: Grip | None = None
    strip: StripItem | None = None
    bend: int | None = None


class ItemScene(QGraphicsScene):
    """A scene of nodes, edges and annotations.

    Attributes:
        nodes, edges: items by id of what they show.
        overview: the same scene for far zoom.
        annotations: frames and notes.
    """

    nodes: dict[str, NodeItem]
    edges: dict[str, EdgeItem]
    overview: Overview
    annotations: Annotations

    def hit(self, at: QPointF, reach: float, ports: bool = True) -> Hit:
        """What lies at a point: the topmost card or port, else the nearest edge.

        Args:
            at: the point, in scene units.
            reach: how near is near enough for ports and edges, in scene units.
            ports: whether ports can be hit; from afar they are too small.
        """
        x, y = at.x(), at.y()
        found = self.items_in(QRectF(x - reach, y - reach, 2 * reach, 2 * reach))
        for item in found:
            if isinstance(item, StripItem) and item.sceneBoundingRect().contains(at):
                return Hit(item.card, strip=item)
            if isinstance(item, NodeItem):
                port = item.port_at(x, y, reach) if ports else None
                left, top, width, height = item.rect
                if port is not None or (left <= x <= left + width and top <= y <= top + height):
                    return Hit(item, port)
        best, nearest = reach * 0.7, None
        for item in found:
            if isinstance(item, EdgeItem) and (distance := distance_to(item.parts, x, y)) <= best:
                best, nearest = distance, item
        if nearest is not None:
            return Hit(edge=nearest, bend=nearest.bend_at(x, y, reach * 0.7) if ports else None)
        return Hit(grip=self.annotations.at(at))

    def items_in(self, rect: QRectF) -> list[QGraphicsItem]:
        """Items whose bounding rectangle meets ``rect``, the topmost first."""
        return self.items(rect, Qt.ItemSelectionMode.IntersectsItemBoundingRect)

    def nodes_in(self, rect: QRectF) -> Iterator[NodeItem]:
        """Nodes whose card meets ``rect``."""
        for item in self.items_in(rect):
            if isinstance(item, NodeItem) and rect.intersects(QRectF(*item.rect)):
                yield item

    def nodes_framed(self, rect: Rect) -> Iterator[str]:
        """Ids of the nodes whose middle lies in a frame."""
        left, top, width, height = rect
        for item in self.nodes_in(QRectF(*rect)):
            x, y, w, h = item.rect
            if left <= x + w / 2 <= left + width and top <= y + h / 2 <= top + height:
                yield item.node.id

    def nodes_near(self, at: QPointF, reach: float) -> Iterator[NodeItem]:
        """Nodes whose card or ports come within ``reach`` of a point."""
        reach += MARGIN
        for item in self.items_in(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)):
            if isinstance(item, NodeItem):
                yield item

    @property
    def near(self) -> float:
        """The zoom from which on cards are shown whole."""
        return NEAR_SMALL if len(self.nodes) <= SMALL else NEAR

    def content_rect(self, nodes: Iterable[str] | None = None) -> QRectF:
        """The smallest rectangle around these cards, or around all; a null one without any."""
        if nodes is None:
            box = self.overview.content()
            around = self.annotations.content()
            return around.united(QRectF(*box)) if box is not None else around
        rect = QRectF()
        for id in nodes:
            rect = rect.united(QRectF(*self.nodes[id].rect))
        return rect
