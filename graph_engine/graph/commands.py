"""Undoable edits. Each is one object with ``do`` and ``undo``, which call the graph's primitives and nothing else.

A command checks everything before it changes anything, so one that raises has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graph_engine.errors import CycleError, EdgeError, NodeNameError, ParamError, PortTakenError
from graph_engine.graph.bends import carried
from graph_engine.graph.command import Command
from graph_engine.graph.definition import check_use
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Bends, Edge, GroupSpec, Node, Position
from graph_engine.graph.sharing import check_sharing, leave
from graph_engine.settings.schema import Settings
from graph_engine.spec.block import BlockSpec


class AddNode(Command):
    """Puts a new node into the graph."""

    def __init__(self, node: Node):
        self.node = node
        self.text = f"Add {node.block}"

    def do(self, graph: CoreGraph) -> None:
        graph.check_name(self.node.name)
        check_use(graph, _definitions([self.node]))
        graph._insert_node(self.node)

    def undo(self, graph: CoreGraph) -> None:
        graph._delete_node(self.node.id)


def _definitions(nodes: Iterable[Node]) -> list[str]:
    """Ids of the definitions of the groups among some nodes."""
    return [node.spec.definition for node in nodes if isinstance(node.spec, GroupSpec)]


class Connect(Command):
    """Draws an edge.

    Args:
        source, source_port, target, target_port: what it joins.
        place: where it stands among the edges of a variadic input; left out, at the end.
        bends: the points that it runs through.
    """

    text = "Connect"

    def __init__(self, source: str, source_port: str, target: str, target_port: str, place: int | None = None, bends: Bends = ()):
        self.wanted = (source, source_port, target, target_port)
        self.place = place
        self.bends = bends
        self.edge: Edge | None = None

    def do(self, graph: CoreGraph) -> None:
        reason = graph.check_edge(*self.wanted)
        if reason is not None:
            raise reason
        if self.edge is None:
            self.edge = Edge(graph._new_edge_id(), *self.wanted)
        graph._insert_edge(self.edge, at_target=self.place)
        if self.bends:
            graph._set_bends(self.edge.id, self.bends)

    def undo(self, graph: CoreGraph) -> None:
        assert self.edge is not None
        graph._delete_edge(self.edge.id)


class Disconnect(Command):
    """Removes edges."""

    def __init__(self, edges: Iterable[str]):
        self.ids = tuple(dict.fromkeys(edges))
        self.removed: list[tuple[Edge, int, int]] = []
        self.text = "Disconnect"

    def do(self, graph: CoreGraph) -> None:
        for id in self.ids:
            if id not in graph.edges:
                raise EdgeError(f"The graph has no edge {id!r}.")
        self.removed = [graph._delete_edge(id) for id in self.ids]

    def undo(self, graph: CoreGraph) -> None:
        for edge, at_source, at_target in reversed(self.removed):
            graph._insert_edge(edge, at_source, at_target)


class RemoveNodes(Command):
    """Removes nodes and every edge at them; weights that others share pass on to the first of these."""

    def __init__(self, nodes: Iterable[str]):
        self.ids = tuple(dict.fromkeys(nodes))
        self.nodes: list[Node] = []
        self.order: tuple[str, ...] = ()
        self.edges: Disconnect | None = None
        self.owners: dict[str, str] = {}
        self.text = "Delete" if len(self.ids) == 1 else f"Delete {len(self.ids)} nodes"

    def do(self, graph: CoreGraph) -> None:
        self.nodes = [graph[id] for id in self.ids]
        self.order = tuple(graph.nodes)
        edges = dict.fromkeys(e.id for id in self.ids for e in (*graph.incoming(id), *graph.outgoing(id)))
        self.edges = Disconnect(edges)
        self.edges.do(graph)
        self.owners = dict(graph._owners)
        if self.owners:
            for id in self.ids:
                leave(graph, id)
        for id in self.ids:
            graph._delete_node(id)

    def undo(self, graph: CoreGraph) -> None:
        for node in self.nodes:
            graph._insert_node(node)
        graph._restore_order(self.order)
        graph._restore_owners(self.owners)
        assert self.edges is not None
        self.edges.undo(graph)


class AddMany(Command):
    """Puts nodes and edges at them into the graph at once: a document, or what was copied.

    Args:
        nodes: new nodes.
        edges: source, source port, target, target port of each edge, by node id; one of the two ends may be in the graph already.
        owners: for new nodes that share the weights of another new one, its id.
        bends: the points that some of the edges run through, by their place in ``edges``.

    Attributes:
        nodes: ids of the nodes.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        edges: Sequence[tuple[str, str, str, str]],
        owners: Mapping[str, str] | None = None,
        bends: Mapping[int, Bends] | None = None,
        text: str = "Paste",
    ):
        self.nodes = tuple(n.id for n in nodes)
        self.text = text
        self._new = tuple(nodes)
        self._owners = dict(owners or {})
        self._bends = dict(bends or {})
        self._wanted = tuple(edges)
        self._edges: tuple[Edge, ...] = ()

    def do(self, graph: CoreGraph) -> None:
        by_id = {n.id: n for n in self._new}
        check_use(graph, _definitions(self._new))
        names: set[str] = set()
        for node in self._new:
            graph.check_name(node.name)
            if node.name in names:
                raise NodeNameError(f"Two nodes are named {node.name!r}; names are unique in a graph.")
            names.add(node.name)
        taken: set[tuple[str, str]] = set()
        for source, source_port, target, target_port in self._wanted:
            (by_id.get(source) or graph[source]).spec.output(source_port)
            end = by_id.get(target) or graph[target]
            if target not in by_id and graph.inputs(target, target_port):
                taken.add((target, target_port))
            if not end.spec.input(target_port).variadic and (target, target_port) in taken:
                raise PortTakenError(f"{end.name}.{target_port} receives two edges, but takes one.")
            taken.add((target, target_port))
        for id, owner in self._owners.items():
            check_sharing(by_id[owner], by_id[id])
        self._edges = self._edges or tuple(Edge(graph._new_edge_id(), *wanted) for wanted in self._wanted)
        for node in self._new:
            graph._insert_node(node)
        for place, edge in enumerate(self._edges):
            graph._insert_edge(edge)
            if place in self._bends:
                graph._set_bends(edge.id, self._bends[place])
        for id, owner in self._owners.items():
            graph._set_owner(id, owner)
        cycle = graph.find_cycle()
        if cycle is not None:
            names_on_it = " → ".join(graph[id].name for id in cycle)
            self.undo(graph)
            raise CycleError(f"The edges close a cycle: {names_on_it}.", cycle)

    def undo(self, graph: CoreGraph) -> None:
        for id in self._owners:
            graph._set_owner(id, None)
        for edge in reversed(self._edges):
            graph._delete_edge(edge.id)
        for id in reversed(self.nodes):
            graph._delete_node(id)


