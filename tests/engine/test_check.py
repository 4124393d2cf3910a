"""The check: right numbers, the blame on the right node, repairs that repair, and never an exception."""

from __future__ import annotations

import contextlib
import gc
import random
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch

from graph_engine import Graph
from graph_engine.analysis.check import Checker
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands
from graph_engine.document.write import to_text
from graph_engine.errors import CheckError, GraphError
from graph_engine.graph.history import History
from graph_engine.templates import templates
from tests.engine.edits import EDITS
from tests.engine.graphs import documents_cnn, grouped, random_graph, residual, sequence

CNN_SHAPES = [
    ("N", 1, 28, 28), ("N", 32, 26, 26), ("N", 32, 26, 26), ("N", 32, 13, 13), ("N", 64, 11, 11), ("N", 64, 11, 11), ("N", 64, 5, 5),
    ("N", 64, 3, 3), ("N", 64, 3, 3), ("N", 576), ("N", 64), ("N", 64), ("N", 10),
]  # fmt: skip


def same(a: CheckedGraph, b: CheckedGraph) -> None:
    """Fails where two checks differ in anything but the choice among orders."""
    assert list(a.nodes.items()) == list(b.nodes.items())
    assert sorted(a.order) == sorted(b.order)
    assert (a.parameters, a.flops, a.memory, a.ok) == (b.parameters, b.flops, b.memory, b.ok)
    assert a.diagnostics == b.diagnostics
    assert {i: dict(s) for i, s in a.shapes.items()} == {i: dict(s) for i, s in b.shapes.items()}


def errors(report: CheckedGraph) -> list[Diagnostic]:
    """The findings that keep the network from running."""
    return [d for d in report.diagnostics if d.severity == "error"]


def test_the_documents_network() -> None:
    graph = documents_cnn()
    report = graph.check()
    assert report.ok and report.diagnostics == ()
    assert report.parameters == 93_322
    assert [report.shapes[n.id]["output"] for n in graph if n.spec.outputs] == CNN_SHAPES
    assert report.flops == 2 * (
        26 * 26 * 32 * 9 + 11 * 11 * 64 * 32 * 9 + 3 * 3 * 64 * 64 * 9 + 576 * 64 + 64 * 10
    )  # multiply-adds of the five layers with weights


def test_a_template_holds_the_documents_network() -> None:
    assert 93_322 in [t.graph.check().parameters for t in templates()]


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_templates_are_without_findings(template: Any) -> None:
    report = template.graph.check()
    assert report.ok and report.diagnostics == ()


def test_an_empty_graph_is_told() -> None:
    report = Graph("empty").check()
    assert not report.ok
    assert [d.code for d in report.diagnostics] == ["graph.empty"]


def test_nothing_is_done_twice() -> None:
    graph = documents_cnn()
    before = graph.check()
    assert graph.check() is before
    conv = graph.named("conv2")
    graph.set(conv, out_channels=64)
    after = graph.check()
    assert all(after.nodes[i] is before.nodes[i] for i in graph.nodes)
    graph.set(conv, out_channels=48)
    later = graph.check()
    changed = {i for i in graph.nodes if later.nodes[i] is not after.nodes[i]}
    assert changed == {graph.named(n).id for n in ("conv2", "relu2", "max_pool2", "conv3")}, "conv3 gives what it gave"


def image() -> tuple[Graph, list[Any]]:
    """A sound network on pictures, and its nodes in order."""
    graph = Graph("image")
    nodes = [
        graph.add("Input", shape=[3, 12, 12]),
        graph.add("Conv2d", out_channels=8, kernel_size=3),
        graph.add("BatchNorm2d"),
        graph.add("ReLU"),
        graph.add("MaxPool2d", kernel_size=2),
        graph.add("Flatten"),
        graph.add("Linear", out_features=10),
        graph.add("Output"),
    ]
    sequence(graph, *nodes)
    return graph, nodes


def text() -> tuple[Graph, list[Any]]:
    """A sound network on tokens."""
    graph = Graph("text")
    nodes = [
        graph.add("Input", shape=["T"], dtype="int64"),
        graph.add("Embedding", num_embeddings=100, embedding_dim=16),
        graph.add("LSTM", hidden_size=12, batch_first=True),
        graph.add("Linear", out_features=8),
        graph.add("MultiheadAttention", num_heads=2, batch_first=True),
        graph.add("LayerNorm"),
        graph.add("Output"),
    ]
    sequence(graph, *nodes)
    for port in ("key", "value"):
        graph.connect(nodes[3], nodes[4], target_port=port)
    return graph, nodes


