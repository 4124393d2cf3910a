"""A graph as a figure for a paper: vector shapes and words on white, every card whole however many there are."""

from __future__ import annotations

import dataclasses
import html
import math
import re
from collections.abc import Collection
from functools import cached_property

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from app.canvas.annotations import AnnotationItem
from app.canvas.geometry import STACK, WIDTH
from app.canvas.items import EdgeItem, NodeItem, Stage
from app.canvas.labels import paint_label, readable
from app.canvas.look import Look
from app.theme import FAMILY, LIGHT, MONO
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.graph import CoreGraph

PAPER = dataclasses.replace(
    LIGHT, canvas="#ffffff", window="#ffffff", edge="#5b6270", border_strong="#767d8b", border="#c3c8d2", text_faint="#525967"
)
"""The light theme on white, with lines that a printer keeps."""

EDGE = 16.0
"""White around everything, in scene units."""
POINTS = 0.75
"""Points of a page for a scene unit: a card is 1.8 inches wide."""
SCALE = 300 / 96
"""Pixels of a picture for a scene unit: 300 for an inch."""
MOST_PIXELS = 60_000_000
"""Pixels of a picture at most, which is what viewers open; one that would have more has fewer for an inch."""

_FALLBACKS = {FAMILY: f"{FAMILY}, Helvetica, Arial, sans-serif", MONO: f"{MONO}, Menlo, Consolas, monospace"}
"""What an SVG is read with where its fonts are not installed."""

_WORDS = re.compile(r'(<text [^>]*?)font-family="([^"]+)" font-size="(\d+)" font-weight="(\d+)"([^>]*)>([^<]*)<')


class Figure:
    """What is to be drawn.

    Args:
        graph: whose nodes.
        checked: what the check found of it.
        nodes: ids of those to draw, with the edges between them and the frames around nothing else; left out, all, notes included.
    """

    def __init__(self, graph: CoreGraph, checked: CheckedGraph, nodes: Collection[str] | None = None):
        self._look = Look(PAPER, paper=True)
        self._direction = graph.direction
        stage = Stage(self._look, graph, is_occupied=self._is_occupied)
        chosen = [id for id in graph.nodes if nodes is None or id in nodes]
        self._cards = {id: NodeItem(graph.nodes[id], stage) for id in chosen}
        for id, card in self._cards.items():
            card.checked = checked.nodes.get(id)
        self._lines: list[EdgeItem] = []
        for edge in graph.edges.values():
            if edge.source in self._cards and edge.target in self._cards:
                line = EdgeItem(edge, stage, self._cards[edge.source], self._cards[edge.target])
                line.tell(checked.nodes.get(edge.source))
                self._lines.append(line)
        self._notes = [AnnotationItem(a, stage) for a in graph.annotations.values()]
        if nodes is not None:
            self._notes = [note for note in self._notes if note.annotation.kind == "frame" and self._is_around_these(note, graph)]

    @cached_property
    def rect(self) -> QRectF:
        """What is drawn, with white around it, in scene units."""
        rect = QRectF()
        for card in self._cards.values():
            left, top, width, height = card.rect
            rect = rect.united(QRectF(left, top, width, height + (STACK if card.layout.stacked else 0)))
        for line in self._lines:
            rect = rect.united(line.path().boundingRect())
        for note in self._notes:
            rect = rect.united(QRectF(*note.rect))
        return rect.adjusted(-EDGE, -EDGE, EDGE, EDGE)

    def paint(self, painter: QPainter) -> None:
        """Paints it in scene units."""
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        for note in sorted(self._notes, key=lambda item: item.zValue()):
            note.draw(painter, self._look, 1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in self._lines:
            painter.setPen(line.pen())
            painter.drawPath(line.path())
        for line, box in readable(self._lines):
            paint_label(painter, self._look, line, box)
        for card in self._cards.values():
            painter.save()
            painter.translate(card.pos())
            card.paint(painter, QStyleOptionGraphicsItem())
            painter.restore()

    def svg(self, title: str) -> bytes:
        """An SVG whose words are text; icons are outlines, since nobody has their font."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        made = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
        made.setOutputDevice(buffer)
        made.setTitle(title)
        made.setDescription("")
        made.setResolution(96)
        size = QSize(round(self.rect.width()), round(self.rect.height()))
        made.setSize(size)
        made.setViewBox(QRect(0, 0, size.width(), size.height()))
        painter = QPainter(made)
        painter.translate(-self.rect.topLeft())
        self.paint(painter)
        painter.end()
        return _WORDS.sub(_hold_width, bytes(buffer.data().data()).decode("utf-8")).encode("utf-8")

    def pdf(self, title: str) -> bytes:
        """A page of a PDF, as large as the figure, with its fonts."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        made = QPdfWriter(buffer)
        made.setTitle(title)
        made.setCreator("Archloom")
        size = QSizeF(self.rect.width() * POINTS, self.rect.height() * POINTS)
        made.setPageSize(QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
        made.setPageMargins(QMarginsF())
        painter = QPainter(made)
        scale = made.resolution() * POINTS / 72
        painter.scale(scale, scale)
        painter.translate(-self.rect.topLeft())
        self.paint(painter)
        painter.end()
        return bytes(buffer.data().data())

    def png(self, title: str) -> bytes:
        """A picture of 300 pixels an inch, fewer where it would be longer than `MOST_PIXELS`."""
        scale = min(SCALE, math.sqrt(MOST_PIXELS / (self.rect.width() * self.rect.height())))
        image = QImage(round(self.rect.width() * scale), round(self.rect.height() * scale), QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        image.setText("Title", title)
        for put in (image.setDotsPerMeterX, image.setDotsPerMeterY):
            put(round(scale * 96 / 0.0254))
        painter = QPainter(image)
        painter.scale(scale, scale)
        painter.translate(-self.rect.topLeft())
        self.paint(painter)
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        return bytes(buffer.data().data())

    def _is_around_these(self, frame: AnnotationItem, graph: CoreGraph) -> bool:
        left, top, width, height = frame.rect
        held = {n.id for n in graph if left <= n.position[0] + WIDTH / 2 <= left + width and top <= n.position[1] <= top + height}
        return bool(held) and held <= self._cards.keys()

    @cached_property
    def _rects(self) -> np.ndarray:
        return np.array([card.rect for card in self._cards.values()])

    def _is_occupied(self, first: float, last: float, at: float) -> bool:
        x, y, width, height = self._rects.T
        if self._direction == "down":
            x, y, width, height = y, x, height, width
        return bool(np.any((x < last) & (x + width > first) & (y < at + STACK) & (y + height > at - STACK)))


def _hold_width(found: re.Match[str]) -> str:
    """Words of an SVG, which are as wide in another font as they are in theirs."""
    head, family, size, weight, tail, words = found.groups()
    font = QFont(family)
    font.setPixelSize(int(size))
    font.setWeight(QFont.Weight(int(weight)))
    width = QFontMetricsF(font).horizontalAdvance(html.unescape(words))
    held = f'textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs"'
    return f'{head}font-family="{_FALLBACKS[family]}" font-size="{size}" font-weight="{weight}" {held}{tail}>{words}<'
