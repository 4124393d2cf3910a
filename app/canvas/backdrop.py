"""What lies behind everything: the canvas and its dots."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen

from app.canvas.arrays import draw_points
from app.canvas.look import Look

DOTS = 32.0
"""Scene units from dot to dot."""
DOTS_FROM = 0.5
"""The zoom from which on there are dots."""


def paint_backdrop(painter: QPainter, rect: QRectF, look: Look, zoom: float) -> None:
    """Fills a part of the scene; leaves antialiasing on."""
    painter.fillRect(rect, look.canvas)
    if zoom < DOTS_FROM:
        return
    xs = np.arange(math.floor(rect.left() / DOTS), math.ceil(rect.right() / DOTS) + 1) * DOTS
    ys = np.arange(math.floor(rect.top() / DOTS), math.ceil(rect.bottom() / DOTS) + 1) * DOTS
    pen = QPen(look.grid, max(1.0, round(1.5 * zoom)))
    pen.setCosmetic(True)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pen)
    draw_points(painter, np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
