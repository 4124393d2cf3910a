"""What is different from another version, on the canvas: a ring and a sign on what came, changed or moved, and shades of what went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.geometry import WIDTH, Point, Rect, layout
from app.canvas.items import GESTURE_LAYER, curve_path
from app.theme import RADIUS
from app.theme.icons import glyph, icon_font
from graph_engine.analysis.difference import Kind
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Direction, Node

if TYPE_CHECKING:
    from app.canvas.scene import CanvasScene

SIGNS: Mapping[Kind, str] = {"added": "plus-bold", "removed": "minus-bold", "changed": "pencil-simple-fill", "moved": "arrows-out-cardinal"}
"""The icon of each kind."""

_REACH = 12.0
"""How far marks reach around a card at natural size."""
SMALLEST = 6.5
"""Pixels of the radius of a sign at least."""


class Shade(NamedTuple):
    """A node that is not there any more.

    Attributes:
        node: as it was.
        rect: where its card was.
    """

    node: Node
    rect: Rect


class Differences(QGraphicsItem):
    """Marks on the cards of a scene, above all of them; nothing of it can be held or selected."""

    def __init__(self, scene: CanvasScene):
        super().__init__()
        self._canvas = scene
        self._marks: Mapping[str, Kind] = {}
        self._shades: dict[str, Shade] = {}
        self._gone: list[tuple[str, str]] = []
        self._pairs: dict[str, str] = {}
        self.setZValue(GESTURE_LAYER)

    @property
    def shades(self) -> Mapping[str, Shade]:
        """What is not there any more, by the id that it had."""
        return self._shades

    def show_marks(self, marks: Mapping[str, Kind], removed: Sequence[Node], before: CoreGraph | None, pairs: Mapping[str, str]) -> None:
        """Shows these differences, in place of others.

        Args:
            marks: the kind by the id of a node that is there.
            removed: nodes that are not.
            before: the graph that they were in; None where there are none.
            pairs: for the nodes of that graph, which nodes they are now.
        """
        self.prepareGeometryChange()
        self._marks = dict(marks)
        self._shades = {
            node.id: Shade(
                node, (*node.position, WIDTH, layout(node.spec, form=node.form, direction=self._canvas.stage.graph.direction).height)
            )
            for node in removed
        }
        self._gone = []
        if before is not None:
            edges = (edge for edge in before.edges.values() if edge.source in self._shades or edge.target in self._shades)
            self._gone = [(edge.source, edge.target) for edge in edges]
        self._pairs = dict(pairs)
        self._canvas.update()

    def boundingRect(self) -> QRectF:
        rect = self._canvas.sceneRect()
        for shade in self._shades.values():
            rect = rect.united(QRectF(*shade.rect).adjusted(-_REACH, -_REACH, _REACH, _REACH))
        return rect

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self.draw(painter, painter.worldTransform().m11())

    def draw(self, painter: QPainter, zoom: float) -> None:
        """Paints them as they are seen at a zoom: from afar too."""
        if not self._marks and not self._shades:
            return
        colours = {kind: QColor(colour) for kind, colour in self._canvas.stage.look.theme.changes.items()}
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_gone(painter, colours["removed"], zoom)
        for shade in self._shades.values():
            self._draw_shade(painter, shade, colours["removed"], zoom)
        for id, kind in self._marks.items():
            item = self._canvas.nodes.get(id)
            if item is None:
                continue
            card = QRectF(*item.rect)
            pen = _pen(colours[kind], 1.6 if kind == "moved" else 2.6, zoom)
            if kind == "moved":
                pen.setDashPattern([3, 2.5])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen)
            around = 4.5 / min(1.0, zoom)
            painter.drawRoundedRect(card.adjusted(-around, -around, around, around), RADIUS.card + around, RADIUS.card + around)
            self._draw_sign(painter, card.topLeft(), kind, colours[kind], zoom)

    def _draw_shade(self, painter: QPainter, shade: Shade, colour: QColor, zoom: float) -> None:
        look, card = self._canvas.stage.look, QRectF(*shade.rect)
        fill = QColor(look.canvas)
        fill.setAlpha(215)
        pen = _pen(colour, 1.6, zoom)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(card, RADIUS.card, RADIUS.card)
        if zoom >= 0.4:
            painter.setPen(colour)
            font = QFont(look.name_font)
            font.setStrikeOut(True)
            painter.setFont(font)
            name = look.name_metrics.elidedText(shade.node.name, Qt.TextElideMode.ElideRight, card.width() - 24)
            upper = card.adjusted(14, 0, -10, 4 - card.height() / 2)
            painter.drawText(upper, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, name)
            painter.setFont(look.body_font)
            painter.setPen(look.muted)
            painter.drawText(card.adjusted(14, card.height() / 2 + 6, -10, 0), Qt.AlignmentFlag.AlignLeft, shade.node.spec.title)
        self._draw_sign(painter, card.topLeft(), "removed", colour, zoom)

    def _draw_gone(self, painter: QPainter, colour: QColor, zoom: float) -> None:
        """The edges that what is not there any more had."""
        pen = _pen(colour, 1.3, zoom)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for source, target in self._gone:
            leaves, arrives = self._place(source), self._place(target)
            if leaves is None or arrives is None:
                continue
            direction = self._canvas.stage.graph.direction
            painter.drawPath(curve_path(_middle(leaves, direction, 1.0), _middle(arrives, direction, 0.0), direction))

    def _place(self, id: str) -> Rect | None:
        if id in self._shades:
            return self._shades[id].rect
        item = self._canvas.nodes.get(self._pairs.get(id, ""))
        return item.rect if item is not None else None

    @staticmethod
    def _draw_sign(painter: QPainter, at: QPointF, kind: Kind, colour: QColor, zoom: float) -> None:
        size = max(9.0, SMALLEST / zoom)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(at, size, size)
        painter.setPen(QColor("#ffffff") if colour.lightnessF() < 0.55 else QColor("#101216"))
        painter.setFont(icon_font(round(size * 1.35)))
        painter.drawText(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size), Qt.AlignmentFlag.AlignCenter, glyph(SIGNS[kind]))


def _middle(rect: Rect, direction: Direction, along: float) -> Point:
    """The middle of the side of a card at which edges arrive (0) or leave (1)."""
    x, y, width, height = rect
    return (x + along * width, y + height / 2) if direction == "across" else (x + width / 2, y + along * height)


def _pen(colour: QColor, width: float, zoom: float) -> QPen:
    """A pen that is as wide from afar as it is near."""
    return QPen(colour, width / max(min(zoom, 1.0), 0.05))
