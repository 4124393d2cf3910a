"""The graph: a directed acyclic multigraph of nodes, and the settings that belong to the document.

Reading is open to all; changing goes through `graph_engine.graph.commands`, whose primitives are the ``_`` methods at the end
of the class. They keep the invariants (ids and names unique, edges between existing ports, no cycle) and record what changed.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from graph_engine.errors import (
    CycleError,
    EdgeError,
    NodeNameError,
    PortTakenError,
    SelfLoopError,
    UnknownNodeError,
    UnknownPortError,
)
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.changes import LOOKS, Change
from graph_engine.graph.names import check_identifier
from graph_engine.graph.node import Bends, Direction, Edge, Form, GroupSpec, Mode, Node, Position
from graph_engine.graph.walks import Walks
from graph_engine.settings.schema import Settings
from graph_engine.spec.block import BlockSpec

if TYPE_CHECKING:
    from graph_engine.graph.definition import Definition

Listener = Callable[[Sequence[Change]], None]


class CoreGraph(Walks):
    """Nodes, edges and settings of one document.

    A document's graph also owns the definitions of its groups, which are graphs themselves (`Definition`). The ids of nodes are unique
    in the whole document.

    Attributes:
        name: the document's name; the generated class is called after it.
        description: a sentence about the network; the docstring of the generated class.
        weights_file: where the tensors lie that the network begins with, beside the document; None where it begins with fresh ones.
        origins: for nodes that were made of others the way to these (`graph_engine.graph.places`). It only grows, undone or not.
    """

    def __init__(self, name: str = "network", description: str = "", root: CoreGraph | None = None):
        self._root = root if root is not None else self  # one without nodes is false
        self._name = name
        self._description = description
        self._settings = Settings()
        self.weights_file: Path | None = None
        self.origins: dict[str, tuple[tuple[str, int], ...]] = {}
        self._definitions: dict[str, Definition] = {}
        self._groups: dict[str, str] = {}
        self._modes: dict[str, Mode] = {}
        self._foreign: dict[str, None] = {}
        self._owners: dict[str, str] = {}
        self._nodes: dict[str, Node] = {}
        self._edges: dict[str, Edge] = {}
        self._direction: Direction = "across"
        self._bends: dict[str, Bends] = {}  # those of removed edges stay, as an undone removal brings these back
        self._annotations: dict[str, Annotation] = {}
        self._names: dict[str, str] = {}
        self._in: dict[str, dict[str, list[Edge]]] = {}
        self._out: dict[str, dict[str, list[Edge]]] = {}
        self._numbers: dict[str, int] = {}
        self._next_node = 1
        self._next_edge = 1
        self._listeners: list[Listener] = []
        self._settled: list[Callable[[], None]] = []
        self._changes: list[Change] = []
        self._touched: dict[CoreGraph, None] = {}
        self._depth = 0
        self._clock = 0
        self._stamp = 0

    # reading

    @property
    def root(self) -> CoreGraph:
        """The document's graph; itself, where it is that."""
        return self._root

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """The definitions of the document's groups by id."""
        return MappingProxyType(self._root._definitions)

    @property
    def groups(self) -> Mapping[str, str]:
        """The id of its definition for each node that is a group."""
        return MappingProxyType(self._groups)

    @property
    def modes(self) -> Mapping[str, Mode]:
        """The nodes that do not compute, being bypassed or muted, by id; `graph_engine.graph.network` tells what is left."""
        return MappingProxyType(self._modes)

    @property
    def foreign_nodes(self) -> Iterator[Node]:
        """The nodes that are modules which are not the program's own."""
        return (self._nodes[id] for id in self._foreign)

    @property
    def owners(self) -> Mapping[str, str]:
        """For each node that computes with the weights of another, the id of that one."""
        return MappingProxyType(self._owners)

    def graphs(self) -> Iterator[CoreGraph]:
        """All graphs of the document: its own, and the definitions."""
        yield self._root
        yield from self._root._definitions.values()

    def holder(self, node: str) -> CoreGraph | None:
        """The graph of the document that has a node of that id."""
        return next((g for g in self.graphs() if node in g._nodes), None)

    def owner(self, node: str) -> str:
        """The id of the node whose weights a node computes with: its own, unless it shares those of another."""
        return self._owners.get(node, node)

    def sharing(self, node: str) -> list[str]:
        """Ids of all nodes that compute with the same weights as a node, itself included, the owner first."""
        owner = self.owner(node)
        return [owner, *(id for id, other in self._owners.items() if other == owner)]

    def last_edit(self, seen: dict[str, int] | None = None) -> int:
        """A number that grows with each edit of this graph or of a definition that it uses, but for moves.

        Args:
            seen: what is known of definitions already, by id; filled.
        """
        seen = {} if seen is None else seen
        latest = self._stamp
        for id in set(self._groups.values()):
            if id not in seen:
                seen[id] = self._root._definitions[id].last_edit(seen)
            latest = max(latest, seen[id])
        return latest

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str:
        return self._description

    @property
    def settings(self) -> Settings:
        """The document's data and training settings; immutable, replaced by a command."""
        return self._root._settings

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by id, in the order in which they were added."""
        return MappingProxyType(self._nodes)

    @property
    def edges(self) -> Mapping[str, Edge]:
        """The edges by id."""
        return MappingProxyType(self._edges)

    @property
    def direction(self) -> Direction:
        """Where edges go on the canvas."""
        return self._direction

    @property
    def bent(self) -> Iterator[str]:
        """Ids of the edges that run through points."""
        return (id for id in self._bends if id in self._edges)

    def bends(self, edge: str) -> Bends:
        """The points that an edge runs through; most have none."""
        return self._bends.get(edge, ())

    @property
    def annotations(self) -> Mapping[str, Annotation]:
        """Frames and notes by id, the lowest first."""
        return MappingProxyType(self._annotations)

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __contains__(self, node: object) -> bool:
        return (node.id if isinstance(node, Node) else node) in self._nodes

    def __getitem__(self, node: str | Node) -> Node:
        """The node of that id.

        Raises:
            UnknownNodeError: there is none.
        """
        id = node.id if isinstance(node, Node) else node
        try:
            return self._nodes[id]
        except KeyError:
            raise UnknownNodeError(f"The graph has no node {id!r}.") from None

    def named(self, name: str) -> Node:
        """The node of that name.

        Raises:
            UnknownNodeError: there is none.
        """
        if name not in self._names:
            raise UnknownNodeError(f"The graph has no node named {name!r}.")
        return self._nodes[self._names[name]]

    def inputs(self, node: str, port: str) -> Sequence[Edge]:
        """Edges that arrive at an input, in their order."""
        return self._in[node].get(port, ())

    def outputs(self, node: str, port: str) -> Sequence[Edge]:
        """Edges that leave an output."""
        return self._out[node].get(port, ())

    def idle_outputs(self, node: str) -> frozenset[str]:
        """The outputs that a parameter switches off and that feed nothing: they need not be shown."""
        found = self._nodes[node]
        return frozenset([p.name for p in found.spec.switched_outputs if p.is_off(found.params) and not self.outputs(node, p.name)])

    def incoming(self, node: str) -> Iterator[Edge]:
        """All edges that arrive at a node, port by port."""
        return chain.from_iterable(self._in[node].values())

    def outgoing(self, node: str) -> Iterator[Edge]:
        """All edges that leave a node."""
        return chain.from_iterable(self._out[node].values())

    def check_edge(self, source: str, source_port: str, target: str, target_port: str) -> EdgeError | None:
        """Whether an edge may exist: None when it may, else the reason, ready to be raised or shown.

        Raises:
            UnknownNodeError: source or target is not in the graph.
        """
        start, end = self[source], self[target]
        try:
            start.spec.output(source_port)
            port = end.spec.input(target_port)
        except UnknownPortError as error:
            return error
        if source == target:
            return SelfLoopError(f"{start.name} cannot feed itself: a network has no loops.")
        taken = self.inputs(target, target_port)
        if taken and not port.variadic:
            other = self._nodes[taken[0].source].name
            return PortTakenError(f"{end.name}.{target_port} already receives {other}; disconnect that first.")
        path = self.path(target, source)
        if path is not None:
            names = " → ".join(self._nodes[n].name for n in (*path, target))
            return CycleError(f"This edge would close a cycle: {names}.", (*path, target))
        return None

    def find_cycle(self) -> list[str] | None:
        """Node ids along some cycle, beginning and ending with the same node, or None; there is none unless a command is under way."""
        return self.cycle_among(self._nodes)

    def free_name(self, stem: str, taken: Iterable[str] = (), *, numbered: bool = False) -> str:
        """A name that no node has.

        Args:
            stem: what it is made from, by adding a number that goes on from the last one given.
            taken: names that are not free either.
            numbered: add a number even where ``stem`` itself is free.
        """
        also = set(taken)
        if not numbered and stem not in self._names and stem not in also and stem.isidentifier() and not keyword.iskeyword(stem):
            return stem
        base = re.sub(r"\d+$", "", stem).rstrip("_") or "node"
        number = self._numbers.get(base, 0) + 1
        while (name := f"{base}{number}") in self._names or name in also:
            number += 1
        self._numbers[base] = number
        return name

    def check_name(self, name: str, node: str | None = None) -> None:
        """Raises `NodeNameError` where ``name`` cannot be the name of ``node`` (of a new node: None)."""
        check_identifier(name, "node")
        if self._names.get(name, node) != node:
            raise NodeNameError(f"Another node is named {name!r} already; names are unique in a graph.")

    # telling

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener`` with the changes of each edit; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self.unsubscribe(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Does not call ``listener`` any more."""
        self._listeners.remove(listener)

    def on_settled(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls ``listener`` after each edit of the document, when all graphs have told of their changes; returns what ends that."""
        self._root._settled.append(listener)
        return lambda: self._root._settled.remove(listener)

    @contextmanager
    def edit(self) -> Iterator[None]:
        """Gathers the changes made inside, in all graphs of the document, and tells of them once, at the end."""
        root = self._root
        root._depth += 1
        try:
            yield
        finally:
            root._depth -= 1
            if not root._depth and root._touched:
                touched, root._touched = root._touched, {}
                for graph in touched:
                    changes, graph._changes = tuple(graph._changes), []
                    for listener in tuple(graph._listeners):
                        listener(changes)
                for settled in tuple(root._settled):
                    settled()

    # primitives, for commands only

    def _note(self, change: Change) -> None:
        root = self._root
        root._touched[self] = None
        self._changes.append(change)
        if change.kind not in LOOKS:
            root._clock += 1
            self._stamp = root._clock

    def _new_node_id(self) -> str:
        root = self._root
        while root.holder(f"n{root._next_node}") is not None:
            root._next_node += 1
        root._next_node += 1
        return f"n{root._next_node - 1}"

    def _new_edge_id(self) -> str:
        root = self._root
        root._next_edge += 1
        return f"e{root._next_edge - 1}"

    def _insert_node(self, node: Node) -> None:
        self._nodes[node.id] = node
        self._names[node.name] = node.id
        self._in[node.id] = {}
        self._out[node.id] = {}
        if isinstance(node.spec, GroupSpec):
            self._groups[node.id] = node.spec.definition
        if node.mode != "active":
            self._modes[node.id] = node.mode
        if node.spec.foreign:
            self._foreign[node.id] = None
        self._note(Change("node-added", node.id))

    def _delete_node(self, id: str) -> None:
        node = self._nodes.pop(id)
        del self._names[node.name], self._in[id], self._out[id]
        self._groups.pop(id, None)
        self._modes.pop(id, None)
        self._foreign.pop(id, None)
        self._note(Change("node-removed", id))

    def _set_owner(self, id: str, owner: str | None) -> None:
        if owner is None:
            del self._owners[id]
        else:
            self._owners[id] = owner
        self._note(Change("node", id))

    def _restore_owners(self, owners: Mapping[str, str]) -> None:
        before, self._owners = self._owners, dict(owners)
        for id in sorted(before.keys() | owners.keys()):
            if before.get(id) != owners.get(id):
                self._note(Change("node", id))

    def _insert_definition(self, definition: Definition) -> None:
        self._definitions[definition.id] = definition
        self._note(Change("definition", definition.id))

    def _delete_definition(self, id: str) -> None:
        del self._definitions[id]
        self._note(Change("definition", id))

    def _restore_order(self, order: Iterable[str]) -> None:
        nodes = self._nodes
        self._nodes = {id: nodes[id] for id in order}

    def _insert_edge(self, edge: Edge, at_source: int | None = None, at_target: int | None = None) -> None:
        out = self._out[edge.source].setdefault(edge.source_port, [])
        into = self._in[edge.target].setdefault(edge.target_port, [])
        out.insert(len(out) if at_source is None else at_source, edge)
        into.insert(len(into) if at_target is None else at_target, edge)
        self._edges[edge.id] = edge
        self._note(Change("edge-added", edge.id, edge.target, edge.source))

    def _delete_edge(self, id: str) -> tuple[Edge, int, int]:
        edge = self._edges.pop(id)
        out, into = self._out[edge.source][edge.source_port], self._in[edge.target][edge.target_port]
        places = out.index(edge), into.index(edge)
        out.remove(edge)
        into.remove(edge)
        self._note(Change("edge-removed", id, edge.target, edge.source))
        return edge, *places

    def _set_params(self, id: str, values: Mapping[str, Any]) -> None:
        self._nodes[id]._params.update(values)
        self._note(Change("node", id))

    def _set_spec(self, id: str, spec: BlockSpec) -> None:
        """Sets the spec of a node; parameters that it declares no more go, new ones have their defaults."""
        node = self._nodes[id]
        node._spec = spec
        node._params = {name: node._params.get(name, default) for name, default in spec.defaults.items()}
        self._note(Change("node", id))

    def _set_silenced(self, id: str, codes: frozenset[str]) -> None:
        self._nodes[id]._silenced = codes
        self._note(Change("node", id))

    def _set_bends(self, id: str, bends: Bends) -> None:
        if bends:
            self._bends[id] = bends
        else:
            self._bends.pop(id, None)
        self._note(Change("bend", id))

    def _set_mode(self, id: str, mode: Mode) -> None:
        self._nodes[id]._mode = mode
        if mode == "active":
            self._modes.pop(id, None)
        else:
            self._modes[id] = mode
        self._note(Change("mode", id))

    def _set_name(self, id: str, name: str) -> None:
        node = self._nodes[id]
        del self._names[node.name]
        node._name = name
        self._names[name] = id
        self._note(Change("name", id))

    def _rename(self, name: str, description: str) -> None:
        self._name, self._description = name, description
        self._note(Change("renamed", name))

    def _set_direction(self, direction: Direction) -> None:
        self._direction = direction
        self._note(Change("direction", direction))

    def _set_form(self, id: str, form: Form) -> None:
        self._nodes[id]._form = form
        self._note(Change("look", id))

    def _set_position(self, id: str, position: Position) -> None:
        self._nodes[id]._position = position
        self._note(Change("moved", id))

    def _set_annotation(self, id: str, annotation: Annotation | None, order: Iterable[str] = ()) -> None:
        """Puts an annotation in place of the one of that id, or takes it away; then restores an ``order`` as far as it is given."""
        if annotation is None:
            self._annotations.pop(id, None)
        else:
            self._annotations[id] = annotation
        known = self._annotations
        self._annotations = {**{i: known[i] for i in order if i in known}, **known}
        self._note(Change("annotation", id))

    def _set_settings(self, settings: Settings, part: str) -> None:
        self._root._settings = settings
        self._root._note(Change("settings", part))


def new_node(graph: CoreGraph, spec: BlockSpec, name: str | None, params: Mapping[str, Any], position: Position) -> Node:
    """A node that fits into ``graph`` but is not in it yet.

    Raises:
        ParamError: a parameter does not exist, or is outside its limits.
        NodeNameError: the name is taken, or no identifier.
    """
    spec = spec.fitted(params)
    values = {**spec.defaults, **spec.read_params(params)}
    if name is None:
        name = graph.free_name(spec.stem, numbered=spec.call.kind not in ("input", "output"))
    graph.check_name(name)
    return Node(graph._new_node_id(), spec, name, values, position)
