"""One plot of live curves: as fast with ten million values as with ten, still while a person looks closer, and hiding nothing."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QResizeEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.panels.plot_items import Axis, Line, View
from app.series import Overlay, Series
from app.theme.icons import icon
from app.theme.style import current, sans
from app.theme.tokens import SPACE, TYPE
from app.widgets.text import measure_text
from graph_engine.errors import UnwritableError

JUMP = 1.25
"""Ranges grow by this factor at a time, so that the axes stand still between two jumps."""

SPLITS = ("train", "val")
"""What a measure is taken on; the place is that of its colour."""

SHARES = ("accuracy", "exact")
"""Endings of measures that lie between 0 and 1."""

SMOOTHINGS = (0.0, 0.01, 0.03, 0.1)
"""Shares of what is in view, over which the bold line is the mean."""

_NARROW = 300
"""Up to this width the legend has room for the values only."""

_BUTTONS, _SLACK = 96, 48
"""Room beside title and legend: for buttons and margins, and what has to be free before the legend comes back up."""


class Plot(QWidget):
    """One measure over the steps of a run.

    Args:
        measure: the last part of the metrics' names: ``loss``.

    Signals:
        export_wanted: the plot is to be written to a file; the plot itself.
    """

    export_wanted = Signal(object)

    def __init__(self, measure: str, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.measure = measure
        self._held = self._is_below = False
        self._top = self._right = 0.0
        self._smoothing = SMOOTHINGS[2]
        self.view = pg.PlotWidget(self, axisItems={side: Axis(side) for side in ("left", "bottom")})
        self.view.setMenuEnabled(False)
        self.view.hideButtons()
        self.view.setFrameShape(self.view.Shape.NoFrame)
        self.view.setMinimumSize(120, 80)
        self.view.setAccessibleName(title)
        self._box: pg.ViewBox = self.view.getViewBox()
        self._box.disableAutoRange()
        self._box.sigRangeChangedManually.connect(self._hold)
        self._box.sigXRangeChanged.connect(self.redraw)
        self._box.setLimits(xMin=0)
        plot = self.view.getPlotItem()
        self._lines = {split: Line(plot, current().series[place], False, 20 + 4 * place) for place, split in enumerate(SPLITS)}
        self._overlays: tuple[Overlay, ...] = ()
        self._under: list[Line] = []
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self.view.addItem(self._cursor, ignoreBounds=True)
        self.view.scene().sigMouseMoved.connect(self._on_pointer)
        self.view.viewport().installEventFilter(self)
        self._title = QLabel(title)
        self._title.setProperty("role", "heading")
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # figures must not push the panels about
        self.fit_button = _button("arrows-out-simple", self.tr("Show all of the run, and follow it (double-click)"))
        self.fit_button.clicked.connect(self.release)
        self.fit_button.hide()
        self.menu_button = _button("dots-three", self.tr("Axes, smoothing, export"))
        self._menu = self._make_menu()
        self.menu_button.clicked.connect(lambda: self._menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft())))
        top = self._head = QGridLayout()
        top.setContentsMargins(SPACE.base, SPACE.tight, SPACE.near, 0)
        top.setHorizontalSpacing(SPACE.near)
        top.setVerticalSpacing(0)
        top.setColumnStretch(1, 1)
        top.addWidget(self._title, 0, 0)
        top.addWidget(self._legend, 0, 1)
        top.addWidget(self.fit_button, 0, 2)
        top.addWidget(self.menu_button, 0, 3)
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

    @property
    def series(self) -> Mapping[str, Series]:
        """The curves of the current run by what they are taken on."""
        return {split: line.series for split, line in self._lines.items() if line.series is not None}

    def begin(self) -> None:
        """Empties the plot for a new run."""
        for line in self._lines.values():
            line.series = None
        self.release()

    def show_series(self, series: Mapping[str, Series]) -> None:
        """Shows the curves of this measure as they are now."""
        for split, line in self._lines.items():
            line.series = self._find(series, split)
        if not self._held:
            self._fit()
        self.redraw(under=False)
        self._write_legend()

    def show_overlays(self, overlays: Sequence[Overlay]) -> None:
        """Lays these runs under the current one, in place of others."""
        for line in self._under:
            line.remove()
        self._overlays = tuple(overlays)
        self._under = []
        for overlay in overlays:
            for split in SPLITS:
                line = Line(self.view.getPlotItem(), current().series[overlay.colour], True, 0)
                line.series = self._find(overlay.series, split)
                self._under.append(line)
        if not self._held:
            self._right = 0.0
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
        self._write_legend()

    def redraw(self, *_: object, under: bool = True) -> None:
        """Draws what is in view; the finished runs below it only where asked, as they do not change by themselves."""
        (left, right), (bottom, top) = self._box.viewRange()
        size = max(50, int(self._box.width())), max(50, int(self._box.height()))
        view = View(left, right, bottom, top, *size, self.log_x.isChecked(), self.log_y.isChecked())
        for line in (*self._lines.values(), *(self._under if under else ())):
            line.draw(view, self._smoothing)

    def retheme(self) -> None:
        """Takes the colours of the theme in force."""
        theme = current()
        self.view.setBackground(QColor(theme.surface))
        for place, line in enumerate(self._lines.values()):
            line.retheme(theme.series[place])
        for place, line in enumerate(self._under):
            line.retheme(theme.series[self._overlays[place // len(SPLITS)].colour])
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

    def write(self, path: Path) -> None:
        """Writes the plot as a picture (``.png``, ``.svg``), or every value of its curves as a table (``.csv``).

        Raises:
            UnwritableError: the place cannot be written to.
        """
        try:
            if path.suffix == ".csv":
                self._write_table(path)
                return
            path.touch()
        except OSError as error:
            raise UnwritableError(f"{path} cannot be written: {error.strerror or error}.") from error
        buttons = [button for button in (self.menu_button, self.fit_button) if not button.isHidden()]
        for button in buttons:
            button.hide()
        self.grab()  # settles the layout without them
        if path.suffix == ".svg":
            self._draw_vectors(path)
        else:
            self.grab().save(str(path), "PNG")
        for button in buttons:
            button.show()

    def _write_table(self, path: Path) -> None:
        names = ["", *(overlay.name for overlay in self._overlays)]
        lines = [*self._lines.values(), *self._under]
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("run", "split", "step", self.measure))
            for place, line in enumerate(lines):
                if line.series is not None:
                    run, split = names[place // len(SPLITS)], SPLITS[place % len(SPLITS)]
                    steps, values = line.series.all()
                    table.writerows((run, split, step, value) for step, value in zip(steps.tolist(), values.tolist(), strict=True))

    def _draw_vectors(self, path: Path) -> None:
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        axes = [self.view.getPlotItem().getAxis(side) for side in ("left", "bottom")]
        marks = [item for line in (*self._lines.values(), *self._under) for item in (line.dots, line.odd)]
        background = self.view.cacheMode()
        self._draw_from_cache(axes, marks, False)  # else letters and marks would be pixels
        self.view.setCacheMode(self.view.CacheModeFlag.CacheNone)
        self.render(generator)
        self.view.setCacheMode(background)
        self._draw_from_cache(axes, marks, True)

    def _draw_from_cache(self, axes: Sequence[pg.AxisItem], marks: Sequence[pg.ScatterPlotItem], cached: bool) -> None:
        for axis in axes:
            axis.setCacheMode(pg.AxisItem.CacheMode.DeviceCoordinateCache if cached else pg.AxisItem.CacheMode.NoCache)
        for item in marks:
            item.opts["useCache"] = cached

    def _find(self, series: Mapping[str, Series], split: str) -> Series | None:
        """A metric without a split, the learning rate for instance, takes the place of the training's."""
        found = series.get(f"{split}/{self.measure}")
        return series.get(self.measure) if found is None and split == SPLITS[0] else found

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        self.log_y = self._toggle(menu, self.tr("Logarithmic values"))
        self.log_x = self._toggle(menu, self.tr("Logarithmic steps"))
        smoothing = menu.addMenu(self.tr("Smoothing"))
        group = QActionGroup(self)
        for share in SMOOTHINGS:
            action = smoothing.addAction(self.tr("{0:.0%} of the view").format(share) if share else self.tr("None"))
            action.setCheckable(True)
            action.setChecked(share == self._smoothing)
            action.setActionGroup(group)
            action.triggered.connect(lambda _=False, share=share: self._smooth(share))
        menu.addSeparator()
        menu.addAction(self.tr("Show all, and follow")).triggered.connect(self.release)
        menu.addAction(self.tr("Export…")).triggered.connect(lambda: self.export_wanted.emit(self))
        return menu

    def _toggle(self, menu: QMenu, text: str) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.toggled.connect(self._set_log)
        return action

    def _smooth(self, share: float) -> None:
        self._smoothing = share
        self.redraw()

    def _all(self) -> list[Series]:
        return [line.series for line in (*self._lines.values(), *self._under) if line.series is not None and len(line.series)]

    def _fit(self) -> None:
        right = max((s.last_step for s in self._all()), default=0.0)
        if right > 0.98 * self._right:
            self._right = max(10.0, right * JUMP)
        low, high = self._bounds()
        across = (0.0, math.log10(self._right)) if self.log_x.isChecked() else (0.0, self._right)
        self._box.setRange(xRange=across, yRange=(low, high), padding=0, update=False)

    def _bounds(self) -> tuple[float, float]:
        found = [series for series in self._all() if math.isfinite(series.bounds[0])]
        high = max((s.bounds[1] for s in found), default=1.0)
        if self.log_y.isChecked():
            low = min((s.least_positive for s in found), default=0.1)
            ends = (math.log10(low), math.log10(high)) if 0 < low <= high < math.inf else (-1.0, 0.0)
            room = max(0.1, (ends[1] - ends[0]) * 0.08)
            return ends[0] - room, ends[1] + room
        low = min((s.bounds[0] for s in found), default=0.0)
        if self.measure.endswith(SHARES):
            return (0.0 if low < 0.5 else low - 0.05), 1.02
        if high > self._top or high < self._top / JUMP**2:
            self._top = high * (1 + (JUMP - 1) / 3) if high > 0 else 1.0
        return min(0.0, low * JUMP), self._top

    def _hold(self) -> None:
        self._held = True
        self.fit_button.show()
        self.redraw()

    def _set_log(self) -> None:
        item = self.view.getPlotItem()
        item.getAxis("left").setLogMode(y=self.log_y.isChecked())
        item.getAxis("bottom").setLogMode(x=self.log_x.isChecked())
        self.release()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.release()
        return super().eventFilter(watched, event)

    def _on_pointer(self, place: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(place) and bool(self._all())
        self._cursor.setVisible(inside)
        if inside:
            across = self._box.mapSceneToView(place).x()
            step = max(1.0, float(round(10**across))) if self.log_x.isChecked() else max(0.0, float(round(across)))
            self._cursor.setPos(math.log10(step) if self.log_x.isChecked() else step)
        self._write_legend()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write_legend()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor.hide()
        self._write_legend()

    def _cursor_step(self) -> float | None:
        if not self._cursor.isVisible():
            return None
        place = float(self._cursor.value())
        return 10**place if self.log_x.isChecked() else place

    def _write_legend(self) -> None:
        theme = current()
        step = self._cursor_step()
        at = self.tr("step") if self.width() > _NARROW else ""
        words = [] if step is None else [f'<span style="color:{theme.text_faint}">{at} {step:,.0f}</span>']
        names = (self.tr("training"), self.tr("validation")) if self.width() > _NARROW else ("", "")
        for (split, line), name in zip(self._lines.items(), names, strict=True):
            if line.series is not None or (split == SPLITS[0] and not self._overlays):
                words.append(_entry(line, name, step))
        for place, overlay in enumerate(self._overlays):
            lines = self._under[len(SPLITS) * place :][: len(SPLITS)]
            values = " · ".join(_value_at(line.series, step) for line in lines if line.series is not None)
            words.append(
                f'<span style="color:{theme.series[overlay.colour]}">●</span> '
                f'<span style="color:{theme.text_muted}">{overlay.name if self.width() > _NARROW else ""}</span> {values}'
            )
        self._legend.setText("&nbsp;&nbsp; ".join(words))
        self._place_legend()

    def _place_legend(self) -> None:
        """Puts the legend beside the title, or below it where there is no room; not back and forth with each figure."""
        needed = self._title.sizeHint().width() + self._legend.sizeHint().width() + _BUTTONS
        is_below = needed > self.width() - (_SLACK if self._is_below else 0)
        if is_below != self._is_below:
            self._is_below = is_below
            self._head.removeWidget(self._legend)
            self._head.addWidget(self._legend, *((1, 0, 1, 4) if is_below else (0, 1)))


def _entry(line: Line, name: str, step: float | None) -> str:
    return (
        f'<span style="color:{line.colour}">●</span> <span style="color:{current().text_muted}">{name}</span> '
        f"<b>{_value_at(line.series, step)}</b>"
    )


def _value_at(series: Series | None, step: float | None) -> str:
    if series is None or not len(series):
        return "–"
    return measure_text(series.last if step is None else series.at(step))


def _button(name: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setIconSize(QSize(14, 14))
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
