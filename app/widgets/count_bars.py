"""Counts by name, one below the other, each with a bar: how many samples each class has."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.theme.style import current, mono, sans
from app.theme.tokens import SPACE, TYPE
from app.widgets.text import count_text

_ROW = 20
_BAR = 8.0
_LABEL = 140.0
"""Most width of a name."""


class CountBars(QWidget):
    """A row for each count; only those in view are drawn."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.rows: tuple[tuple[str, int], ...] = ()
        self._colour = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, rows: Sequence[tuple[str, int]]) -> None:
        """Shows names and their counts in this order."""
        self.rows = tuple(rows)
        self.setAccessibleDescription(", ".join(f"{name}: {count_text(count)}" for name, count in self.rows[:50]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, _ROW * len(self.rows))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            place = event.pos().y() // _ROW
            if 0 <= place < len(self.rows):
                QToolTip.showText(event.globalPos(), self._words(place), self)
            return True
        return super().event(event)

    def _words(self, place: int) -> str:
        name, count = self.rows[place]
        return self.tr("{0}: {1} samples, {2:.1%}").format(name, count_text(count), count / max(1, sum(c for _, c in self.rows)))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words, figures = QFontMetricsF(sans(TYPE.body)), QFontMetricsF(mono(TYPE.small))
        first, last = event.rect().top() // _ROW, min(len(self.rows), event.rect().bottom() // _ROW + 1)
        label = min(_LABEL, self.width() / 2.5, max((words.horizontalAdvance(name) for name, _ in self.rows), default=0.0) + 1)
        number = max((figures.horizontalAdvance(count_text(count)) for _, count in self.rows), default=0.0) + 1
        most = max((count for _, count in self.rows), default=0) or 1
        room = self.width() - label - number - 2 * SPACE.near
        for place in range(first, last):
            name, count = self.rows[place]
            top, middle = place * _ROW, place * _ROW + _ROW / 2
            painter.setPen(QColor(theme.text))
            painter.setFont(sans(TYPE.body))
            shown = words.elidedText(name, Qt.TextElideMode.ElideRight, label)
            painter.drawText(QRectF(0, top, label, _ROW), Qt.AlignmentFlag.AlignVCenter, shown)
            painter.setPen(Qt.PenStyle.NoPen)
            track = QRectF(label + SPACE.near, middle - _BAR / 2, room, _BAR)
            painter.setBrush(QColor(theme.surface_sunken))
            painter.drawRoundedRect(track, SPACE.hair, SPACE.hair)
            if count:
                painter.setBrush(QColor(theme.series[0]))
                track.setWidth(max(2.0, room * count / most))
                painter.drawRoundedRect(track, SPACE.hair, SPACE.hair)
            painter.setPen(QColor(theme.text_muted))
            painter.setFont(mono(TYPE.small, QFont.Weight.Normal))
            painter.drawText(
                QRectF(self.width() - number, top, number, _ROW),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                count_text(count),
            )
