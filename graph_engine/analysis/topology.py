"""The graph as networkx sees it; nothing else in the engine uses networkx."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from graph_engine.graph.graph import CoreGraph


def digraph(graph: CoreGraph) -> nx.DiGraph:
    """The node ids and which feeds which; parallel edges count once."""
    result = nx.DiGraph()
    result.add_nodes_from(graph.nodes)
    result.add_edges_from((e.source, e.target) for e in graph.edges.values())
    return result


def order(view: nx.DiGraph) -> list[str]:
    """Node ids so that each comes behind all that feed it; otherwise as they were added."""
    return list(nx.topological_sort(view))


def live(graph: CoreGraph, order: Sequence[str]) -> frozenset[str]:
    """Ids of the nodes that make up the network: the inputs, and all from which an output can be reached.

    Args:
        graph: the graph.
        order: its nodes, each behind all that feed it.
    """
    found = {node.id for node in graph if node.spec.call.kind in ("input", "output")}
    for id in reversed(order):
        if id in found:
            found.update([edge.source for edge in graph.incoming(id)])
    return frozenset(found)


def longest_paths(view: nx.DiGraph) -> dict[str, int]:
    """For each node id the number of edges on the longest path that leads to it."""
    depth: dict[str, int] = {}
    for node in nx.topological_sort(view):
        depth[node] = max((depth[before] + 1 for before in view.predecessors(node)), default=0)
    return depth