def residual_pair() -> tuple[Graph, list[Any]]:
    """A branch around two layers, joined again."""
    graph = Graph("pair")
    x, a, b = graph.add("Input", shape=[6]), graph.add("Linear", out_features=6), graph.add("Linear", out_features=6)
    add, y = graph.add("Add"), graph.add("Output")
    sequence(graph, x, a, b, add, y)
    graph.connect(x, add)
    return graph, [x, a, b, add, y]


Maker = Callable[[], tuple[Graph, list[Any]]]


class Planted:
    """A fault: the network, what is done to it, the node that is to blame (by place), the finding, and whether a fix is offered."""

    def __init__(self, make: Maker, at: int, code: str, *, fix: bool = False, **params: Any):
        self.make, self.at, self.code, self.fix, self.params = make, at, code, fix, params

    def __str__(self) -> str:
        return f"{self.make.__name__}-{self.at}-{self.code}-" + "-".join(map(str, self.params))


PLANTED = [
    Planted(image, 1, "shape.kernel-too-large", kernel_size=15, fix=True),
    Planted(image, 1, "shape.groups", groups=2, fix=True),
    Planted(image, 1, "shape.in-channels", in_channels=4, fix=True),
    Planted(image, 1, "param.same-stride", padding="same", stride=2, fix=True),
    Planted(image, 1, "param.missing", out_channels=None, fix=True),
    Planted(image, 2, "shape.num-features", num_features=16, fix=True),
    Planted(image, 2, "param.eps", eps=0.0, fix=True),
    Planted(image, 4, "shape.kernel-too-large", kernel_size=11, fix=True),
    Planted(image, 4, "param.padding-over-half", padding=2, fix=True),
    Planted(image, 5, "shape.no-such-dim", start_dim=4, fix=True),
    Planted(image, 5, "param.flatten-order", start_dim=3, end_dim=1, fix=True),
    Planted(image, 6, "shape.in-features", in_features=100, fix=True),
    Planted(image, 0, "param.missing", shape=None, fix=True),
    Planted(image, 0, "param.batch-name", shape=[3, "N", 12]),
    Planted(text, 1, "param.padding-idx", padding_idx=100, fix=True),
    Planted(text, 1, "dtype.mismatch", fix=True),
    Planted(text, 2, "shape.input-size", input_size=3, fix=True),
    Planted(text, 2, "param.proj-size", proj_size=12, fix=True),
    Planted(text, 4, "shape.heads", num_heads=3, fix=True),
    Planted(text, 4, "shape.embed-dim", embed_dim=6, fix=True),
    Planted(text, 5, "shape.normalized-shape", normalized_shape=9, fix=True),
    Planted(residual_pair, 3, "shape.broadcast", fix=True),
]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_fault_is_blamed_on_its_node_and_what_lies_behind_waits(planted: Planted) -> None:
    graph, nodes = planted.make()
    assert graph.check().ok
    if planted.code == "dtype.mismatch":
        graph.set(nodes[0], dtype="float32")
    elif planted.code == "shape.broadcast":
        graph.set(nodes[2], out_features=5)
    else:
        graph.set(nodes[planted.at], **planted.params)
    report = graph.check()
    [error] = errors(report)
    assert (error.code, error.node) == (planted.code, nodes[planted.at].id)
    assert error.message.startswith(nodes[planted.at].name + ": ") and error.message.endswith(".")
    assert error.port is None or error.port in {p.name for p in nodes[planted.at].spec.inputs}
    behind = graph.descendants(error.node)
    for node in nodes:
        expected = "error" if node.id == error.node else "waiting" if node.id in behind else "ok"
        assert report.nodes[node.id].status == expected
    with pytest.raises(CheckError):
        graph.to_python()
    assert bool(error.fixes) == planted.fix
    for fix in error.fixes:
        before = to_text(graph)
        history = History(graph)
        history.execute(commands(graph, error, fix))
        assert not errors(graph.check()), fix
        history.undo()
        assert to_text(graph) == before and not history.done
        same(graph.check(), report)


def test_a_dense_layer_after_a_feature_map_is_offered_a_flatten() -> None:
    graph = Graph("map")
    x, linear, y = graph.add("Input", shape=[3, 4, 4]), graph.add("Linear", in_features=48, out_features=2), graph.add("Output")
    sequence(graph, x, linear, y)
    [error] = errors(graph.check())
    assert error.node == linear.id
    history = History(graph)
    history.execute(commands(graph, error, error.fixes[0]))
    assert graph.check().ok and len(history.done) == 1 and len(graph) == 4
    assert [n.name for n in graph if n.block == "Flatten"] == ["flatten1"]
    history.undo()
    assert len(graph) == 3 and errors(graph.check()) == [error]


