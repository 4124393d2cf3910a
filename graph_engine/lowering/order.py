"""The order in which a person writes the calls of a network."""

from __future__ import annotations

from collections.abc import Iterable

from graph_engine.graph.graph import CoreGraph


def written_order(graph: CoreGraph, ends: Iterable[str] | None = None) -> list[str]:
    """Depth first from the outputs, so that a branch is written to its end before the next begins.

    Args:
        graph: the network, or the content of a group.
        ends: ids of the nodes to come from; left out, all outputs.
    """
    nodes = graph.nodes
    done: dict[str, None] = {}
    entered: set[str] = set()
    for end in [node.id for node in graph if node.spec.call.kind == "output"] if ends is None else ends:
        stack = [end]
        while stack:
            id = stack[-1]
            if id in entered:  # all that feeds it has been written
                stack.pop()
                done[id] = None
                continue
            entered.add(id)
            for port in reversed(nodes[id].spec.inputs):
                stack += [e.source for e in reversed(graph.inputs(id, port.name)) if e.source not in entered]
    return list(done)
