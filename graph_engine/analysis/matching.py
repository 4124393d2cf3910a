"""Which node of one graph is which of another: by id, by name, else by what it is and stands between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import GroupSpec, Node

ALIKE = 0.5
"""The least likeness, of 1, at which two nodes without a common id or name are taken for one."""


MOST_PAIRS = 250_000
"""Pairs that are compared for their likeness at most; of more, whole networks were replaced."""


def match_nodes(before: CoreGraph, after: CoreGraph) -> dict[str, str]:
    """The ids of nodes of one graph by those of the other that they are the same as.

    Ids count between documents that come from one another, which is so where most of those that both have also have one name.
    """
    found: dict[str, str] = {}
    common = [(node, after[node.id]) for node in before if node.id in after]
    if 2 * sum(node.name == other.name for node, other in common) >= len(common):
        found = {node.id: other.id for node, other in common if node.name == other.name or what(node) == what(other)}
    taken = set(found.values())
    names = {node.name: node for node in after if node.id not in taken}
    for only_alike in (True, False):
        for node in before:
            other = names.get(node.name)
            if node.id not in found and other is not None and (what(other) == what(node) or not only_alike):
                found[node.id] = other.id
                del names[node.name]
    _match_by_place(before, after, found)
    return found


def what(node: Node) -> str:
    """What a node is a use of, in words that are the same in other documents."""
    return f"group {node.spec.name}" if isinstance(node.spec, GroupSpec) else node.block


def _match_by_place(before: CoreGraph, after: CoreGraph, found: dict[str, str]) -> None:
    """Adds pairs of one block, the likest first, as long as there are some: each pair makes others likelier."""
    while (len(before.nodes) - len(found)) * (len(after.nodes) - len(found)) <= MOST_PAIRS:
        taken = set(found.values())
        left: dict[str, list[Node]] = {}
        for node in after:
            if node.id not in taken:
                left.setdefault(what(node), []).append(node)
        pairs = [
            (likeness, node.id, other.id)
            for node in before
            if node.id not in found
            for other in left.get(what(node), ())
            if (likeness := _likeness(before, node, after, other, found)) >= ALIKE
        ]
        if not pairs:
            return
        best = max(likeness for likeness, _, _ in pairs)
        for likeness, id, other in pairs:
            if likeness == best and id not in found and other not in taken:
                found[id] = other
                taken.add(other)


def _likeness(before: CoreGraph, node: Node, after: CoreGraph, other: Node, found: Mapping[str, str]) -> float:
    """From 0 to 1: half is for what two nodes of one block stand between, half for the values of their parameters."""
    mine = [found.get(id) for id in _neighbours(before, node.id)]
    theirs = list(_neighbours(after, other.id))
    common = sum(id in theirs for id in mine if id is not None)
    most = max(len(mine), len(theirs))
    names = node.params.keys() | other.params.keys()
    same = sum(node.params.get(name) == other.params.get(name) for name in names)
    return (common / most if most else 1.0) / 2 + (same / len(names) if names else 1.0) / 2 * bool(common or not most)


def _neighbours(graph: CoreGraph, node: str) -> Iterator[str]:
    yield from (edge.source for edge in graph.incoming(node))
    yield from (edge.target for edge in graph.outgoing(node))
