"""What lies on the canvas already, put right where it is not, and how good a layout is.

A small edit of a network that is laid out is to move little. So what is there is mended first: what lies in the way of a new node is
pushed on, what lies out of line goes into line, all else stays. That is taken where it is nearly as good as laying out anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import networkx as nx

from graph_engine.analysis.placing import Room
from graph_engine.graph.node import Position

CROSSING, COVERED, OVERLAP = 300.0, 900.0, 5000.0
"""What two edges that cross, an edge under a card and two cards in one place cost, in scene units of length."""

TRIES = 6000
"""How often nodes are put elsewhere to see whether that is better, times the number of nodes."""

GRID = 16.0
"""Corners of cards are multiples of this."""

CELL = 320.0
"""How large the parts of the canvas are in which things are looked for."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom; of an edge, its two ends."""
SAMPLE = 64.0
"""From one point of an edge to the next of those that no card is to cover."""


class Card(NamedTuple):
    """What a layout knows of a card.

    Attributes:
        room: beside the way of edges.
        depth: along it, from the card to the next one behind it.
        size: along the way of edges, and beside it.
    """

    room: Room
    depth: float
    size: Position


class Sheet(NamedTuple):
    """A network as edges go to the right, whatever their direction is: first coordinates lie along it, second ones are levels beside it.

    Attributes:
        view: the nodes and the edges between them.
        cards: of each node.
    """

    view: nx.DiGraph
    cards: Mapping[str, Card]


