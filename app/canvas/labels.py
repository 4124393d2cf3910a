"""The labels of all edges: what flows along each, painted in one layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.flow import Kind
from app.canvas.items import LABEL_LAYER, EdgeItem, Stage
from app.canvas.look import Look

MANY_LABELS = 64
"""Beyond so many changed labels, painting all is cheaper than telling Qt which."""


class LabelLayer(QGraphicsItem):
    """Paints the labels of all edges in view, above edges and below cards."""

    def __init__(self, stage: Stage):
        super().__init__()
        self._stage = stage
        self._bounds = QRectF()
        self._pictures: dict[tuple[str, Kind, bool, bool], QPixmap] = {}
        self._drawn_for: tuple[Look | None, float] = (None, 0.0)
        self._stale: list[QRectF] | None = []
        self.setZValue(LABEL_LAYER)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def cover(self, rect: QRectF) -> None:
        """Reaches over ``rect``."""
        self.prepareGeometryChange()
        self._bounds = rect

    def touch(self, item: EdgeItem) -> None:
        """The label of an edge is about to change, or has changed: it is painted anew at the next `refresh`."""
        # labels reach beyond the rectangles that Qt repaints for the edge itself
        if self._stale is not None and len(self._stale) <= MANY_LABELS and (box := item.label_box) is not None:
            self._stale.append(box)

    def refresh(self) -> None:
        """Paints anew where labels were touched."""
        if not self._stale:
            return
        scene = self.scene()
        if len(self._stale) > MANY_LABELS:
            scene.update()
        else:
            for box in self._stale:
                scene.update(box)
        self._stale.clear()

    @property
    def is_listening(self) -> bool:
        """Whether touched labels are painted anew; not while a scene is built, which paints everything afterwards."""
        return self._stale is not None

    def listen(self, listening: bool) -> None:
        """Begins or ends that; what was touched before is forgotten."""
        self._stale = [] if listening else None

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        transform, ratio = painter.worldTransform(), painter.device().devicePixelRatioF()
        scale = transform.m11()
        if (self._stage.look, scale * ratio) != self._drawn_for:
            self._pictures.clear()
            self._drawn_for = self._stage.look, scale * ratio
        dx, dy, pictures = transform.dx(), transform.dy(), self._pictures
        exposed = option.exposedRect.adjusted(-120, -12, 120, 12)
        items = self.scene().items(exposed, Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.AscendingOrder)
        lines = (item for item in items if isinstance(item, EdgeItem) and item.edge.id not in self._stage.hidden_edges)
        painter.resetTransform()
        for item, box in readable(lines):
            key = item.label, item.kind, item.selected, item.hovered
            picture = pictures.get(key)
            if picture is None:
                picture = pictures[key] = self._draw(item, box, scale, ratio)
            painter.drawPixmap(
                QPointF(round((box.x() * scale + dx) * ratio) / ratio, round((box.y() * scale + dy) * ratio) / ratio), picture
            )
        painter.setWorldTransform(transform)

    def _draw(self, item: EdgeItem, box: QRectF, scale: float, ratio: float) -> QPixmap:
        whole = scale * ratio
        picture = QPixmap(math.ceil(box.width() * whole), math.ceil(box.height() * whole))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.scale(whole, whole)
        paint_label(painter, self._stage.look, item, QRectF(0, 0, box.width(), box.height()))
        painter.end()
        picture.setDevicePixelRatio(ratio)
        return picture


def paint_label(painter: QPainter, look: Look, item: EdgeItem, room: QRectF) -> None:
    """Paints what flows along an edge."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.label_fill)
    painter.drawRoundedRect(room, 7, 7)
    painter.setFont(look.figure_font)
    painter.setPen(look.accent if item.selected else look.text if item.hovered else look.flow(item.kind))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, item.label)


def readable(lines: Iterable[EdgeItem]) -> Iterator[tuple[EdgeItem, QRectF]]:
    """The labels, with their places, without one that would lie on that of an older edge, whether that one is left out itself or not:
    so the choice does not depend on which part of the canvas is being painted.
    """
    cells: dict[tuple[int, int], list[QRectF]] = {}
    for item in lines:
        box = item.label_box
        if box is None:
            continue
        x, y = int(box.x() // 128), int(box.y() // 32)
        around = [cells[c] for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (c := (x + dx, y + dy)) in cells]
        free = not any(other.intersects(box) for cell in around for other in cell)
        cells.setdefault((x, y), []).append(box)
        if free:
            yield item, box
