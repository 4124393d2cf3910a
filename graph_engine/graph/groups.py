"""Commands on groups: edits inside a definition, and making, dissolving, renaming and exposing.

An edit inside a definition can change what the group looks like from outside. `In` carries that to every use: edges follow a renamed
port, those at a port that is gone are taken away, and parameters that no use has changed follow their value inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from graph_engine.blocks import registry
from graph_engine.errors import GraphError, quoted
from graph_engine.graph.command import Command
from graph_engine.graph.definition import GROUP, Definition, Exposed, check_use
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Edge, GroupSpec
from graph_engine.spec.block import BlockSpec


class AddDefinition(Command):
    """Gives the document another group to use."""

    def __init__(self, definition: Definition):
        self.definition = definition
        self.text = f"Add group {definition.name}"

    def do(self, graph: CoreGraph) -> None:
        graph.root._insert_definition(self.definition)

    def undo(self, graph: CoreGraph) -> None:
        graph.root._delete_definition(self.definition.id)


class RemoveDefinition(Command):
    """Takes a group that no node uses out of the document."""

    def __init__(self, definition: str):
        self.id = definition
        self.text = "Delete group"
        self.removed: Definition | None = None
        self.order: tuple[str, ...] = ()

    def do(self, graph: CoreGraph) -> None:
        self.removed = graph.definitions[self.id]
        self.order = tuple(graph.definitions)
        if any(True for _ in uses(graph, self.id)):
            raise GraphError(f"{self.removed.name} is still used; delete the nodes that use it first.")
        graph.root._delete_definition(self.id)

    def undo(self, graph: CoreGraph) -> None:
        assert self.removed is not None
        graph.root._insert_definition(self.removed)
        definitions = graph.root._definitions
        graph.root._definitions = {id: definitions[id] for id in self.order}


class SetExposed(Command):
    """Says which parameters of nodes inside a group each use may set; on the definition, within `In`."""

    text = "Expose parameters"

    def __init__(self, exposed: Iterable[Exposed]):
        self.exposed = tuple(exposed)
        self.before: tuple[Exposed, ...] = ()

    def do(self, graph: CoreGraph) -> None:
        assert isinstance(graph, Definition)
        self.before = graph.exposed
        graph._set_exposed(self.exposed)

    def undo(self, graph: CoreGraph) -> None:
        assert isinstance(graph, Definition)
        graph._set_exposed(self.before)


class Describe(Command):
    """Gives a group another name and description; on the definition, within `In`."""

    def __init__(self, name: str, description: str):
        self.words = (name, description)
        self.before = ("", "")
        self.text = f"Rename group to {name}"

    def do(self, graph: CoreGraph) -> None:
        assert isinstance(graph, Definition)
        if not self.words[0].strip():
            raise GraphError("A group needs a name.")
        if any(d is not graph and d.name == self.words[0] for d in graph.definitions.values()):
            raise GraphError(f"Another group is called {self.words[0]} already.")
        self.before = (graph.name, graph.description)
        graph._set_words(*self.words)

    def undo(self, graph: CoreGraph) -> None:
        assert isinstance(graph, Definition)
        graph._set_words(*self.before)


class In(Command):
    """An edit inside a definition, and what follows from it wherever the group is used.

    Args:
        definition: its id.
        command: the edit.
    """

    def __init__(self, definition: str, command: Command):
        self.definition = definition
        self.command = command
        self.text = command.text
        self._followed: list[tuple[CoreGraph, Command]] = []

    def do(self, graph: CoreGraph) -> None:
        definition = graph.definitions[self.definition]
        self.command.do(definition)
        self.text = self.command.text
        self._followed = []
        try:
            _follow(definition, self._followed)
        except GraphError:
            self.undo(graph)
            raise

    def undo(self, graph: CoreGraph) -> None:
        for where, command in reversed(self._followed):
            command.undo(where)
        self.command.undo(graph.definitions[self.definition])

    def merged(self, later: Command) -> Command | None:
        if not isinstance(later, In) or later.definition != self.definition:
            return None
        command = self.command.merged(later.command)
        if command is None:
            return None
        both = In(self.definition, command)
        both._followed = self._followed + later._followed
        return both


def _follow(definition: Definition, done: list[tuple[CoreGraph, Command]]) -> None:
    """Carries out what an edit inside a definition makes necessary outside; what is done is added to ``done``."""

    def do(graph: CoreGraph, command: Command) -> None:
        command.do(graph)
        done.append((graph, command))

    left = [e for e in definition.exposed if e.node in definition and e.param in definition[e.node].params]
    if len(left) < len(definition.exposed):
        do(definition, SetExposed(left))
    if definition.current() == definition.shown:
        return
    holders = dict.fromkeys(graph for graph, _ in uses(definition, definition.id))
    do(definition, _Refit(definition))
    for holder in holders:
        if isinstance(holder, Definition):
            _follow(holder, done)


class _Refit(Command):
    """Gives all uses of a definition the ports and parameters that it has now; a use that was named after it still is."""

    def __init__(self, definition: Definition):
        self._definition = definition
        self._before, self._after = definition.shown, definition.current()
        self._nodes: list[tuple[CoreGraph, str, dict[str, Any]]] = []
        self._edges: list[tuple[CoreGraph, Edge | None, tuple[Edge, int, int]]] = []
        self._names: list[tuple[CoreGraph, str, str]] = []

    def do(self, graph: CoreGraph) -> None:
        stem = self._after.spec.stem
        now = {old: self._after.ports.get(id) for id, old in self._before.ports.items()}
        defaults = self._before.spec.defaults
        for holder, id in uses(graph, self._definition.id):
            node = holder[id]
            self._nodes.append((holder, id, node._params))
            for edge in [*holder.incoming(id), *holder.outgoing(id)]:
                self._rejoin(holder, edge, id, now)
            own = {name: value for name, value in node.params.items() if value != defaults.get(name)}
            node._params = {name: own.get(name, default) for name, default in self._after.spec.defaults.items()}
            holder._set_spec(id, self._after.spec)
            if stem != self._before.spec.stem and re.fullmatch(rf"{self._before.spec.stem}\d*", node.name):
                self._names.append((holder, id, node.name))
                holder._set_name(id, next(name for i in count(1) if (name := f"{stem}{i}") not in holder._names))
        self._definition._set_shown(self._after)

    def _rejoin(self, holder: CoreGraph, edge: Edge, id: str, now: Mapping[str, str | None]) -> None:
        port = edge.target_port if edge.target == id else edge.source_port
        name = now[port]
        if name == port:
            return
        removed = holder._delete_edge(edge.id)
        new = None
        if name is not None:
            new = edge._replace(target_port=name) if edge.target == id else edge._replace(source_port=name)
            holder._insert_edge(new, removed[1] if edge.target == id else None, removed[2] if edge.source == id else None)
        self._edges.append((holder, new, removed))

    def undo(self, graph: CoreGraph) -> None:
        for holder, new, (edge, at_source, at_target) in reversed(self._edges):
            if new is not None:
                holder._delete_edge(new.id)
            holder._insert_edge(edge, at_source, at_target)
        for holder, id, name in reversed(self._names):
            holder._set_name(id, name)
        for holder, id, params in self._nodes:
            holder[id]._params = params
            holder._set_spec(id, self._before.spec)
        self._definition._set_shown(self._before)


def uses(graph: CoreGraph, definition: str) -> Iterator[tuple[CoreGraph, str]]:
    """The nodes of a document that use a definition, each with its graph."""
    for holder in graph.graphs():
        for id, used in holder.groups.items():
            if used == definition:
                yield holder, id


def blocks_for(graph: CoreGraph) -> list[BlockSpec]:
    """What can be added to a graph: the declared blocks, and the groups of the document but for those that it is part of."""
    usable = []
    for definition in graph.definitions.values():
        try:
            check_use(graph, [definition.id])
        except GraphError:
            continue
        usable.append(definition.spec)
    return [*usable, *(spec for spec in registry() if not spec.recorded)]


def block_id(spec: BlockSpec) -> str:
    """What `block_named` finds a block by."""
    return f"{GROUP}/{spec.definition}" if isinstance(spec, GroupSpec) else spec.id


def block_named(graph: CoreGraph, id: str) -> BlockSpec:
    """The block of an id: one that is declared, or ``Group/g1`` for a group of the document.

    Raises:
        GraphError: there is none.
    """
    kind, _, definition = id.partition("/")
    if kind != GROUP:
        return registry()[id]
    if definition not in graph.definitions:
        raise GraphError(f"The document has no group {quoted(definition)}.")
    return graph.definitions[definition].spec


def path_to(graph: CoreGraph, holder: CoreGraph) -> tuple[str, ...] | None:
    """Ids of group nodes, from the document's graph inwards, that lead to a graph; None where nothing uses it."""
    if holder is graph.root:
        return ()
    assert isinstance(holder, Definition)
    for outer, id in uses(graph, holder.id):
        before = path_to(graph, outer)
        if before is not None:
            return (*before, id)
    return None
