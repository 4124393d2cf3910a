"""The engine's bars, measured: ``python -m tests.benchmarks.bench_engine``.

Milliseconds are medians of this machine as it is now; ratios are taken side by side, with the same thing against itself as a control.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from graph_engine import Graph
from tests.engine.graphs import residual


class Row(NamedTuple):
    """One line of the table."""

    what: str
    found: float
    bar: float
    unit: str = "ms"


def timed(work: Callable[[int], object], repeats: int) -> float:
    """Median wall time of ``work(i)``, in milliseconds."""
    times = []
    gc.collect()
    for i in range(repeats):
        start = time.perf_counter()
        work(i)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def edits() -> Iterator[Row]:
    """The edit after which every node behind it is computed anew, and the edit after which none is."""
    for size, bar in ((100, 1.0), (1_000, 8.0), (10_000, 100.0)):
        graph = residual((size - 6) // 7)
        graph.check()
        x, first = graph.named("x"), graph.named("conv1")
        repeats = max(5, 20_000 // size)

        def worst(i: int, graph: Graph = graph, x: str = x.id) -> None:
            graph.set(x, shape=[3, 8, 8 + i % 2])
            graph.check()

        yield Row(f"worst edit, {len(graph):,} nodes", timed(worst, repeats), bar)

        def still(i: int, graph: Graph = graph, conv: str = first.id) -> None:
            graph.set(conv, bias=bool(i % 2))
            graph.check()

        yield Row(f"edit that changes no output, {len(graph):,} nodes", timed(still, 200), 0.1)

        def redraw(i: int, graph: Graph = graph, last: str = list(graph)[-2].id) -> None:
            [edge] = graph.incoming(last)
            graph.disconnect(edge)
            graph.connect(edge.source, last)
            graph.check()

        yield Row(f"edge at the end drawn anew, {len(graph):,} nodes", timed(redraw, repeats), bar)


def source() -> Row:
    """The text of a network of a thousand nodes."""
    graph = residual(142)
    graph.check()
    return Row(f"source of {len(graph):,} nodes", timed(lambda i: graph.to_python(), 20), 10.0)


def rebuild() -> Row:
    """The module after an edit, with the weights of all untouched nodes."""
    graph = residual(28)
    module = graph.compile()
    last = [n for n in graph if n.block == "Linear"][-1]
    kept = module

    def edit(i: int) -> None:
        nonlocal kept
        graph.set(last, out_features=10 + i % 7)
        kept = graph.compile(previous=kept)

    return Row(f"module rebuilt after an edit, {len(graph)} nodes", timed(edit, 15), 50.0)


class Block(nn.Module):
    """A residual block as one writes it by hand."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + x)


class ByHand(nn.Module):
    """The network of `residual` as one writes it by hand."""

    def __init__(self, blocks: int, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.head = nn.Linear(channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.stem(x))
        return self.head(x.mean((2, 3)))


def against_hand() -> Iterator[Row]:
    """CPU time of a training step: generated against hand-written, in turns, and hand-written against itself."""
    torch.set_num_threads(1)
    generated, hand, control = residual(8, 16, 16).compile(), ByHand(8, 16), ByHand(8, 16)
    picture = torch.randn(4, 3, 16, 16)

    def step(model: nn.Module) -> float:
        start = time.process_time()
        for _ in range(3):
            model(picture).sum().backward()
        return time.process_time() - start

    for model in (generated, hand, control):
        step(model)
    rounds = [(step(generated), step(hand), step(control)) for _ in range(60)]
    yield Row("generated ÷ by hand, CPU time of a step", statistics.median(g / h for g, h, _ in rounds), 1.02, "×")
    yield Row("by hand ÷ by hand (control)", statistics.median(c / h for _, h, c in rounds), 1.02, "×")


def main() -> None:
    table = Table("what", "found", "bar", "")
    for row in (*edits(), source(), rebuild(), *against_hand()):
        met = "" if row.found <= row.bar else "above"
        table.add_row(row.what, f"{row.found:.3f} {row.unit}", f"{row.bar:g} {row.unit}", met)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