def test_a_result_that_is_switched_off_is_told_on_its_node() -> None:
    graph, nodes = text()
    attention = nodes[4]
    graph.set(attention, need_weights=False)
    assert graph.check().ok, "nobody uses the weights"
    second = graph.add("Output")
    graph.connect(attention, second, source_port="weights")
    report = graph.check()
    [error] = errors(report)
    assert (error.node, error.port, error.code) == (attention.id, "weights", "port.switched-off")
    History(graph).execute(commands(graph, error, error.fixes[0]))
    assert not errors(graph.check())
    assert [len(t) for t in graph.compile()(torch.zeros(2, 5, dtype=torch.int64))] == [2, 2]


def test_unconnected_inputs_are_the_nodes_own_fault() -> None:
    graph = Graph("loose")
    x, add, y = graph.add("Input", shape=[4]), graph.add("Add"), graph.add("Output")
    graph.connect(x, add)
    graph.connect(add, y)
    [error] = errors(graph.check())
    assert error.code == "port.unconnected" and error.node == add.id and "2" in error.message
    graph.connect(x, add)
    assert graph.check().ok


@pytest.mark.parametrize("seed", range(12))
def test_a_check_never_raises_and_what_passes_runs(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        graph = random_graph(rng, rng.randint(0, 14), like_a_person=rng.random() < 0.8)
        report = graph.check()
        for diagnostic in report.diagnostics:
            assert diagnostic.message.endswith(".") and "\n" not in diagnostic.message
            assert diagnostic.node is None or diagnostic.node in graph
            if diagnostic.node is not None and diagnostic.fixes:
                before = to_text(graph)
                history = History(graph)
                history.execute(commands(graph, diagnostic, diagnostic.fixes[0]))
                graph.check()
                history.undo()
                assert to_text(graph) == before
        same(graph.check(), Checker(graph).check())
        if report.ok:
            compile(graph.to_python(), "<generated>", "exec")
        else:
            with pytest.raises(GraphError):
                graph.to_python()


@pytest.mark.parametrize("seed", range(8))
def test_checking_step_by_step_is_checking_afresh(seed: int) -> None:
    rng = random.Random(seed)
    graph = random_graph(rng, 12, like_a_person=True)
    history = History(graph)
    for _ in range(60):
        edit_at_random(graph, history, rng)
        if rng.random() < 0.8:
            report = graph.check()
            same(report, Checker(graph).check())
            place = {id: i for i, id in enumerate(report.order)}
            assert all(place[e.source] < place[e.target] for e in graph.edges.values())


def edit_at_random(graph: Graph, history: History, rng: random.Random) -> None:
    """One edit of any kind, undo and redo among them; one that is refused changes nothing."""
    what = rng.choice([*EDITS, "undo", "undo", "redo"])
    if what == "undo":
        history.undo()
    elif what == "redo":
        history.redo()
    else:
        command = EDITS[what](graph, rng)
        if command is not None:
            with contextlib.suppress(GraphError):
                history.execute(command)


def test_what_alike_nodes_have_in_common_is_worked_out_once() -> None:
    graph = Graph()
    x = graph.add("Input", shape=[8, 16, 16])
    same = [graph.add("Conv2d", out_channels=8, kernel_size=3, padding=1) for _ in range(3)]
    other = graph.add("Conv2d", out_channels=8, kernel_size=3, padding=1, bias=False)
    sequence(graph, x, *same, other, graph.add("Output"))
    nodes = graph.check().nodes
    assert nodes[same[2].id].weights is nodes[same[0].id].weights
    assert nodes[same[2].id].id == same[2].id and "bias" in nodes[same[2].id].weights and "bias" not in nodes[other.id].weights
    graph.share(*same[:2])
    shared = graph.check().nodes
    assert [shared[n.id].parameters for n in same] == [584, 0, 584]


@pytest.mark.parametrize("make", [lambda: residual(2), lambda: grouped(2, 2)])
def test_a_graph_that_was_checked_does_not_live_for_ever(make: Callable[[], Graph]) -> None:
    graph = make()
    graph.check()
    seen = weakref.ref(graph)
    del graph
    gc.collect()
    assert seen() is None
