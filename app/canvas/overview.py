"""Paints the canvas from afar, without items: from arrays that are kept in step with the scene, in a few large calls.

Below `NEAR` a card shows its name only, below `FAR` it is a coloured block. Thousands of items cost Qt tens of milliseconds a frame there;
this costs two or three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from app.canvas.arrays import draw_lines, draw_rects
from app.canvas.curves import Curve, forward, pieces
from app.canvas.geometry import Rect
from app.canvas.health import paint_mark
from app.canvas.items import EdgeItem, NodeItem, Stage
from app.canvas.look import Look
from app.canvas.wording import shown_severity
from app.theme import RADIUS, sans
from app.vitals import MARKS

NEAR, NEAR_SMALL = 0.65, 0.45
NAMED = 0.4
FAR = 0.3
SMALL = 150
"""Up to so many nodes, cards are affordable down to `NEAR_SMALL`."""
FINE_NODES, FINE_EDGES = 900, 1200
"""Up to so many in view, rounded corners and smooth curves are affordable from afar too."""

SELECTED, HOVERED, WAITING, ERROR, BYPASSED, MUTED = 1, 2, 4, 8, 16, 32
HEALTH = 64
"""Times the place of a mark, from 1, in `MARKS`."""


class Rows:
    """A table of numbers whose rows have ids; rows come and go in constant time."""

    def __init__(self, width: int):
        self.ids: list[str] = []
        self._row: dict[str, int] = {}
        self._data = np.zeros((64, width))

    @property
    def data(self) -> np.ndarray:
        """The rows in use, in the order of `ids`."""
        return self._data[: len(self.ids)]

    def put_all(self, rows: Mapping[str, tuple[float, ...]]) -> None:
        """Adds or replaces many rows at once."""
        for id in rows:
            if id not in self._row:
                self._row[id] = len(self.ids)
                self.ids.append(id)
        while len(self._data) < len(self.ids):
            self._data = np.concatenate([self._data, np.zeros_like(self._data)])
        if rows:
            self._data[[self._row[id] for id in rows]] = list(rows.values())

    def drop(self, id: str) -> None:
        """Removes a row, if it is there."""
        row = self._row.pop(id, None)
        if row is None:
            return
        last = self.ids.pop()
        if last != id:
            self.ids[row] = last
            self._row[last] = row
            self._data[row] = self._data[len(self.ids)]


class Stamp(NamedTuple):
    """What tells the picture of one far card from another's."""

    category: int
    width: float
    height: float
    flags: int


