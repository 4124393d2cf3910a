"""What a plot is painted with: lines that stay cheap, marks, and axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from app.series import Series, smoothed
from app.theme.style import current
from app.theme.tokens import blend

_PER_WINDOW = 5
"""Points of a smoothed curve in the stretch that each is the mean of; what a thick antialiased line costs goes with its points."""

_ODD_LIMIT = 200
"""Marks of values that are not finite, at most."""


class Line:
    """What draws one series: the raw curve, the mean over it, dots where values are far apart, and marks where they are not finite."""

    def __init__(self, plot: pg.PlotItem, colour: str, faded: bool, above: int):
        self.series: Series | None = None
        self.colour = colour
        self._is_faded = faded
        self._plot = plot
        self.raw, self.mean = QGraphicsPathItem(), _SmoothItem()  # Qt's own items: painting them costs no Python
        self.dots, self.odd = pg.ScatterPlotItem(pxMode=True), pg.ScatterPlotItem(pxMode=True)
        self._items = (self.raw, self.mean, self.dots, self.odd)
        for place, item in enumerate(self._items):
            item.setZValue(above + place)
            plot.vb.addItem(item, ignoreBounds=True)
        self.retheme(colour)

    def retheme(self, colour: str) -> None:
        theme = current()
        self.colour = colour
        self.raw.setPen(pg.mkPen(blend(colour, theme.surface, 0.35), width=0))
        self.mean.stroke = pg.mkPen(colour, width=1 if self._is_faded else 2)
        self.mean.stroke.setCapStyle(Qt.PenCapStyle.SquareCap)  # so that strokes leave no gaps between them
        self.mean.update()
        for item in (self.dots, self.odd):
            item.setBrush(QColor(colour))
            item.setPen(pg.mkPen(theme.surface, width=1))

    def remove(self) -> None:
        for item in self._items:
            self._plot.vb.removeItem(item)

    def draw(self, view: View, smoothing: float) -> None:
        series = self.series
        shown: set[Any] = set()
        if series is not None and len(series):
            shown = set(self._draw(series, view, smoothing))
        for item in self._items:
            if item.isVisible() != (item in shown):
                item.setVisible(item in shown)

    def _draw(self, series: Series, view: View, smoothing: float) -> Iterator[Any]:
        """Fills the items that are needed, and names them."""
        curve = series.curve(view.first, view.last, view.columns, view.log_x)
        places = view.across(curve.steps)
        if series.is_dense:
            means = smoothed(places, curve.mean, smoothing * (view.right - view.left)) if smoothing else curve.mean
            every = int(max(1, smoothing * len(places) // _PER_WINDOW))
            yield _fill(self.mean, *_thinned(places, view.up(means), every))
            if not self._is_faded:
                if curve.is_dense:
                    steps, values = curve.bars(view.pixel)
                    yield _fill_strokes(self.raw, view.across(steps), view.up(values))
                else:
                    yield _fill(self.raw, places, view.up(curve.mean))
        else:  # a mean over values that are far apart would show what never was
            values = view.up(curve.mean)
            yield _fill(self.mean, places, values)
            self.dots.setData(places, values, size=5 if self._is_faded else 7, symbol="o")
            yield self.dots
        odd, values = series.odd(view.first, view.last, _ODD_LIMIT)
        if len(odd):
            heights = np.where(values == -math.inf, view.bottom, view.top)
            symbols = ["x" if math.isnan(v) else "t1" if v > 0 else "t" for v in values]
            self.odd.setData(view.across(odd), heights, symbol=symbols, size=11)
            yield self.odd


class _SmoothItem(QGraphicsPathItem):
    """An antialiased line. Its pen is kept from the base class, which would outline the whole path just to know its bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.stroke = QPen()
        self.setPen(QPen(Qt.PenStyle.NoPen))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.stroke)
        transform = painter.worldTransform()
        painter.resetTransform()  # what Qt has to scale while it strokes takes five times as long
        painter.drawPath(transform.map(self.path()))
        painter.setWorldTransform(transform)


def _fill(item: QGraphicsPathItem, places: Any, values: Any) -> QGraphicsPathItem:
    """Draws a line through points; as strokes of their own, which Qt paints up to twenty times as fast as joined ones."""
    return _fill_strokes(item, np.repeat(places, 2)[1:-1], np.repeat(values, 2)[1:-1])


def _fill_strokes(item: QGraphicsPathItem, places: Any, values: Any) -> QGraphicsPathItem:
    """Draws a stroke from each even to the next odd point, but where one is missing."""
    known = np.isfinite(values)
    if not known.all():
        whole = np.repeat(known[::2] & known[1::2], 2)
        places, values = places[whole], values[whole]
    item.setPath(pg.arrayToQPath(np.asarray(places, np.float64), np.asarray(values, np.float64), connect="pairs"))
    return item


class View(NamedTuple):
    """What is in view, in the coordinates of the axes."""

    left: float
    right: float
    bottom: float
    top: float
    columns: int
    rows: int
    log_x: bool
    log_y: bool

    @property
    def pixel(self) -> float:
        """The height of a pixel; on a logarithmic axis none, as a line as short is drawn all the same."""
        return 0.0 if self.log_y else (self.top - self.bottom) / self.rows

    @property
    def first(self) -> float:
        return 10**self.left if self.log_x else self.left

    @property
    def last(self) -> float:
        return 10**self.right if self.log_x else self.right

    def across(self, steps: Any) -> Any:
        return np.log10(np.maximum(steps, 0.5)) if self.log_x else steps

    def up(self, values: Any) -> Any:
        if not self.log_y:
            return values
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log10(np.maximum(values, 10 ** (self.bottom - 1)))  # 0 and less lies below all that is in view


class Axis(pg.AxisItem):
    """An axis whose ticks keep apart on a logarithmic scale as well: 1, 2, 5 of each decade."""

    def logTickValues(self, low: float, high: float, size: float, _: list[Any]) -> list[tuple[float | None, list[float]]]:
        room = 20 if self.orientation in ("left", "right") else 60  # what a label takes
        decades = range(math.floor(low), math.ceil(high) + 1)
        digits = (1, 2, 5) if (high - low) * 3 * room < size else (1,)
        every = max(1, math.ceil((high - low) * room / max(size, 1.0)))
        ticks = [decade + math.log10(digit) for decade in decades[::every] for digit in digits]
        return [(1.0, [tick for tick in ticks if low <= tick <= high])]


def _thinned(places: Any, values: Any, every: int) -> tuple[Any, Any]:
    """Every so many points, and the last one, which moves with the run."""
    if every == 1:
        return places, values
    return np.append(places[::every], places[-1:]), np.append(values[::every], values[-1:])
