"""Turns a proposed repair into one undoable command."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.blocks import registry
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Connect, Disconnect, Macro, Move, RemoveNodes, Rename, SetParams, SetSettings
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.modes import SetMode
from graph_engine.graph.network import network
from graph_engine.graph.node import Edge, ahead
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.faults import Fix, Insert

Output = tuple[str, str]
"""A node's id and one of its outputs."""


def commands(graph: CoreGraph, diagnostic: Diagnostic, fix: Fix) -> Command:
    """The command that carries out ``fix`` for ``diagnostic``, as one step.

    Raises:
        UnknownNodeError: the node is gone.
        GraphError: the command itself refuses.
    """
    return Macro(fix.title, list(_parts(graph, diagnostic, fix)))


def _parts(graph: CoreGraph, diagnostic: Diagnostic, fix: Fix) -> Iterator[Command]:
    if fix.settings:
        settings = graph.settings
        for part, value in fix.settings.items():
            settings = settings.replaced(part, value)
        yield SetSettings(settings, next(iter(fix.settings)))
    id = fix.node or diagnostic.node
    if id is None or not (fix.params or fix.insert or fix.connect or fix.replace or fix.remove or fix.mode):
        return
    node = graph[id]
    if fix.params:
        yield SetParams(id, fix.params)
    if fix.insert:
        port = fix.port or diagnostic.port or node.spec.inputs[0].name
        computing = network(graph).graph
        yield from _insert(graph, [graph.edges[e.id] for e in alike(computing, computing.inputs(id, port)[fix.edge])], fix.insert)
    for port, (source, output) in fix.connect.items():
        yield Connect(source, output, id, port)
    if fix.replace:
        yield from _replace(graph, id, registry()[fix.replace])
    if fix.remove:
        yield from redraw(graph, past(graph, [id]))
        yield RemoveNodes([id])
    if fix.mode:
        yield SetMode([id], fix.mode)


def alike(graph: CoreGraph, edge: Edge) -> list[Edge]:
    """The edges that carry to its target what ``edge`` carries."""
    return [e for e in graph.incoming(edge.target) if (e.source, e.source_port) == (edge.source, edge.source_port)]


def insert(graph: CoreGraph, edge: Edge, block: str, params: Mapping[str, Any], text: str = "") -> Macro:
    """Puts a new node onto an edge and makes room for it by moving what lies behind."""
    return Macro(text or f"Insert {block}", list(_insert(graph, [edge], [Insert(block, params)])))


def shared_params(old: BlockSpec, params: Mapping[str, Any], new: BlockSpec) -> dict[str, Any]:
    """Those of a node's parameters that another block takes as well."""
    return {p.name: params[p.name] for p in new.params if params.get(p.name) not in (None, old.defaults.get(p.name))}


def _insert(graph: CoreGraph, edges: Sequence[Edge], blocks: Sequence[Insert]) -> Iterator[Command]:
    target = graph[edges[0].target]
    here, behind = target.position, (target.id, *sorted(graph.descendants(target.id)))
    yield Move({id: ahead(graph[id].position, graph.direction, len(blocks)) for id in behind})
    before: Output = (edges[0].source, edges[0].source_port)
    for place, (block, params) in enumerate(blocks):
        spec = registry()[block]
        node = new_node(graph, spec, None, params, ahead(here, graph.direction, place))
        yield AddNode(node)
        yield Connect(*before, node.id, spec.inputs[0].name)
        before = (node.id, spec.outputs[0].name)
    yield from redraw(graph, {e.id: before for e in edges})


def _replace(graph: CoreGraph, id: str, spec: BlockSpec) -> Iterator[Command]:
    old = graph[id]
    new = new_node(graph, spec, None, shared_params(old.spec, old.params, spec), old.position)
    yield AddNode(new)
    for edge in graph.incoming(id):
        yield Connect(edge.source, edge.source_port, new.id, edge.target_port, bends=graph.bends(edge.id))
    yield from redraw(graph, {e.id: (new.id, e.source_port) for e in graph.outgoing(id)}, along=True)
    yield RemoveNodes([id])
    yield Rename(new.id, old.name)


def past(graph: CoreGraph, nodes: Collection[str]) -> dict[str, Output | None]:
    """For each edge that leaves some nodes, what feeds them through the main inputs on the way to it; None where nothing does."""
    return {e.id: _before(graph, e, nodes) for id in nodes for e in graph.outgoing(id) if e.target not in nodes}


def _before(graph: CoreGraph, edge: Edge, nodes: Collection[str]) -> Output | None:
    at = edge
    while at.source in nodes:
        into = graph[at.source].spec.main_input
        feeding = graph.inputs(at.source, into.name) if into is not None else ()
        if not feeding:
            return None
        at = feeding[0]
    return at.source, at.source_port


def redraw(graph: CoreGraph, sources: Mapping[str, Output | None], *, along: bool = False) -> Iterator[Command]:
    """Draws edges anew from other outputs, and each in its old place among those of a variadic port.

    Args:
        graph: the graph.
        sources: where each of the edges, by its id, is to come from; None where it is to go.
        along: they run through the same points as before, because the others lie in the same place.
    """
    ports = dict.fromkeys((graph.edges[id].target, graph.edges[id].target_port) for id in sources)
    for target, port in ports:
        edges = list(graph.inputs(target, port))
        first = next(i for i, e in enumerate(edges) if e.id in sources)
        yield Disconnect([e.id for e in edges[first:]])
        for edge in edges[first:]:
            source = sources.get(edge.id, (edge.source, edge.source_port))
            if source is not None:
                stays = along or source == (edge.source, edge.source_port)
                yield Connect(*source, target, port, bends=graph.bends(edge.id) if stays else ())
