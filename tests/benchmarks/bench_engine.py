"""The bars of the engine and of its code, measured: ``python -m tests.benchmarks.bench_engine``.

Times are medians of the CPU time that one thread takes, since a machine is seldom alone; ratios are taken in turns, beside a control
that compares a thing with itself. Torch is loaded only when the engine, which does without, has been measured.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.table import Table

from graph_engine import Graph
from graph_engine.editing import Content
from graph_engine.graph.node import Node
from tests.engine.graphs import grouped, nested, residual, sequence

if TYPE_CHECKING:
    from torch import nn


class Row(NamedTuple):
    """One line of the table."""

    what: str
    found: float
    bar: float
    unit: str = "ms"


def timed(work: Callable[[int], object], repeats: int) -> float:
    """Median CPU time of ``work(i)``, in milliseconds."""
    times = []
    for i in range(repeats + 2):
        start = time.thread_time()
        work(i)
        times.append((time.thread_time() - start) * 1e3)
    return statistics.median(times[2:])


def edits() -> Iterator[Row]:
    """The edit after which every node behind it is computed anew, and the edit after which none is."""
    for size, bar in ((100, 1.0), (1_000, 8.0), (10_000, 100.0)):
        graph = residual(round((size - 7) / 7))
        count = f"{len(graph):,} nodes"
        graph.check()
        gc.collect()
        repeats = max(10, 20_000 // size)
        yield Row(f"worst edit, {count}", timed(worst(graph), repeats), bar)
        yield Row(f"edge removed or drawn at the start, {count}", timed(redraw(graph, 1), repeats) / 2, bar)
        yield Row(f"edge removed or drawn at the end, {count}", timed(redraw(graph, -1), repeats) / 2, bar)
        yield Row(f"edit that changes no output, {count}", timed(still(graph), 200), 0.1)


def unlike() -> Row:
    """The worst edit of a network in which no layer has a twin."""
    graph = Graph("unlike")
    x = graph.add("Input", shape=[8])
    layers = [n for i in range(499) for n in (graph.add("Linear", out_features=8 + i), graph.add("ReLU"))]
    sequence(graph, x, *layers, graph.add("Output"))
    graph.check()

    def edit(i: int) -> None:
        graph.set(x, shape=[9 + i, 8])
        graph.check()

    return Row(f"worst edit, no two alike, {len(graph):,} nodes", timed(edit, 20), 8.0)


def edits_inside() -> Iterator[Row]:
    """Edits of the content of a group, in front of all others; they must cost what edits outside do."""
    for what, graph, name in (
        ("100 groups of 10 layers", grouped(100, 10), "Part"),
        ("12 groups in each other, 12 times each", nested(12, 12), "Level 0"),
    ):
        inside = graph.inside(name)
        *_, layer = (n for n in inside.graph if n.block == "Linear")
        graph.check()
        gc.collect()

        def still(i: int, inside: Content = inside, layer: Node = layer, graph: Graph = graph) -> None:
            inside.set(layer, bias=bool(i % 2))
            graph.check()

        def wider(i: int, inside: Content = inside, layer: Node = layer, graph: Graph = graph) -> None:
            inside.set(layer, out_features=8 + i)
            graph.check()

        yield Row(f"edit inside, {what}", timed(still, 200), 1.0)
        yield Row(f"another width inside, {what}", timed(wider, 50), 8.0)
        yield Row(f"source, {what}", timed(lambda i, graph=graph: graph.to_python(), 10), 20.0)  # type: ignore[misc]


def worst(graph: Graph) -> Callable[[int], object]:
    """Another size of the picture each time: every shape changes."""

    def edit(i: int) -> None:
        graph.set("n1", shape=[3, 8 + i, 8])
        graph.check()

    return edit


def still(graph: Graph) -> Callable[[int], object]:
    """With and without a bias in the first layer."""

    def edit(i: int) -> None:
        graph.set("n2", bias=bool(i % 2))
        graph.check()

    return edit


def redraw(graph: Graph, at: int) -> Callable[[int], object]:
    """An edge is removed and drawn again: two edits."""

    def edit(i: int) -> None:
        edge = next(graph.incoming(list(graph.nodes)[at]))
        graph.disconnect(edge)
        graph.check()
        graph.connect(edge.source, edge.target, edge.source_port, edge.target_port)
        graph.check()

    return edit


def source() -> Row:
    """The text of a network of a thousand nodes."""
    graph = residual(142)
    graph.check()
    return Row(f"source of {len(graph):,} nodes", timed(lambda i: graph.to_python(), 30), 10.0)


def rebuild() -> Row:
    """The module after an edit, with the weights of all untouched nodes."""
    graph = residual(28)
    kept = graph.compile()
    last = next(n for n in graph if n.block == "Linear")

    def edit(i: int) -> None:
        nonlocal kept
        graph.set(last, out_features=10 + i)
        kept = graph.compile(previous=kept)

    return Row(f"module rebuilt after an edit, {len(graph)} nodes", timed(edit, 20), 50.0)


def against_hand() -> Iterator[Row]:
    """CPU time of a training step: generated against hand-written, in turns, and hand-written against itself."""
    import torch

    from tests.benchmarks.by_hand import Residual

    torch.set_num_threads(1)
    generated, hand, control = residual(8, 16, 16).compile(), Residual(8, 16), Residual(8, 16)
    pictures = torch.randn(4, 3, 16, 16)

    def step(model: nn.Module) -> float:
        start = time.process_time()
        for _ in range(5):
            model(pictures).sum().backward()
        return time.process_time() - start

    for model in (generated, hand, control):
        step(model)
    rounds = [(step(generated), step(hand), step(control)) for _ in range(80)]
    yield Row("training step, generated ÷ by hand", statistics.median(g / h for g, h, _ in rounds), 1.02, "×")
    yield Row("training step, by hand ÷ by hand", statistics.median(c / h for _, h, c in rounds), 1.02, "×")


def main() -> None:
    table = Table("what", "found", "bar", "")
    for row in (*edits(), unlike(), *edits_inside(), source(), rebuild(), *against_hand()):
        table.add_row(row.what, f"{row.found:.3f} {row.unit}", f"{row.bar:g} {row.unit}", "" if row.found <= row.bar else "above")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
