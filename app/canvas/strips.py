"""What nodes give for a sample, in a strip below each card: one picture a node, which Qt paints."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem

from app.canvas.geometry import STRIP
from app.canvas.items import NodeItem
from app.canvas.look import Look
from app.pictures import Shown, facts, paint_value
from app.theme import RADIUS
from graph_engine.training.live.value import CARD

if TYPE_CHECKING:
    from app.canvas.scene import CanvasScene

SLICE_MS = 4
"""How long pictures are painted at a time, so that the window stays fluent however many there are."""

SHARPNESS = 2.0
"""Pixels of a picture by scene unit: sharp up to that zoom."""

UNDER = 8.0
"""How far a strip reaches below its card, which hides that part."""


class StripItem(QGraphicsPixmapItem):
    """The strip of one card."""

    def __init__(self, card: NodeItem, shown: Shown):
        super().__init__(card)
        self.card = card
        self.shown = shown
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemStacksBehindParent)
        self.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self.follow()

    def follow(self) -> None:
        """Goes to the lower edge of its card."""
        self.setPos(0, self.card.layout.height - UNDER)

    def tip(self) -> str:
        """What is known of the value, as rich text."""
        value = self.shown.value
        if value is None:
            return f"<qt>{escape(self.shown.problem)}</qt>"
        head = [_tr("Attention, computed for display")] if value.port == "attention" else []
        if value.kind == "scores" and value.text:
            head.append(_tr("Expected: {0}").format(value.text))
        if value.kind == "text" and value.labels:
            head.append(_tr("Expected: {0}").format(value.labels[0]))
        if value.planes > value.tiles > 0:
            head.append(_tr("{0} of {1} planes").format(value.tiles, value.planes))
        rows = "".join(f"<tr><td>{escape(name)}&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>" for name, text in facts(value))
        return "<qt>" + "".join(f"<b>{escape(line)}</b><br>" for line in head) + f"<table>{rows}</table></qt>"


class Strips(QObject):
    """The strips of a scene.

    Args:
        scene: whose cards have them.
    """

    def __init__(self, scene: CanvasScene):
        super().__init__(scene)
        self._scene = scene
        self._items: dict[str, StripItem] = {}
        self._shown: Mapping[str, Shown] = {}
        self._unpainted: dict[str, None] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._paint_some)
        self._frames: dict[tuple[float, bool], QPixmap] = {}

    @property
    def is_settled(self) -> bool:
        """Whether all are painted."""
        return not self._unpainted

    def item(self, node: str) -> StripItem | None:
        """The strip of a node, if it has one."""
        return self._items.get(node)

    def show(self, shown: Mapping[str, Shown]) -> None:
        """Shows these values, and no others, below the cards of their nodes."""
        self._shown = shown
        for id in [id for id in self._items if id not in shown]:
            self.drop(id)
        for id, what in shown.items():
            card = self._scene.nodes.get(id)
            if card is None or card.layout.collapsed:
                continue
            item = self._items.get(id)
            if item is None or item.card is not card:
                self._items[id] = StripItem(card, what)
            elif item.shown == what:
                continue
            else:
                item.shown = what
            self._unpainted[id] = None
        if self._unpainted:
            self._timer.start()

    def drop(self, node: str) -> None:
        """Takes the strip of a node away."""
        self._unpainted.pop(node, None)
        item = self._items.pop(node, None)
        if item is not None and item.scene() is not None:
            item.scene().removeItem(item)

    def forget(self) -> None:
        """The cards are gone."""
        self._items.clear()
        self._unpainted.clear()
        self._shown = {}

    def follow(self, node: str) -> None:
        """The card of a node has another height; a collapsed one has no strip."""
        if self._scene.nodes[node].layout.collapsed:
            self.drop(node)
        elif node in self._items:
            self._items[node].follow()
        elif node in self._shown:
            self.show(self._shown)

    def repaint(self) -> None:
        """The theme is another one."""
        self._frames.clear()
        self._unpainted = dict.fromkeys(self._items)
        if self._unpainted:
            self._timer.start()

    def _paint_some(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        while self._unpainted and clock.elapsed() < SLICE_MS:
            id = next(iter(self._unpainted))
            del self._unpainted[id]
            item = self._items[id]
            item.setPixmap(self._picture(item))
        if not self._unpainted:
            self._timer.stop()

    def _picture(self, item: StripItem) -> QPixmap:
        look = self._scene.stage.look
        picture = QPixmap(self._frame(look, item.card.layout.width, item.shown.value is None))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lower = 5.0 if item.card.layout.stacked else 0.0  # the cards behind it show there
        room = QRectF((item.card.layout.width - CARD[0]) / 2, UNDER + 2 + lower, CARD[0], CARD[1] - lower)
        if item.shown.value is not None:
            paint_value(painter, item.shown.value, room, look.theme)
        else:
            painter.setFont(look.body_font)
            painter.setPen(look.error)
            painter.drawText(room, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter, item.shown.problem)
        painter.end()
        return picture

    def _frame(self, look: Look, width: float, broken: bool) -> QPixmap:
        if (width, broken) not in self._frames:
            frame = QPixmap(round(width * SHARPNESS), round((STRIP + UNDER) * SHARPNESS))
            frame.setDevicePixelRatio(SHARPNESS)
            frame.fill(Qt.GlobalColor.transparent)
            painter = QPainter(frame)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            path = QPainterPath()
            path.addRoundedRect(QRectF(0.5, -RADIUS.card, width - 1, STRIP + UNDER + RADIUS.card - 0.5), RADIUS.card, RADIUS.card)
            painter.setPen(QPen(look.outline_error if broken else look.outline))
            painter.setBrush(look.neutral)
            painter.drawPath(path)
            painter.end()
            self._frames[width, broken] = frame
        return self._frames[width, broken]


def _tr(text: str) -> str:
    return QCoreApplication.translate("canvas", text)
