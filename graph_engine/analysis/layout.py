"""Positions for nodes: in layers, left to right or top down (after Sugiyama, Tagawa and Toda, 1981).

Left to right, a long network is broken into bands, one below the other like lines of text, where a single edge crosses from layer to
layer. What is laid out already keeps its order, its breaks and its place as far as they still serve, so that a small edit moves little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log
from statistics import fmean
from typing import Literal

import networkx as nx

from graph_engine.analysis import topology
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import COLUMN, Node, Position

CARD = 176.0
"""Width of a node's card, in scene units."""

ROW, PORT, PREVIEW = 112.0, 20.0, 88.0
"""Scene units between the tops of neighbouring rows, for each port beyond the first, and for a group's content on its card."""

Direction = Literal["across", "down"]

UNEVEN = 1.6
"""How much longer than the middle one a band may become before the network is broken anew."""

ASPECT = 1.8
"""Width by height that a layout aims at."""

GRID = 16.0
"""Positions are multiples of this."""

GAP = 32.0
"""Scene units between two bands, beyond the height of their rows."""

SWEEPS = 16
"""How often at most the rows are drawn towards those of their neighbours, forwards and backwards in turn."""


def layered(graph: CoreGraph, direction: Direction = "across") -> dict[str, Position]:
    """A position for every node: its layer is the length of the longest path to it, its place there follows its neighbours' places.

    Args:
        graph: what is to be laid out; where its nodes are now tells what to keep.
        direction: where the layers follow each other: ``across``, from left to right, or ``down``.
    """
    if not len(graph):
        return {}
    view = topology.digraph(graph)
    edges = list(view.edges)
    column_of = topology.longest_paths(view)
    for node in reversed(list(column_of)):  # an input sits right before what it feeds, not at the far left
        if not view.in_degree(node) and view.out_degree(node):
            column_of[node] = min(column_of[after] for after in view.successors(node)) - 1
    heights = {n.id: _height(graph, n) if direction == "across" else COLUMN for n in graph}
    stand_ins = _open_lanes(view, column_of, heights)
    columns: list[list[str]] = [[] for _ in range(max(column_of.values()) + 1)]
    for node, column in column_of.items():
        columns[column].append(node)
    tops = {node: i * ROW for layer in columns for i, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        before = dict(tops)
        neighbours = view.predecessors if sweep % 2 == 0 else view.successors
        for layer in columns if sweep % 2 == 0 else reversed(columns):
            wish = {n: _wished(n, list(neighbours(n)), [m for m in nx.all_neighbors(view, n) if m in stand_ins], tops) for n in layer}
            _place(sorted(layer, key=wish.__getitem__), wish, heights, tops, stand_ins)
        if all(abs(tops[node] - top) < 1 for node, top in before.items()):
            break

    if direction == "across":
        bands = _kept_bands(graph, edges, columns, column_of, view) or _bands(columns, view, tops, heights)
        positions = _banded(bands, tops, heights)
    else:
        positions = _stacked(graph, columns, tops, view)
    dx, dy = _offset(graph, positions)
    return {node: (positions[node][0] + dx, positions[node][1] + dy) for node in graph.nodes}


def _banded(bands: Sequence[Sequence[Sequence[str]]], tops: dict[str, float], heights: dict[str, float]) -> dict[str, Position]:
    """Layers side by side, bands below each other."""
    positions: dict[str, Position] = {}
    y = 0.0
    for band in bands:
        top, height = _extent(band, tops, heights)
        for i, layer in enumerate(band):
            for node in layer:
                positions[node] = (i * COLUMN, round((y + tops[node] - top) / GRID) * GRID)
        y += height + GAP
    return positions


def _stacked(graph: CoreGraph, layers: Sequence[Sequence[str]], lefts: dict[str, float], view: nx.DiGraph) -> dict[str, Position]:
    """Layers below each other, nodes in columns, so that edges between distant rows run beside the cards and not under them."""
    positions: dict[str, Position] = {}
    column: dict[str, int] = {}
    y = 0.0
    for layer in layers:
        wish = {n: min((column[before] for before in view.predecessors(n)), default=round(lefts[n] / COLUMN)) for n in layer}
        column |= {n: wish[n] for n in layer if n not in graph}  # an edge that passes needs no column: it runs between them
        free = min(wish.values())
        for node in sorted((n for n in layer if n in graph), key=lambda n: (wish[n], lefts[n])):
            column[node] = max(wish[node], free)
            free = column[node] + 1
            positions[node] = (column[node] * COLUMN, y)
        y += max((_height(graph, graph[node]) for node in layer if node in graph), default=ROW) + GAP
    left = min(x for x, _ in positions.values())
    return {node: (x - left, y) for node, (x, y) in positions.items()}


def _kept_bands(
    graph: CoreGraph, edges: Sequence[tuple[str, str]], columns: list[list[str]], column_of: dict[str, int], view: nx.DiGraph
) -> list[list[list[str]]]:
    """The columns broken where an edge runs back now, as long as the bands stay alike; nothing where that is of no use any more."""
    at = {n.id: n.position for n in graph}
    back = {column_of[a] for a, b in edges if column_of[b] == column_of[a] + 1 and at[b][0] < at[a][0] and at[b][1] > at[a][1]}
    ends = [c for c in sorted(back) if sum(view.out_degree(node) for node in columns[c]) == 1]
    starts = [0, *(c + 1 for c in ends), len(columns)]
    bands = [columns[start:end] for start, end in pairwise(starts)]
    widths = [len(band) for band in bands]
    return bands if len(bands) > 1 and max(widths) <= UNEVEN * sorted(widths)[len(widths) // 2] else []


def _offset(graph: CoreGraph, positions: dict[str, Position]) -> Position:
    """What brings most nodes to where they are now; nothing where there is no such place."""
    if not any(n.position != (0.0, 0.0) for n in graph):
        return 0.0, 0.0
    away = Counter((n.position[0] - positions[n.id][0], n.position[1] - positions[n.id][1]) for n in graph)
    offset, count = away.most_common(1)[0]
    return offset if 3 * count >= len(graph) else (0.0, 0.0)


def ports_beside(graph: CoreGraph) -> dict[str, Position]:
    """Positions for inputs in a column before all else, and for outputs in one behind it, where the rest is to stay in its place."""
    ports = {kind: [n for n in graph if n.spec.call.kind == kind] for kind in ("input", "output")}
    rest = [n.position for n in graph if n.spec.call.kind not in ports] or [(0.0, 0.0)]
    rects = [a.rect for a in graph.annotations.values()]
    left = min([x for x, _ in rest] + [r[0] for r in rects]) - COLUMN
    right = max([x + COLUMN for x, _ in rest] + [r[0] + r[2] + COLUMN - CARD for r in rects])
    positions: dict[str, Position] = {}
    for kind, x in (("input", left), ("output", right)):
        column = sorted(ports[kind], key=lambda n: n.position[1])
        top = fmean(n.position[1] for n in column) - ROW * (len(column) - 1) / 2 if column else 0.0
        for place, node in enumerate(column):
            positions[node.id] = round(x / GRID) * GRID, round((top + place * ROW) / GRID) * GRID
    return positions


def _height(graph: CoreGraph, node: Node) -> float:
    if node.form == "collapsed":
        return ROW
    ports = max(len(node.spec.inputs), len(node.spec.outputs) - len(graph.idle_outputs(node.id)))
    return ROW + PORT * (ports - 1) + PREVIEW * (node.form == "expanded")


def _extent(band: Sequence[Sequence[str]], tops: dict[str, float], heights: dict[str, float]) -> tuple[float, float]:
    """Top and height of some columns."""
    nodes = [node for layer in band for node in layer]
    top = min(tops[n] for n in nodes)
    return top, max(tops[n] + heights[n] for n in nodes) - top


def _wished(node: str, neighbours: Sequence[str], long: Sequence[str], tops: dict[str, float]) -> float:
    """Where a node would like to be: level with the long edges at it, which so run straight, or else amid its neighbours."""
    return fmean([tops[n] for n in long or neighbours] or [tops[node]])


def _open_lanes(view: nx.DiGraph, column_of: dict[str, int], heights: dict[str, float]) -> set[str]:
    """Puts a stand-in into every column that an edge passes, so that no node lies in its way; their ids."""
    made = set()
    for source, target in list(view.edges):
        last = source
        for column in range(column_of[source] + 1, column_of[target]):
            stand_in = f"{source}→{target}@{column}"
            column_of[stand_in], heights[stand_in] = column, ROW
            view.add_edge(last, stand_in)
            made.add(stand_in)
            last = stand_in
        if last != source:
            view.add_edge(last, target)
            view.remove_edge(source, target)
    return made


def _place(layer: Sequence[str], wish: dict[str, float], heights: dict[str, float], tops: dict[str, float], stand_ins: set[str]) -> None:
    """Tops as near to the wished ones as the nodes' heights allow; long edges have their wish, and nodes make way."""
    placed: list[float] = []
    for i, node in enumerate(layer):
        placed.append(max(wish[node], placed[-1] + heights[layer[i - 1]]) if placed else wish[node])
    off = {n: wish[n] - top for n, top in zip(layer, placed, strict=True)}
    shift = fmean([off[n] for n in layer if n in stand_ins] or off.values())
    for node, top in zip(layer, placed, strict=True):
        tops[node] = top + shift


def _bands(columns: list[list[str]], view: nx.DiGraph, tops: dict[str, float], heights: dict[str, float]) -> list[list[list[str]]]:
    """The columns, broken where that brings the whole nearest to the proportions of a screen."""
    crossing = [sum(view.out_degree(node) for node in layer) for layer in columns]  # every edge leads to the next column

    def broken(width: int) -> list[list[list[str]]]:
        bands, start = [], 0
        while start < len(columns):
            last = min(start + width, len(columns)) - 1
            if last < len(columns) - 1:
                places = (*range(last, start, -1), *range(last + 1, len(columns)))  # rather a little earlier than later
                last = next((c for c in places if crossing[c] == 1), len(columns) - 1)
            bands.append(columns[start : last + 1])
            start = last + 1
        return bands

    def badness(bands: list[list[list[str]]]) -> float:
        height = sum(_extent(band, tops, heights)[1] for band in bands)
        return abs(log(max(map(len, bands)) * COLUMN / height / ASPECT))

    def filled(width: int) -> list[list[list[str]]]:
        """Broken to the width that the widest band takes anyway."""
        return broken(max(map(len, broken(width))))

    return min((filled(-(-len(columns) // n)) for n in range(1, 17)), key=badness)
