"""The canvas against a bare QGraphicsScene of the same size, in one process, in turns; prints medians and ratios.

Run with ``python -m tests.benchmarks.bench_canvas [NODES …]``. The bare scene has one item per node that paints a rounded rectangle, a name
and two ports, and one `QGraphicsPathItem` per edge: the least that a node editor could be.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import shiboken6
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsPathItem, QGraphicsScene, QGraphicsView
from rich.console import Console
from rich.table import Table

from app.canvas.items import curve_path
from app.canvas.scene import CanvasScene
from app.canvas.view import CanvasView
from app.session import Session
from app.theme import LIGHT, apply
from graph_engine import Graph
from graph_engine.document.clip import copy, paste
from graph_engine.graph.commands import Move, RemoveNodes

SIZES = (1_000, 5_000, 10_000)
ROWS = 40
ROUNDS = 15

Kind = Literal["canvas", "bare"]


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        what: what was measured.
        canvas, bare: the figures of both; None where a bare scene has nothing of the kind.
        times: the bar for their ratio; None without one.
        most: the bar for the canvas alone; None without one.
        unit: of the figures.
    """

    what: str
    canvas: float
    bare: float | None = None
    times: float | None = None
    most: float | None = None
    unit: str = "ms"

    @property
    def ratio(self) -> float | None:
        return self.canvas / self.bare if self.bare is not None else None

    @property
    def is_above(self) -> bool:
        """Whether a bar is missed."""
        return (self.times is not None and self.ratio is not None and self.ratio > self.times) or (
            self.most is not None and self.canvas > self.most
        )


class BareNode(QGraphicsItem):
    """The least that a node could be."""

    def __init__(self, name: str, x: float, y: float):
        super().__init__()
        self.name = name
        self.bounds = QRectF(-6, -6, 188, 84)
        self.setPos(x, y)

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        return self.bounds

    def paint(self, painter: QPainter, option: object, widget: object = None) -> None:
        painter.setPen(_PEN)
        painter.setBrush(_BRUSH)
        painter.drawRoundedRect(QRectF(0, 0, 176, 72), 8, 8)
        painter.drawText(QRectF(10, 0, 160, 28), Qt.AlignmentFlag.AlignVCenter, self.name)
        painter.drawEllipse(QPointF(0, 36), 4.5, 4.5)
        painter.drawEllipse(QPointF(176, 36), 4.5, 4.5)


_PEN, _BRUSH = QPen(QColor("#444")), QColor("#fff")


def network(count: int) -> Graph:
    """Rows of layers with shortcuts: one and a half edges a node."""
    choose = random.Random(7)
    graph = Graph("bench")
    ids: list[str] = []
    for i in range(count):
        column, row = divmod(i, ROWS)
        block = "Input" if column == 0 else choose.choice(("ReLU", "Add", "Dropout", "Add", "Tanh"))
        params = {"shape": [16, 8, 8]} if column == 0 else {}
        ids.append(graph.add(block, position=(column * 272.0, row * 144.0), **params).id)
        if column:
            graph.connect(ids[i - ROWS], ids[i])
            if block == "Add":
                graph.connect(ids[(column - 1) * ROWS + choose.randrange(ROWS)], ids[i])
    return graph


def bare_scene(graph: Graph) -> tuple[QGraphicsScene, dict[str, BareNode], dict[str, QGraphicsPathItem]]:
    """The same picture without anything behind it: the scene, its nodes, its edges."""
    scene = QGraphicsScene()
    nodes, edges = {}, {}
    for node in graph:
        item = nodes[node.id] = BareNode(node.name, *node.position)
        scene.addItem(item)
    for edge in graph.edges.values():
        line = edges[edge.id] = QGraphicsPathItem(bare_path(nodes[edge.source], nodes[edge.target]))
        line.setZValue(-1)
        scene.addItem(line)
    return scene, nodes, edges


def bare_path(source: BareNode, target: BareNode) -> QPainterPath:
    """The line of an edge from where its nodes are now."""
    return curve_path((source.x() + 176, source.y() + 36), (target.x(), target.y() + 36), "across")


