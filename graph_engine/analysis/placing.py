"""Where nodes lie beside the way of edges once their order is known: edges run as straight as they can, long ones first.

After Brandes and Köpf, *Fast and Simple Horizontal Coordinate Assignment* (2001): four extreme placements, each of which joins nodes to
straight lines and packs these to one side, and of each node's four places the mean of the two in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import networkx as nx


class Room(NamedTuple):
    """What a node needs beside the way of its edges, before and after the level at which these meet it."""

    before: float
    after: float


def levels(view: nx.DiGraph, layers: Sequence[Sequence[str]], rooms: Mapping[str, Room], stand_ins: set[str]) -> dict[str, float]:
    """The level of each node.

    Args:
        view: edges lead from each layer to the next only.
        layers: in order.
        rooms: of each node; neighbours keep them.
        stand_ins: the nodes that stand for an edge that passes a layer.
    """
    crossing = _conflicts(view, layers, stand_ins)
    found: list[dict[str, float]] = []
    for upwards in (False, True):
        rows = [list(layer) for layer in (reversed(layers) if upwards else layers)]
        joined = view.successors if upwards else view.predecessors

        def near(node: str, joined: Callable[[str], Iterable[str]] = joined) -> list[str]:
            """What a node is joined to on one side: where a long edge ends at it, only that, which so runs straight."""
            found = list(joined(node))
            return [m for m in found if m in stand_ins] or found

        for mirrored in (False, True):
            turned = [row[::-1] for row in rows] if mirrored else rows
            sides = {n: Room(r.after, r.before) for n, r in rooms.items()} if mirrored else rooms
            root = _aligned(turned, near, crossing)
            packed = _packed(turned, root, sides)
            found.append({n: -x for n, x in packed.items()} if mirrored else packed)

    def extent(at: Mapping[str, float]) -> tuple[float, float]:
        return min(x - rooms[n].before for n, x in at.items()), max(x + rooms[n].after for n, x in at.items())

    spans = [extent(at) for at in found]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    shifts = [(high - span[1]) if number % 2 else (low - span[0]) for number, span in enumerate(spans)]
    placed = {n: sorted(at[n] + shift for at, shift in zip(found, shifts, strict=True)) for n in rooms}
    return {n: (four[1] + four[2]) / 2 for n, four in placed.items()}


def _conflicts(view: nx.DiGraph, layers: Sequence[Sequence[str]], stand_ins: set[str]) -> set[tuple[str, str]]:
    """The edges that cross a long one on its way; they give way."""
    found: set[tuple[str, str]] = set()
    for upper, lower in pairwise(layers):
        place = {n: i for i, n in enumerate(upper)}
        long = [(place[p], i) for i, n in enumerate(lower) if n in stand_ins for p in view.predecessors(n) if p in stand_ins]
        if not long:
            continue
        for i, n in enumerate(lower):
            for p in view.predecessors(n):
                if (n in stand_ins and p in stand_ins) or (p, n) in found:
                    continue
                if any((place[p] - a) * (i - b) < 0 for a, b in long):
                    found.add((p, n))
    return found


def _aligned(layers: Sequence[Sequence[str]], near: Callable[[str], list[str]], crossing: set[tuple[str, str]]) -> dict[str, str]:
    """The first node of the straight line that each one lies in."""
    root = {n: n for layer in layers for n in layer}
    taken: set[str] = set()
    for before, layer in pairwise(layers):
        place = {n: i for i, n in enumerate(before)}
        last = -1
        for node in layer:
            neighbours = sorted((m for m in near(node) if m in place), key=place.__getitem__)
            for middle in sorted({(len(neighbours) - 1) // 2, len(neighbours) // 2}) if neighbours else ():
                other = neighbours[middle]
                if root[node] == node and last < place[other] and not {(other, node), (node, other)} & crossing and other not in taken:
                    root[node] = root[other]
                    taken.add(other)
                    last = place[other]
    return root


def _packed(layers: Sequence[Sequence[str]], root: Mapping[str, str], rooms: Mapping[str, Room]) -> dict[str, float]:
    """The lines as near to the first side as their nodes' rooms allow, then back towards what is behind them."""
    apart = nx.DiGraph()
    apart.add_nodes_from(dict.fromkeys(root.values()))
    for layer in layers:
        for a, b in pairwise(layer):
            least = rooms[a].after + rooms[b].before
            here = apart.get_edge_data(root[a], root[b], {"least": 0.0})["least"]
            apart.add_edge(root[a], root[b], least=max(least, here))
    order = list(nx.topological_sort(apart))
    at: dict[str, float] = {}
    for line in order:
        at[line] = max((at[p] + apart.edges[p, line]["least"] for p in apart.predecessors(line)), default=0.0)
    for line in reversed(order):
        room = min((at[s] - apart.edges[line, s]["least"] for s in apart.successors(line)), default=at[line])
        at[line] = max(at[line], room)
    return {n: at[line] for n, line in root.items()}
