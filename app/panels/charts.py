"""Live curves of a run: one plot for each measure, training and validation together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSplitter, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from app.run import Run
from app.series import Series
from app.theme.icons import icon
from app.theme.style import current, sans
from app.theme.tokens import SPACE, TYPE, blend
from app.widgets.empty import EmptyState
from app.widgets.text import measure_text, measure_words

FRAME_MS = 33
"""Least time between two updates of the plots."""

JUMP = 1.25
"""Ranges grow by this factor at a time, so that the axes stand still between two jumps."""

_SHORT = 250
"""A raw curve of fewer points is antialiased; for long ones that takes Qt too long."""

_SMOOTH_COLUMNS = 4
"""Pixels from one point of a smoothed curve to the next; what a thick antialiased line costs goes with its points."""

MEASURES = ("loss", "accuracy")
"""Measures that have a plot before a run has reported any; then the ones that it reports have."""

SHARES = ("accuracy", "exact")
"""Endings of measures that lie between 0 and 1."""

SPLITS = ("train", "val")
"""What a measure is taken on; the place is that of its colour."""


class Plot(QWidget):
    """One measure over the steps of a run.

    Args:
        measure: the last part of the metrics' names: ``loss``.
    """

    def __init__(self, measure: str, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._measure = measure
        self._series: dict[str, Series] = {}
        self._held = False
        self._top = 0.0
        self._right = 0.0
        self.view = pg.PlotWidget(self)
        self.view.setMenuEnabled(False)
        self.view.hideButtons()
        self.view.setFrameShape(self.view.Shape.NoFrame)
        self.view.setMinimumSize(120, 80)
        self._box: pg.ViewBox = self.view.getViewBox()
        self._box.disableAutoRange()
        self._box.sigRangeChangedManually.connect(self._hold)
        self._box.sigXRangeChanged.connect(self.redraw)
        self._box.setLimits(xMin=0)
        # only the smoothed curve is antialiased: it has one point a column, the raw one has thousands
        self._raw = [self.view.plot(antialias=False, connect="finite") for _ in SPLITS]
        self._smooth = [self.view.plot(antialias=True, connect="finite") for _ in SPLITS]
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self.view.addItem(self._cursor, ignoreBounds=True)
        self.view.scene().sigMouseMoved.connect(self._on_pointer)
        self._title = QLabel(title)
        self._title.setProperty("role", "heading")
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # figures must not push the panels about
        self.log_button = _button("chart-line-up", self.tr("Logarithmic scale"))
        self.log_button.setText(self.tr("log"))
        self.log_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.log_button.setCheckable(True)
        self.log_button.toggled.connect(self._set_log)
        self.fit_button = _button("arrows-out-simple", self.tr("Show all of the run"))
        self.fit_button.clicked.connect(self.release)
        self.fit_button.hide()
        top = QHBoxLayout()
        top.setContentsMargins(SPACE.base, SPACE.tight, SPACE.near, 0)
        top.setSpacing(SPACE.near)
        top.addWidget(self._title)
        top.addWidget(self._legend, 1)
        top.addWidget(self.fit_button)
        top.addWidget(self.log_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.view)
        self.retheme()

    @property
    def is_held(self) -> bool:
        """Whether the ranges are the user's own."""
        return self._held

    def begin(self) -> None:
        """Empties the plot for a new run."""
        self._series = {}
        self._top = self._right = 0.0
        self.release()

    def show_series(self, series: dict[str, Series]) -> None:
        """Shows the curves of this measure as they are now."""
        self._series = {s: series[f"{s}/{self._measure}"] for s in SPLITS if f"{s}/{self._measure}" in series}
        if not self._held:
            self._fit()
        self.redraw()
        self._write_legend()

    def release(self) -> None:
        """Shows all of the run again, and follows it."""
        self._held = False
        self.fit_button.hide()
        self._top = self._right = 0.0
        self._fit()
        self.redraw()

    def redraw(self) -> None:
        """Draws what is in view."""
        (first, last), _ = self._box.viewRange()
        columns = max(50, int(self._box.width()))
        for place, split in enumerate(SPLITS):
            series = self._series.get(split)
            raw, line = self._raw[place], self._smooth[place]
            if series is None:
                raw.setData([], [])
                line.setData([], [])
                continue
            values = series.raw(first, last, columns)
            if series.is_dense:
                raw.setData(*values, antialias=len(values[0]) < _SHORT)
                line.setData(*series.smooth(first, last, columns // _SMOOTH_COLUMNS), symbol=None)
            else:  # a mean over values that are far apart would show what never was
                raw.setData([], [])
                line.setData(*values, symbol="o")

    def retheme(self) -> None:
        """Takes the colours of the theme in force."""
        theme = current()
        self.view.setBackground(QColor(theme.surface))
        for place in range(len(SPLITS)):
            colour = theme.series[place]
            self._raw[place].setPen(pg.mkPen(blend(colour, theme.surface, 0.35), width=1))
            self._smooth[place].setPen(pg.mkPen(colour, width=2))
            self._smooth[place].setSymbolSize(6)
            self._smooth[place].setSymbolBrush(QColor(colour))
            self._smooth[place].setSymbolPen(pg.mkPen(theme.surface, width=1))
        self._cursor.setPen(pg.mkPen(theme.border_strong, width=1, style=Qt.PenStyle.DashLine))
        item = self.view.getPlotItem()
        item.showGrid(x=False, y=True, alpha=0.12)
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.text_faint))
            axis.setTickFont(sans(TYPE.small))
            axis.setStyle(tickLength=0, tickTextOffset=6)
            axis.setCacheMode(pg.AxisItem.CacheMode.DeviceCoordinateCache)  # it changes once for many updates of the curves
        item.getAxis("left").setWidth(44)
        self._write_legend()

    def _fit(self) -> None:
        right = max((s.last_step for s in self._series.values()), default=0.0)
        if right > 0.98 * self._right:
            self._right = max(10.0, right * JUMP)
        low, high = self._bounds()
        self._box.setRange(xRange=(0, self._right), yRange=(low, high), padding=0, update=False)

    def _bounds(self) -> tuple[float, float]:
        found = [b for s in self._series.values() if math.isfinite((b := s.bounds)[0])]
        low, high = min((b[0] for b in found), default=0.0), max((b[1] for b in found), default=1.0)
        if self.log_button.isChecked():
            low, high = (math.log10(max(v, 1e-8)) for v in (low, high))
            room = max(0.1, (high - low) * 0.08)
            return low - room, high + room
        if self._measure.endswith(SHARES):
            return (0.0 if low < 0.5 else low - 0.05), 1.02
        if high > self._top or high < self._top / JUMP**2:
            self._top = high * (1 + (JUMP - 1) / 3) if high > 0 else 1.0
        return min(0.0, low * JUMP), self._top

    def _hold(self) -> None:
        self._held = True
        self.fit_button.show()
        self.redraw()

    def _set_log(self, on: bool) -> None:
        self.view.setLogMode(y=on)
        self.release()

    def _on_pointer(self, place: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(place) and bool(self._series)
        self._cursor.setVisible(inside)
        if inside:
            self._cursor.setPos(max(0.0, round(self._box.mapSceneToView(place).x())))
        self._write_legend()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor.hide()
        self._write_legend()

    def _write_legend(self) -> None:
        theme = current()
        step = self._cursor.value() if self._cursor.isVisible() else None
        words = [] if step is None else [f'<span style="color:{theme.text_faint}">{self.tr("step")} {step:,.0f}</span>']
        for place, (split, name) in enumerate(zip(SPLITS, (self.tr("training"), self.tr("validation")), strict=True)):
            series = self._series.get(split)
            value = math.nan if series is None else series.last if step is None else series.at(step)
            text = "–" if series is None or not len(series) else measure_text(value)
            words.append(
                f'<span style="color:{theme.series[place]}">●</span> <span style="color:{theme.text_muted}">{name}</span> <b>{text}</b>'
            )
        self._legend.setText("&nbsp;&nbsp; ".join(words))


class ChartsPanel(QWidget):
    """The plots of the current run, brought up to date at most 30 times a second while they can be seen."""

    def __init__(self, run: Run, parent: QWidget | None = None):
        self.plots: dict[str, Plot] = {}
        super().__init__(parent)
        self._run = run
        self._is_stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._update)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._show_measures(MEASURES)
        self._empty = EmptyState(
            "chart-line", self.tr("No run yet"), self.tr("Press Run (F5) to train; the curves appear here as it learns.")
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._splitter)
        run.began.connect(self._on_began)
        run.metrics_changed.connect(self._later)
        if run.series:
            self._on_began()
            self._update()

    def sizeHint(self) -> QSize:
        return QSize(640, 240)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for plot in self.plots.values():
                plot.retheme()

    def _on_began(self) -> None:
        self._stack.setCurrentIndex(1)
        for plot in self.plots.values():
            plot.begin()

    def _later(self) -> None:
        self._is_stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _update(self) -> None:
        self._is_stale = False
        named = (name.partition("/") for name in self._run.series)
        found = tuple(dict.fromkeys(measure for split, _, measure in named if split in SPLITS))
        self._show_measures(found if len(found) > 1 else MEASURES)
        for plot in self.plots.values():
            plot.show_series(self._run.series)

    def _show_measures(self, measures: Sequence[str]) -> None:
        """Shows a plot for each of these measures, and none for others."""
        fresh = [measure for measure in measures if measure not in self.plots]
        for measure in fresh:
            self.plots[measure] = Plot(measure, measure_words(measure))
            self._splitter.addWidget(self.plots[measure])
        for measure, plot in self.plots.items():
            plot.setVisible(measure in measures)
        if fresh:
            self._splitter.setSizes([1000] * len(self.plots))  # equal shares, whatever their hints


def _button(name: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setIconSize(QSize(14, 14))
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
