"""What was found by training a network for a moment: the curve, the answer in words, and a button that takes it over."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.panels.still_plot import still_plot
from app.session import Session
from app.theme.style import current
from app.theme.tokens import SPACE
from app.widgets.text import measure_text
from graph_engine.graph.commands import SetSettings
from graph_engine.training.events import Probed


class AnswerDialog(QDialog):
    """Shows the answer to one question.

    Args:
        answer: what the training process found.
    """

    def __init__(self, session: Session, answer: Probed, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._answer = answer
        self.setWindowTitle(self.tr("Learning rate") if answer.kind == "rate" else self.tr("One batch"))
        self.resize(560, 380)
        title, words = self._words()
        head = QLabel(title)
        head.setProperty("role", "title")
        self.words = QLabel(words)
        self.words.setWordWrap(True)
        self.words.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.wide, SPACE.wide, SPACE.wide, SPACE.wide)
        layout.setSpacing(SPACE.base)
        layout.addWidget(head)
        layout.addWidget(self.words)
        if answer.places:
            layout.addWidget(self._plot(), 1)
        buttons = QHBoxLayout()
        buttons.addStretch()
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.reject)
        buttons.addWidget(close)
        self.use_button: QPushButton | None = None
        if answer.kind == "rate" and answer.answer is not None:
            self.use_button = QPushButton(self.tr("Use {0:g}").format(answer.answer))
            self.use_button.setDefault(True)
            self.use_button.clicked.connect(self._use)
            buttons.addWidget(self.use_button)
        layout.addLayout(buttons)

    def _words(self) -> tuple[str, str]:
        answer = self._answer
        if answer.message is not None:
            return self.tr("There is no answer"), answer.message
        if answer.kind == "rate":
            if answer.answer is None:
                return self.tr("No learning rate stands out"), self.tr(
                    "The loss fell clearly at none: see whether one batch can be learned."
                )
            return (
                self.tr("A learning rate of {0:g} suits").format(answer.answer),
                self.tr("There the loss falls fastest. A network that is thrown away was trained with a higher rate at each step."),
            )
        first, last = (measure_text(loss) for loss in (answer.losses[0], answer.losses[-1]))
        if answer.answer is not None:
            return (
                self.tr("The network can learn"),
                self.tr("It knew a batch by heart after {0:.0f} steps: the loss fell from {1} to {2}.").format(answer.answer, first, last),
            )
        return (
            self.tr("One batch was not learned"),
            self.tr(
                "After {0} steps its loss went from {1} to {2}. Look for a learning rate that does not suit, strong regularization, "
                "an activation before the loss, or a network that is too small."
            ).format(len(answer.losses), first, last),
        )

    def _plot(self) -> pg.PlotWidget:
        answer, theme = self._answer, current()
        is_rate = answer.kind == "rate"
        view = still_plot(self.tr("learning rate") if is_rate else self.tr("step"), self.tr("loss"))
        places = np.log10(answer.places) if is_rate else np.array(answer.places)
        losses = np.array(answer.losses)
        known = np.isfinite(losses)
        view.plot(places[known], losses[known], pen=pg.mkPen(theme.series[0], width=2), antialias=True)
        view.getPlotItem().getAxis("bottom").setLogMode(x=is_rate)
        if is_rate and answer.answer is not None:
            pen = pg.mkPen(theme.series[1], width=1, style=Qt.PenStyle.DashLine)
            view.addItem(pg.InfiniteLine(math.log10(answer.answer), angle=90, pen=pen))
        return view

    def _use(self) -> None:
        part = "training.optimizer.lr"
        self._session.execute(SetSettings(self._session.document.settings.replaced(part, self._answer.answer), part))
        self.accept()