def bare_view(scene: QGraphicsScene) -> QGraphicsView:
    """A view of it, set up as well as is known."""
    view = QGraphicsView(scene)
    view.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
    view.resize(1920, 1080)
    view.show()
    return view


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of the CPU time that this thread takes, in which all is painted: a machine is seldom alone."""
    start = time.thread_time()
    made = work()
    took = (time.thread_time() - start) * 1000
    del made  # what it takes to forget what was made does not count
    return took


def both(ours: Callable[[], object], bare: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Medians of both, measured in turns after one round that does not count."""
    ours()
    bare()
    pairs = [(timed(ours), timed(bare)) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def built(session: Session, graph: Graph, rounds: int = 5) -> tuple[float, float]:
    """As `both`, for scenes made from the model; each is taken away before the next, since one that is left would follow the session."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.thread_time()
        scene = CanvasScene(session, LIGHT)
        ours = time.thread_time() - start
        shiboken6.delete(scene)
        gc.collect()
        start = time.thread_time()
        bare = bare_scene(graph)
        times.append((ours * 1000, (time.thread_time() - start) * 1000))
        shiboken6.delete(bare[0])
        del scene, bare
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def opened(app: QApplication, file: Path, rounds: int = 3) -> tuple[float, float]:
    """As `both`, from a file to the first frame, all of it in view: read, checked, built and painted."""
    session = Session()
    view = CanvasView(session, LIGHT)
    view.resize(1920, 1080)
    view.show()
    app.processEvents()

    def ours() -> None:
        session.open(file)
        app.processEvents()

    def bare() -> QGraphicsView:
        """Reads and paints, and knows nothing of what it shows."""
        record = json.loads(file.read_text(encoding="utf-8"))
        scene = QGraphicsScene()
        nodes = {n["id"]: BareNode(n["name"], *n["position"]) for n in record["nodes"]}
        for node in nodes.values():
            scene.addItem(node)
        for source, target in record["edges"]:
            line = QGraphicsPathItem(bare_path(nodes[source.partition(".")[0]], nodes[target.partition(".")[0]]))
            line.setZValue(-1)
            scene.addItem(line)
        shown = bare_view(scene)
        scene.setParent(shown)
        shown.fitInView(scene.itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
        app.processEvents()
        return shown

    times = []
    for _ in range(rounds):
        gc.collect()
        mine = timed(ours)
        session.new()
        app.processEvents()
        gc.collect()
        times.append((mine, timed(bare)))
    view.close()
    shiboken6.delete(view)
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def room(kind: Kind, count: int) -> float:
    """Kilobytes of memory that a scene takes for each node once it has been painted, near and as a whole; for a process of its own."""
    app = QApplication([])
    apply(app, LIGHT)
    kept = []

    def paint(session: Session) -> None:
        view: QGraphicsView
        if kind == "canvas":
            view = CanvasView(session, LIGHT)
            view.resize(1920, 1080)
            view.show()
            view.zoom_to_fit(animate=False)
        else:
            scene, *items = bare_scene(session.document)
            view = bare_view(scene)
            view.fitInView(scene.itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
            kept.append((scene, items))
        kept.append(view)
        app.processEvents()
        view.resetTransform()
        app.processEvents()

    small, large = Session(network(60)), Session(network(count))
    paint(small)  # fonts, modules and the cache of pictures are there from now on
    gc.collect()
    process = psutil.Process()
    before = process.memory_info().rss
    paint(large)
    gc.collect()
    return (process.memory_info().rss - before) / 1024 / count


def rooms(count: int) -> tuple[float, float]:
    """As `room`, for both."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        ours, bare = pool.map(room, ("canvas", "bare"), (count, count))
    return ours, bare


def measure(app: QApplication, count: int) -> Iterator[Row]:
    """One table."""

    def up_to(bars: dict[int, float]) -> float | None:
        """The bar of the smallest size that is not smaller."""
        return next((bar for size, bar in sorted(bars.items()) if size >= count), None)

    graph = network(count)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.archloom"
        graph.save(file)
        yield Row("from the file to the first frame", *opened(app, file), 3.0, up_to({10_000: 2000.0}))
    yield Row("memory a node, painted", *rooms(count), 3.0, 45.0, "kB")
    session = Session(graph)
    yield Row("build the scene", *built(session, graph), 2.0, up_to({5_000: 400.0, 10_000: 1000.0}))

    view = CanvasView(session, LIGHT)
    view.resize(1920, 1080)
    view.show()
    scene, nodes, lines = bare_scene(graph)
    bare = bare_view(scene)
    app.processEvents()
    gc.collect()
    view.camera.go(QPointF(3000, 2000), 1.0, animate=False)
    bare.resetTransform()
    bare.centerOn(3000, 2000)
    app.processEvents()
    steps = iter(range(1_000_000))

    def pan(shown: QGraphicsView) -> None:
        bar = shown.horizontalScrollBar()
        bar.setValue(bar.value() + (24 if next(steps) % 2 else -24))
        app.processEvents()

    yield Row("pan, near", *both(lambda: pan(view), lambda: pan(bare)), 1.5, 16.0)
    yield Row("whole frame, near", *both(view.viewport().repaint, bare.viewport().repaint), 1.5, 16.0)

    middle = min(graph, key=lambda n: abs(n.position[0] - 3000) + abs(n.position[1] - 2000))
    x, y = middle.position

    def move() -> None:
        session.execute(Move({middle.id: (x + next(steps) % 16, y)}), "bench")
        app.processEvents()

    def place() -> None:
        view.canvas.place({middle.id: (x + next(steps) % 16, y)})
        app.processEvents()

    beside = [*graph.incoming(middle.id), *graph.outgoing(middle.id)]

    def move_bare() -> None:
        nodes[middle.id].setPos(x + next(steps) % 16, y)
        for edge in beside:
            lines[edge.id].setPath(bare_path(nodes[edge.source], nodes[edge.target]))
        app.processEvents()

    yield Row("drag one and repaint", *both(place, move_bare), 2.0, 2.0)
    yield Row("move one by command and repaint", *both(move, move_bare), None, 2.0)
    fifty = sorted(graph, key=lambda n: abs(n.position[0] - 3000) + abs(n.position[1] - 2000))[:50]
    homes = {n.id: n.position for n in fifty}

    def place_fifty() -> None:
        by = next(steps) % 16
        view.canvas.place({id: (px + by, py) for id, (px, py) in homes.items()})
        app.processEvents()

    yield Row("drag 50 and repaint", statistics.median(timed(place_fifty) for _ in range(ROUNDS)), most=16.0)

    view.zoom_to_fit(animate=False)
    bare.fitInView(scene.itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
    app.processEvents()
    far = both(view.viewport().repaint, bare.viewport().repaint, 5)
    yield Row("whole frame, all in view", *far, 0.25 if count >= 5_000 else None, up_to({5_000: 8.0, 10_000: 16.0}))

    frames = []
    zoom = view.zoom
    while zoom < 1.5:
        zoom *= 1.1
        view.set_zoom(zoom)
        frames.append(timed(view.viewport().repaint))
    frames.sort()
    yield Row("zoom sweep, p90", frames[int(len(frames) * 0.9)], most=16.0)
    yield Row("zoom sweep, worst", frames[-1], most=40.0)

    def again(work: Callable[[], object], back: Callable[[], object]) -> float:
        times = []
        for _ in range(5):
            times.append(timed(work))
            app.processEvents()
            back()
            app.processEvents()
        return statistics.median(times)

    yield Row("select all", again(view.select_all, lambda: view.select(())), most=up_to({1_000: 10.0}))
    ids = list(graph.nodes)
    for what, command in (
        ("undo a paste of 1,000", paste(graph, copy(graph, ids[-1000:]), (16.0, 16.0))),
        ("undo the removal of the first 1,000", RemoveNodes(ids[:1000])),
    ):
        session.execute(command)
        app.processEvents()
        yield Row(what, again(session.undo, session.redo), most=50.0)
        session.undo()
    view.close()
    bare.close()


def told(count: int, rows: Iterator[Row]) -> Table:
    """The rows as a table."""
    table = Table(f"{count:,} nodes", "canvas", "bare", "ratio", "bar", "")
    for row in rows:
        bars = [f"{bar:g}{unit}" for bar, unit in ((row.times, "×"), (row.most, f" {row.unit}")) if bar is not None]
        against = ("", "") if row.bare is None else (f"{row.bare:.2f}", f"{row.ratio:.2f}×")
        table.add_row(row.what, f"{row.canvas:.2f} {row.unit}", *against, ", ".join(bars), "above" if row.is_above else "")
    return table


def main() -> None:
    """Measures 1,000, 5,000 and 10,000 nodes, or as many as are named."""
    app = QApplication([])
    apply(app, LIGHT)
    for count in [int(a) for a in sys.argv[1:]] or SIZES:
        Console(width=110).print(told(count, measure(app, count)))


if __name__ == "__main__":
    main()
