"""Positions for nodes: in layers, left to right or top down (after Sugiyama, Tagawa and Toda, 1981).

Left to right, a long network is broken into bands, one below the other like lines of text, where a single edge crosses from layer to
layer. What is laid out already keeps its order, its breaks and its place as far as they still serve, so that a small edit moves little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from statistics import fmean

import networkx as nx

from graph_engine.analysis import topology
from graph_engine.analysis.cards import CARD, NAMES, PREVIEW, width
from graph_engine.analysis.mending import GRID, Card, Sheet, cost, mended
from graph_engine.analysis.ordering import ordered
from graph_engine.analysis.placing import Room, levels
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import COLUMN, STEPS, Direction, Node, Position

PLAIN = 72.0
"""Height of a card with one input and one output."""

ROW, PORT = 112.0, 20.0
"""Scene units between the tops of neighbouring rows, and for each port beyond the first of a card."""

LANES: dict[Direction, Room] = {"across": Room(PLAIN / 2, ROW - PLAIN / 2), "down": Room(0.0, 56.0)}
"""The room of an edge that passes a layer."""

ROUNDS = 3
"""How often what is there is mended at most, as one thing that is put right may leave another to be."""

JUDGED = 150
"""Up to so many nodes, layouts are compared to find the one that moves least; beyond, that would take seconds."""

NEARLY = 1.2
"""How much more what is there may cost than a new layout, once it is mended."""

UNEVEN = 1.6
"""How much longer than the middle one a band may become before the network is broken anew."""

ASPECT = 1.8
"""Width by height that a layout aims at."""

GAP = 32.0
"""Scene units between two bands, beyond the height of their rows."""


def layered(graph: CoreGraph, direction: Direction | None = None) -> dict[str, Position]:
    """A position for every node: its layer is the length of the longest path to it, its place there follows its neighbours' places.

    Args:
        graph: what is to be laid out; where its nodes are now tells what to keep.
        direction: which way edges are to go; left out, as they do.
    """
    direction = direction or graph.direction
    if not len(graph):
        return {}
    view = topology.digraph(graph)
    sheet = Sheet(view, {n.id: _card(graph, n, direction) for n in graph})
    here = {n.id: _turned(n.position, direction, sheet.cards[n.id].room.before) for n in graph}
    is_laid_out = direction == graph.direction and any(n.position != (0.0, 0.0) for n in graph)
    kept = here
    best = _fresh(sheet, direction, here if is_laid_out else {})
    if len(graph) <= JUDGED:
        kept = _settled(sheet, here) if is_laid_out else best
        best = min(best, _fresh(sheet, direction, {}), _fresh(sheet, direction, kept), key=partial(cost, sheet))
        best = min(best, _settled(sheet, best), key=partial(cost, sheet))
    if is_laid_out:
        shift = _offset(here, best)
        best = {n: (u + shift[0], v + shift[1]) for n, (u, v) in best.items()}
        moving = [sum(here[n] != place for n, place in places.items()) for places in (kept, best)]
        if len(graph) <= JUDGED and moving[0] < moving[1] and cost(sheet, kept) <= NEARLY * cost(sheet, best):
            best = kept
    return {n: _turned_back(place, direction, sheet.cards[n].room.before) for n, place in best.items()}


def _settled(sheet: Sheet, places: Mapping[str, Position]) -> dict[str, Position]:
    """What is there, mended until nothing is left to be."""
    kept = mended(sheet, places)
    for _ in range(ROUNDS):
        before, kept = kept, mended(sheet, kept)
        if kept == before:
            break
    return kept


def _fresh(sheet: Sheet, direction: Direction, known: Mapping[str, Position]) -> dict[str, Position]:
    """Places that follow from the edges; of what is known of places, an order and breaks that serve as well are kept."""
    view = sheet.view.copy()
    edges = list(view.edges)
    column_of = topology.longest_paths(view)
    for node in reversed(list(column_of)):  # an input sits right before what it feeds, not at the far left
        if not view.in_degree(node) and view.out_degree(node):
            column_of[node] = min(column_of[after] for after in view.successors(node)) - 1
    rooms = {n: card.room for n, card in sheet.cards.items()}
    stand_ins = _open_lanes(view, column_of, rooms, LANES[direction])
    columns: list[list[str]] = [[] for _ in range(max(column_of.values()) + 1)]
    for node, column in column_of.items():
        columns[column].append(node)
    columns = ordered(view, columns, {n: v for n, (_, v) in known.items()})
    level_of = levels(view, columns, rooms, stand_ins)
    if direction == "down":
        bands = [columns]
    else:
        bands = (_kept_bands(known, edges, columns, column_of, view) if known else []) or _bands(columns, view, level_of, rooms)
    return _banded(sheet, bands, level_of, rooms)


def _banded(
    sheet: Sheet, bands: Sequence[Sequence[Sequence[str]]], level_of: Mapping[str, float], rooms: Mapping[str, Room]
) -> dict[str, Position]:
    """Layers one behind the other, bands beside each other."""
    places: dict[str, Position] = {}
    aside = 0.0
    for band in bands:
        first, breadth = _extent(band, level_of, rooms)
        along = 0.0
        for layer in band:
            nodes = [n for n in layer if n in sheet.cards]
            places |= {n: (along, round((aside + level_of[n] - first) / GRID) * GRID) for n in nodes}
            along += max((sheet.cards[n].depth for n in nodes), default=0.0)
        aside += breadth + GAP
    return places


def _turned(position: Position, direction: Direction, before: float) -> Position:
    """Where a card lies along the way of edges, and its level beside it."""
    along, aside = position if direction == "across" else position[::-1]
    return along, aside + before


def _turned_back(place: Position, direction: Direction, before: float) -> Position:
    corner = place[0], place[1] - before
    return corner if direction == "across" else corner[::-1]


def _kept_bands(
    at: Mapping[str, Position], edges: Sequence[tuple[str, str]], columns: list[list[str]], column_of: dict[str, int], view: nx.DiGraph
) -> list[list[list[str]]]:
    """The columns broken where an edge runs back now, as long as the bands stay alike; nothing where that is of no use any more."""
    back = {column_of[a] for a, b in edges if column_of[b] == column_of[a] + 1 and at[b][0] < at[a][0] and at[b][1] > at[a][1]}
    ends = [c for c in sorted(back) if sum(view.out_degree(node) for node in columns[c]) == 1]
    starts = [0, *(c + 1 for c in ends), len(columns)]
    bands = [columns[start:end] for start, end in pairwise(starts)]
    widths = [len(band) for band in bands]
    return bands if len(bands) > 1 and max(widths) <= UNEVEN * sorted(widths)[len(widths) // 2] else []


def _offset(here: Mapping[str, Position], places: Mapping[str, Position]) -> Position:
    """What brings most nodes to where they are now; nothing where there is no such place."""
    away = Counter((here[n][0] - u, here[n][1] - v) for n, (u, v) in places.items())
    offset, count = away.most_common(1)[0]
    return offset if 3 * count >= len(places) else (0.0, 0.0)


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


def _card(graph: CoreGraph, node: Node, direction: Direction) -> Card:
    names = _names(graph, node) if node.form != "collapsed" else ([], [])
    more = PREVIEW * (node.form == "expanded")
    if direction == "down":
        wide = width(names, direction)
        tall = PLAIN + NAMES * sum(len(side) > 1 for side in names) + more
        step = STEPS["down"][1] - PLAIN
        return Card(Room(wide / 2, wide / 2 + COLUMN - CARD), math.ceil((tall + step) / GRID) * GRID, (tall, wide))
    tall = ROW + PORT * max(0, len(names[0]) - 1, len(names[1]) - 1) + more
    return Card(Room(PLAIN / 2, tall - PLAIN / 2), COLUMN, (CARD, tall - ROW + PLAIN))


def _names(graph: CoreGraph, node: Node) -> tuple[list[str], list[str]]:
    """The names of the ports that a card has."""
    idle = graph.idle_outputs(node.id)
    return [p.name for p in node.spec.inputs], [p.name for p in node.spec.outputs if p.name not in idle]


def _extent(band: Sequence[Sequence[str]], levels: Mapping[str, float], rooms: Mapping[str, Room]) -> tuple[float, float]:
    """Top and height of some columns."""
    nodes = [node for layer in band for node in layer]
    top = min(levels[n] - rooms[n].before for n in nodes)
    return top, max(levels[n] + rooms[n].after for n in nodes) - top


def _open_lanes(view: nx.DiGraph, column_of: dict[str, int], rooms: dict[str, Room], lane: Room) -> set[str]:
    """Puts a stand-in into every column that an edge passes, so that no node lies in its way; their ids."""
    made = set()
    for source, target in list(view.edges):
        last = source
        for column in range(column_of[source] + 1, column_of[target]):
            stand_in = f"{source}→{target}@{column}"
            column_of[stand_in], rooms[stand_in] = column, lane
            view.add_edge(last, stand_in)
            made.add(stand_in)
            last = stand_in
        if last != source:
            view.add_edge(last, target)
            view.remove_edge(source, target)
    return made


def _bands(columns: list[list[str]], view: nx.DiGraph, level_of: Mapping[str, float], rooms: Mapping[str, Room]) -> list[list[list[str]]]:
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
        height = sum(_extent(band, level_of, rooms)[1] for band in bands)
        return abs(math.log(max(map(len, bands)) * COLUMN / height / ASPECT))

    def filled(width: int) -> list[list[list[str]]]:
        """Broken to the width that the widest band takes anyway."""
        return broken(max(map(len, broken(width))))

    return min((filled(-(-len(columns) // n)) for n in range(1, 17)), key=badness)
