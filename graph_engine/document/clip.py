"""What the clipboard holds: some nodes and the edges between them, as JSON text that can be pasted into any window or file."""

from __future__ import annotations

import json
from collections.abc import Iterable

from graph_engine.document.read import build, parse_json, validate
from graph_engine.document.schema import ClipRecord
from graph_engine.document.write import edge_records, node_record
from graph_engine.graph.commands import AddMany
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Position


def copy(graph: CoreGraph, nodes: Iterable[str]) -> str:
    """The text for some nodes and the edges between them."""
    chosen = set(nodes)
    records = [node_record(n) for n in graph if n.id in chosen]
    return json.dumps({"format": "archloom-clip", "nodes": records, "edges": edge_records(graph, chosen)}, ensure_ascii=False)


def paste(graph: CoreGraph, text: str, offset: Position = (0.0, 0.0)) -> AddMany:
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
    nodes, edges = build(graph, record.nodes, record.edges, keep_ids=False)
    for node in nodes:
        node._position = (node.position[0] + offset[0], node.position[1] + offset[1])
    return AddMany(nodes, edges)
