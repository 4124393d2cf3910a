"""What a text can tell of a graph: all but ids, positions, notes, names of operations, and what leads to no output."""

from __future__ import annotations

from typing import Any

from graph_engine import Graph
from graph_engine.codegen.module import class_name
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.network import network
from graph_engine.lowering.order import written_order


def form(graph: Graph) -> Any:
    """The network and its groups as nested tuples, equal for graphs that a text cannot tell apart."""
    return (graph.name, graph.description, _form(graph))


def _form(graph: CoreGraph) -> Any:
    drawn = network(graph).graph
    inputs = [n.id for n in drawn if n.spec.call.kind == "input"]
    order = [*inputs, *(id for id in written_order(drawn) if id not in inputs)]
    place = {id: i for i, id in enumerate(order)}
    rows = []
    for id in order:
        node = drawn[id]
        named = node.spec.call.kind in ("input", "output", "module", "parameter", "buffer") and drawn.owner(id) == id
        inside = _form(graph.definitions[graph.groups[id]]) if id in graph.groups else None
        ports = node.spec.inputs
        sources = tuple(tuple((place[e.source], _port(drawn, e.source, e.source_port)) for e in drawn.inputs(id, p.name)) for p in ports)
        what = class_name(node.spec.title) if inside is not None else node.block
        rows.append((node.name if named else "", what, _values(graph, id), sources, place.get(drawn.owner(id)), inside))
    exposed = _exposed(graph, place) if isinstance(graph, Definition) else ()
    return (*rows, exposed)


def _port(graph: CoreGraph, node: str, port: str) -> int:
    return graph[node].spec.output_names.index(port)


def _values(graph: CoreGraph, id: str) -> Any:
    """The parameters that do not follow from what arrives; shapes of a group's inputs say nothing."""
    node = graph[id]
    if isinstance(graph, Definition) and node.spec.call.kind == "input":
        return ()
    follows = {p.name for p in node.spec.params if p.inferred}
    return tuple((name, value) for name, value in sorted(node.params.items()) if name not in follows)


def _exposed(graph: Definition, place: dict[str, int]) -> Any:
    rows = ((e.name, place.get(graph.owner(e.node)), e.param) for e in graph.exposed if not graph[e.node].spec.param(e.param).inferred)
    return tuple(sorted(row for row in dict.fromkeys(rows) if row[1] is not None))
