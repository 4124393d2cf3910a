"""Documents with groups that are damaged, or made to do harm: they are refused in a sentence, or open and check in no time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph_engine import Graph
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import DocumentError, GraphError
from graph_engine.graph.definition import DEEPEST

Record = dict[str, Any]


def node(id: str, block: str, /, **more: Any) -> Record:
    params = {"Input": {"shape": [4]}, "Linear": {"out_features": 4}}.get(block, {})
    return {"id": id, "name": id, "block": block, "params": params, **more}


def content(id: str, *inner: Record, **more: Any) -> Record:
    """A definition with an input ``x``, an output ``y`` and nodes in a row between them."""
    nodes = [node(f"{id}x", "Input", name="x"), *inner, node(f"{id}y", "Output", name="y")]
    ports = [("output", "input") if n["block"] != "Group" else ("y", "x") for n in nodes]
    edges = [[f"{a['id']}.{p[0]}", f"{b['id']}.{q[1]}"] for a, b, p, q in zip(nodes, nodes[1:], ports, ports[1:], strict=False)]
    return {"id": id, "name": id, "nodes": nodes, "edges": edges, **more}


def use(id: str, definition: str, **params: Any) -> Record:
    return node(id, "Group", definition=definition, params=params)


def document(*definitions: Record, use: Record | None = None, between: tuple[Record, ...] = ()) -> str:
    whole = content("n", *([use] if use else between))
    record = {"format": "archloom", "version": 1, "name": "n", "definitions": definitions, "nodes": whole["nodes"], "edges": whole["edges"]}
    return json.dumps(record)


def nested(depth: int, **params: Any) -> str:
    """Groups in groups, each used once in the one before."""
    inner = [content(f"d{i}", use(f"u{i}", f"d{i + 1}", **params)) for i in range(depth - 1)]
    return document(*inner, content(f"d{depth - 1}", node("l", "Linear")), use=use("g", "d0", **params))


ONE = content("d", node("l", "Linear"))


def exposing(*names: str, of: str = "l") -> str:
    return document({**ONE, "exposed": [{"name": name, "node": of, "param": "out_features"} for name in names]}, use=use("g", "d"))


def sharing(first: str | None, second: str | None) -> str:
    rows = [node(id, "Linear", **({"shares": other} if other else {})) for id, other in (("a", first), ("b", second))]
    return document(between=tuple(rows))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (nested(DEEPEST + 1), f"more than {DEEPEST} deep"),
        (nested(3000), f"more than {DEEPEST} deep"),
        (document(content("d", use("u", "d")), use=use("g", "d")), "contains itself"),
        (document(content("d", use("u", "e")), content("e", use("v", "d")), use=use("g", "d")), "contains itself"),
        (document(use=use("g", "d")), "not there"),
        (document(ONE, use=node("g", "Linear", definition="d")), "nothing else"),
        (document(ONE, use=node("g", "Group")), "nothing else"),
        (document(ONE, {**ONE, "nodes": [], "edges": []}, use=use("g", "d")), "two groups have the id"),
        (document(ONE, content("e", node("l", "ReLU")), use=use("g", "d")), "two nodes have the id"),
        (document(ONE, use=use("g", "d", repeat=10_000)), "from 1 to 1000"),
        (exposing("x"), "are called x"),
        (exposing("repeat"), "are called repeat"),
        (exposing("class"), "cannot name a parameter"),
        (exposing("a b"), "cannot name a parameter"),
        (exposing("forward"), "already means something"),
        (exposing(*(f"p{i}" for i in range(2000))), "exposed as p0 already"),
        (exposing("width", of="nowhere"), "not in it"),
        (sharing(None, "b"), "none of its own"),
        (sharing("b", "a"), "none of its own"),
        (sharing(None, "nowhere"), "not there"),
        (sharing(None, "nx"), "no weights to share"),
    ],
)
def test_it_is_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        from_text(text, Graph)


@pytest.mark.parametrize(
    "text",
    [
        nested(DEEPEST),
        nested(12, repeat=1000),
        document(
            *(content(f"d{i}", *(use(f"u{i}{k}", f"d{i + 1}") for k in range(10))) for i in range(8)), content("d8"), use=use("g", "d0")
        ),
        document(content("d", name='"""\x00\n\\', description='"""\nimport os\n'), use=use("g", "d")),
    ],
)
def test_it_is_opened_checked_and_written(text: str) -> None:
    graph = from_text(text, Graph)
    assert graph.check().ok
    compile(graph.to_python(), "<generated>", "exec")
    assert to_text(from_text(to_text(graph), Graph)) == to_text(graph)


def test_what_grows_with_each_repetition_is_checked_so_often_and_no_more() -> None:
    twice = node("c", "Concat", params={"dim": -1})
    grow = content("e", twice)
    grow["edges"].append(["ex.output", "c.input"])
    graph = from_text(document(content("d", use("u", "e", repeat=1000)), grow, use=use("g", "d", repeat=1000)), Graph)
    report = graph.check()
    assert {d.code for d in report.diagnostics if d.severity == "error"} == {"group.too-many"}
    graph.set("g", repeat=1)
    assert graph.check().ok


def test_edits_keep_to_the_same_depth() -> None:
    graph = from_text(nested(DEEPEST), Graph)
    before = to_text(graph)
    with pytest.raises(GraphError, match="no deeper"):
        graph.group(["g"], "One more")
    with pytest.raises(GraphError, match="no deeper"):
        graph.inside(f"d{DEEPEST - 1}").group(["l"], "One more")
    assert to_text(graph) == before
