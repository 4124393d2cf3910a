"""Graph → document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graph_engine.document.annotations import annotation_records
from graph_engine.document.migrations import VERSION
from graph_engine.files import write_text
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Bends, GroupSpec, Node
from graph_engine.graph.places import to_text as place_text
from graph_engine.settings.option import plain


def save(graph: CoreGraph, path: Path, weights: str | None = None, sync: bool = True) -> None:
    """Writes a document atomically; with or without waiting for the disk.

    Raises:
        UnwritableError: the place cannot be written to; a file that was there is as before.
    """
    write_text(path, to_text(graph, path.resolve().parent, weights), sync)


def to_text(graph: CoreGraph, folder: Path | None = None, weights: str | None = None) -> str:
    """The document of a graph: stable order of keys, one node or edge a line.

    Args:
        graph: the network.
        folder: where it will lie; data that lies below that folder, or below the one around it, is named relative to it.
        weights: the file beside the document that holds the tensors to begin with; left out, the graph's.
    """
    weights = weights or (graph.weights_file.name if graph.weights_file is not None else None)
    ids = {node.id for one in graph.graphs() for node in one}
    origins = {id: place_text(way) for id, way in graph.origins.items() if id in ids} if weights is not None else {}
    settings = (graph.settings.with_paths(lambda path: _relative(path, folder)) if folder is not None else graph.settings).to_plain()
    parts = {
        "format": _compact("archloom"),
        "version": _compact(VERSION),
        "name": _compact(graph.name),
        "description": _compact(graph.description),
        **({"direction": _compact(graph.direction)} if graph.direction != "across" else {}),
        **({"definitions": _definitions(graph.definitions.values())} if graph.definitions else {}),
        "nodes": _lines(node_record(graph, n) for n in graph),
        "edges": _lines(edge_records(graph, graph.nodes)),
        **({"annotations": _lines(annotation_records(graph.annotations.values()))} if graph.annotations else {}),
        **{name: _section(section) for name, section in settings.items()},
        **({"weights": _compact(weights)} if weights is not None else {}),
        **({"origins": _compact(origins)} if origins else {}),
    }
    return "{\n" + ",\n".join(f"  {_compact(key)}: {text}" for key, text in parts.items()) + "\n}\n"


def definition_record(definition: Definition) -> dict[str, Any]:
    """A definition as JSON has it."""
    record: dict[str, Any] = {"id": definition.id, "name": definition.name}
    if definition.description:
        record["description"] = definition.description
    if definition.exposed:
        record["exposed"] = [e._asdict() for e in definition.exposed]
    if definition.direction != "across":
        record["direction"] = definition.direction
    record["nodes"] = [node_record(definition, n) for n in definition]
    record["edges"] = edge_records(definition, definition.nodes)
    if definition.annotations:
        record["annotations"] = annotation_records(definition.annotations.values())
    return record


def node_record(graph: CoreGraph, node: Node) -> dict[str, Any]:
    """A node as JSON has it."""
    defaults = node.spec.defaults
    record: dict[str, Any] = {"id": node.id, "name": node.name, "block": node.block}
    if isinstance(node.spec, GroupSpec):
        record["definition"] = node.spec.definition
    if graph.owner(node.id) != node.id:
        record["shares"] = graph.owner(node.id)
    params = {k: plain(v) for k, v in node.params.items() if v != defaults[k]}
    if params:
        record["params"] = params
    if node.silenced:
        record["silenced"] = sorted(node.silenced)
    if node.form != "whole":
        record[node.form] = True
    if node.mode != "active":
        record["mode"] = node.mode
    record["position"] = [_short(c) for c in node.position]
    return record


def edge_records(graph: CoreGraph, nodes: Iterable[str]) -> list[list[Any]]:
    """The edges among some nodes as JSON has them: by target, port and place in the port."""
    inside = set(nodes)
    return [
        [f"{e.source}.{e.source_port}", f"{e.target}.{e.target_port}", *_points(graph.bends(e.id))]
        for id in graph.nodes
        if id in inside
        for port in graph[id].spec.inputs
        for e in graph.inputs(id, port.name)
        if e.source in inside
    ]


def _points(bends: Bends) -> list[list[list[float | int]]]:
    return [[[_short(x), _short(y)] for x, y in bends]] if bends else []


def _relative(path: str, folder: Path) -> str:
    """A path as a document in some folder names it."""
    there = Path(path)
    for base, up in ((folder, ""), (folder.parent, "../")):
        if there.is_relative_to(base) and base != base.parent:
            return up + there.relative_to(base).as_posix()
    return path


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _definitions(definitions: Iterable[Definition]) -> str:
    """One node or edge a line here, too."""
    rows = []
    for definition in definitions:
        parts = [
            f"      {_compact(key)}: {_lines(value, '      ') if key in ('nodes', 'edges', 'annotations') else _compact(value)}"
            for key, value in definition_record(definition).items()
        ]
        rows.append("    {\n" + ",\n".join(parts) + "\n    }")
    return "[\n" + ",\n".join(rows) + "\n  ]"


def _lines(records: Iterable[Any], indent: str = "  ") -> str:
    rows = [f"{indent}  {_compact(r)}" for r in records]
    return "[\n" + ",\n".join(rows) + f"\n{indent}]" if rows else "[]"


def _section(values: Mapping[str, Any]) -> str:
    rows = [f"    {_compact(k)}: {_compact(v)}" for k, v in values.items()]
    return "{\n" + ",\n".join(rows) + "\n  }" if rows else "{}"
