"""The graph as networkx sees it; nothing else in the engine uses networkx."""

from __future__ import annotations

import networkx as nx

from graph_engine.graph.graph import CoreGraph


def digraph(graph: CoreGraph) -> nx.DiGraph:
    """The node ids and which feeds which; parallel edges count once."""
    result = nx.DiGraph()
    result.add_nodes_from(graph.nodes)
    result.add_edges_from((e.source, e.target) for e in graph.edges.values())
    return result


def order(view: nx.DiGraph) -> tuple[str, ...]:
    """Node ids so that each comes behind all that feed it; otherwise as they were added."""
    return tuple(nx.topological_sort(view))


def live(graph: CoreGraph, view: nx.DiGraph) -> frozenset[str]:
    """Ids of the nodes that make up the network: the inputs, and all from which an output can be reached."""
    ends = [node.id for node in graph if node.spec.call.kind == "output"]
    found = {node.id for node in graph if node.spec.call.kind == "input"}.union(ends)
    backwards = nx.reverse_view(view)
    for end in ends:
        found.update(target for _, target in nx.bfs_edges(backwards, end))
    return frozenset(found)


def longest_paths(view: nx.DiGraph) -> dict[str, int]:
    """For each node id the number of edges on the longest path that leads to it."""
    depth: dict[str, int] = {}
    for node in nx.topological_sort(view):
        depth[node] = max((depth[before] + 1 for before in view.predecessors(node)), default=0)
    return depth
