"""An edited text → the edits of the graph that make it follow, so that all stays that the text does not change.

Two texts are read, the one before the edit and the one after it, and only their difference is carried out on the graph. So ids, places,
notes, what is bypassed or leads nowhere, and whatever else a text does not tell, is as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graph_engine.analysis.layout import ROW, layered
from graph_engine.codegen.module import Source, class_name
from graph_engine.errors import SourceError
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddMany, Connect, Disconnect, Macro, Move, RemoveNodes, Rename, SetParams
from graph_engine.graph.definition import Definition, Exposed, free_title, new_definition_id
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.groups import AddDefinition, Describe, In, RemoveDefinition, SetExposed, uses
from graph_engine.graph.node import COLUMN, Node, Position
from graph_engine.graph.reword import Reorder, Reword
from graph_engine.graph.sharing import Share, Unshare
from graph_engine.parsing.differing import NAMED, Difference, paired
from graph_engine.parsing.source import Parsed, from_source
from graph_engine.spec.tensor import TensorSpec, as_size


class Counterpart:
    """A text that was read, and which of its nodes is which of a document's graph.

    Attributes:
        text: it.
        read: the graph that it tells of; nothing else refers to it.
        parsed: what else was read.
        nodes, definitions: ids in the document by ids in ``read``.
    """

    def __init__(self, text: str, known: Mapping[str, TensorSpec] | None = None):
        self.text = text
        self.read = CoreGraph()
        self.parsed: Parsed = from_source(self.read, text, known=known)
        self.read._name, self.read._description = self.parsed.name, self.parsed.description
        self.nodes: dict[str, str] = {}
        self.definitions: dict[str, str] = {}

    @property
    def lines(self) -> dict[int, str]:
        """The node of the document for lines of the text: where it is constructed, and where it is called."""
        found: dict[int, str] = {}
        for id, lines in self.parsed.lines.items():
            found |= {line: self.nodes[id] for line in lines if id in self.nodes}
        return found

    def target(self, holder: CoreGraph, graph: CoreGraph) -> CoreGraph:
        """The graph of the document for one of the text."""
        return graph.definitions[self.definitions[holder.id]] if isinstance(holder, Definition) else graph


def counterpart(graph: CoreGraph, source: Source) -> Counterpart:
    """The text of a graph, read again.

    Args:
        graph: of a document.
        source: what was written of it.

    Raises:
        SourceError: it holds something that cannot be read, an imported operation for instance.
    """
    found = Counterpart(source.text)
    read, nodes = found.read, found.nodes
    for holder in read.graphs():
        for node in holder:
            call = node.spec.call
            written = source.lines.get(found.parsed.lines[node.id][-1])
            if call.kind not in ("input", "output") and not call.is_held and written is not None:
                nodes[node.id] = written
    for holder in read.graphs():
        for id, definition in holder.groups.items():
            owner = graph.holder(nodes[id])
            assert owner is not None
            found.definitions[definition] = owner.groups[nodes[id]]
    for holder in read.graphs():
        target = found.target(holder, graph)
        for node in holder:
            if node.id not in nodes:
                nodes[node.id] = _end(holder, node, target)
    return found


def _end(holder: CoreGraph, node: Node, target: CoreGraph) -> str:
    """The input, output or held tensor of a graph for the one of its text."""
    kind = node.spec.call.kind
    if node.name in target._names and target.named(node.name).spec.call.kind == kind:
        return target.named(node.name).id
    ours = [n.id for n in holder if n.spec.call.kind == kind]
    return [n.id for n in target if n.spec.call.kind == kind][ours.index(node.id)]


def adapted(before: Counterpart, text: str) -> Adapt:
    """The command that makes the graph follow an edit of its text.

    Raises:
        SourceError: the text cannot be told as a graph; the message names the line.
    """
    inputs = (n for n in before.read if n.spec.call.kind == "input")
    known = {n.name: TensorSpec((as_size("N"), *map(as_size, n.params["shape"])), n.params["dtype"]) for n in inputs}
    return Adapt(before, Counterpart(text, known))


class Adapt(Macro):
    """Carries out on a graph what makes one text of the other.

    Args:
        before: the text that the graph is of.
        after: the other one.

    Attributes:
        after: the other text; once the command is done, it knows what is what in the document.
        differs: whether the texts tell of different graphs.
    """

    def __init__(self, before: Counterpart, after: Counterpart):
        super().__init__("Edit code", ())
        self.before = before
        self.after = after
        old, new = before.read, after.read
        self._same = paired(old, new)
        self._differences: dict[CoreGraph, Difference] = {new: Difference(old, new, self._same)}
        for a, b in self._same.items():
            self._differences[new.definitions[a]] = Difference(old.definitions[b], new.definitions[a], self._same)
        is_same = set(self._same) == set(new.definitions) and set(self._same.values()) == set(old.definitions)
        self.differs = not is_same or any(self._differences.values())

    def do(self, graph: CoreGraph) -> None:
        if self.commands:
            super().do(graph)
            return
        done: list[Command] = []
        try:
            for command in self._steps(graph):
                command.do(graph)
                done.append(command)
        except Exception:
            for command in reversed(done):
                command.undo(graph)
            raise
        self.commands = tuple(done)

    def settle(self) -> None:
        """Where the texts tell of the same graph: finds out what is what in the other one, with nothing to carry out."""
        after, before = self.after, self.before
        for difference in self._differences.values():
            after.nodes |= {a: before.nodes[b] for a, b in difference.pairs.items()}
        after.definitions |= {a: before.definitions[b] for a, b in self._same.items()}

    def _steps(self, graph: CoreGraph) -> Iterator[Command]:
        """The edits, each of which is carried out before the next is asked for."""
        self._check_variants()
        new = self.after.read
        for definition in new.definitions.values():  # inner ones first
            if definition.id in self._same:
                self.after.definitions[definition.id] = self.before.definitions[self._same[definition.id]]
                yield from self._changed(graph, definition)
            else:
                yield self._added(graph, definition)
        yield from self._changed(graph, new)
        for id in reversed(list(self.before.read.definitions)):
            target = self.before.definitions[id]
            gone = id not in self._same.values() and target in graph.definitions
            if gone and not any(True for _ in uses(graph, target)):
                yield RemoveDefinition(target)

    def _check_variants(self) -> None:
        """Refuses an edit of one of several classes that are one group in the document."""
        classes: dict[str, list[str]] = {}
        for id, target in self.before.definitions.items():
            classes.setdefault(target, []).append(id)
        for definition, difference in self._differences.items():
            if isinstance(definition, Definition) and difference:
                ids = classes[self.before.definitions[self._same[definition.id]]]
                if len(ids) > 1:
                    names = " and ".join(class_name(self.before.read.definitions[id].name) for id in ids)
                    raise SourceError(f"{names} are one group on the canvas, so it has to be edited there.", 1)

    def _added(self, graph: CoreGraph, definition: Definition) -> Command:
        """A group that is new."""
        nodes = self.after.nodes
        made = Definition(graph, new_definition_id(graph), free_title(graph, definition.name), definition.description)
        self.after.definitions[definition.id] = made.id
        new = []
        for node in definition:
            spec, params = self._values(graph, definition, node)
            new.append(Node(graph._new_node_id(), spec, node.name, params, node.position))
            nodes[node.id] = new[-1].id
        edges = [
            (nodes[e.source], e.source_port, nodes[node.id], port.name)
            for node in definition
            for port in node.spec.inputs
            for e in definition.inputs(node.id, port.name)
        ]
        with graph.edit():
            AddMany(new, edges, {nodes[a]: nodes[b] for a, b in definition.owners.items()}).do(made)
        made._exposed = tuple(e._replace(node=nodes[e.node]) for e in definition.exposed)
        return AddDefinition(made)

    def _values(self, graph: CoreGraph, holder: CoreGraph, node: Node) -> tuple[Any, dict[str, Any]]:
        """Block and parameters of a node as the document has them."""
        spec: Any = node.spec
        if node.id in holder.groups:
            spec = graph.definitions[self.after.definitions[holder.groups[node.id]]].spec
        return spec, {**spec.defaults, **{n: v for n, v in node.params.items() if n in spec.defaults}}

    def _changed(self, graph: CoreGraph, holder: CoreGraph) -> Iterator[Command]:
        """What is to be done in a graph that is there already."""
        difference, target, nodes = self._differences[holder], self.after.target(holder, graph), self.after.nodes
        nodes |= {a: self.before.nodes[b] for a, b in difference.pairs.items()}

        def inside(command: Command) -> Command:
            return In(target.id, command) if isinstance(target, Definition) else command

        removed = self._removed(difference, target)
        places = {target[id].name: target[id].position for id in removed}
        if removed:
            yield inside(RemoveNodes(removed))
        yield from map(inside, self._renamed(holder, difference, target))
        for a, values in difference.params.items():
            yield inside(SetParams(nodes[a], values))
        for a in difference.added:
            if holder[a].spec.call.kind in NAMED and holder[a].name in target._names:
                yield inside(self._making_room(target, holder[a].name, holder))
        added = self._new_nodes(graph, holder, target, difference, places)
        if added:
            yield inside(AddMany(added, [], text=self.text))
        if difference.exposed is not None:
            were = {(e.name, self.before.nodes[e.node], e.param) for e in difference.exposed[0]}
            are = [Exposed(e.name, nodes[e.node], e.param) for e in difference.exposed[1]]
            assert isinstance(target, Definition)
            yield inside(SetExposed([*are, *(e for e in target.exposed if tuple(e) not in were and e not in are)]))
        yield from map(inside, self._given(holder, target, difference))
        yield from map(inside, self._rewired(holder, target, difference))
        yield from (inside(Unshare(nodes[a])) for a in difference.unshared if len(target.sharing(nodes[a])) > 1)
        yield from (inside(Share([nodes[a] for a in group])) for group in difference.shared)
        yield from (inside(Reorder([nodes[a] for a in order])) for order in difference.order)
        if added and 2 * len(added) > len(target):
            yield inside(Move(layered(target)))
        if difference.words is not None:
            yield inside(self._reworded(difference.words, target))

    def _removed(self, difference: Difference, target: CoreGraph) -> list[str]:
        """What goes: nodes that the text no longer has, and what they fed that it never had."""
        removed = [self.before.nodes[b] for b in difference.removed]
        told = set(self.before.nodes.values())
        fed = {id for gone in removed for id in target.descendants(gone) if id not in told}
        return [*removed, *sorted(fed)]

    def _renamed(self, holder: CoreGraph, difference: Difference, target: CoreGraph) -> Iterator[Command]:
        """New names; what has one of them already makes room. The name of a layer is that of the node which owns its weights."""
        for a, name in difference.renamed.items():
            id = target.owner(self.after.nodes[a])
            if target[id].name == name:
                continue
            if name in target._names:
                yield self._making_room(target, name, holder)
            yield Rename(id, name)

    def _making_room(self, target: CoreGraph, name: str, holder: CoreGraph) -> Command:
        """Calls the node that has a name otherwise, as no node in the text is called."""
        return Rename(target.named(name).id, target.free_name(name, holder._names, numbered=True))

    def _new_nodes(
        self, graph: CoreGraph, holder: CoreGraph, target: CoreGraph, difference: Difference, places: Mapping[str, Position]
    ) -> list[Node]:
        """The nodes that are new, each where one of its name was, else beside what feeds it."""
        found: list[Node] = []
        taken = [n.position for n in target]
        where: dict[str, Position] = {}
        for a in difference.added:
            node = holder[a]
            spec, params = self._values(graph, holder, node)
            names = [n.name for n in found]
            name = node.name if node.spec.call.kind in NAMED else spec.stem
            name = target.free_name(name, names, numbered=name is not node.name) if name in target._names or name in names else name
            feeding = [place for e in holder.incoming(a) if (place := self._place(e.source, where, target)) is not None]
            where[a] = places.get(node.name) or _beside(feeding, taken)
            taken.append(where[a])
            found.append(Node(graph._new_node_id(), spec, name, params, where[a]))
            self.after.nodes[a] = found[-1].id
        return found

    def _place(self, node: str, where: Mapping[str, Position], target: CoreGraph) -> Position | None:
        """Where a node of the text is in the document, if it is there already."""
        known = self.after.nodes.get(node)
        return where.get(node) or (target[known].position if known is not None and known in target else None)

    def _given(self, holder: CoreGraph, target: CoreGraph, difference: Difference) -> Iterator[Command]:
        """What uses of groups set; a default inside may be another one now, which they would follow."""
        for a in difference.pairs:
            if a not in holder.groups:
                continue
            node = target[self.after.nodes[a]]
            values = {n: v for n, v in holder[a].params.items() if n in node.params and node.params[n] != v}
            if values:
                yield SetParams(node.id, values)

    def _rewired(self, holder: CoreGraph, target: CoreGraph, difference: Difference) -> Iterator[Command]:
        """Other edges: all that are gone first, so that none stands in the way of another."""
        nodes = self.after.nodes
        ports = {(a, port): self._port(holder, a, port, target) for a, port in difference.rewired}
        gone = [e.id for (a, _), port in ports.items() for e in target.inputs(nodes[a], port)]
        if gone:
            yield Disconnect(gone)
        for (a, port), ends in difference.rewired.items():
            for source, output in ends:
                yield Connect(nodes[source], self._port(holder, source, output, target), nodes[a], ports[a, port])

    def _port(self, holder: CoreGraph, node: str, port: str, target: CoreGraph) -> str:
        """What the document calls a port."""
        if node not in holder.groups:
            return port
        inner = holder.definitions[holder.groups[node]]
        return target.definitions[self.after.definitions[inner.id]][self.after.nodes[inner.named(port).id]].name

    def _reworded(self, words: tuple[str, str], target: CoreGraph) -> Command:
        name = target.name if class_name(target.name) == class_name(words[0]) else words[0]
        if isinstance(target, Definition):
            return Describe(name if name == target.name else free_title(target.root, name), words[1])
        return Reword(name, words[1])


def _beside(feeding: list[Position], taken: list[Position]) -> Position:
    """The first free place to the right of what feeds a node, or below it."""
    x, y = max(feeding, default=(-COLUMN, 0.0))
    x += COLUMN
    while any(abs(x - a) < COLUMN * 0.7 and abs(y - b) < ROW * 0.9 for a, b in taken):
        y += ROW
    return x, y