class SetParams(Command):
    """Sets hyper-parameters of one node, and of those that share its weights; typing into one field merges into one step.

    Where ports follow from them, edges at ports that are no more go.
    """

    def __init__(self, node: str, values: Mapping[str, Any]):
        self.node = node
        self.values = dict(values)
        self.before: dict[str, dict[str, Any]] = {}
        self.spec: BlockSpec | None = None
        self.edges = Disconnect(())

    def do(self, graph: CoreGraph) -> None:
        node = graph[self.node]
        spec = node.spec.fitted({**node.params, **self.values})
        values = spec.read_params(self.values)
        self.text = f"Set {', '.join(values)} of {node.name}"
        self.spec = node.spec if spec is not node.spec else None
        sharing = graph.sharing(self.node)
        if self.spec is not None:
            self.edges = Disconnect([edge for id in sharing for edge in _homeless(graph, id, spec)])
            self.edges.do(graph)
        for id in sharing:
            params = graph[id].params
            if self.spec is None:
                self.before[id] = {name: params[name] for name in values}
            else:
                self.before[id] = dict(params)
                graph._set_spec(id, spec)
                kept = {name: value for name, value in self.before[id].items() if _takes(spec, name, value)}
                values = {name: (kept | values).get(name, default) for name, default in spec.defaults.items()}
            graph._set_params(id, values)

    def undo(self, graph: CoreGraph) -> None:
        for id in graph.sharing(self.node):
            if self.spec is not None:
                graph._set_spec(id, self.spec)
            graph._set_params(id, self.before[id])
        self.edges.undo(graph)

    def merged(self, later: Command) -> Command | None:
        if not isinstance(later, SetParams) or later.node != self.node or later.values.keys() != self.values.keys():
            return None
        if self.edges.ids or later.edges.ids:  # carried out again as one, they might leave those edges
            return None
        both = SetParams(self.node, later.values)
        both.spec, both.text = self.spec, later.text
        both.before = self.before
        if self.spec is None and later.spec is not None:
            both.before = {id: {**later.before[id], **values} for id, values in self.before.items()}
            both.spec = later.spec
        return both


def _takes(spec: BlockSpec, name: str, value: Any) -> bool:
    """Whether a value that a node had before is legal under another declaration."""
    try:
        return bool(spec.param(name).parse(value) == value)
    except ParamError:
        return False


