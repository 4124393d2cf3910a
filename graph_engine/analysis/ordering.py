"""The order of nodes within layers, so that few edges cross (Sugiyama, Tagawa and Toda, 1981; medians after Gansner et al., 1993)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median

import networkx as nx

Layers = list[list[str]]

SWEEPS = 8
"""How often at most the layers are put in order after the one before, forwards and backwards in turn, without crossing less."""


def ordered(view: nx.DiGraph, layers: Layers, known: Mapping[str, float]) -> Layers:
    """The layers in an order in which few edges cross.

    Args:
        view: edges lead from each layer to the next only.
        layers: what is in each.
        known: where nodes lie beside the way of edges now; an order that they have stays, unless there is one with fewer crossings.
    """
    best = _sorted(view, layers, known)
    least = crossings(view, best)
    for start in [best] if known else [best, [layer[::-1] for layer in best]]:
        now, vain, forwards = start, 0, True
        while least and vain < SWEEPS:
            now, forwards = _swept(view, now, forwards), not forwards
            found = crossings(view, now)
            vain += 1
            if found < least:
                best, least, vain = now, found, 0
    return best


def crossings(view: nx.DiGraph, layers: Sequence[Sequence[str]]) -> int:
    """How many pairs of edges cross."""
    count = 0
    for upper, lower in pairwise(layers):
        place = {node: i for i, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            ends = sorted(place[after] for after in view.successors(node))
            count += sum(len(seen) - _after(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _after(seen: Sequence[int], end: int) -> int:
    """How many of the sorted places are not beyond one."""
    return bisect_left(seen, end + 1)


def _sorted(view: nx.DiGraph, layers: Layers, known: Mapping[str, float]) -> Layers:
    """As they lie now, those that lie nowhere yet beside what they are joined to; or, where nothing lies, as edges lead there."""
    if known:
        at = dict(known)
        for node in (n for layer in layers for n in layer if n not in known):
            near = [at[m] for m in (*view.predecessors(node), *view.successors(node)) if m in at]
            at[node] = median(near) if near else 0.0
        return [sorted(layer, key=at.__getitem__) for layer in layers]
    order: dict[str, int] = {}
    stack = [n for layer in layers for n in layer if not view.in_degree(n)][::-1]
    while stack:
        node = stack.pop()
        if node not in order:
            order[node] = len(order)
            stack.extend(reversed(list(view.successors(node))))
    return [sorted(layer, key=order.__getitem__) for layer in layers]


def _swept(view: nx.DiGraph, layers: Layers, forwards: bool) -> Layers:
    neighbours: Callable[[str], Iterable[str]] = view.predecessors if forwards else view.successors
    made: Layers = []
    place: dict[str, int] = {}
    for layer in layers if forwards else reversed(layers):
        medians = {n: median(near) if (near := [place[m] for m in neighbours(n) if m in place]) else None for n in layer}
        moving = iter(sorted((n for n in layer if medians[n] is not None), key=lambda n: medians[n] or 0.0))
        made.append([n if medians[n] is None else next(moving) for n in layer])
        place |= {n: i for i, n in enumerate(made[-1])}
    return made if forwards else made[::-1]
