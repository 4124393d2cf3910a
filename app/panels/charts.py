"""Live curves of a run: one plot for each measure, training and validation together, earlier runs under them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QScrollArea, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from app.panels.plot import SPLITS, Plot
from app.run import Run
from app.series import Overlay
from app.session import Session
from app.theme import SPACE
from app.widgets.empty import EmptyState
from app.widgets.scroll import fill_scroll_area
from app.widgets.text import measure_words
from graph_engine.errors import UnwritableError

FRAME_MS = 33
"""Least time between two updates of the plots."""

MEASURES = ("loss", "accuracy")
"""Measures that have a plot before a run has reported any; then the ones that it reports have."""

RATE = "lr"
"""The learning rate has a plot once it changes."""

_LEAST = 190
"""Pixels that a plot is wide at least; where there is no room for all, they are scrolled."""

FORMATS = {"PNG (*.png)": ".png", "SVG (*.svg)": ".svg", "CSV (*.csv)": ".csv"}


class ChartsPanel(QWidget):
    """The plots of the current run, brought up to date at most 30 times a second while they can be seen.

    Signals:
        failed: a plot could not be exported; one sentence.
    """

    failed = Signal(str)

    def __init__(self, run: Run, session: Session, parent: QWidget | None = None):
        self.plots: dict[str, Plot] = {}
        super().__init__(parent)
        self._run = run
        self._session = session
        self._overlays: tuple[Overlay, ...] = ()
        self._is_stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._update)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._show_measures(MEASURES)
        area = QScrollArea()
        fill_scroll_area(area, self._splitter)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._empty = EmptyState(
            "chart-line", self.tr("No run yet"), self.tr("Press Run (F5) to train; the curves appear here as it learns.")
        )
        self.owner = QLabel()
        self.owner.setProperty("role", "muted")
        self.owner.setContentsMargins(SPACE.wide, SPACE.base, SPACE.wide, 0)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.owner)
        column.addWidget(area, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        session.replaced.connect(self._name_owner)
        run.began.connect(self._on_began)
        run.metrics_changed.connect(self._later)
        self._name_owner()
        if run.series:
            self._on_began()
            self._update()

    def sizeHint(self) -> QSize:
        return QSize(640, 240)

    def show_overlays(self, overlays: Sequence[Overlay]) -> None:
        """Lays these runs under the current one, in place of others."""
        self._overlays = tuple(overlays)
        self._stack.setCurrentIndex(1 if self._overlays or self._run.folder is not None else 0)
        for plot in self.plots.values():
            plot.show_overlays(self._overlays)
        self._update()

    def export(self, plot: Plot) -> None:
        """Asks for a file and writes the plot to it."""
        name, kind = QFileDialog.getSaveFileName(self, self.tr("Export plot"), f"{plot.measure}.png", ";;".join(FORMATS))
        if not name:
            return
        path = Path(name)
        try:
            plot.write(path if path.suffix in FORMATS.values() else path.with_name(path.name + FORMATS[kind]))
        except UnwritableError as error:
            self.failed.emit(str(error))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for plot in self.plots.values():
                plot.retheme()

    def _name_owner(self) -> None:
        """Says whose run this is, where it is not that of the document that is shown."""
        run = self._run
        self.owner.setHidden(run.folder is None or run.is_of(self._session.document))
        if run.document is not None:
            self.owner.setText(self.tr("The run of {0}, another document").format(run.document.name))

    def _on_began(self) -> None:
        self._name_owner()
        self._stack.setCurrentIndex(1)
        for plot in self.plots.values():
            plot.begin()

    def _later(self) -> None:
        self._is_stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _update(self) -> None:
        self._is_stale = False
        runs = [self._run.series, *(overlay.series for overlay in self._overlays)]
        named = (name.partition("/") for series in runs for name in series)
        found = tuple(dict.fromkeys(measure for split, _, measure in named if split in SPLITS))
        varies = any(RATE in series and series[RATE].bounds[0] < series[RATE].bounds[1] for series in runs)
        self._show_measures((*(found if len(found) > 1 else MEASURES), *([RATE] if varies else [])))
        for plot in self.plots.values():
            plot.show_series(self._run.series)

    def _show_measures(self, measures: Sequence[str]) -> None:
        """Shows a plot for each of these measures, and none for others."""
        fresh = [measure for measure in measures if measure not in self.plots]
        for measure in fresh:
            plot = self.plots[measure] = Plot(measure, measure_words(measure))
            plot.export_wanted.connect(self.export)
            plot.setMinimumWidth(_LEAST)
            plot.show_overlays(self._overlays)
            self._splitter.addWidget(plot)
        for measure, plot in self.plots.items():
            plot.setVisible(measure in measures)
        if fresh:
            self._splitter.setSizes([1000] * len(self.plots))  # equal shares, whatever their hints