def _homeless(graph: CoreGraph, node: str, spec: BlockSpec) -> list[str]:
    """Ids of the edges at a node that would have no port under another declaration."""
    inputs, outputs = {p.name: p for p in spec.inputs}, set(spec.output_names)
    gone = [e.id for e in graph.outgoing(node) if e.source_port not in outputs]
    for port in dict.fromkeys(e.target_port for e in graph.incoming(node)):
        edges, stays = graph.inputs(node, port), inputs.get(port)
        gone += [e.id for e in edges[0 if stays is None else len(edges) if stays.variadic else 1 :]]
    return gone


class Silence(Command):
    """Says which warnings and hints are not to be told of one node.

    Args:
        node: its id.
        codes: all of them; those that it had are replaced.
    """

    def __init__(self, node: str, codes: Iterable[str]):
        self.node = node
        self.codes = frozenset(codes)
        self.before: frozenset[str] = frozenset()

    def do(self, graph: CoreGraph) -> None:
        self.before = graph[self.node].silenced
        self.text = f"{'Silence' if self.codes > self.before else 'Hear'} {', '.join(sorted(self.codes ^ self.before))}"
        graph._set_silenced(self.node, self.codes)

    def undo(self, graph: CoreGraph) -> None:
        graph._set_silenced(self.node, self.before)


class Rename(Command):
    """Gives a node another name."""

    def __init__(self, node: str, name: str):
        self.node = node
        self.name = name
        self.before = ""
        self.text = f"Rename to {name}"

    def do(self, graph: CoreGraph) -> None:
        graph.check_name(self.name, graph[self.node].id)
        self.before = graph[self.node].name
        graph._set_name(self.node, self.name)

    def undo(self, graph: CoreGraph) -> None:
        graph._set_name(self.node, self.before)


class Move(Command):
    """Moves nodes, and with them the points of edges whose two ends move alike; the steps of one drag merge."""

    def __init__(self, positions: Mapping[str, Position]):
        self.positions = dict(positions)
        self.before: dict[str, Position] = {}
        self.bends: dict[str, Bends] = {}
        self.text = "Move" if len(self.positions) == 1 else f"Move {len(self.positions)} nodes"

    def do(self, graph: CoreGraph) -> None:
        self.before = {id: graph[id].position for id in self.positions}
        there, here = self.positions, self.before
        bends = carried(graph, {id: (there[id][0] - x, there[id][1] - y) for id, (x, y) in here.items()})
        self.bends = {id: graph.bends(id) for id in bends}
        for id, position in self.positions.items():
            graph._set_position(id, position)
        for id, points in bends.items():
            graph._set_bends(id, points)

    def undo(self, graph: CoreGraph) -> None:
        for id, position in self.before.items():
            graph._set_position(id, position)
        for id, points in self.bends.items():
            graph._set_bends(id, points)

    def merged(self, later: Command) -> Command | None:
        if isinstance(later, Move) and later.positions.keys() == self.positions.keys():
            both = Move(later.positions)
            both.before, both.bends = self.before, {**later.bends, **self.bends}
            return both
        return None


class SetSettings(Command):
    """Replaces the data or training settings; typing into one field merges.

    Args:
        settings: the new settings as a whole.
        part: dotted name of what differs, ``training.epochs``: steps on the same part merge.
    """

    def __init__(self, settings: Settings, part: str):
        self.settings = settings
        self.part = part
        self.before: Settings | None = None
        self.text = f"Set {part.rsplit('.', 1)[-1].replace('_', ' ')}"

    def do(self, graph: CoreGraph) -> None:
        self.before = graph.settings
        graph._set_settings(self.settings, self.part)

    def undo(self, graph: CoreGraph) -> None:
        assert self.before is not None
        graph._set_settings(self.before, self.part)

    def merged(self, later: Command) -> Command | None:
        if isinstance(later, SetSettings) and later.part == self.part:
            both = SetSettings(later.settings, self.part)
            both.before = self.before
            return both
        return None


class Macro(Command):
    """Several commands as one step; the later ones see what the earlier ones did."""

    def __init__(self, text: str, commands: Sequence[Command]):
        self.text = text
        self.commands = tuple(commands)

    def do(self, graph: CoreGraph) -> None:
        done: list[Command] = []
        try:
            for command in self.commands:
                command.do(graph)
                done.append(command)
        except Exception:
            for command in reversed(done):
                command.undo(graph)
            raise

    def undo(self, graph: CoreGraph) -> None:
        for command in reversed(self.commands):
            command.undo(graph)

    def merged(self, later: Command) -> Command | None:
        if not isinstance(later, Macro) or len(later.commands) != len(self.commands) or later.text != self.text:
            return None
        parts = [a.merged(b) for a, b in zip(self.commands, later.commands, strict=True)]
        return Macro(self.text, [p for p in parts if p]) if all(parts) else None
