"""What the clipboard holds: some nodes, edges, frames and notes, as JSON text that can be pasted into any window or file."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from graph_engine.document.annotations import annotation_records, read_annotations
from graph_engine.document.read import build, build_definitions, parse_json, validate
from graph_engine.document.schema import ClipRecord
from graph_engine.document.write import definition_record, edge_records, node_record
from graph_engine.graph.annotate import Annotate, copies
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.bends import shifted
from graph_engine.graph.commands import AddMany, Macro
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.groups import AddDefinition
from graph_engine.graph.node import Position
from graph_engine.graph.places import origin


class Paste(Macro):
    """Adds what was copied.

    Attributes:
        nodes: ids of the new nodes.
        annotations: ids of the new frames and notes.
    """

    def __init__(self, added: AddMany, definitions: Sequence[Definition], annotations: Mapping[str, Annotation]):
        super().__init__(
            added.text, [*map(AddDefinition, definitions), added, *([Annotate(annotations, added.text)] if annotations else [])]
        )
        self.nodes = added.nodes
        self.annotations = tuple(annotations)


def copy(graph: CoreGraph, nodes: Iterable[str], annotations: Collection[str] = ()) -> str:
    """The text for some nodes, the edges between them, the definitions of the groups among them, and some frames and notes."""
    chosen = set(nodes)
    record: dict[str, Any] = {"format": "archloom-clip"}
    used = list(dict.fromkeys(graph.groups[id] for id in graph.nodes if id in chosen and id in graph.groups))
    for id in used:
        used += set(graph.definitions[id].groups.values()).difference(used)
    if used:
        record["definitions"] = [definition_record(graph.definitions[id]) for id in used]
    record["nodes"] = [node_record(graph, n) for n in graph if n.id in chosen]
    record["edges"] = edge_records(graph, chosen)
    if annotations:
        record["annotations"] = annotation_records(a for a in graph.annotations.values() if a.id in annotations)
    return json.dumps(record, ensure_ascii=False)


def paste(graph: CoreGraph, text: str, offset: Position = (0.0, 0.0)) -> Paste:
    """The command that adds what `copy` wrote, under new ids and, where they are taken, new names.

    Args:
        graph: where it is to go.
        text: from the clipboard.
        offset: added to the positions.

    Raises:
        DocumentError: the text is not what `copy` writes.
        GraphError: it names something that this program does not know.
    """
    record = validate(ClipRecord, parse_json(text, "The clipboard"), "The clipboard")
    annotations = copies(graph, read_annotations(record.annotations).values(), offset)
    root, before = graph.root, dict(graph.definitions)
    try:
        definitions = build_definitions(root, record.definitions, keep_ids=False)
        nodes, edges, owners, bends = build(graph, record.nodes, record.edges, definitions, keep_ids=False)
    finally:  # they were known while one was built from the other; the command makes them known for good
        added = [d for id, d in root.definitions.items() if id not in before]
        root._definitions = before
    for node, model in zip(nodes, record.nodes, strict=True):
        holder = root.holder(model.id)
        twin = holder[model.id] if holder is not None else node
        if twin is not node and (twin.name, twin.block, twin.params) == (model.name, node.block, node.params):
            root.origins[node.id] = origin(root.origins, model.id)
        node._position = (node.position[0] + offset[0], node.position[1] + offset[1])
    return Paste(AddMany(nodes, edges, owners, {place: shifted(points, offset) for place, points in bends.items()}), added, annotations)


def copied_nodes(text: str) -> list[str]:
    """Ids, in the graph that they were copied from, of the nodes in what `copy` wrote; those that `paste` adds are in the same order."""
    return [n.id for n in validate(ClipRecord, parse_json(text, "The clipboard"), "The clipboard").nodes]
