"""Makes a group of nodes, and puts a group's content back in its place."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from graph_engine.blocks import registry
from graph_engine.errors import GraphError
from graph_engine.graph.annotate import Annotate, copies
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.bends import shifted
from graph_engine.graph.commands import AddMany, AddNode, Connect, Macro, Move, RemoveNodes
from graph_engine.graph.definition import Definition, free_title, new_definition_id
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.groups import AddDefinition, RemoveDefinition, uses
from graph_engine.graph.modes import refusal
from graph_engine.graph.node import STEPS, Bends, Edge, GroupSpec, Node, Position
from graph_engine.graph.places import Place, origin

End = tuple[str, str]
"""A node's id and one of its ports."""


def group(graph: CoreGraph, nodes: Collection[str], name: str, annotations: Collection[str] = ()) -> Macro:
    """The command that makes a group of some nodes and puts one node in their place.

    Inputs and outputs among them stay where they are.

    Args:
        graph: the graph that holds them.
        nodes: their ids.
        name: of the group.
        annotations: ids of the frames and notes that go into it.

    Raises:
        GraphError: they cannot be a group; the message tells why.
    """
    chosen = {id for id in nodes if graph[id].spec.call.kind not in ("input", "output")}
    if not chosen:
        raise GraphError("Select the nodes that are to become a group first; the network's inputs and outputs stay outside.")
    _refuse_detours(graph, chosen)
    for id in chosen:
        if not chosen.issuperset(graph.sharing(id)):
            other = next(other for other in graph.sharing(id) if other not in chosen)
            raise GraphError(f"{graph[id].name} shares its weights with {graph[other].name}: take both into the group, or neither.")
    definition = Definition(graph.root, new_definition_id(graph.root), free_title(graph.root, name))
    definition._direction = graph.direction
    definition._annotations = {id: a for id, a in graph.annotations.items() if id in annotations}
    inside = [n for n in graph if n.id in chosen]
    for node in inside:
        definition._insert_node(node)
    definition._owners = {id: owner for id, owner in graph._owners.items() if id in chosen}
    axis, step = (0, STEPS["across"][0]) if graph.direction == "across" else (1, STEPS["down"][1])
    first, last = min(n.position[axis] for n in inside) - step, max(n.position[axis] for n in inside) + step

    def level(node: Node, at: float) -> Position:
        return (at, node.position[1]) if axis == 0 else (node.position[0], at)

    sources: dict[End, Node] = {}
    entering: list[tuple[End, str]] = []
    edges: list[tuple[End, End, Bends]] = []
    for node in inside:
        for edge in graph.incoming(node.id):
            source = (edge.source, edge.source_port)
            if edge.source not in chosen:
                if source not in sources:
                    stem = _argument(edge.target_port, graph[edge.source].name, definition)
                    sources[source] = _port(definition, "Input", stem, level(node, first))
                    entering.append((source, sources[source].name))
                source = (sources[source].id, "output")
            edges.append((source, (node.id, edge.target_port), graph.bends(edge.id) if edge.source in chosen else ()))
    leaving: dict[End, str] = {}
    rejoined: list[tuple[str, Edge, int]] = []
    for node in inside:
        for out in node.spec.outputs:
            outside = [e for e in graph.outputs(node.id, out.name) if e.target not in chosen]
            ends = out is node.spec.outputs[0] and not any(True for _ in graph.outgoing(node.id))
            if outside or ends:
                end = _port(definition, "Output", "output" if not leaving else node.name, level(node, last))
                leaving[node.id, out.name] = end.name
                edges.append(((node.id, out.name), (end.id, "input"), ()))
            rejoined += [(leaving[node.id, out.name], e, graph.inputs(e.target, e.target_port).index(e)) for e in outside]
    for start, stop, points in edges:
        made = Edge(graph.root._new_edge_id(), *start, *stop)
        definition._insert_edge(made)
        if points:
            definition._set_bends(made.id, points)
    xs, ys = [n.position[0] for n in inside], [n.position[1] for n in inside]
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    free = min((n.position for n in inside), key=lambda place: math.dist(place, middle))  # the middle may be covered by another node
    used = new_node(graph, definition.spec, None, {}, free)
    return Macro(
        f"Group {len(inside)} nodes",
        [
            RemoveNodes([n.id for n in inside]),
            AddDefinition(definition),
            AddNode(used),
            *([Annotate(dict.fromkeys(definition.annotations), "Group")] if definition.annotations else []),
            *(Connect(*source, used.id, port) for source, port in entering),
            *(Connect(used.id, port, e.target, e.target_port, at) for port, e, at in sorted(rejoined, key=lambda r: r[2])),
        ],
    )


def _refuse_detours(graph: CoreGraph, chosen: set[str]) -> None:
    """A path that leaves the nodes and comes back would make the group feed itself."""
    seen: set[str] = set()
    stack = [e.target for id in chosen for e in graph.outgoing(id) if e.target not in chosen]
    while stack:
        id = stack.pop()
        if id in seen:
            continue
        seen.add(id)
        for edge in graph.outgoing(id):
            if edge.target in chosen:
                raise GraphError(
                    f"These nodes cannot be one group: {graph[id].name} lies between them, and would receive the group's result while "
                    f"feeding {graph[edge.target].name} in it. Select it as well."
                )
            stack.append(edge.target)


