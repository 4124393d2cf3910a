"""What the selected node gives for the live sample: large, with its scale and its figures."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.live import Live
from app.pictures import facts, figure, height_for, paint_value
from app.session import Session
from app.theme import mono
from app.theme.shades import shades
from app.theme.style import current
from app.theme.tokens import SPACE
from app.widgets.layouts import clear
from app.widgets.section import Section
from graph_engine.training.live.value import TOP, NodeValue

SCALE = 20
HISTOGRAM = 56


class LiveSection(Section):
    """The outputs of one node; not there while there are none.

    Args:
        live: knows them.
        session: says which graph is shown.
    """

    def __init__(self, live: Live, session: Session, parent: QWidget | None = None):
        super().__init__("", parent=parent)
        self.set_title(self.tr("Live sample"))
        self._live = live
        self._node: str | None = None
        self._shown: list[NodeValue] = []
        self._column = QVBoxLayout()
        self._column.setSpacing(SPACE.near)
        self.body.addLayout(self._column)
        live.changed.connect(self.refresh)
        session.checked_changed.connect(self.refresh)
        self.hide()

    def show_node(self, node: str | None) -> None:
        """Shows the values of this node from now on; of none where it is None."""
        self._node = node
        self.refresh()

    def refresh(self) -> None:
        """Shows what is known now."""
        live = self._live
        values = live.values(self._node) if self._node is not None and live.is_on else []
        self.setVisible(bool(values))
        if values == self._shown:
            return
        self._shown = values
        clear(self._column)
        for value in values:
            if len(values) > 1:
                name = QLabel(self.tr("attention, computed for display") if value.port == "attention" else value.port)
                name.setProperty("role", "muted")
                self._column.addWidget(name)
            self._column.addWidget(ValuePicture(value))
            if value.tiles and value.kind != "picture":
                self._column.addWidget(Scale(value))
            if any(value.counts):
                self._column.addWidget(Histogram(value))
            self._column.addWidget(_figures([*facts(value), *self._more(value)]))

    def _more(self, value: NodeValue) -> list[tuple[str, str]]:
        if value.kind == "scores" and value.text:
            return [(self.tr("Expected"), value.text)]
        if value.kind == "text" and value.labels:
            return [(self.tr("Expected"), value.labels[0])]
        if value.planes > value.tiles > 0:
            return [(self.tr("Shown"), self.tr("{0} of {1} planes").format(value.tiles, value.planes))]
        return []


class ValuePicture(QWidget):
    """One value as a picture."""

    def __init__(self, value: NodeValue, parent: QWidget | None = None):
        super().__init__(parent)
        self.value = value
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(value.text or value.port)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(height_for(self.value, width))

    def sizeHint(self) -> QSize:
        return QSize(260, self.heightForWidth(260))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_value(painter, self.value, QRectF(self.rect()), current(), large=True)


class Scale(QWidget):
    """Which colour stands for which number."""

    def __init__(self, value: NodeValue, parent: QWidget | None = None):
        super().__init__(parent)
        self._value = value
        self.setFixedHeight(SCALE)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, value = current(), self._value
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(mono(10))
        painter.setPen(QColor(theme.text_muted))
        metrics = QFontMetricsF(mono(10))
        low, high = figure(value.low), figure(value.high)
        left, right = metrics.horizontalAdvance(low) + 8, metrics.horizontalAdvance(high) + 8
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, high)
        bar = QRectF(left, SCALE / 2 - 4, max(10.0, self.width() - left - right), 8)
        colours = QLinearGradient(bar.topLeft(), bar.topRight())
        table = shades(theme, value.signed)
        for step in range(17):
            colours.setColorAt(step / 16, QColor.fromRgb(int(table[step * TOP // 16])))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours)
        painter.drawRoundedRect(bar, 2, 2)


class Histogram(QWidget):
    """How many numbers are of which size."""

    def __init__(self, value: NodeValue, parent: QWidget | None = None):
        super().__init__(parent)
        self._value = value
        self.setFixedHeight(HISTOGRAM)
        self.setToolTip(self.tr("How many of the numbers lie where between the least and the greatest"))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, value = current(), self._value
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        most, width = max(value.counts), self.width() / len(value.counts)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        room = HISTOGRAM - 16
        for place, count in enumerate(value.counts):
            height = max(1.0, room * count / most) if count else 0.0
            painter.drawRect(QRectF(place * width, room - height, max(1.0, width - 1), height))
        painter.setPen(QColor(theme.border_strong))
        painter.drawLine(0, room, self.width(), room)
        painter.setFont(mono(10))
        painter.setPen(QColor(theme.text_muted))
        below = QRectF(0, room + 2, self.width(), 14)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, figure(value.least))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, figure(value.most))


def _figures(rows: list[tuple[str, str]]) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(SPACE.base)
    grid.setVerticalSpacing(SPACE.hair)
    grid.setColumnStretch(1, 1)
    for number, (name, text) in enumerate(rows):
        label, words = QLabel(name), QLabel(text)
        label.setProperty("role", "muted")
        words.setProperty("role", "mono")
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words, number, 1)
    return table
