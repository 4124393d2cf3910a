"""What a trained network does with data that it has not learned from: confusions and the samples behind them, curves, differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.panels.samples import PICTURE, picture_of
from app.results import RunResults
from app.theme.tokens import SPACE
from app.widgets.empty import EmptyState
from app.widgets.matrix import ConfusionMatrix
from app.widgets.text import count_text, measure_text
from graph_engine.training.results import Classes, Mistake, Quantities

if TYPE_CHECKING:
    from pyqtgraph import PlotWidget

_HEAD = 190
"""Width of the choices."""


class ResultsPanel(QWidget):
    """The results of a run, target by target.

    Signals:
        sample_chosen: a sample was activated: the part of the data, and its number in it.
    """

    sample_chosen = Signal(str, int)

    def __init__(self, results: RunResults, parent: QWidget | None = None):
        super().__init__(parent)
        self._results = results
        self._is_watched = False
        self.part = self._choice(self.tr("Part of the data"))
        for name, text in (("validation", self.tr("Validation data")), ("test", self.tr("Test data"))):
            self.part.addItem(text, name)
        self.part.activated.connect(lambda: results.ask(part=self.part.currentData()))
        self.target = self._choice(self.tr("Target"))
        self.target.currentIndexChanged.connect(self._show_target)
        self.kind = self._choice(self.tr("What is shown"))
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        head = QWidget()
        head.setFixedWidth(_HEAD)
        choices = QVBoxLayout(head)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(SPACE.near)
        for widget in (self.part, self.target, self.kind, self.words):
            choices.addWidget(widget)
        choices.addStretch()
        self.matrix = ConfusionMatrix()
        self.matrix.chosen.connect(self._show_mistakes)
        self.caption = QLabel()
        self.caption.setProperty("role", "heading")
        self.caption.setWordWrap(True)
        self.mistakes = QListWidget()
        self.mistakes.setFrameShape(QListWidget.Shape.NoFrame)
        self.mistakes.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.mistakes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.mistakes.setMovement(QListWidget.Movement.Static)
        self.mistakes.setAccessibleName(self.tr("Mistakes"))
        self.mistakes.itemActivated.connect(self._choose)
        beside = QVBoxLayout()
        beside.setSpacing(SPACE.tight)
        beside.addWidget(self.caption)
        beside.addWidget(self.mistakes, 1)
        confusion = QWidget()
        row = QHBoxLayout(confusion)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.far)
        row.addWidget(self.matrix, 1)
        row.addLayout(beside, 1)
        plots = QWidget()
        self._plots = QHBoxLayout(plots)
        self._plots.setContentsMargins(0, 0, 0, 0)
        self._view: PlotWidget | None = None
        self._legend = QLabel()
        self._legend.setProperty("role", "muted")
        self._legend.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._plots.addWidget(self._legend)
        self._body = QStackedLayout()
        self._body.addWidget(confusion)
        self._body.addWidget(plots)
        whole = QWidget()
        columns = QHBoxLayout(whole)
        columns.setContentsMargins(SPACE.base, SPACE.near, SPACE.near, SPACE.near)
        columns.setSpacing(SPACE.far)
        columns.addWidget(head)
        columns.addLayout(self._body, 1)
        self._empty = EmptyState("target", "", "")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(whole)
        results.changed.connect(self._show)
        self._show()

    def watch(self, watched: bool) -> None:
        """Says whether the panel can be seen: only then is the training process asked."""
        self._is_watched = watched
        if watched:
            self._results.look()

    def sizeHint(self) -> QSize:
        return QSize(640, 280)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_kind()

    def _choice(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        return box

    def _show(self) -> None:
        if self._is_watched:
            self._results.look()
        found = self._results.found
        if found is None or found.message is not None or not (found.classes or found.quantities):
            title, words = self._nothing()
            self._empty.say(title, words)
            self._stack.setCurrentIndex(0)
            return
        self.part.setCurrentIndex(self.part.findData(found.part))
        chosen = self.target.currentText()
        self.target.blockSignals(True)
        self.target.clear()
        targets: tuple[Classes | Quantities, ...] = (*found.classes, *found.quantities)
        for one in targets:
            self.target.addItem(one.target, one)
        self.target.setCurrentIndex(max(0, self.target.findText(chosen)))
        self.target.setVisible(self.target.count() > 1)
        self.target.blockSignals(False)
        self._stack.setCurrentIndex(1)
        self._show_target()

    def _nothing(self) -> tuple[str, str]:
        found = self._results.found
        if self._results.is_asking:
            return self.tr("Looking at the data…"), self.tr("The network is asked about every sample.")
        if found is None:
            return self.tr("No results yet"), self.tr(
                "When a run is over, this shows what its network does with data that it has not learned from. Runs lead to earlier ones."
            )
        if found.message is not None:
            return self.tr("There are no results"), found.message
        return self.tr("Nothing to show"), self.tr("What this network gives are more words than a picture has room for.")

    def _show_target(self) -> None:
        one = self.target.currentData()
        chosen = self.kind.currentText()
        self.kind.blockSignals(True)
        self.kind.clear()
        if isinstance(one, Classes):
            self.kind.addItem(self.tr("Confusions"), "")
            self.kind.addItem(self.tr("ROC curves"), "roc_plot")
            self.kind.addItem(self.tr("Precision and recall"), "precision_plot")
        else:
            self.kind.addItem(self.tr("Found and expected"), "scatter_plot")
            self.kind.addItem(self.tr("Differences"), "differences_plot")
        self.kind.setCurrentIndex(max(0, self.kind.findText(chosen)))
        self.kind.blockSignals(False)
        found, name = self._results.found, self._results.name
        assert found is not None
        self.words.setText(self.tr("{0}\nRun {1}, {2} samples").format(self._summary(one), name, count_text(found.samples)))
        self._show_kind()

    def _summary(self, one: Classes | Quantities) -> str:
        if isinstance(one, Classes):
            return self.tr("{0:.1%} right").format(one.accuracy)
        return self.tr("R² {0}\nDifferences {1} ± {2}").format(*map(measure_text, (one.explained, one.mean, one.spread)))

    def _show_kind(self) -> None:
        plot = self.kind.currentData()
        if self._stack.currentIndex() != 1 or plot is None:
            return
        if plot:
            self._show_plot(plot)
        else:
            self._show_matrix()

    # classes

    def _show_matrix(self) -> None:
        one = self.target.currentData()
        self._body.setCurrentIndex(0)
        self.matrix.show_counts(one.labels, one.counts)

    def _show_mistakes(self, cell: tuple[int, int] | None) -> None:
        one: Classes = self.target.currentData()
        shown = [m for m in one.mistakes if cell is None or (m.expected, m.found) == cell]
        self.caption.setText(self.matrix.words(cell) if cell is not None else self._all_mistakes(one))
        self.mistakes.clear()
        pictures = any(mistake.sample.picture for mistake in shown)
        self.mistakes.setViewMode(QListWidget.ViewMode.IconMode if pictures else QListWidget.ViewMode.ListMode)
        if pictures:
            self.mistakes.setIconSize(QSize(PICTURE, PICTURE))
            self.mistakes.setSpacing(SPACE.tight)
        for mistake in shown:
            self.mistakes.addItem(self._item(mistake))

    def _all_mistakes(self, one: Classes) -> str:
        wrong = sum(map(sum, one.counts)) - sum(row[place] for place, row in enumerate(one.counts))
        if not wrong:
            return self.tr("Nothing is taken for anything else")
        return self.tr("{0} mistakes, the surest first").format(count_text(wrong))

    def _item(self, mistake: Mistake) -> QListWidgetItem:
        sample = mistake.sample
        sure = self.tr("{0:.0%} sure").format(mistake.share)
        if sample.picture:
            item = QListWidgetItem(QIcon(picture_of(sample, self.devicePixelRatioF())), f"{sample.expected} → {sample.found}")
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
        else:
            item = QListWidgetItem(f"{sample.given}  ·  {sample.expected} → {sample.found}")
        item.setToolTip(self.tr("Sample {0}: {1}, taken for {2}, {3}").format(mistake.number, sample.expected, sample.found, sure))
        item.setData(Qt.ItemDataRole.UserRole, mistake.number)
        return item

    def _choose(self, item: QListWidgetItem) -> None:
        self.sample_chosen.emit(self.part.currentData(), item.data(Qt.ItemDataRole.UserRole))

    # plots

    def _show_plot(self, name: str) -> None:
        from app.panels import result_plots, still_plot  # draw, which takes long to load

        if self._view is None:
            self._view = still_plot.still_plot("", "")
            self._plots.insertWidget(0, self._view, 1)
        one = self.target.currentData()
        self._view.clear()
        getattr(result_plots, name)(self._view, one)
        self._legend.setVisible(isinstance(one, Classes))
        self._legend.setText(result_plots.legend(one, name) if isinstance(one, Classes) else "")
        self._body.setCurrentIndex(1)
