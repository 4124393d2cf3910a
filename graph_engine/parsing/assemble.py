"""Forms → the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_engine.analysis.layout import layered
from graph_engine.graph.commands import AddMany
from graph_engine.graph.definition import Definition, Exposed, free_title, new_definition_id
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.parsing.drafts import Draft
from graph_engine.parsing.forms import Form, Forms


def assemble(graph: CoreGraph, forms: Forms) -> dict[str, tuple[int, ...]]:
    """Fills an empty graph.

    Returns:
        For each node, by id, the lines that it comes from: where it is constructed, if it is, and where it is called.
    """
    made: dict[int, Definition] = {}
    lines: dict[str, tuple[int, ...]] = {}
    with graph.edit():
        for form in forms.all:
            content = form.first
            definition = Definition(graph, new_definition_id(graph), free_title(graph, content.title), content.documented.description)
            ids = _fill(definition, form, forms, made, lines)
            definition._exposed = tuple(Exposed(name, ids[node], param) for name, places in form.exposed.items() for node, param in places)
            _ = definition.shown
            graph._insert_definition(definition)
            made[id(form)] = definition
        _fill(graph, forms.root, forms, made, lines)
    return lines


def _fill(graph: CoreGraph, form: Form, forms: Forms, made: Mapping[int, Definition], lines: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """Puts the nodes of a content into a graph; their ids by name."""
    content = form.first
    nodes: list[Node] = []
    of: dict[int, Node] = {}
    owners: dict[str, str] = {}
    first: dict[int, Node] = {}
    inside = {(node, param): form.inside[name] for name, places in form.exposed.items() for node, param in places}
    for draft in (*content.inputs, *content.nodes, *content.outputs):
        node = _node(graph, draft, forms, made, {p: v for (n, p), v in inside.items() if n == draft.name})
        nodes.append(node)
        made_at = getattr(draft.layer, "line", None)
        lines[node.id] = (draft.line,) if made_at is None else (made_at, draft.line)
        of[id(draft)] = node
        if draft.layer is not None and node.spec.call.kind == "module":
            owner = first.setdefault(id(draft.layer), node)
            if owner is not node:
                owners[node.id] = owner.id
                node._params = dict(owner.params)
    edges = [
        (of[id(end.draft)].id, end.port, of[id(draft)].id, port)
        for draft in (*content.nodes, *content.outputs)
        for port, ends in draft.sources.items()
        for end in ends
    ]
    AddMany(nodes, edges, owners, text="Import").do(graph)
    for id_, position in layered(graph).items():
        graph._set_position(id_, position)
    return {n.name: n.id for n in nodes}


def _node(graph: CoreGraph, draft: Draft, forms: Forms, made: Mapping[int, Definition], inside: Mapping[str, Any]) -> Node:
    if draft.content is not None:
        spec: Any = made[id(forms.of[id(draft.content)])].spec
        params = {**spec.defaults, **forms.params(draft), **inside}
    else:
        assert draft.spec is not None
        spec = draft.spec
        params = {**spec.defaults, **forms.params(draft), **inside}
    return Node(graph._new_node_id(), spec, draft.name, params, (0.0, 0.0))
