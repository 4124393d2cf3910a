"""Draws a run's results into an empty plot."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor

from app.panels.still_plot import dress
from app.theme.style import current
from graph_engine.training.results import Classes, Quantities

_MOST_POINTS = 2000
_BINS = 41

Points = tuple[tuple[float, ...], tuple[float, ...]]


def roc_plot(view: pg.PlotWidget, one: Classes) -> None:
    """For each class, what is found of it against what is taken for it."""
    dress(view, _tr("false positive rate"), _tr("true positive rate"))
    view.plot([0, 1], [0, 1], pen=_dashes())
    _add_curves(view, [curve.roc for curve in one.curves])


def precision_plot(view: pg.PlotWidget, one: Classes) -> None:
    """For each class, how much of what is taken for it is right, against what is found of it."""
    dress(view, _tr("recall"), _tr("precision"))
    _add_curves(view, [curve.precision for curve in one.curves])


def scatter_plot(view: pg.PlotWidget, one: Quantities) -> None:
    """What was found against what was expected."""
    dress(view, _tr("expected"), _tr("found"))
    low, high = min(*one.expected, *one.found), max(*one.expected, *one.found)
    view.plot([low, high], [low, high], pen=_dashes())
    every = max(1, len(one.expected) // _MOST_POINTS)
    colour = QColor(current().series[0])
    colour.setAlphaF(0.6)
    view.addItem(pg.ScatterPlotItem(one.expected[::every], one.found[::every], size=5, pen=None, brush=colour))


def differences_plot(view: pg.PlotWidget, one: Quantities) -> None:
    """How the differences are spread."""
    dress(view, _tr("found less expected"), _tr("how many"))
    counts, edges = np.histogram(np.array(one.found) - np.array(one.expected), bins=_BINS)
    view.addItem(pg.BarGraphItem(x0=edges[:-1], x1=edges[1:], height=counts, brush=QColor(current().series[0]), pen=None))
    view.addItem(pg.InfiniteLine(0, angle=90, pen=_dashes()))


def legend(one: Classes, plot: str) -> str:
    """The curves of a plot by colour, with the area below each, as rich text."""
    colours = current().series
    title = _tr("Area below, worst first") if plot == "roc_plot" else _tr("Mean precision, worst ROC first")
    rows = [
        f'<tr><td><font color="{colours[place % len(colours)]}">■</font>&nbsp;</td><td>{escape(curve.label)}&nbsp;&nbsp;</td>'
        f"<td align=right>{curve.area if plot == 'roc_plot' else curve.mean:.3f}</td></tr>"
        for place, curve in enumerate(one.curves)
    ]
    return f"<table><tr><td colspan=3>{title}</td></tr>{''.join(rows)}</table>"


def _add_curves(view: pg.PlotWidget, curves: Sequence[Points]) -> None:
    colours = current().series
    for place, points in enumerate(curves):
        view.plot(*points, pen=pg.mkPen(colours[place % len(colours)], width=2), antialias=True)


def _dashes() -> object:
    return pg.mkPen(current().border_strong, style=Qt.PenStyle.DashLine)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ResultPlots", text)
