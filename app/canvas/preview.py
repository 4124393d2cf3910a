"""The content of a group, small, on its card."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from app.canvas.geometry import layout
from app.canvas.look import Look
from app.theme import RADIUS
from graph_engine.graph.graph import CoreGraph

PAD = 6.0
LARGEST = 0.3
"""The zoom that a small content is shown at."""


def paint_preview(painter: QPainter, look: Look, graph: CoreGraph, room: QRectF) -> None:
    """Paints all cards of a graph as blocks, and its edges as lines, into a rectangle."""
    painter.setPen(look.outline)
    painter.setBrush(look.canvas)
    painter.drawRoundedRect(room, RADIUS.small, RADIUS.small)
    shown = {node.id: layout(node.spec, graph.idle_outputs(node.id), node.form, graph.direction) for node in graph}
    cards = {node.id: QRectF(*node.position, shown[node.id].width, shown[node.id].height) for node in graph}
    if not cards:
        return
    content = QRectF()
    for card in cards.values():
        content = content.united(card)
    inner = room.adjusted(PAD, PAD, -PAD, -PAD)
    scale = min(inner.width() / content.width(), inner.height() / content.height(), LARGEST)
    painter.save()
    painter.translate(inner.center())
    painter.scale(scale, scale)
    painter.translate(-content.center())
    pen = QPen(look.edge)
    pen.setWidthF(1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.drawLines(
        [
            QLineF(
                cards[e.source].topLeft() + QPointF(out.x, out.y),
                cards[e.target].topLeft() + QPointF(into.x, into.y),
            )
            for e in graph.edges.values()
            for out, into in [(shown[e.source].port("output", e.source_port), shown[e.target].port("input", e.target_port))]
        ]
    )
    for node in graph:
        category = look.category(node.spec.category)
        outline = QPen(category.accent)
        outline.setCosmetic(True)
        painter.setPen(outline)
        painter.setBrush(category.header)
        painter.drawRect(cards[node.id])
    painter.restore()
