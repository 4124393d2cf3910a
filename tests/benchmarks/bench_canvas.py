"""The canvas against a bare QGraphicsScene of the same size, in one process, in turns; prints medians and ratios.

Run with ``python -m tests.benchmarks.bench_canvas [NODES …]``. The bare scene has one item per node that paints a rounded rectangle, a name
and two ports, and one `QGraphicsPathItem` per edge: the least that a node editor could be.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsPathItem, QGraphicsScene, QGraphicsView

from app.canvas.items import curve_path
from app.canvas.scene import CanvasScene
from app.canvas.view import CanvasView
from app.session import Session
from app.theme import LIGHT, apply
from graph_engine import Graph
from graph_engine.graph.commands import Move, RemoveNodes

ROWS = 40
ROUNDS = 15


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
    work()
    return (time.thread_time() - start) * 1000


def both(ours: Callable[[], object], bare: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Medians of both, measured in turns after one round that does not count."""
    ours()
    bare()
    pairs = [(timed(ours), timed(bare)) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def report(what: str, ours: float, bare: float | None, bar: str) -> None:
    """One line of the table."""
    against = f"{bare:9.2f} {ours / bare:8.2f}×" if bare is not None else " " * 19
    print(f"  {what:34} {ours:9.2f} {against}   {bar}")


def measure(app: QApplication, count: int) -> None:
    """One table."""
    graph = network(count)
    session = Session(graph)
    print(f"\n{count:,} nodes, {len(graph.edges):,} edges        canvas ms   bare ms    ratio   bar")
    report("build the scene", *both(lambda: CanvasScene(session, LIGHT), lambda: bare_scene(graph), 3), "≤ 2×, 5,000 ≤ 400 ms")

    view = CanvasView(session, LIGHT)
    view.resize(1920, 1080)
    view.show()
    scene, nodes, lines = bare_scene(graph)
    bare = bare_view(scene)
    app.processEvents()

    def near(offset: float) -> None:
        view.camera.go(QPointF(3000 + offset, 2000), 1.0, animate=False)
        bare.resetTransform()
        bare.centerOn(3000 + offset, 2000)
        app.processEvents()

    near(0)
    steps = iter(range(10_000))

    def pan(shown: QGraphicsView) -> None:
        bar = shown.horizontalScrollBar()
        bar.setValue(bar.value() + (24 if next(steps) % 2 else -24))
        app.processEvents()

    report("pan, near", *both(lambda: pan(view), lambda: pan(bare)), "≤ 1.5×, ≤ 16 ms")
    report("whole frame, near", *both(view.viewport().repaint, bare.viewport().repaint), "≤ 1.5×, ≤ 16 ms")

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

    report("drag one and repaint", *both(place, move_bare), "≤ 2×, ≤ 2 ms")
    report("move one by command and repaint", *both(move, move_bare), "")
    fifty = sorted(graph, key=lambda n: abs(n.position[0] - 3000) + abs(n.position[1] - 2000))[:50]
    homes = {n.id: n.position for n in fifty}

    def place_fifty() -> None:
        by = next(steps) % 16
        view.canvas.place({id: (px + by, py) for id, (px, py) in homes.items()})
        app.processEvents()

    report("drag 50 and repaint", statistics.median(timed(place_fifty) for _ in range(ROUNDS)), None, "≤ 16 ms")

    view.zoom_to_fit(animate=False)
    bare.fitInView(scene.itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
    app.processEvents()
    report("whole frame, all in view", *both(view.viewport().repaint, bare.viewport().repaint, 5), "5,000: ≤ 0.25×, ≤ 8 ms")

    frames = []
    zoom = view.zoom
    while zoom < 1.5:
        zoom *= 1.1
        view.set_zoom(zoom)
        frames.append(timed(view.viewport().repaint))
    frames.sort()
    report("zoom sweep, p90", frames[int(len(frames) * 0.9)], None, "≤ 16 ms")
    report("zoom sweep, worst", frames[-1], None, "≤ 40 ms")
    report("select all", timed(view.select_all), None, "1,000: ≤ 10 ms")
    view.select(())
    gone = list(graph.nodes)[:1000]
    session.execute(RemoveNodes(gone))
    app.processEvents()
    scene_only = timed(session.undo)
    report("undo the removal of 1,000", scene_only, None, "≤ 50 ms, check included")
    view.close()
    bare.close()


def main() -> None:
    """Measures 1,000 and 5,000 nodes, or as many as are named."""
    app = QApplication([])
    apply(app, LIGHT)
    for count in [int(a) for a in sys.argv[1:]] or [1000, 5000]:
        measure(app, count)


if __name__ == "__main__":
    main()
