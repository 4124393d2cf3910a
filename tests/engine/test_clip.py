"""The clipboard: what is copied is pasted anywhere, under names and ids of its own."""

from __future__ import annotations

import pytest

from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.document import clip
from graph_engine.document.write import to_text
from graph_engine.errors import DocumentError, GraphError
from graph_engine.graph.history import History
from tests.engine.graphs import documents_cnn


def test_what_is_copied_is_pasted_under_new_ids_and_names() -> None:
    graph = documents_cnn()
    history = History(graph)
    before = to_text(graph)
    text = clip.copy(graph, ["n2", "n3", "n4", "n6"])
    command = clip.paste(graph, text, (40.0, 20.0))
    history.execute(command)
    pasted = [graph[id] for id in command.nodes]
    assert [n.block for n in pasted] == ["Conv2d", "ReLU", "MaxPool2d", "ReLU"]
    assert [n.name for n in pasted] == ["conv4", "relu5", "max_pool3", "relu6"]
    assert pasted[0].params == graph["n2"].params
    assert [(p.position[0] - graph[i].position[0]) for p, i in zip(pasted, ("n2", "n3", "n4", "n6"), strict=True)] == [40.0] * 4
    inner = [(e.source, e.target) for e in graph.edges.values() if e.source in command.nodes]
    assert inner == [(pasted[0].id, pasted[1].id), (pasted[1].id, pasted[2].id)], "edges among them, and no others"
    history.undo()
    assert to_text(graph) == before
    history.redo()
    assert set(command.nodes) <= graph.nodes.keys()


def test_pasting_twice_and_into_another_graph() -> None:
    graph = documents_cnn()
    text = clip.copy(graph, graph.nodes)
    for _ in range(2):
        History(graph).execute(clip.paste(graph, text))
    assert len(graph) == 42 and len({n.name for n in graph}) == 42
    other = Graph("other")
    History(other).execute(clip.paste(other, text))
    assert [n.name for n in other] == [n.name for n in documents_cnn()]
    assert other.to_python().split("def __init__")[1] == documents_cnn().to_python().split("def __init__")[1]


def test_edges_keep_their_order_in_a_port_for_many() -> None:
    graph = Graph("order")
    a, b, cat = graph.add("Input", shape=[1]), graph.add("Input", shape=[2]), graph.add("Concat", dim=1)
    for source in (b, a, b):
        graph.connect(source, cat)
    command = clip.paste(graph, clip.copy(graph, [a.id, b.id, cat.id]))
    History(graph).execute(command)
    new_a, new_b, new_cat = command.nodes
    assert [e.source for e in graph.inputs(new_cat, "input")] == [new_b, new_a, new_b]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{}", "[]", "3", '{"format": "archloom"}', '{"format": "archloom-clip", "nodes": [{}]}',
     '{"format": "archloom-clip", "x": 1}',
     '{"format": "archloom-clip", "nodes": [{"id": "a", "name": "x", "block": "Magic"}]}',
     '{"format": "archloom-clip", "edges": [["a.b", "c.d"]]}', "[" * 100_000],
)  # fmt: skip
def test_a_clipboard_with_something_else_is_told(text: str) -> None:
    graph = documents_cnn()
    before = to_text(graph)
    with pytest.raises((DocumentError, GraphError)) as refused:
        History(graph).execute(clip.paste(graph, text))
    assert str(refused.value).endswith(".") and to_text(graph) == before


def test_every_block_comes_back_from_the_clipboard() -> None:
    graph = Graph("all")
    for spec in registry():
        graph.add(spec.id, **spec.initial)
    other = Graph("other")
    History(other).execute(clip.paste(other, clip.copy(graph, graph.nodes)))
    assert [(n.block, n.name, dict(n.params)) for n in other] == [(n.block, n.name, dict(n.params)) for n in graph]
