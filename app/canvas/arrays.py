"""Draws many shapes from one array of numbers.

Qt takes a pointer to the first of them; a list would be copied one Python object at a time.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import wrapInstance


def draw_points(painter: QPainter, points: np.ndarray) -> None:
    """Draws points.

    Args:
        painter: with its pen set.
        points: shape (n, 2): x, y.
    """
    points = np.ascontiguousarray(points, dtype=np.float64)
    if len(points):
        painter.drawPoints(cast(QPointF, wrapInstance(points.ctypes.data, QPointF)), len(points))


def draw_lines(painter: QPainter, lines: np.ndarray) -> None:
    """Draws straight lines, of shape (n, 4): x and y of both ends."""
    lines = np.ascontiguousarray(lines, dtype=np.float64)
    if len(lines):
        painter.drawLines(cast(QLineF, wrapInstance(lines.ctypes.data, QLineF)), len(lines))


def draw_rects(painter: QPainter, rects: np.ndarray) -> None:
    """Draws rectangles, of shape (n, 4): left, top, width, height."""
    rects = np.ascontiguousarray(rects, dtype=np.float64)
    if len(rects):
        painter.drawRects(cast(QRectF, wrapInstance(rects.ctypes.data, QRectF)), len(rects))
