"""A plot that does not move: labelled axes in the theme's colours, nothing to drag."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QColor

from app.panels.plot_items import Axis
from app.theme.style import current, sans
from app.theme.tokens import TYPE


def still_plot(bottom: str, left: str) -> pg.PlotWidget:
    """An empty plot with these labels."""
    view = pg.PlotWidget(axisItems={side: Axis(side) for side in ("left", "bottom")})
    view.setMenuEnabled(False)
    view.hideButtons()
    view.setMouseEnabled(False, False)
    view.setFrameShape(view.Shape.NoFrame)
    dress(view, bottom, left)
    return view


def dress(view: pg.PlotWidget, bottom: str, left: str) -> None:
    """Gives a plot these labels, and the colours of the theme."""
    theme, item = current(), view.getPlotItem()
    view.setBackground(QColor(theme.surface))
    item.showGrid(x=False, y=True, alpha=0.12)
    for side, label in (("left", left), ("bottom", bottom)):
        axis = item.getAxis(side)
        axis.setPen(pg.mkPen(theme.border))
        axis.setTextPen(pg.mkPen(theme.text_faint))
        axis.setTickFont(sans(TYPE.small))
        axis.setStyle(tickLength=0, tickTextOffset=6)
        axis.enableAutoSIPrefix(False)
        axis.setLabel(label, color=theme.text_faint)
