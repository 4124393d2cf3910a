"""Colours, pens and fonts of the canvas, made once per theme: making them while painting would cost more than painting."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from app.canvas.flow import Kind
from app.theme import Theme, blend, category_icon, mono, sans
from app.theme.icons import glyph, icon_font

STROKE, FINE_STROKE = 1.6, 1.0
"""Width of edges. Qt paints up to one pixel five times as fast, which counts where there are many."""
FINE_FROM = 400
"""Number of edges in a graph from which the fine stroke is taken."""


class CategoryLook(NamedTuple):
    """How the cards of one category look.

    Attributes:
        accent: icon and connected ports.
        header: tint behind the name.
        block: solid fill for far zoom.
        icon: character in the icon font.
    """

    accent: QColor
    header: QColor
    block: QColor
    icon: str


class Look:
    """Everything that the canvas paints with, in one theme.

    Args:
        theme: its colours.
        paper: for a figure, made of shapes and words only: no shadows, no pictures that are kept, icons as outlines.
    """

    def __init__(self, theme: Theme, paper: bool = False):
        self.theme = theme
        self.paper = paper
        self.canvas = QColor(theme.canvas)
        self.grid = QColor(theme.grid)
        self.surface = QColor(theme.surface)
        self.text = QColor(theme.text)
        self.neutral = QColor(blend(theme.surface_sunken, theme.surface, 0.7))
        self.idle = QColor(blend(theme.border_strong, theme.canvas, 0.6))
        self.veil = QColor(theme.canvas)
        self.veil.setAlpha(165)
        self.muted = QColor(theme.text_muted)
        self.faint = QColor(theme.text_faint)
        self.error = QColor(theme.error)
        self.warning = QColor(theme.warning)
        self.well = QColor(theme.success)
        self.accent = QColor(theme.accent)
        self.port_rim = QPen(QColor(theme.border_strong), 1.4)
        self.hairline = QPen(QColor(theme.border), 1)
        self.track = QColor(blend(theme.border_strong, theme.surface, 0.3))
        self.outline = QPen(QColor(blend(theme.border_strong, theme.border, 0.25)), 1)
        self.outline_hover = QPen(QColor(theme.border_strong), 1.2)
        self.outline_idle = QPen(QColor(theme.border_strong), 1.4)
        self.outline_idle.setDashPattern([3, 2.4])
        self.outline_error = QPen(self.error, 1.6)
        self.ring = QPen(self.accent, 2)
        self.shadows = tuple(QColor(0, 0, 0, a) for a in ((46, 30) if theme.dark else (16, 9)))
        self.set_stroke(STROKE)
        self.draft = _round(self.accent, 2)
        self.draft_loose = QPen(self.draft)
        self.draft_loose.setStyle(Qt.PenStyle.CustomDashLine)
        self.draft_loose.setDashPattern([3, 3])
        tint = QColor(theme.accent)
        tint.setAlpha(30)
        self.band = QBrush(tint)
        self.band_pen = QPen(self.accent, 1)
        self.band_pen.setCosmetic(True)
        self.guide = QPen(QColor(blend(theme.accent, theme.canvas, 0.7)), 1)
        self.guide.setCosmetic(True)
        self.halo = QColor(theme.accent)
        self.halo.setAlpha(70)
        self.label_fill = QColor(theme.canvas)
        self.name_font = sans(12, QFont.Weight.DemiBold)
        self.body_font = sans(11)
        self.label_font = sans(10, QFont.Weight.Medium)
        self.figure_font = mono(10)
        self.icon_font = icon_font(14)
        self.badge_font = icon_font(13)
        self.error_badge = glyph("warning-circle-fill")
        self.warning_badge = glyph("warning-fill")
        self.signs = {"bypassed": glyph("arrow-arc-right"), "muted": glyph("speaker-slash")}
        self.name_metrics = QFontMetricsF(self.name_font)
        self.body_metrics = QFontMetricsF(self.body_font)
        self.label_metrics = QFontMetricsF(self.label_font)
        self.figure_metrics = QFontMetricsF(self.figure_font)
        self._flows = {kind: QColor(colour) for kind, colour in theme.flow.items()}
        self._categories: dict[str, CategoryLook] = {}
        self._widths: dict[str, float] = {}

    def set_stroke(self, width: float) -> None:
        """Makes the pens of edges anew."""
        theme = self.theme
        self.stroke = width
        self.edge = _round(QColor(theme.edge), width)
        self.edge_hover = _round(QColor(theme.text_muted), width + 0.8)
        self.edge_selected = _round(self.accent, width + 0.8)
        self.edge_waiting = _round(QColor(blend(theme.edge, theme.canvas, 0.5)), width)

    def label_width(self, label: str) -> float:
        """Width of the label of an edge, in scene units."""
        width = self._widths.get(label)
        if width is None:
            width = self._widths[label] = self.figure_metrics.horizontalAdvance(label) + 8
        return width

    def flow(self, kind: Kind) -> QColor:
        """The colour of what flows along an edge."""
        return self._flows.get(kind, self.muted)

    def category(self, name: str) -> CategoryLook:
        """How the cards of a category look."""
        found = self._categories.get(name)
        if found is None:
            theme = self.theme
            colour = theme.category[name]
            found = CategoryLook(
                QColor(colour),
                QColor(blend(colour, theme.surface, 0.16 if theme.dark else 0.1)),
                QColor(blend(colour, theme.surface, 0.55 if theme.dark else 0.5)),
                glyph(category_icon(name)),
            )
            self._categories[name] = found
        return found


def _round(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setCosmetic(width <= FINE_STROKE)
    return pen
