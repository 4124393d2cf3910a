"""The bar below the canvas that chooses the live sample and says with which weights it is computed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.actions import Actions
from app.live import PARTS, Live
from app.theme import SPACE, icon

MESSAGE_WIDTH = 420
"""Pixels beyond which a sentence is cut; a tip tells it whole."""


class LiveBar(QFrame):
    """Shown while live samples are.

    Args:
        live: what it shows and steers.
        actions: of the window, by id.
    """

    def __init__(self, live: Live, actions: Actions, parent: QWidget | None = None):
        super().__init__(parent)
        self._live = live
        self.setProperty("role", "strip")
        self.setAccessibleName(self.tr("Live sample"))
        self.part = QComboBox()
        self.part.setAccessibleName(self.tr("Part of the data"))
        for part, name in zip(PARTS, (self.tr("Validation"), self.tr("Training"), self.tr("Test")), strict=True):
            self.part.addItem(name, part)
        self.part.activated.connect(lambda: live.choose(self.part.currentData()))
        self.number = QLineEdit()
        self.number.setAccessibleName(self.tr("Number of the sample"))
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.setFixedWidth(52)
        self.number.editingFinished.connect(self._go)
        self.turn = QComboBox()
        self.turn.setAccessibleName(self.tr("Turn of the group"))
        self.turn.setToolTip(self.tr("The group is repeated: the values are those of this turn"))
        self.turn.activated.connect(live.choose_turn)
        self.of = QLabel()
        self.of.setProperty("role", "muted")
        self.expected = QLabel()
        self.expected.setTextFormat(Qt.TextFormat.PlainText)
        self.weights = QLabel()
        self.weights.setProperty("role", "muted")
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.wide, SPACE.tight, SPACE.near, SPACE.tight)
        row.setSpacing(SPACE.tight)
        row.addWidget(self.part)
        row.addWidget(_button(actions["live_previous"]))
        row.addWidget(self.number)
        row.addWidget(self.of)
        row.addWidget(_button(actions["live_next"]))
        row.addWidget(_button(actions["live_random"]))
        row.addWidget(self.turn)
        row.addSpacing(SPACE.tight)
        row.addWidget(self.expected)
        row.addSpacing(SPACE.tight)
        row.addWidget(self.weights)
        row.addWidget(self.message)
        row.addStretch(1)
        self.off = _plain_button()
        self.off.setIcon(icon("x"))
        self.off.setToolTip(self.tr("Hide the live sample"))
        self.off.clicked.connect(live.toggle)
        row.addWidget(self.off)
        live.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Says what is shown now."""
        live, answer = self._live, self._live.answer
        self.setVisible(live.is_on)
        if not live.is_on:
            return
        self.part.setCurrentIndex(PARTS.index(live.part))
        if not self.number.hasFocus():
            self.number.setText(str(live.sample + 1))
        turn, count = live.turn
        if self.turn.count() != count:
            self.turn.clear()
            self.turn.addItems([self.tr("Turn {0} of {1}").format(number + 1, count) for number in range(count)])
        self.turn.setCurrentIndex(turn)
        self.turn.setVisible(count > 1)
        self.of.setText(self.tr("of {0}").format(f"{answer.samples:,}") if answer is not None and answer.samples else "")
        said = answer is not None and not live.message
        expected = answer.expected if answer is not None and said else ""
        short = QFontMetrics(self.expected.font()).elidedText(expected, Qt.TextElideMode.ElideRight, 180)
        self.expected.setText(self.tr("expected: {0}").format(short) if expected else "")
        self.expected.setToolTip(expected if short != expected else "")
        self.weights.setText(self._words() if said else "")
        far = self.tr("Zoom in to see the values on the nodes.") if live.is_far else ""
        text = live.message or (self.tr("Computing…") if answer is None else far)
        self.message.setProperty("role", "error" if live.message else "muted")
        self.message.style().polish(self.message)
        self.message.setText(QFontMetrics(self.message.font()).elidedText(text, Qt.TextElideMode.ElideRight, MESSAGE_WIDTH))
        self.message.setToolTip(text if self.message.text() != text else "")
        for label in (self.expected, self.weights, self.message):
            label.setVisible(bool(label.text()))

    def _words(self) -> str:
        """With which weights the values are computed."""
        answer = self._live.answer
        if answer is None:
            return ""
        if answer.weights == "training":
            return self.tr("as it trains, step {0}").format(f"{answer.step:,}")
        if answer.weights == "run":
            fresh = answer.tensors - answer.kept
            return (
                self.tr("weights of the last run, {0} of {1} fresh").format(fresh, answer.tensors)
                if fresh
                else self.tr("weights of the last run")
            )
        return self.tr("untrained weights")

    def _go(self) -> None:
        text = self.number.text().replace(",", "").strip()
        if text.isdecimal() and int(text) != self._live.sample + 1:
            self._live.go_to(max(0, int(text) - 1))
        self.number.setText(str(self._live.sample + 1))


def _button(action: QAction) -> QToolButton:
    button = _plain_button()
    button.setDefaultAction(action)
    return button


def _plain_button() -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
