"""Turns a proposed repair into one undoable command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.blocks import registry
from graph_engine.graph.commands import AddNode, Command, Connect, Disconnect, Macro, Move, RemoveNodes, SetParams
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.node import Edge
from graph_engine.spec.faults import Fix

SPACING = 272.0
"""Scene units from one column of nodes to the next."""


def commands(graph: CoreGraph, diagnostic: Diagnostic, fix: Fix) -> Command:
    """The command that carries out ``fix`` on the node of ``diagnostic``.

    Raises:
        UnknownNodeError: the node is gone.
        GraphError: the command itself refuses.
    """
    assert diagnostic.node is not None
    if fix.remove:
        return bypass(graph, diagnostic.node, fix.title)
    if fix.insert is None:
        return Macro(fix.title, [SetParams(graph[diagnostic.node].id, fix.params)])
    port = diagnostic.port or graph[diagnostic.node].spec.inputs[0].name
    [edge] = graph.inputs(diagnostic.node, port)
    return insert(graph, edge, fix.insert, fix.params, fix.title)


def insert(graph: CoreGraph, edge: Edge, block: str, params: Mapping[str, Any], text: str = "") -> Macro:
    """Puts a new node onto an edge and makes room for it by moving what lies behind."""
    target = graph[edge.target]
    spec = registry()[block]
    node = new_node(graph, spec, None, params, target.position)
    behind = {target.id, *graph.descendants(target.id)}
    shifted = {id: (graph[id].position[0] + SPACING, graph[id].position[1]) for id in behind}
    return Macro(
        text or f"Insert {block}",
        [
            Move(shifted),
            AddNode(node),
            Disconnect([edge.id]),
            Connect(edge.source, edge.source_port, node.id, spec.inputs[0].name),
            Connect(node.id, spec.outputs[0].name, edge.target, edge.target_port),
        ],
    )


def bypass(graph: CoreGraph, node: str, text: str = "Take out") -> Macro:
    """Removes a node and joins what fed its first input to all that it fed."""
    spec = graph[node].spec
    feeding = graph.inputs(node, spec.inputs[0].name) if spec.inputs else ()
    joined: list[Command] = [RemoveNodes([node])]
    if feeding:
        joined += [Connect(feeding[0].source, feeding[0].source_port, e.target, e.target_port) for e in graph.outgoing(node)]
    return Macro(text, joined)
