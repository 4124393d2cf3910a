"""What is left of a graph once bypassed and muted nodes are taken for what they are. Check, rules and lowering read this, and nothing else
has to know of them.

A bypassed node passes on what arrives, as if it were not there: its first output what arrives at its main input, and where a block has
as many outputs as inputs, each further output what arrives at the input in the same place. A muted node gives nothing: what it would feed
is as if it were not connected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Edge
from graph_engine.spec.block import BlockSpec

Output = tuple[str, str]
"""A node's id and one of its outputs."""


class Network(NamedTuple):
    """A graph as it computes.

    Attributes:
        graph: the nodes that compute, and the edges between them; each has the id of the drawn edge that arrives at its target. A bypassed
            node that has nothing to pass on where something is expected of it is still there, without what feeds it. The graph itself
            where every node computes; else for reading only, and to be made anew after an edit of nodes or edges.
        passing: for each bypassed node what its outputs pass on: where that really comes from.
        lost: for each input that lacks an edge because of muted nodes, their ids.
    """

    graph: CoreGraph
    passing: Mapping[str, Mapping[str, Output]]
    lost: Mapping[tuple[str, str], tuple[str, ...]]


def network(graph: CoreGraph) -> Network:
    """What is left of a graph without the nodes that do not compute."""
    if not graph.modes:
        return Network(graph, {}, {})
    ends: dict[Output, Output | str] = {}
    edges: list[Edge] = []
    lost: dict[tuple[str, str], tuple[str, ...]] = {}
    stuck: set[str] = set()
    for node in graph:
        if node.mode == "muted":
            continue
        if node.mode == "bypassed":
            for port in node.spec.output_names:
                _follow(graph, (node.id, port), ends)
            continue
        for edge in graph.incoming(node.id):
            end = _follow(graph, (edge.source, edge.source_port), ends)
            if isinstance(end, str):
                lost[node.id, edge.target_port] = (*lost.get((node.id, edge.target_port), ()), end)
            else:
                edges.append(edge._replace(source=end[0], source_port=end[1]))
                if end[0] in graph.modes:
                    stuck.add(end[0])
    passing = {
        id: {port: end for port in graph[id].spec.output_names if isinstance(end := ends[id, port], tuple) and end[0] != id}
        for id, mode in graph.modes.items()
        if mode == "bypassed"
    }
    return Network(_part(graph, (id for id in graph.nodes if id not in graph.modes or id in stuck), edges), passing, lost)


def passed_input(spec: BlockSpec, output: str) -> str | None:
    """The input whose tensor leaves at an output of a bypassed node of a block; None where none stands for it."""
    place = spec.output_names.index(output)
    if not place:
        return spec.main_input.name if spec.main_input is not None else None
    return spec.inputs[place].name if len(spec.inputs) == len(spec.outputs) else None


def _follow(graph: CoreGraph, start: Output, ends: dict[Output, Output | str]) -> Output | str:
    """Where what an output gives really comes from: an output of a node that computes; the id of a muted node, which gives nothing; or an
    output of a bypassed node that has nothing to pass on.
    """
    stack = [start]
    while stack:
        at = stack[-1]
        mode = graph[at[0]].mode
        if at in ends:
            stack.pop()
        elif mode != "bypassed":
            ends[at] = at[0] if mode == "muted" else at
        else:
            into = passed_input(graph[at[0]].spec, at[1])
            before = [(e.source, e.source_port) for e in graph.inputs(at[0], into)] if into is not None else []
            unknown = [end for end in before if end not in ends]
            if unknown:
                stack += unknown
            else:
                found = [ends[end] for end in before]
                ends[at] = next((end for end in found if isinstance(end, tuple)), found[0]) if found else at
    return ends[start]


def _part(graph: CoreGraph, nodes: Iterable[str], edges: Iterable[Edge]) -> CoreGraph:
    """A graph of some nodes of another one; of nodes that share weights, the first that is left owns them."""
    part = CoreGraph(graph.name, graph.description, graph.root)
    part._nodes = {id: graph[id] for id in nodes}
    part._names = {node.name: id for id, node in part._nodes.items()}
    part._groups = {id: definition for id, definition in graph.groups.items() if id in part._nodes}
    for owner in dict.fromkeys(graph.owners.values()):
        first, *others = [id for id in graph.sharing(owner) if id in part._nodes] or [owner]
        part._owners |= dict.fromkeys(others, first)
    part._in, part._out = {id: {} for id in part._nodes}, {id: {} for id in part._nodes}
    for edge in edges:
        part._edges[edge.id] = edge
        part._out[edge.source].setdefault(edge.source_port, []).append(edge)
        part._in[edge.target].setdefault(edge.target_port, []).append(edge)
    return part
