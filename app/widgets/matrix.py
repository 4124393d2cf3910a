"""A confusion matrix: what a sample is, against what the network says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.theme.style import current, sans
from app.theme.tokens import RADIUS, SPACE, TYPE

_LABEL = 96.0
"""Most width of a label."""

_WIDEST, _HIGHEST = 40.0, 28.0
"""Most size of a cell."""

_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class ConfusionMatrix(QWidget):
    """Counts in cells, each shaded by its share of its row; a row for each class that it is, a column for each that is said.

    Mouse or arrow keys choose a cell; Esc chooses none.

    Signals:
        chosen: a cell as (row, column), or None.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._counts: tuple[tuple[int, ...], ...] = ()
        self.cell: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.setAccessibleName(self.tr("Confusion matrix"))

    def sizeHint(self) -> QSize:
        count = len(self._labels)
        return QSize(round(self._label_width() + SPACE.near + count * _WIDEST) + 1, round((count + 1) * _HIGHEST))

    def show_counts(self, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
        """Shows these counts, no cell chosen."""
        self._labels, self._counts = tuple(labels), tuple(map(tuple, counts))
        self._choose(None)
        self.updateGeometry()

    def words(self, cell: tuple[int, int]) -> str:
        """What a cell says."""
        row, column = cell
        count, of = self._counts[row][column], sum(self._counts[row])
        if row == column:
            return self.tr("{0}: {1} of {2} right").format(self._labels[row], count, of)
        return self.tr("{0} taken for {1}: {2} of {3}").format(self._labels[row], self._labels[column], count, of)

    def cell_at(self, point: QPoint) -> tuple[int, int] | None:
        """The cell below a point."""
        field, cell = self._field()
        column, row = int((point.x() - field.left()) // cell.width()), int((point.y() - field.top()) // cell.height())
        count = len(self._labels)
        return (row, column) if 0 <= row < count and 0 <= column < count else None

    def centre_of(self, cell: tuple[int, int]) -> QPoint:
        """The middle of a cell."""
        return self._box(*cell).center().toPoint()

    def _field(self) -> tuple[QRectF, QSizeF]:
        """Where the cells are, and the size of one."""
        count = max(1, len(self._labels))
        left, top = self._label_width() + SPACE.near, QFontMetricsF(sans(TYPE.small)).height() + SPACE.hair
        width, height = (self.width() - left - 1) / count, (self.height() - top - 1) / count
        cell = QSizeF(max(1.0, min(width, _WIDEST)), max(1.0, min(height, _HIGHEST)))
        return QRectF(left, top, cell.width() * count, cell.height() * count), cell

    def _box(self, row: int, column: int) -> QRectF:
        field, cell = self._field()
        return QRectF(field.topLeft() + QPointF(column * cell.width(), row * cell.height()), cell)

    def _label_width(self) -> float:
        metrics = QFontMetricsF(sans(TYPE.small))
        return min(_LABEL, max((metrics.horizontalAdvance(label) for label in self._labels), default=0.0))

    def _choose(self, cell: tuple[int, int] | None) -> None:
        self.cell = cell
        self.setAccessibleDescription(self.words(cell) if cell is not None else "")
        self.chosen.emit(cell)
        self.update()

    # Qt's events

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, (field, cell) = current(), self._field()
        painter = QPainter(self)
        painter.setFont(sans(TYPE.small))
        metrics = painter.fontMetrics()
        is_legible = cell.height() >= metrics.ascent() + SPACE.hair
        painter.setPen(QColor(theme.text_muted))
        for place, label in enumerate(self._labels if is_legible else ()):
            text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(field.left() - SPACE.near))
            row = QRectF(0, field.top() + place * cell.height(), field.left() - SPACE.near, cell.height())
            painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            short = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(cell.width() - SPACE.hair))
            column = QRectF(field.left() + place * cell.width(), 0, cell.width(), field.top())
            painter.drawText(column, Qt.AlignmentFlag.AlignCenter, short)
        painter.setPen(QColor(theme.text))
        for row_number, counts in enumerate(self._counts):
            of = max(1, sum(counts))
            for column_number, count in enumerate(counts):
                box = self._box(row_number, column_number).adjusted(0.5, 0.5, -0.5, -0.5)
                fill = QColor(theme.accent if row_number == column_number else theme.warning)
                fill.setAlphaF(0.0 if count == 0 else 0.2 + 0.5 * count / of)
                painter.fillRect(box, QColor(theme.surface_sunken))
                painter.fillRect(box, fill)
                if count and is_legible and metrics.horizontalAdvance(str(count)) < box.width():
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(count))
        if self.cell is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.text_muted), 2))
            painter.drawRoundedRect(self._box(*self.cell).adjusted(1, 1, -1, -1), RADIUS.small, RADIUS.small)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self.cell_at(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS and self._labels:
            down, right = _STEPS[key]
            row, column = self.cell or (0, 0)
            last = len(self._labels) - 1
            inside = (min(max(row + down, 0), last), min(max(column + right, 0), last))
            self._choose(inside if self.cell is not None else (row, column))
        elif key == Qt.Key.Key_Escape and self.cell is not None:
            self._choose(None)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(event.pos())
            QToolTip.showText(event.globalPos(), self.words(cell) if cell is not None else "", self)
            return True
        return super().event(event)