def cost(sheet: Sheet, at: Mapping[str, Position]) -> float:
    """How long edges are, how often they cross, and what lies upon each other."""
    lines = _lines(sheet, at)
    total = sum(((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5 for x, y, x2, y2 in lines.values())
    bad = OVERLAP * len(_overlaps(sheet, at)) + COVERED * len(_covered(sheet, at)) + CROSSING * _crossings(lines)
    return float(total + bad)


def _lines(sheet: Sheet, at: Mapping[str, Position]) -> dict[tuple[str, str], Box]:
    """Both ends of each edge."""
    return {(a, b): (at[a][0] + sheet.cards[a].size[0], at[a][1], *at[b]) for a, b in sheet.view.edges}


def _boxes(sheet: Sheet, at: Mapping[str, Position]) -> tuple[dict[str, Box], dict[tuple[int, int], list[str]]]:
    """Where cards are, and by parts of the canvas which are there."""
    cards = sheet.cards.items()
    boxes = {n: (u, v - c.room.before, u + c.size[0], v - c.room.before + c.size[1]) for n, c in cards for u, v in [at[n]]}
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for node, box in boxes.items():
        for cell in _cells(*box):
            cells[cell].append(node)
    return boxes, cells


def _overlaps(sheet: Sheet, at: Mapping[str, Position]) -> set[tuple[str, str]]:
    """The pairs of cards that lie upon each other."""
    boxes, cells = _boxes(sheet, at)
    return {(a, b) for found in cells.values() for a, b in combinations(found, 2) if _meet(boxes[a], boxes[b])}


def _covered(sheet: Sheet, at: Mapping[str, Position]) -> set[tuple[str, str, str]]:
    """The edges, by their ends, that pass under a card, and that card; those that run back keep between the rows."""
    boxes, cells = _boxes(sheet, at)
    found: set[tuple[str, str, str]] = set()
    for (a, b), (x, y, x2, y2) in _lines(sheet, at).items():
        count = 4 + int((x2 - x + abs(y2 - y)) / SAMPLE)
        reach = min(max((x2 - x) / 2, 24.0), 160.0)  # as the canvas draws it
        for t in (i / count for i in range(1, count)) if x2 >= x else ():
            early, late = 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t)
            eased = late + t**3
            px, py = x + eased * (x2 - x) + (early - late) * reach, y + eased * (y2 - y)
            for node in cells.get((int(px // CELL), int(py // CELL)), ()):
                left, top, right, bottom = boxes[node]
                if left < px < right and top < py < bottom and node not in (a, b):
                    found.add((a, b, node))
    return found


def _cells(left: float, top: float, right: float, bottom: float) -> Iterator[tuple[int, int]]:
    for column in range(int(left // CELL), int(right // CELL) + 1):
        for row in range(int(top // CELL), int(bottom // CELL) + 1):
            yield column, row


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _crossings(lines: Mapping[tuple[str, str], Box]) -> int:
    cells: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    for edge, (x, y, x2, y2) in lines.items():
        if x2 < x:
            continue
        for cell in _cells(x, min(y, y2), x2, max(y, y2)):
            cells[cell].append(edge)
    pairs = {pair for found in cells.values() for pair in combinations(found, 2)}
    return sum(_cross(lines[a], lines[b]) for a, b in pairs if not {*a} & {*b})


def _cross(one: Box, other: Box) -> bool:
    def side(line: Box, x: float, y: float) -> float:
        return (line[2] - line[0]) * (y - line[1]) - (line[3] - line[1]) * (x - line[0])

    return side(one, *other[:2]) * side(one, *other[2:]) < 0 and side(other, *one[:2]) * side(other, *one[2:]) < 0


def mended(sheet: Sheet, here: Mapping[str, Position]) -> dict[str, Position]:
    """Where nodes lie, with what must be put right: nodes are pushed on where edges are too short, and go into line, and make way."""
    view, cards, at = sheet.view, sheet.cards, dict(here)
    on = nx.DiGraph((a, b) for a, b in view.edges if here[a][0] < here[b][0])
    on.add_nodes_from(view)
    for node in nx.topological_sort(view):
        u, v = at[node]
        before = [at[p][0] + cards[p].depth for p in on.predecessors(node)]
        behind = [at[s][0] - cards[node].depth for s in on.successors(node)]
        if before and (u < max(before) or not (u == max(before) or u in behind)):
            at[node] = max(before), v
        elif not before and behind and u not in behind:
            at[node] = min(behind), v
    return _straightened(sheet, at)


def _straightened(sheet: Sheet, places: Mapping[str, Position]) -> dict[str, Position]:
    """The same with single nodes in line with what they are joined to, or out of the way where one thing lies upon another."""
    at = dict(places)
    near = {n: [at[m][1] for m in nx.all_neighbors(sheet.view, n)] for n in at}
    ways = {n: levels[:1] for n, levels in near.items() if len(set(levels)) == 1 and levels[0] != at[n][1]}
    crowded = dict.fromkeys(n for pair in (*_overlaps(sheet, at), *_covered(sheet, at)) for n in pair)
    for node in crowded:
        if near[node]:
            middle, before = fmean(near[node]), sheet.cards[node].room.before
            ways[node] = [*near[node], round((middle - before) / GRID) * GRID + before, *_free(sheet.cards, at, node, middle)]
    tries, least = TRIES // len(at), cost(sheet, at) if ways else 0.0
    for node, levels in ways.items():
        for level in dict.fromkeys(levels):
            if tries and level != at[node][1]:
                tries -= 1
                found = cost(sheet, {**at, node: (at[node][0], level)})
                if found < least - (COVERED / 2 if node in crowded else 1):
                    at[node], least = (at[node][0], level), found
    return at


def _free(cards: Mapping[str, Card], at: Mapping[str, Position], node: str, wish: float) -> list[float]:
    """The two levels nearest to the wished one at which a node lies right beside another."""
    u, card = at[node][0], cards[node]
    beside = [(v, cards[n].room) for n, (x, v) in at.items() if n != node and x < u + card.size[0] and u < x + cards[n].size[0]]
    after = (v + room.after + card.room.before for v, room in beside)
    before = (v - card.room.after - room.before for v, room in beside)
    return sorted((*after, *before), key=lambda level: abs(level - wish))[:2]
