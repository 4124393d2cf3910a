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
    done: dict[str, None] = {}
    for end in [node.id for node in graph if node.spec.call.kind == "output"] if ends is None else ends:
        stack = [(end, False)]
        while stack:
            id, visited = stack.pop()
            if id in done:
                continue
            if visited:
                done[id] = None
                continue
            stack.append((id, True))
            sources = [e.source for port in graph[id].spec.inputs for e in graph.inputs(id, port.name)]
            stack += [(source, False) for source in reversed(sources) if source not in done]
    return list(done)