def _argument(port: str, source: str, definition: Definition) -> str:
    """What an input of a group is called: as the port that it feeds, where that says something."""
    stem = "x" if port in ("input", "a", "b") else port
    return stem if stem not in definition._names else source


def _port(definition: Definition, block: str, stem: str, position: Position) -> Node:
    spec = registry()[block]
    node = new_node(definition, spec, definition.free_name(stem), {}, position)
    definition._insert_node(node)
    return node


def dissolve(graph: CoreGraph, node: str) -> Macro:
    """The command that puts the content of a group in its place, with all edges and notes; of a repeated one, once for each repetition.

    Raises:
        GraphError: the node is no group, or shares its weights with another.
    """
    used = graph[node]
    if not isinstance(used.spec, GroupSpec):
        raise GraphError(f"{used.name} is not a group.")
    if len(graph.sharing(node)) > 1:
        raise GraphError(f"{used.name} shares its weights with another group: let it stop sharing first.")
    definition = graph.definitions[used.spec.definition]
    last_use = sum(1 for _ in uses(graph, definition.id)) == 1
    content = [n for n in definition if n.spec.call.kind not in ("input", "output")]
    values = definition.values_inside(dict(used.params))
    xs, ys = [n.position[0] for n in content] or [0.0], [n.position[1] for n in content] or [0.0]
    step_x, step_y = STEPS[graph.direction]
    far = (max(xs) - min(xs) + step_x, 0.0) if step_x else (0.0, max(ys) - min(ys) + step_y)  # from one turn to the next
    names: set[str] = set()
    nodes: list[Node] = []
    owners: dict[str, str] = {}
    edges: list[tuple[str, str, str, str]] = []
    bends: dict[int, Bends] = {}
    notes: dict[str, Annotation] = {}
    feeding: dict[str, End | None] = {}
    for port in definition.spec.inputs:
        arriving = graph.inputs(node, port.name)
        feeding[port.name] = (arriving[0].source, arriving[0].source_port) if arriving else None
    results: list[End | None] = []
    origins, born = graph.root.origins, dict[str, Place]()
    for turn in range(used.params["repeat"]):
        ids = {inner.id: inner.id if last_use and not turn else graph._new_node_id() for inner in content}
        dx = used.position[0] - (min(xs) if step_x else (min(xs) + max(xs)) / 2) + turn * far[0]
        dy = used.position[1] - (min(ys) if step_y else (min(ys) + max(ys)) / 2) + turn * far[1]
        notes |= copies(graph, definition.annotations.values(), (dx, dy), notes)
        step = 0 if used.params["share_weights"] else turn
        born |= {ids[inner.id]: (*origin(origins, node, step), *origin(origins, inner.id)) for inner in content}
        for inner in content:
            name = graph.free_name(inner.name, names)
            names.add(name)
            place = inner.position[0] + dx, inner.position[1] + dy
            params = {**inner.params, **values.get(inner.id, {})}
            mode = inner.mode if used.mode == "active" or refusal(graph, inner, used.mode) else used.mode
            nodes.append(Node(ids[inner.id], inner.spec, name, params, place, inner.silenced, inner.form, mode))
            if turn and used.params["share_weights"] and inner.spec.call.kind == "module":
                owners[ids[inner.id]] = nodes[content.index(definition[definition.owner(inner.id)])].id
            elif inner.id in definition._owners:
                owners[ids[inner.id]] = ids[definition._owners[inner.id]]
        for inner in content:
            for edge in definition.incoming(inner.id):
                start = _outside(definition, (edge.source, edge.source_port), ids, feeding)
                if start is not None:
                    if edge.source in ids and definition.bends(edge.id):
                        bends[len(edges)] = shifted(definition.bends(edge.id), (dx, dy))
                    edges.append((*start, ids[inner.id], edge.target_port))
        results = []
        for port in definition.spec.outputs:
            arriving = definition.inputs(definition.named(port.name).id, "input")
            end = (arriving[0].source, arriving[0].source_port) if arriving else None
            results.append(_outside(definition, end, ids, feeding) if end else None)
        feeding |= dict(zip(feeding, results, strict=False))
    origins |= born
    ends = dict(zip(definition.spec.output_names, results, strict=True))
    leaving = [(ends[e.source_port], e, graph.inputs(e.target, e.target_port).index(e)) for e in graph.outgoing(node)]
    room = far[0] * used.params["repeat"] - step_x, far[1] * used.params["repeat"] - step_y
    moved = {id: (graph[id].position[0] + room[0], graph[id].position[1] + room[1]) for id in sorted(graph.descendants(node))}
    return Macro(
        f"Dissolve {used.name}",
        [
            RemoveNodes([node]),
            *([RemoveDefinition(definition.id)] if last_use else []),
            *([Move(moved)] if moved else []),
            AddMany(nodes, edges, owners, bends, text="Dissolve"),
            *([Annotate(notes, "Dissolve")] if notes else []),
            *(Connect(*start, e.target, e.target_port, at) for start, e, at in sorted(leaving, key=lambda r: r[2]) if start),
        ],
    )


def _outside(definition: Definition, end: End, ids: Mapping[str, str], feeding: Mapping[str, End | None]) -> End | None:
    """Where a tensor inside comes from once the content lies outside."""
    inner = definition[end[0]]
    return feeding[inner.name] if inner.spec.call.kind == "input" else (ids[inner.id], end[1])
