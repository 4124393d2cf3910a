"""Edits of nodes together with their edges, each as one command: joined to a port, joined in a row, put onto an edge, taken out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from graph_engine.errors import EdgeError
from graph_engine.graph.commands import AddNode, Command, Connect, Macro
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.ports import Port


def main_input(spec: BlockSpec) -> Port | None:
    """The input that is meant where none is named: the first that is needed, else the first; None without any."""
    return min(spec.inputs, key=lambda p: p.optional, default=None)


def join(graph: CoreGraph, node: Node, held: str, side: str, port: str) -> Macro:
    """Adds a node and joins it to a port.

    Args:
        graph: the graph.
        node: a new node.
        held: id of the node that it is joined to.
        side: of the port: behind an ``output``, or in front of an ``input``.
        port: its name.

    Raises:
        EdgeError: the new node has no port on the other side.
    """
    add = AddNode(node)
    if side == "output":
        into = main_input(node.spec)
        if into is None:
            raise EdgeError(f"{node.block} has no input that {graph[held].name} could feed.")
        return Macro(add.text, [add, Connect(held, port, node.id, into.name)])
    if not node.spec.outputs:
        raise EdgeError(f"{node.block} has no output that could feed {graph[held].name}.")
    return Macro(add.text, [add, Connect(node.id, node.spec.outputs[0].name, held, port)])


def chain(graph: CoreGraph, nodes: Sequence[str]) -> Macro:
    """Joins each node to the next: its first output to the input that is free and needed. What is joined already stays.

    Raises:
        EdgeError: two that follow each other cannot be joined, or all are.
    """
    parts: list[Command] = []
    for source, target in pairwise(nodes):
        if any(e.target == target for e in graph.outgoing(source)):
            continue
        start, end = graph[source], graph[target]
        free = [p for p in end.spec.inputs if p.variadic or not graph.inputs(target, p.name)]
        if not start.spec.outputs:
            raise EdgeError(f"{start.name} has no output that could feed {end.name}.")
        if not free:
            raise EdgeError(f"{end.name} has no free input that {start.name} could feed.")
        into = min(free, key=lambda p: p.optional)
        reason = graph.check_edge(source, start.spec.outputs[0].name, target, into.name)
        if reason is not None:
            raise reason
        parts.append(Connect(source, start.spec.outputs[0].name, target, into.name))
    if not parts:
        raise EdgeError("Select two or more nodes that are not connected yet: each is joined to the next, left to right.")
    return Macro("Connect in a row", parts)
