"""Edits of nodes together with their edges, each as one command: joined to a port, joined in a row, put onto an edge, taken out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from graph_engine.analysis.checked import CheckedGraph
from graph_engine.analysis.fixes import Output, past, redraw, shared_params
from graph_engine.errors import EdgeError
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Connect, Disconnect, Macro, Move, RemoveNodes, Rename
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.node import STEPS, Edge, Node, Position
from graph_engine.spec.block import BlockSpec, Site
from graph_engine.spec.faults import Fault
from graph_engine.spec.ports import Port


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
        into = node.spec.main_input
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
        raise EdgeError("Select two or more nodes that are not connected yet: each is joined to the next.")
    return Macro("Connect in a row", parts)


def feeding(graph: CoreGraph, copies: Mapping[str, str]) -> list[Connect]:
    """The edges that feed copies of nodes as the nodes themselves are fed from outside.

    Args:
        graph: the graph.
        copies: id of the copy of each node; nodes that are gone are left out.
    """
    return [
        Connect(e.source, e.source_port, copy, e.target_port)
        for id, copy in copies.items()
        if id in graph
        for e in graph.incoming(id)
        if e.source not in copies
    ]


def carries(spec: BlockSpec) -> bool:
    """Whether a node of a block can be put onto an edge."""
    return bool(spec.inputs and spec.outputs)


def is_loose(graph: CoreGraph, node: str) -> bool:
    """Whether no edge is at a node."""
    return not any(graph.incoming(node)) and not any(graph.outgoing(node))


def put(graph: CoreGraph, node: Node, edge: str, position: Position) -> Macro:
    """Puts a node onto an edge: what ran from source to target runs through it. What lies before or behind it makes room where it must.

    Args:
        graph: the graph.
        node: one that no edge is at, or that is not in the graph yet.
        edge: id of the edge.
        position: where the node is wanted.
    """
    into = node.spec.main_input
    assert into is not None
    old = graph.edges[edge]
    parts: list[Command] = [] if node.id in graph else [AddNode(node)]
    room, place = _make_room(graph, old, position), _between(graph, old, position)
    if old.source in room:
        axis = _ahead(graph)[0]
        place = _at(place, axis, place[axis] + room[old.source][axis] - graph[old.source].position[axis])
    parts.append(Move({**room, node.id: place}))
    parts.append(Connect(old.source, old.source_port, node.id, into.name))
    parts += redraw(graph, {edge: (node.id, node.spec.outputs[0].name)})
    return Macro(f"Insert {node.name}", parts)


def left_by(graph: CoreGraph, checked: CheckedGraph, nodes: Collection[str]) -> dict[str, Output | None]:
    """What becomes of the edges that leave some nodes when these are taken out of their network.

    Returns:
        For each such edge the output that it is to come from: what fed the nodes through their main inputs, where the target
        can work with that; else None.
    """
    return {
        id: before if before is not None and _takes(checked, graph, graph.edges[id], before) else None
        for id, before in past(graph, nodes).items()
    }


def take_out(graph: CoreGraph, checked: CheckedGraph, nodes: Collection[str]) -> Macro | None:
    """Takes nodes out of their network and joins their neighbours; edges among the nodes stay. None where nothing is joined to them."""
    entering = [e.id for id in nodes for e in graph.incoming(id) if e.source not in nodes]
    leaving = left_by(graph, checked, nodes)
    if not entering and not leaving:
        return None
    names = [graph[id].name for id in nodes]
    parts: list[Command] = [Disconnect(entering)] if entering else []
    return Macro(f"Take out {names[0]}" if len(names) == 1 else f"Take out {len(names)} nodes", [*parts, *redraw(graph, leaving)])


def swap(graph: CoreGraph, id: str, spec: BlockSpec) -> tuple[Macro, str]:
    """Puts a node of another block into the place of one, with the parameters that both have and all edges for which there is a port.

    A port is the one of the same name, else the one in the same place. A name that was given by hand is kept.

    Returns:
        The command, and the id of the new node.
    """
    old = graph[id]
    by_hand = re.fullmatch(rf"{re.escape(old.spec.stem)}\d*", old.name) is None
    new = new_node(graph, spec, None, {**spec.initial, **shared_params(old.spec, old.params, spec)}, old.position)
    inputs, outputs = _matched(old.spec.inputs, spec.inputs), _matched(old.spec.outputs, spec.outputs)
    parts: list[Command] = [AddNode(new)]
    taken: set[str] = set()
    for edge in graph.incoming(id):
        port = inputs.get(edge.target_port)
        if port is not None and (port.variadic or port.name not in taken):
            taken.add(port.name)
            parts.append(Connect(edge.source, edge.source_port, new.id, port.name, bends=graph.bends(edge.id)))
    ends = {e.id: outputs.get(e.source_port) for e in graph.outgoing(id)}
    parts += redraw(graph, {edge: (new.id, port.name) if port is not None else None for edge, port in ends.items()}, along=True)
    parts.append(RemoveNodes([id]))
    if by_hand:
        parts.append(Rename(new.id, old.name))
    return Macro(f"Replace {old.name} by {spec.id}", parts), new.id


def _between(graph: CoreGraph, edge: Edge, position: Position) -> Position:
    """Where a node goes on an edge that is wanted at ``position``: not upon the source, if the edge runs forward."""
    axis, step = _ahead(graph)
    start, end = graph[edge.source].position[axis], graph[edge.target].position[axis]
    return _at(position, axis, max(position[axis], start + step)) if end > start else position


def _make_room(graph: CoreGraph, edge: Edge, position: Position) -> dict[str, Position]:
    """Where what is at one end of an edge that runs forward must go for a node on the edge: what lies behind it goes on, or what lies
    before it goes back, whichever moves less. Nothing moves that has room enough.
    """
    axis, step = _ahead(graph)
    start, end = graph[edge.source].position[axis], graph[edge.target].position[axis]
    further = _between(graph, edge, position)[axis] + step - end
    if end <= start or further <= 0:
        return {}
    behind, before = _pushed(graph, edge.target, further), _pushed(graph, edge.source, -further)
    if len(before) < len(behind) and edge.target not in before:
        return before
    return behind


def _pushed(graph: CoreGraph, node: str, way: float) -> dict[str, Position]:
    """Where a node goes that is moved along edges, or back, and all that it pushes before it."""
    axis, step = _ahead(graph)
    at = {node: graph[node].position[axis] + way}
    queue = [node]
    for id in queue:
        old = graph[id].position[axis]
        for edge in graph.outgoing(id) if way > 0 else graph.incoming(id):
            other = edge.target if way > 0 else edge.source
            here = at.get(other, graph[other].position[axis])
            room = (here - at[id]) * (1 if way > 0 else -1)
            ran_on = (graph[other].position[axis] - old) * way > 0
            if ran_on and room < min(step, abs(graph[other].position[axis] - old)):
                at[other] = at[id] + (1 if way > 0 else -1) * min(step, abs(graph[other].position[axis] - old))
                queue.append(other)
    return {id: _at(graph[id].position, axis, place) for id, place in at.items()}


def _ahead(graph: CoreGraph) -> tuple[int, float]:
    """Which coordinate grows along edges, and by how much from node to node."""
    axis = 0 if graph.direction == "across" else 1
    return axis, STEPS[graph.direction][axis]


def _at(position: Position, axis: int, place: float) -> Position:
    return (place, position[1]) if axis == 0 else (position[0], place)


def _matched(old: Sequence[Port], new: Sequence[Port]) -> Mapping[str, Port]:
    """For each of the old ports the new one that takes its edges."""
    by_name = {p.name: p for p in new}
    places = {p.name: new[i] for i, p in enumerate(old) if i < len(new)}
    return {p.name: by_name.get(p.name) or places[p.name] for p in old if p.name in by_name or p.name in places}


def _takes(checked: CheckedGraph, graph: CoreGraph, edge: Edge, source: Output) -> bool:
    """Whether the target of an edge could work with another output, as far as that is known."""
    target = checked.nodes.get(edge.target)
    feeding = checked.nodes.get(source[0])
    x = feeding.outputs.get(source[1]) if feeding is not None else None
    if target is None or target.status != "ok" or x is None:
        return True
    node = graph[edge.target]
    if node.id in graph.groups or node.mode != "active":  # found only by checking a group's content; what is idle takes anything
        return True
    given = target.inputs[edge.target_port]
    if node.spec.input(edge.target_port).variadic:
        edges = graph.inputs(node.id, edge.target_port)
        given = tuple(x if e.id == edge.id else i for e, i in zip(edges, given, strict=True))
    else:
        given = x
    try:
        node.spec.infer(Site(node.params, {**target.inputs, edge.target_port: given}))
    except Fault:
        return False
    return True
