"""A ring around a card that fades: here is what you asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QVariantAnimation
from PySide6.QtGui import QPainterPath, QPen

from app.theme import RADIUS

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

DURATION = 700
GAP = 6.0


class Flash(QVariantAnimation):
    """Fades a ring around one card, then removes itself."""

    def __init__(self, view: CanvasView, node: str):
        super().__init__(view)
        self._view = view
        look = view.canvas.stage.look
        path = QPainterPath()
        rect = QRectF(*view.canvas.nodes[node].rect).adjusted(-GAP, -GAP, GAP, GAP)
        path.addRoundedRect(rect, RADIUS.card + GAP, RADIUS.card + GAP)
        self._ring = view.canvas.add_draft(QPen(look.halo, 6))
        self._ring.setPath(path)
        self.setDuration(DURATION)
        self.setStartValue(1.0)
        self.setEndValue(0.0)
        self.valueChanged.connect(self._fade)
        self.finished.connect(self._end)
        self.start(QVariantAnimation.DeletionPolicy.DeleteWhenStopped)

    def _fade(self, opacity: float) -> None:
        self._ring.setOpacity(opacity)
        self._view.update_drafts()

    def _end(self) -> None:
        self._view.canvas.remove_draft(self._ring)
        self._view.update_drafts()
