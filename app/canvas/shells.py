"""Pictures of empty cards, kept while the zoom stays: cards of one block in one state differ in their texts only.

A rounded rectangle costs Qt ten times what a small picture costs, and a card has five of them.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform

from app.canvas.card import CardState, paint_shell
from app.canvas.geometry import MARGIN, Layout
from app.canvas.look import Look

MANY = 512
"""Pictures kept at most; more would be a state that differs from card to card."""


class Shells:
    """The pictures at one zoom."""

    def __init__(self, look: Look):
        self._look = look
        self._scale = 0.0
        self._pictures: dict[tuple[Layout, str, CardState], QPixmap] = {}

    def paint(self, painter: QPainter, layout: Layout, category: str, state: CardState) -> None:
        """Paints the empty card at the origin, after moving it onto whole pixels; on paper, which has none, where it is."""
        if self._look.paper:
            paint_shell(painter, self._look, layout, self._look.category(category), state)
            return
        transform, ratio = painter.worldTransform(), painter.device().devicePixelRatioF()
        scale = transform.m11() * ratio
        if scale != self._scale or len(self._pictures) > MANY:
            self._pictures.clear()
            self._scale = scale
        x, y = round(transform.dx() * ratio) / ratio, round(transform.dy() * ratio) / ratio
        key = layout, category, state
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = self._draw(layout, category, state, ratio)
        margin = round(MARGIN * scale) / ratio
        painter.setWorldTransform(QTransform.fromTranslate(x - margin, y - margin))
        painter.drawPixmap(0, 0, picture)
        painter.setWorldTransform(QTransform(transform.m11(), 0, 0, transform.m22(), x, y))

    def _draw(self, layout: Layout, category: str, state: CardState, ratio: float) -> QPixmap:
        scale = self._scale
        margin = round(MARGIN * scale)
        picture = QPixmap(round(layout.width * scale) + 2 * margin, round(layout.height * scale) + 2 * margin)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.translate(margin, margin)
        painter.scale(scale, scale)
        paint_shell(painter, self._look, layout, self._look.category(category), state)
        painter.end()
        picture.setDevicePixelRatio(ratio)
        return picture