class Overview:
    """The far view of one scene.

    Args:
        stage: of the scene.
        nodes, edges: the scene's items by id; read when something was touched.
    """

    def __init__(self, stage: Stage, nodes: Mapping[str, NodeItem], edges: Mapping[str, EdgeItem]):
        self._stage = stage
        self._node_items, self._edge_items = nodes, edges
        self._dirty_nodes: set[str] = set()
        self._dirty_edges: set[str] = set()
        self._categories: list[str] = []
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self._nodes, self._edges = Rows(7), Rows(13)
        self._parts: dict[str, tuple[str, ...]] = {}
        self._dirty_nodes.clear()
        self._dirty_edges.clear()
        self.forget_pictures()

    def forget_pictures(self) -> None:
        """The theme is another one."""
        self._stamps: dict[Stamp, QPixmap] = {}
        self._names: dict[str, str] = {}
        self._scale = (0.0, 0.0)

    def touch_node(self, id: str) -> None:
        """A node came, went, moved or looks different."""
        self._dirty_nodes.add(id)

    def touch_edge(self, id: str) -> None:
        """An edge came, went, moved or looks different."""
        self._dirty_edges.add(id)

    def content(self) -> Rect | None:
        """The smallest rectangle around all cards."""
        self._flush()
        data = self._nodes.data
        if not len(data):
            return None
        left, top = data[:, 0].min(), data[:, 1].min()
        return float(left), float(top), float((data[:, 0] + data[:, 2]).max() - left), float((data[:, 1] + data[:, 3]).max() - top)

    def paint(self, painter: QPainter, exposed: QRectF, scale: float) -> None:
        """Paints all that ``exposed`` (scene units) shows; the painter's transform is the view's."""
        self._flush()
        ratio = painter.device().devicePixelRatioF()
        if self._scale != (scale, ratio):
            self._stamps.clear()
            self._names.clear()
            self._scale = (scale, ratio)
        self._paint_edges(painter, exposed)
        nodes = self._nodes.data
        margin = 8 / scale
        rows = np.flatnonzero(
            (nodes[:, 0] < exposed.right() + margin)
            & (nodes[:, 0] + nodes[:, 2] > exposed.left() - margin)
            & (nodes[:, 1] < exposed.bottom() + margin)
            & (nodes[:, 1] + nodes[:, 3] > exposed.top() - margin)
        )
        if scale >= FAR or len(rows) <= FINE_NODES:
            self._paint_stamps(painter, rows, scale, ratio)
        else:
            self._paint_blocks(painter, rows)

    def paint_map(self, painter: QPainter) -> None:
        """Paints all nodes as plain blocks and all edges as straight lines, for the minimap."""
        self._flush()
        look = self._stage.look
        painter.setPen(_cosmetic(look.edge_waiting.color()))
        draw_lines(painter, self._edges.data[:, [0, 1, 6, 7]])
        self._paint_blocks(painter, np.arange(len(self._nodes.ids)))

    def _paint_edges(self, painter: QPainter, exposed: QRectF) -> None:
        look, edges = self._stage.look, self._edges.data
        if not len(edges):
            return
        left, top, right, bottom = edges[:, 9], edges[:, 10], edges[:, 11], edges[:, 12]
        shown = (left <= exposed.right()) & (right >= exposed.left()) & (top <= exposed.bottom()) & (bottom >= exposed.top())
        flags = edges[:, 8].astype(np.int64)
        fine = int(np.count_nonzero(shown)) <= FINE_EDGES
        marked = (flags & (SELECTED | HOVERED)) != 0
        plain = shown & ~marked
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, fine)
        waiting = (flags & WAITING) != 0
        for mask, pen, width in (
            (plain & ~waiting, look.edge, 1.0),
            (plain & waiting, look.edge_waiting, 1.0),
            (shown & marked, look.edge_selected, 2.0),
        ):
            rows = edges[mask]
            if not len(rows):
                continue
            painter.setPen(_cosmetic(pen.color(), width if fine else 1.0))
            if not fine:
                draw_lines(painter, rows[:, [0, 1, 6, 7]])
                continue
            path, direction = QPainterPath(), self._stage.graph.direction
            for row in rows[:, :8].tolist():
                path.moveTo(row[0], row[1])
                for piece in pieces(tuple(row), direction):
                    path.cubicTo(*piece[2:])
            painter.drawPath(path)

    def _paint_blocks(self, painter: QPainter, rows: np.ndarray) -> None:
        look, nodes = self._stage.look, self._nodes.data[rows]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        categories, flags = nodes[:, 4].astype(np.int64), nodes[:, 5].astype(np.int64)
        for number in np.unique(categories).tolist():
            painter.setBrush(look.category(self._categories[number]).block)
            draw_rects(painter, nodes[categories == number, :4])
        for flag, colour in (
            (BYPASSED, look.idle),
            (MUTED, look.neutral),
            (WAITING, look.edge_waiting.color()),
            (ERROR, look.error),
            (SELECTED, look.accent),
        ):
            some = nodes[(flags & flag) != 0, :4]
            if len(some):
                painter.setBrush(colour)
                draw_rects(painter, some)
        for mark, colour in ((2, look.warning), (3, look.error)):  # so small, only what is wrong can be told
            some = nodes[flags // HEALTH == mark, :4]
            if len(some):
                painter.setBrush(colour)
                draw_rects(painter, some * [1.0, 1.0, 1.0, 0.3])
        shared = nodes[nodes[:, 6] != _NO_SHARE]
        if len(shared):  # so small, the card itself is the bar
            painter.setBrush(look.track)
            draw_rects(painter, shared[:, :4])
            painter.setBrush(look.accent)
            draw_rects(painter, shared[:, :4] * np.stack([*np.ones((2, len(shared))), shared[:, 6], np.ones(len(shared))], axis=1))

    def _paint_stamps(self, painter: QPainter, rows: np.ndarray, scale: float, ratio: float) -> None:
        look, transform = self._stage.look, painter.transform()
        dx, dy = transform.dx(), transform.dy()
        painter.save()
        painter.resetTransform()
        named = scale >= NAMED
        font = sans(round(11 + 4 * (scale - NAMED)))
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(look.text)
        margin = _STAMP_MARGIN
        ids = self._nodes.ids
        for row, (x, y, width, height, category, flags, bar) in zip(rows.tolist(), self._nodes.data[rows].tolist(), strict=True):
            key = Stamp(int(category), width, height, int(flags))
            stamp = self._stamps.get(key)
            if stamp is None:
                stamp = self._stamps[key] = self._draw_stamp(key, width * scale, height * scale, ratio)
            left, top = x * scale + dx, y * scale + dy
            painter.drawPixmap(QPointF(left - margin, top - margin), stamp)
            if bar != _NO_SHARE:
                thick = max(3.0, 0.16 * height * scale)
                foot = QRectF(left + 1, top + height * scale - thick - 1, width * scale - 2, thick)
                painter.fillRect(foot, look.track)
                painter.fillRect(QRectF(foot.left(), foot.top(), foot.width() * bar, thick), look.accent)
            if named:
                id = ids[row]
                name = self._names.get(id)
                if name is None:
                    text = self._node_items[id].node.name
                    name = self._names[id] = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width * scale - 8)
                painter.drawText(QRectF(left, top, width * scale, height * scale), Qt.AlignmentFlag.AlignCenter, name)
        painter.restore()

    def _draw_stamp(self, key: Stamp, width: float, height: float, ratio: float) -> QPixmap:
        look = self._stage.look
        category = look.category(self._categories[key.category])
        margin = _STAMP_MARGIN
        pixmap = QPixmap(round((width + 2 * margin) * ratio), round((height + 2 * margin) * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(margin, margin, width, height)
        scale = height / key.height
        radius = max(1.5, RADIUS.card * scale)
        _draw_ring(painter, look, key.flags, card, radius)
        idle = key.flags & (BYPASSED | MUTED)
        painter.setBrush(look.canvas if key.flags & MUTED else look.neutral if idle | key.flags & WAITING else category.header)
        outline = look.faint if idle | key.flags & WAITING else category.block
        painter.setPen(QPen(look.error, 1.5) if key.flags & ERROR else QPen(outline, 1, _DASHED if idle else _SOLID))
        painter.drawRoundedRect(card, radius, radius)
        if key.flags // HEALTH:
            size = max(2.6, 4.5 * scale)
            paint_mark(painter, look, MARKS[key.flags // HEALTH - 1], QPointF(card.right() - 2 * size, card.top() + 2 * size), size)
        painter.end()
        return pixmap

    def _flush(self) -> None:
        nodes: dict[str, tuple[float, ...]] = {}
        edges: dict[str, tuple[float, ...]] = {}
        for id in self._dirty_nodes:
            item = self._node_items.get(id)
            if item is None:
                self._nodes.drop(id)
                self._names.pop(id, None)
                continue
            category = item.node.spec.category
            if category not in self._categories:
                self._categories.append(category)
            self._names.pop(id, None)
            nodes[id] = (*item.rect, self._categories.index(category), _node_flags(item), item.share.bar if item.share else _NO_SHARE)
        for id in self._dirty_edges:
            edge = self._edge_items.get(id)
            for part in self._parts.pop(id, ()):
                self._edges.drop(part)
            if edge is None:
                self._edges.drop(id)
                continue
            flags = SELECTED * edge.selected | HOVERED * edge.hovered | WAITING * edge.waiting
            if edge.bends:
                self._edges.drop(id)
                rows = {
                    f"{id}/{i}": (*(c := forward(part, self._stage.graph.direction)), flags, *_box(c)) for i, part in enumerate(edge.parts)
                }
                self._parts[id] = tuple(rows)
                edges |= rows
            else:
                c = edge.curve
                edges[id] = (*c, flags, *_box(c))
        self._nodes.put_all(nodes)
        self._edges.put_all(edges)
        self._dirty_nodes.clear()
        self._dirty_edges.clear()


_STAMP_MARGIN = 4
_DASHED, _SOLID = Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine
_NO_SHARE = -1.0


def _box(c: Curve) -> tuple[float, float, float, float]:
    return min(c[0::2]), min(c[1::2]), max(c[0::2]), max(c[1::2])


def _node_flags(item: NodeItem) -> int:
    flags = SELECTED * item.selected | HOVERED * item.hovered
    flags |= BYPASSED * (item.node.mode == "bypassed") | MUTED * (item.node.mode == "muted")
    if item.checked is not None:
        flags |= WAITING * (item.checked.status == "waiting") | ERROR * (shown_severity(item.checked) == "error")
    return flags | (HEALTH * (MARKS.index(item.health) + 1) if item.health is not None else 0)


def _draw_ring(painter: QPainter, look: Look, flags: int, card: QRectF, radius: float) -> None:
    if flags & (SELECTED | HOVERED):
        painter.setPen(QPen(look.accent if flags & SELECTED else look.faint, 2 if flags & SELECTED else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(card.adjusted(-2, -2, 2, 2), radius + 2, radius + 2)


def _cosmetic(colour: QColor, width: float = 1.0) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
