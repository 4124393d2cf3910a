"""The whole network in a corner; click or drag goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

from app.theme import RADIUS

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

SIZE = 200, 124
PAD = 8
DELAY = 120
"""Milliseconds that changes are gathered before the picture is drawn anew."""


class Minimap(QWidget):
    """Shows all cards as blocks, and the part of them that the view shows as a frame."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._view = view
        self._picture: QPixmap | None = None
        self._map = QTransform()
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(DELAY)
        self._late.timeout.connect(self._forget)
        self._late.timeout.connect(view.follow)
        self.setFixedSize(*SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Minimap"))

    def refresh(self) -> None:
        """The cards are others now, or elsewhere."""
        if not self._late.isActive():
            self._late.start()

    def _forget(self) -> None:
        self._picture = None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            self._picture = self._draw()
        look = self._view.canvas.stage.look
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = self._map.mapRect(self._view.camera.shown()).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(QPen(look.accent, 1.2))
        fill = QColor(look.accent)
        fill.setAlpha(28)
        painter.setBrush(fill)
        painter.drawRoundedRect(shown, 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def _go(self, place: QPointF) -> None:
        back, _ = self._map.inverted()
        self._view.centerOn(back.map(place))

    def _draw(self) -> QPixmap:
        scene = self._view.canvas
        look, content = scene.stage.look, scene.content_rect()
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.outline)
        painter.setBrush(look.surface)
        painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1), RADIUS.card, RADIUS.card)
        self._map = QTransform()
        if not content.isEmpty():
            scale = min((self.width() - 2 * PAD) / content.width(), (self.height() - 2 * PAD) / content.height(), 0.2)
            self._map.translate(self.width() / 2, self.height() / 2).scale(scale, scale)
            self._map.translate(-content.center().x(), -content.center().y())
            painter.setTransform(self._map)
            scene.annotations.paint(painter, scale, words=False)
            scene.overview.paint_map(painter)
        painter.end()
        return picture
