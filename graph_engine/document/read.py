"""Document → graph: parsed into plain records first, upgraded, and only then built. Nothing in a document is ever executed."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from graph_engine.blocks import registry
from graph_engine.document.annotations import restore
from graph_engine.document.migrations import VERSION, upgrade
from graph_engine.document.schema import DefinitionRecord, DocumentRecord, EdgeRecord, NodeRecord
from graph_engine.document.write import definition_record
from graph_engine.errors import DocumentError, GraphError, NewerVersionError, quoted
from graph_engine.graph.commands import AddMany, SetSettings
from graph_engine.graph.definition import DEEPEST, GROUP, Definition, Exposed, free_title, new_definition_id
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.modes import refusal
from graph_engine.graph.node import Bends, Form, Node
from graph_engine.graph.places import from_text as place
from graph_engine.settings.schema import Settings

G = TypeVar("G", bound=CoreGraph)
M = TypeVar("M", bound=BaseModel)


def load(path: Path, kind: type[G]) -> G:
    """Reads a document.

    Args:
        path: the file.
        kind: the class of graph to make.

    Raises:
        DocumentError: the file cannot be read as a document; the message tells where.
        NewerVersionError: it was written by a later version of the program.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(f"{path.name} is not an Archloom document: it is not UTF-8 text.") from None
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}.") from None
    return from_text(text, kind, path.name, path.resolve().parent)


def from_text(text: str, kind: type[G], name: str = "The document", folder: Path | None = None) -> G:
    """As `load`, from the text of a document that is called ``name`` in messages and lies in ``folder``."""
    content = parse_json(text, name)
    if not isinstance(content, dict) or content.get("format") != "archloom":
        raise DocumentError(f'{name} is not an Archloom document: it does not begin with {{"format": "archloom"}}.')
    version = content.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DocumentError(f"{name} has no valid format version: it says {version!r}.")
    if version > VERSION:
        raise NewerVersionError(
            f"{name} was written by a newer Archloom (format {version}, this one reads up to {VERSION}): update to open it."
        )
    record = validate(DocumentRecord, upgrade(content), name)
    graph = kind(record.name, record.description)
    graph._direction = record.direction
    graph.weights_file = Path(record.weights) if record.weights is not None else None
    graph.origins |= {id: place(way) for id, way in record.origins.items()}
    try:
        settings = Settings.from_plain({"data": record.data, "augmentation": record.augmentation, "training": record.training})
        if folder is not None:
            settings = settings.with_paths(lambda path: os.path.normpath(folder / path))
        ids = Counter(n.id for nodes in (record.nodes, *(d.nodes for d in record.definitions)) for n in nodes)
        twice = next((id for id, count in ids.items() if count > 1), None)
        if twice is not None:
            raise GraphError(f"two nodes have the id {quoted(twice)}.")
        with graph.edit():
            definitions = build_definitions(graph, record.definitions, keep_ids=True)
            AddMany(*build(graph, record.nodes, record.edges, definitions, keep_ids=True), text="Open").do(graph)
            restore(graph, record.annotations)
            SetSettings(settings, "all").do(graph)
    except GraphError as error:
        raise DocumentError(f"{name} cannot be opened: {error}") from error
    return graph


