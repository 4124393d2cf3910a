"""Prints what one update of a plot takes while data streams, painting included: ``python -m tests.benchmarks.bench_plots``.

Four curves: two of the current run, which grow, and two of an earlier run under them.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication

from app.panels.plot import Plot
from app.series import Overlay, Series
from app.startup import make_application

BATCH = 30


def filled(count: int, seed: int) -> Series:
    """A noisy curve that falls."""
    generator = np.random.default_rng(seed)
    series = Series()
    for start in range(0, count, 1 << 18):
        steps = np.arange(start + 1, min(start + (1 << 18), count) + 1)
        series.extend(steps, 2 / np.log10(10 + steps) + 0.1 * generator.standard_normal(len(steps)))
    return series


def measure(app: QApplication, count: int, log: str = "", updates: int = 300) -> None:
    """Prints median and 99th percentile of whole updates."""
    plot = Plot("loss", "Loss")
    plot.resize(1200, 400)
    current, before = ({"train/loss": filled(count, seed), "val/loss": filled(count, seed + 1)} for seed in (0, 2))
    plot.show()
    plot.show_overlays([Overlay("before", 2, before)])
    plot.log_x.setChecked("x" in log)
    plot.log_y.setChecked("y" in log)
    plot.show_series(current)
    app.processEvents()
    generator = np.random.default_rng(4)
    times = []
    for _ in range(updates):
        began = time.perf_counter()
        for series in current.values():
            step = int(series.last_step) + 1
            series.extend(np.arange(step, step + BATCH), generator.random(BATCH))
        plot.show_series(current)
        app.processEvents()
        times.append(1e3 * (time.perf_counter() - began))
    axes = f", logarithmic {log}" if log else ""
    print(f"4 curves of {count:>10,} values{axes}: median {np.median(times):.2f} ms, p99 {np.percentile(times, 99):.2f} ms")
    plot.close()


def plain(app: QApplication, count: int, updates: int = 100) -> None:
    """Prints the same of pyqtgraph's own curves, as what this machine takes for it."""
    view = pg.PlotWidget()
    view.resize(1200, 400)
    curves = [view.plot(pen=pg.mkPen(colour, width=1)) for colour in "rgbw"]
    values = np.random.default_rng(0).random((len(curves), count))
    view.show()
    app.processEvents()
    times = []
    for _ in range(updates):
        began = time.perf_counter()
        for curve, row in zip(curves, values, strict=True):
            curve.setData(row)
        app.processEvents()
        times.append(1e3 * (time.perf_counter() - began))
    print(f"pyqtgraph's own, 4 curves of {count:>6,} values: median {np.median(times):.2f} ms, p99 {np.percentile(times, 99):.2f} ms")
    view.close()


def main() -> None:
    """Runs all of it."""
    app = make_application()
    for count in (1000, 10_000):
        plain(app, count)
    for log in ("", "y", "xy"):
        for count in (1000, 10_000, 1_000_000, 10_000_000):
            measure(app, count, log)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
