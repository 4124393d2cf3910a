"""Curves: what is drawn of many values, what is never hidden, and what a person who looks closer keeps."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.panels.plot import Plot
from app.series import Overlay, Series, smoothed


def filled(values: np.ndarray, batch: int = 777) -> Series:
    """A series that came in batches."""
    series = Series()
    for start in range(0, len(values), batch):
        series.extend(np.arange(start + 1, min(start + batch, len(values)) + 1), values[start : start + batch])
    return series


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("first", "last"), [(0, 300_000), (0, 1_000_000), (123_456, 234_567), (50, 120), (70_000, 71_500)])
def test_a_curve_holds_the_extremes_of_each_column(first: int, last: int, log: bool) -> None:
    values = np.random.default_rng(0).standard_normal(300_000)
    values[150_000] = math.nan
    series = filled(values)
    curve = series.curve(first, last, 200, log)
    assert len(curve.steps) <= 202
    begin, end = max(first, 1), min(last, len(values))
    inside = values[begin - 1 : end]
    assert float(np.nanmin(curve.low)) <= np.float32(np.nanmin(inside)) + 1e-7
    assert float(np.nanmax(curve.high)) >= np.float32(np.nanmax(inside)) - 1e-7
    assert np.all(np.diff(curve.steps) > 0)
    if not log and len(curve.steps) == 200:
        assert np.nanmean(curve.mean) == pytest.approx(np.nanmean(inside), abs=0.01)


def test_what_is_not_finite_is_kept_apart_and_told() -> None:
    series = Series()
    series.extend(range(1, 7), [1.0, math.nan, 3.0, math.inf, -math.inf, 2.0])
    assert series.bounds == (1.0, 3.0)
    assert math.isnan(series.at(2.2))
    steps, values = series.odd(0, 10, 100)
    assert steps.tolist() == [2, 4, 5]
    assert str(values.tolist()) == "[nan, inf, -inf]"
    assert np.array_equal(series.curve(0, 10, 100).high, [1.0, math.nan, 3.0, math.nan, math.nan, 2.0], equal_nan=True)


def test_a_resumed_run_writes_over_what_came_after_its_checkpoint() -> None:
    series = filled(np.arange(1000.0))
    series.extend([901, 902], [5.0, 6.0])
    assert len(series) == 902
    assert series.last == 6.0
    assert series.at(900) == 899.0
    assert series.bounds == (0.0, 899.0)


def test_the_smoothed_line_is_the_mean_around_each_place() -> None:
    places, values = np.arange(100.0), np.arange(100.0)
    values[50] = math.nan
    line = smoothed(places, values, 10.0)
    assert line[30] == 30.0
    assert math.isnan(line[50])
    assert line[0] == 2.5


@pytest.fixture
def plot(qtbot: QtBot) -> Plot:
    plot = Plot("loss", "Loss")
    qtbot.addWidget(plot)
    plot.resize(500, 300)
    plot.show()
    return plot


def series_of(count: int) -> dict[str, Series]:
    return {"train/loss": filled(1.0 / np.sqrt(np.arange(1.0, count + 1))), "val/loss": filled(np.full(3, 0.5))}


def test_zoom_holds_while_data_streams_until_a_double_click(qtbot: QtBot, plot: Plot) -> None:
    plot.show_series(series_of(100))
    box = plot.view.getViewBox()
    box.setRange(xRange=(20, 40), padding=0)
    box.sigRangeChangedManually.emit([True, True])
    assert plot.is_held
    plot.show_series(series_of(1000))
    assert box.viewRange()[0] == [20, 40]
    qtbot.mouseDClick(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(250, 150))
    assert not plot.is_held
    assert box.viewRange()[0][1] >= 1000


def test_logarithmic_axes_show_the_same_values(plot: Plot) -> None:
    plot.show_series(series_of(1000))
    plot.log_y.setChecked(True)
    plot.log_x.setChecked(True)
    (left, right), (bottom, top) = plot.view.getViewBox().viewRange()
    assert left == 0.0
    assert right == pytest.approx(math.log10(1250))
    assert bottom < math.log10(1 / math.sqrt(1000)) < 0.0 < top
    first = plot._lines["train"].raw.path().elementAt(0)
    assert (first.x, first.y) == (0.0, 0.0)


def test_the_cursor_tells_values_of_every_run(qtbot: QtBot, plot: Plot) -> None:
    plot.show_series(series_of(100))
    plot.show_overlays([Overlay("before", 2, {"train/loss": filled(np.full(100, 0.25)), "val/loss": Series()})])
    place = plot.view.getViewBox().mapViewToScene(QPointF(25.0, 0.5))
    plot._on_pointer(place)
    assert "0.2000" in plot._legend.text()
    assert "before" in plot._legend.text()
    assert "0.2500" in plot._legend.text()


def test_a_plot_is_written_as_table_and_as_pictures(plot: Plot, tmp_path: Path) -> None:
    plot.show_series(series_of(100))
    plot.show_overlays([Overlay("before", 2, {"train/loss": filled(np.full(5, 0.25))})])
    for name in ("plot.csv", "plot.svg", "plot.png"):
        plot.write(tmp_path / name)
    with (tmp_path / "plot.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 100 + 3 + 5
    assert rows[3] == {"run": "", "split": "train", "step": "4", "loss": "0.5"}
    assert (tmp_path / "plot.svg").read_text().count("<path") > 1
    assert "<image" not in (tmp_path / "plot.svg").read_text()
    assert (tmp_path / "plot.png").stat().st_size > 1000
    assert plot.menu_button.isVisible()


@pytest.mark.parametrize("width", [170, 220, 320, 520, 900])
def test_the_legend_is_never_cut(qtbot: QtBot, plot: Plot, width: int) -> None:
    plot.show_series(series_of(50))
    plot.resize(width, 200)
    legend = plot.findChildren(QLabel)[1]
    qtbot.waitUntil(lambda: legend.width() >= legend.sizeHint().width())
    assert "●" in legend.text()
