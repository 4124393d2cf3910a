"""Positions for nodes that nobody placed: in layers, left to right (after Sugiyama, Tagawa and Toda, 1981)."""

from __future__ import annotations

from math import log
from statistics import fmean

from graph_engine.analysis import topology
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Position

COLUMN, ROW = 240.0, 140.0
"""Scene units between the left edges of neighbouring columns, and between the tops of neighbouring rows."""

ASPECT = 1.8
"""Width by height that a layout aims at."""


def layered(graph: CoreGraph) -> dict[str, Position]:
    """A position for every node: its column is the length of the longest path to it, its row follows its neighbours' rows."""
    if not len(graph):
        return {}
    view = topology.digraph(graph)
    depth = topology.longest_paths(view)
    for node in reversed(list(depth)):  # an input sits right before what it feeds, not at the far left
        if not view.in_degree(node) and view.out_degree(node):
            depth[node] = min(depth[after] for after in view.successors(node)) - 1
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for node, column in depth.items():
        columns[column].append(node)
    rows = {node: float(i) for column in columns for i, node in enumerate(column)}
    for sweep in range(8):
        forwards = sweep % 2 == 0
        neighbours = view.predecessors if forwards else view.successors
        for layer in columns if forwards else reversed(columns):
            wish = {n: fmean([rows[m] for m in neighbours(n)] or [rows[n]]) for n in layer}
            _place(sorted(layer, key=wish.__getitem__), wish, rows)
    top, bottom = min(rows.values()), max(rows.values())
    height = (bottom - top + 1) * ROW
    bands = _bands(len(columns) * COLUMN, height)
    per_band = -(-len(columns) // bands)
    positions = {}
    for node in graph.nodes:
        band, column = divmod(depth[node], per_band)
        y = (rows[node] - top) * ROW + band * (height + ROW / 4)
        positions[node] = (column * COLUMN, round(y / 20) * 20.0)
    return positions


def _bands(width: float, height: float) -> int:
    """How many bands, one below the other like lines of text, bring a long graph nearest to the proportions of a screen."""
    return min(range(1, 9), key=lambda n: abs(log(width / n / (height * n) / ASPECT)))


def _place(column: list[str], wish: dict[str, float], rows: dict[str, float]) -> None:
    """Rows as near to the wished ones as one row of distance allows."""
    placed: list[float] = []
    for node in column:
        placed.append(max(wish[node], placed[-1] + 1) if placed else wish[node])
    shift = fmean(wish[n] - r for n, r in zip(column, placed, strict=True))
    for node, row in zip(column, placed, strict=True):
        rows[node] = row + shift