def parse_json(text: str, name: str) -> Any:
    """JSON text as plain data.

    Raises:
        DocumentError: it is none; the message tells where it breaks off or goes wrong.
    """

    def not_a_number(word: str) -> NoReturn:
        raise DocumentError(f"{name} holds {word}, which is not a number.")

    try:
        return json.loads(text, parse_constant=not_a_number)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise DocumentError(f"{name} is empty.") from None
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            raise DocumentError(f"{name} is cut off at line {error.lineno}: the file is not complete.") from None
        raise DocumentError(f"{name} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except ValueError:  # what Python says of a number with thousands of digits
        raise DocumentError(f"{name} is not an Archloom document: it holds a number that is too long.") from None
    except RecursionError:
        raise DocumentError(f"{name} is not an Archloom document: it is nested too deeply.") from None


def validate(model: type[M], content: Any, name: str) -> M:
    """Plain data as a record.

    Raises:
        DocumentError: it has another form; the message tells the first place.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"]).lstrip(".")
        raise DocumentError(
            f"{name} is damaged at {place}: {first['msg'][0].lower()}{first['msg'][1:]}, not {quoted(first['input'])}."
        ) from None


def build_definitions(root: CoreGraph, records: Sequence[DefinitionRecord], *, keep_ids: bool) -> dict[str, Definition]:
    """The definitions of groups, made known to the document as they are built, because one may use another.

    Args:
        root: the document's graph.
        records: in any order.
        keep_ids: use the ids of the records; otherwise a definition that the document has already in the same form is used, and
            ids and names of others are made new.

    Returns:
        The definitions by the id of their record.

    Raises:
        GraphError: as `build`; a definition is missing or contains itself; two have one id.
    """
    by_id = {r.id: r for r in records}
    if len(by_id) < len(records):
        twice = next(id for id, count in Counter(r.id for r in records).items() if count > 1)
        raise GraphError(f"two groups have the id {quoted(twice)}.")
    known = [(DefinitionRecord.model_validate(definition_record(d)), d) for d in root.definitions.values()]
    done: dict[str, Definition] = {}
    under_way: list[str] = []

    def visit(record: DefinitionRecord) -> None:
        if record.id in done:
            return
        if record.id in under_way:
            raise GraphError(f"the group {quoted(record.name)} contains itself.")
        if len(under_way) == DEEPEST:
            raise GraphError(f"groups are nested more than {DEEPEST} deep.")
        under_way.append(record.id)
        for used in dict.fromkeys(n.definition for n in record.nodes if n.definition):
            if used in by_id:
                visit(by_id[used])
        under_way.pop()
        same = next((d for other, d in known if other == record), None)
        if same is not None and not keep_ids:
            done[record.id] = same
            return
        id = record.id if keep_ids else new_definition_id(root)
        exposed = [Exposed(e.name, e.node, e.param) for e in record.exposed]
        definition = Definition(root, id, record.name if keep_ids else free_title(root, record.name), record.description)
        try:
            definition._direction = record.direction
            nodes, edges, owners, bends = build(definition, record.nodes, record.edges, done, keep_ids=keep_ids)
            ids = {r.id: n.id for r, n in zip(record.nodes, nodes, strict=True)}
            AddMany(nodes, edges, owners, bends).do(definition)
            restore(definition, record.annotations)
            for e in exposed:
                if e.node not in ids or e.param not in definition[ids[e.node]].params:
                    raise GraphError(f"it exposes {quoted(e.param)} of {quoted(e.node)}, which is not in it.")
            definition._exposed = tuple(e._replace(node=ids[e.node]) for e in exposed)
            _ = definition.shown
        except GraphError as error:
            raise GraphError(f"group {quoted(record.name)}: {error}") from None
        root._insert_definition(definition)
        done[record.id] = definition

    for record in records:
        visit(record)
    if keep_ids:
        root._definitions = {r.id: done[r.id] for r in records}  # in their order, not in that in which they were built
    return done


def _form(record: NodeRecord) -> Form:
    if record.expanded and record.definition:
        return "expanded"
    return "collapsed" if record.collapsed else "whole"


def build(
    graph: CoreGraph,
    nodes: Sequence[NodeRecord],
    edges: Sequence[EdgeRecord],
    definitions: Mapping[str, Definition],
    *,
    keep_ids: bool,
) -> tuple[list[Node], list[tuple[str, str, str, str]], dict[str, str], dict[int, Bends]]:
    """Nodes, edges, owners of shared weights and points of edges for `AddMany`, from their records.

    Args:
        graph: where they are to go.
        nodes, edges: the records.
        definitions: of the groups among them, by the ids that the records name.
        keep_ids: use the ids of the records; otherwise ids are made new, and names where they are taken.

    Raises:
        GraphError: a block, parameter, node or port is unknown, or a value outside its limits; the message names the node.
    """
    known = registry()
    ids: dict[str, str] = {}
    made: dict[str, Node] = {}
    names: set[str] = set()
    for record in nodes:
        if record.id in ids:
            raise GraphError(f"two nodes have the id {quoted(record.id)}.")
        try:
            if (record.block == GROUP) != bool(record.definition):
                raise GraphError("a group, and nothing else, names the definition of its content.")
            if record.definition and record.definition not in definitions:
                raise GraphError(f"the group {quoted(record.definition)} is not there.")
            spec = definitions[record.definition].spec if record.definition else known[record.block].fitted(record.params)
            values = {**spec.defaults, **spec.read_params(record.params)}
        except GraphError as error:
            raise GraphError(f"node {quoted(record.name)}: {error}") from None
        id = ids[record.id] = record.id if keep_ids else graph._new_node_id()
        name = record.name if keep_ids else graph.free_name(record.name, names)
        names.add(name)
        node = made[record.id] = Node(
            id, spec, name, values, (record.position[0], record.position[1]), frozenset(record.silenced), _form(record), record.mode
        )
        reason = refusal(graph, node, record.mode)
        if reason and keep_ids:
            raise GraphError(f"node {quoted(record.name)}: {reason}")
        if reason:
            node._mode = "active"
    owners: dict[str, str] = {}
    lending = {record.id for record in nodes if record.shares not in ids}
    for record in nodes:
        if record.shares in lending:
            owners[ids[record.id]] = ids[record.shares]
            made[record.id]._params = dict(made[record.shares].params)
        elif record.shares in ids:
            raise GraphError(f"node {quoted(record.name)}: it shares the weights of {quoted(record.shares)}, which has none of its own.")
        elif record.shares and keep_ids:
            raise GraphError(f"node {quoted(record.name)}: it shares the weights of {quoted(record.shares)}, which is not there.")
    ends: list[tuple[str, str, str, str]] = []
    bends: dict[int, Bends] = {}
    for number, (source, target, *points) in enumerate(edges):
        row: list[str] = []
        assert isinstance(source, str)
        assert isinstance(target, str)
        for end in (source, target):
            id, _, port = end.rpartition(".")
            if id not in ids:
                raise GraphError(f"the edge {quoted(source)} → {quoted(target)} names a node that is not there: {quoted(id)}.")
            row += [ids[id], port]
        ends.append((row[0], row[1], row[2], row[3]))
        if points and points[0]:
            bends[number] = tuple((float(p[0]), float(p[1])) for p in points[0])
    return list(made.values()), ends, owners, bends
