"""Whether the window stays fluent while 200 nodes in view show a live sample: ``python -m tests.benchmarks.bench_live``.

It opens a network of convolutions, one card beside the other, and goes from sample to sample. What is measured is how late a timer of one
millisecond is, as a click would be, while nothing changes and while samples do, in turns; and what the values of one sample cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QApplication

from app.screenshot import off_screen_window, settle
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.training.events import decode, encode
from graph_engine.training.live.request import describe

ACROSS = 20
SAMPLE_MS = 300


def network(nodes: int) -> Graph:
    """Convolutions and activations in a row that is laid in lines."""
    graph = Graph("live")
    before = graph.add("Input", shape=[1, 28, 28])
    for number in range(nodes - 1):
        x, y = 200.0 * ((number + 1) % ACROSS), 112.0 * ((number + 1) // ACROSS)
        block, params = ("Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}) if number % 2 == 0 else ("ReLU", {})
        node = graph.add(block, position=(x, y), **params)
        graph.connect(before, node)
        before = node
    return graph


def lateness(app: QApplication, seconds: float) -> list[float]:
    """How late each tick of a timer of one millisecond is, in milliseconds."""
    late: list[float] = []
    clock = QElapsedTimer()
    clock.start()

    def tick() -> None:
        late.append(max(0.0, clock.nsecsElapsed() / 1e6 - 1.0))
        clock.restart()

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.0002)
    timer.stop()
    return late


def told(name: str, late: list[float]) -> str:
    ordered = sorted(late)
    places = (ordered[len(ordered) // 2], ordered[int(0.99 * len(ordered))], ordered[-1])
    return f"{name:24} median {places[0]:6.2f}   p99 {places[1]:6.2f}   max {places[2]:6.2f} ms   ({len(late)} ticks)"


def measure(window: MainWindow, app: QApplication, seconds: float) -> tuple[list[float], list[float], int]:
    """Lateness without and with live samples, and how many samples were shown."""
    quiet: list[float] = []
    busy: list[float] = []
    shown = 0
    stepper = QTimer()
    stepper.timeout.connect(lambda: window.live.step(1))
    for _ in range(4):
        stepper.stop()
        settle(app, lambda: not window.live.is_waiting, 0.3)
        quiet += lateness(app, seconds / 8)
        before = window.live.answer.number if window.live.answer is not None else 0
        stepper.start(SAMPLE_MS)
        busy += lateness(app, seconds / 8)
        shown += (window.live.answer.number if window.live.answer is not None else 0) - before
    return quiet, busy, shown


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=16.0)
    options = parser.parse_args()
    app, window = off_screen_window((2800, 1700), "light")
    graph = network(options.nodes)
    window.session.new(graph)
    window.show_document()
    settle(app, lambda: True)
    window.canvas.set_zoom(window.canvas.canvas.near)
    window.canvas.canvas.selection_changed.emit(())
    window.live.set_on(True)
    settle(app, lambda: window.live.answer is not None and window.canvas.canvas.strips.is_settled)
    answer = window.live.answer
    assert answer is not None and answer.message is None, window.live.message
    print(f"{len(answer.values)} of {options.nodes} nodes in view")
    line = encode([answer])
    times = []
    for _ in range(9):
        began = time.perf_counter()
        decode(line)
        times.append(time.perf_counter() - began)
    print(f"values of a sample: {len(line) / max(1, len(answer.values)):.0f} bytes a node, {1e3 * statistics.median(times):.2f} ms to read")
    with TemporaryDirectory() as folder:
        describe(graph, Path(folder))
        times = []
        for _ in range(9):
            began = time.perf_counter()
            describe(graph, Path(folder))
            times.append(time.perf_counter() - began)
    print(f"network described for the other process after an edit: {1e3 * statistics.median(times):.2f} ms")
    quiet, busy, shown = measure(window, app, options.seconds)
    print(told("event loop, quiet", quiet))
    print(told(f"{shown} samples", busy))
    window.close()


if __name__ == "__main__":
    main()
