"""How the selected node fares while the network trains: figures, what it gives over time, its gradient and the changes of its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from app.theme.style import current, mono
from app.theme.tokens import SPACE, TYPE
from app.vitals import Vitals
from app.widgets.form import Facts
from app.widgets.section import Section
from graph_engine.training.health import Measures

ROWS = 48
"""Rows of a heat map."""
COLUMNS = 160
"""Looks that are shown at most; of more, some are left out in equal distances."""
GUTTER = 44
"""Room for figures at the left."""
FOOT = 16
"""Room for steps below."""
USUAL = 1e-3
"""What a step changes weights by where a network learns well, as a share of their size."""

Looks = Sequence[tuple[int, Measures]]


class HealthSection(Section):
    """What was measured of one node; hidden where nothing was."""

    def __init__(self, vitals: Vitals, parent: QWidget | None = None):
        super().__init__(QCoreApplication.translate("HealthSection", "Health in Training"), parent=parent)
        self._vitals = vitals
        self._node: str | None = None
        self.places = QComboBox()
        self.places.setAccessibleName(self.tr("Use of the node"))
        self.places.setToolTip(self.tr("The node is used more than once: which use is shown"))
        self.places.currentIndexChanged.connect(self._show_place)
        self.body.addWidget(self.places)
        self.facts = Facts()
        self.body.addWidget(self.facts)
        self.results = HeatMap(self.tr("What it gives, step by step"))
        self.gradient = Trace(self.tr("Gradient of its weights"))
        self.update_ = Trace(self.tr("Change of its weights at a step"), USUAL)
        for picture in (self.results, self.gradient, self.update_):
            self.body.addWidget(picture)
        vitals.changed.connect(self.refresh)
        self.refresh()

    def show_node(self, node: str | None) -> None:
        """Shows another node, or none."""
        self._node = node
        self.refresh()

    def refresh(self) -> None:
        """Shows what was measured by now."""
        self._looks = self._vitals.of(self._node) if self._node is not None else {}
        self.setVisible(bool(self._looks))
        paths = list(self._looks)
        if paths != [self.places.itemData(i) for i in range(self.places.count())]:
            self.places.blockSignals(True)
            self.places.clear()
            for path in paths:
                self.places.addItem(path or self.tr("the network"), path)
            self.places.blockSignals(False)
        self.places.setVisible(len(paths) > 1)
        self._show_place()

    def _show_place(self, *_: object) -> None:
        looks = self._looks.get(self.places.currentData() or "", [])
        if not looks:
            return
        step, last = looks[-1]
        figures = {
            self.tr("Step"): f"{step:,}",
            self.tr("Mean ± spread"): f"{last.mean:.3g} ± {last.spread:.3g}" if last.mean is not None and last.spread is not None else None,
            self.tr("Range"): f"{last.least:.3g} … {last.greatest:.3g}" if last.least is not None and last.greatest is not None else None,
            self.tr("Dead units"): f"{last.constant:.0%}" if last.constant is not None else None,
            self.tr("At its bounds"): f"{last.saturated:.0%}" if last.saturated is not None else None,
            self.tr("Commonest class"): f"{last.commonest:.0%}" if last.commonest is not None else None,
            self.tr("Gradient"): f"{last.gradient:.2e}" if last.gradient is not None else None,
            self.tr("Weights"): f"{last.weights:.3g}" if last.weights is not None else None,
            self.tr("Change at a step"): f"{last.update:.2e}" if last.update is not None else None,
        }
        self.facts.show_facts({name: text for name, text in figures.items() if text is not None})
        looks = looks[:: math.ceil(len(looks) / COLUMNS)]
        self.results.show_looks([(step, look) for step, look in looks if look.histogram])
        self.gradient.show_values([(step, look.gradient) for step, look in looks if look.gradient is not None])
        self.update_.show_values([(step, look.update) for step, look in looks if look.update is not None])


class _Picture(QWidget):
    """A title above something over steps, with figures at its edges."""

    def __init__(self, title: str, height: int, parent: QWidget | None = None):
        super().__init__(parent)
        self._title = title
        self._height = height
        self._steps: list[int] = []
        self._font = mono(TYPE.small)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)

    def sizeHint(self) -> QSize:
        return QSize(200, self._height)

    def _begin(self, painter: QPainter, low: str, high: str) -> QRectF:
        """Paints all around the picture, and gives its room."""
        theme, metrics = current(), QFontMetrics(self._font)
        line = QFontMetrics(self.font()).height()
        painter.setPen(QColor(theme.text_muted))
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._title)
        room = QRectF(GUTTER, line + SPACE.tight, self.width() - GUTTER, self.height() - line - SPACE.tight - FOOT)
        painter.setFont(self._font)
        painter.setPen(QColor(theme.text_faint))
        figures = Qt.AlignmentFlag.AlignRight
        left = GUTTER - SPACE.tight
        painter.drawText(QRectF(0, room.top() - 2, left, metrics.height()), figures | Qt.AlignmentFlag.AlignTop, high)
        painter.drawText(
            QRectF(0, room.bottom() - metrics.height() + 2, left, metrics.height()), figures | Qt.AlignmentFlag.AlignBottom, low
        )
        below = QRectF(room.left(), room.bottom() + 1, room.width(), FOOT)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{self._steps[0]:,}")
        if len(self._steps) > 1:
            painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{self._steps[-1]:,}")
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.surface_sunken))
        painter.drawRect(room)
        return room.adjusted(1, 1, -1, -1)


class HeatMap(_Picture):
    """A column for each look: the darker, the more of the results lie there."""

    def __init__(self, title: str, parent: QWidget | None = None):
        super().__init__(title, 116, parent)
        self._shares: NDArray[np.float64] = np.zeros((ROWS, 0))
        self._low, self._high = 0.0, 1.0

    def show_looks(self, looks: Looks) -> None:
        """Shows the histograms of these looks."""
        self.setVisible(bool(looks))
        if not looks:
            return
        self._steps = [step for step, _ in looks]
        self._low = float(np.quantile([look.least for _, look in looks if look.least is not None], 0.05))
        self._high = float(np.quantile([look.greatest for _, look in looks if look.greatest is not None], 0.95))
        if self._high <= self._low:
            self._low, self._high = self._low - 0.5, self._high + 0.5
        self._shares = np.stack([column(look, self._low, self._high) for _, look in looks], axis=1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._steps:
            return
        painter = QPainter(self)
        room = self._begin(painter, f"{self._low:.2g}", f"{self._high:.2g}")
        colour = QColor(current().accent)
        pixels = np.zeros((*self._shares.shape, 4), np.uint8)
        pixels[..., 0], pixels[..., 1], pixels[..., 2] = colour.blue(), colour.green(), colour.red()
        pixels[..., 3] = np.round(255 * np.sqrt(self._shares))
        rows, columns = self._shares.shape
        image = QImage(np.ascontiguousarray(pixels[::-1]).data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32)
        painter.drawImage(room, image)


class Trace(_Picture):
    """A line over the looks, on a logarithmic scale."""

    def __init__(self, title: str, usual: float | None = None, parent: QWidget | None = None):
        super().__init__(title, 92, parent)
        self._usual = usual
        self._values: list[float] = []

    def show_values(self, values: Sequence[tuple[int, float]]) -> None:
        """Shows these; those that are 0 or no number leave a gap."""
        self.setVisible(bool(values))
        self._steps = [step for step, _ in values]
        self._values = [math.log10(value) if value > 0 and math.isfinite(value) else math.nan for _, value in values]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        finite = [value for value in self._values if math.isfinite(value)]
        if not self._steps:
            return
        if self._usual is not None:
            finite.append(math.log10(self._usual))
        low, high = (math.floor(min(finite)), math.ceil(max(finite))) if finite else (-1, 0)
        high = max(high, low + 1)
        painter = QPainter(self)
        room = self._begin(painter, f"1e{low}", f"1e{high}")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

        def height(value: float) -> float:
            return room.bottom() - (value - low) / (high - low) * room.height()

        if self._usual is not None:
            painter.setPen(QPen(QColor(current().success), 1, Qt.PenStyle.DashLine))
            y = height(math.log10(self._usual))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        across = room.width() / max(1, len(self._values) - 1)
        painter.setPen(QPen(QColor(current().accent), 1.5))
        painter.setBrush(QColor(current().accent))
        for part in _runs(self._values):
            points = [QPointF(room.left() + across * i, height(self._values[i])) for i in part]
            if len(points) == 1:
                painter.drawEllipse(points[0], 1.5, 1.5)
            else:
                painter.drawPolyline(QPolygonF(points))


def column(look: Measures, low: float, high: float) -> NDArray[np.float64]:
    """The histogram of a look on rows between two values, the greatest of them 1; what lies beyond is left out."""
    least, greatest = look.least or 0.0, look.greatest or 0.0
    edges = np.linspace(least, max(greatest, least + 1e-12 * max(1.0, abs(least))), len(look.histogram) + 1)
    summed = np.concatenate([[0.0], np.cumsum(look.histogram)])
    rows = np.linspace(low, high, ROWS + 1)
    rows[-1] = np.nextafter(rows[-1], np.inf)
    counts = np.diff(np.interp(rows, edges, summed, left=0.0, right=float(summed[-1])))
    counts = np.clip(counts, 0.0, None)
    shares: NDArray[np.float64] = counts / counts.max() if counts.max() > 0 else counts
    return shares


def _runs(values: Sequence[float]) -> list[list[int]]:
    """The places of finite values, those next to each other together."""
    found: list[list[int]] = []
    for place, value in enumerate(values):
        if math.isfinite(value):
            if found and found[-1][-1] == place - 1:
                found[-1].append(place)
            else:
                found.append([place])
    return found
