"""Bypassed and muted nodes: the network is as if they were not there, or not connected; nothing is lost on the way back."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch

from graph_engine import Graph
from graph_engine.analysis.check import Checker
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands
from graph_engine.codegen.project import project_files
from graph_engine.document import clip
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import DocumentError, GraphError
from graph_engine.graph.history import History
from graph_engine.graph.modes import SetMode
from graph_engine.graph.node import Node
from graph_engine.spec.faults import Fix
from graph_engine.templates import templates
from tests.engine.graphs import documents_cnn, residual, sequence
from tests.engine.group_edits import small
from tests.engine.test_group_edits import plain


def errors(graph: Graph) -> list[Diagnostic]:
    return [d for d in graph.check().diagnostics if d.severity == "error"]


def apply(graph: Graph, diagnostic: Diagnostic, title: str) -> None:
    fix = next(f for f in diagnostic.fixes if f.title == title)
    History(graph).execute(commands(graph, diagnostic, fix))


@pytest.mark.parametrize("seed", range(15))
def test_bypassing_computes_what_taking_out_computes(seed: int) -> None:
    rng = random.Random(seed)
    graph = small(rng)
    chosen = [n for n in graph if n.block in ("ReLU", "Tanh", "Dropout", "LayerNorm", "Linear", "Add") and not graph.sharing(n.id)[1:]]
    chosen = rng.sample(chosen, min(len(chosen), 3))
    without = from_text(to_text(graph), Graph)
    graph.set_mode("bypassed", *chosen)
    for node in chosen:
        blamed = Diagnostic("error", "planted", node.id, None, "")
        History(without).execute(commands(without, blamed, Fix("Take out", remove=True)))
    ours, theirs = graph.check(), without.check()
    assert ours.ok == theirs.ok
    assert (ours.parameters, ours.flops, ours.memory) == (theirs.parameters, theirs.flops, theirs.memory)
    assert [(d.code, d.node) for d in ours.diagnostics] == [(d.code, d.node) for d in theirs.diagnostics]
    if ours.ok:
        assert graph.to_python() == without.to_python()


def test_a_bypassed_layer_is_not_constructed_and_trains_along() -> None:
    graph = documents_cnn()
    before = graph.check().parameters
    graph.set_mode("bypassed", graph.named("relu4"), graph.named("max_pool2"))
    assert graph.check().ok and graph.check().parameters != before, "the last Linear infers another width"
    source = graph.to_python()
    assert "relu4" not in source and "max_pool2" not in source
    assert graph.compile()(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_shapes_and_costs_follow_and_come_back() -> None:
    graph = documents_cnn()
    before = to_text(graph), graph.check().parameters, graph.to_python()
    history = History(graph)
    history.execute(SetMode([graph.named("conv2").id], "bypassed"))
    found = graph.check().nodes[graph.named("conv2").id]
    assert found.status == "ok" and found.parameters == 0 and found.flops == 0 and not found.weights
    assert str(found.outputs["output"].shape) == str(found.inputs["input"].shape)
    assert graph.check().nodes[graph.named("conv3").id].sizes["in_channels"] == 32
    history.undo()
    assert (to_text(graph), graph.check().parameters, graph.to_python()) == before


def test_an_error_of_a_bypassed_node_is_none() -> None:
    graph = documents_cnn()
    graph.set(graph.named("conv3"), kernel_size=50)
    assert not graph.check().ok
    graph.set_mode("bypassed", graph.named("conv3"))
    assert graph.check().ok
    graph.set_mode("active", graph.named("conv3"))
    assert graph.check().obstacle is not None


def test_a_muted_branch_disappears_where_many_edges_may_arrive() -> None:
    graph = Graph("branches")
    x, y, concat = graph.add("Input", shape=[4]), graph.add("Output"), graph.add("Concat", dim=1)
    heads = [graph.add("Linear", out_features=n) for n in (1, 2, 3)]
    for head in heads:
        sequence(graph, x, head, concat)
    graph.connect(concat, y)
    graph.set_mode("muted", heads[1])
    assert graph.check().ok and graph.check().shapes[concat.id]["output"][1] == 4
    assert heads[1].name not in graph.to_python()
    graph.set_mode("muted", heads[0])
    [found] = errors(graph)
    assert (found.code, found.node) == ("port.muted", concat.id)
    assert found.message == "concat1: only 1 of at least 2 edges arrives at its input, because linear1 and linear2 are muted."
    assert graph.check().nodes[y.id].status == "waiting"
    apply(graph, found, "Bypass concat1")
    assert graph.check().ok and graph.check().shapes[concat.id]["output"][1] == 3


def test_a_needed_input_that_gets_nothing_is_told_once() -> None:
    graph = documents_cnn()
    graph.set_mode("muted", graph.named("conv2"))
    graph.set_mode("bypassed", graph.named("relu2"))
    [found] = errors(graph)
    assert (found.code, found.node) == ("port.muted", graph.named("max_pool2").id), "the cause is found through what is bypassed"
    assert found.message == "max_pool2: nothing arrives at its input, because conv2 is muted."
    assert [f.title for f in found.fixes] == ["Mute max_pool2", "Switch on conv2"]
    apply(graph, found, "Switch on conv2")
    assert graph.check().ok


def test_an_optional_input_does_without() -> None:
    graph = Graph("optional")
    x, start, y = graph.add("Input", shape=[5, 4]), graph.add("Input", shape=[3]), graph.add("Output")
    gru = graph.add("GRU", hidden_size=3, batch_first=True)
    expand = graph.add("Unsqueeze", dim=0)
    sequence(graph, x, gru, y)
    graph.connect(start, expand)
    graph.connect(expand, gru, target_port="h_0")
    assert graph.check().ok
    graph.set_mode("muted", expand, start)
    assert graph.check().ok and "start" not in graph.to_python()


def test_what_cannot_be_passed_on_is_told_with_a_fix() -> None:
    graph = Graph("state")
    x, gru, y = graph.add("Input", shape=[5, 4]), graph.add("GRU", hidden_size=4), graph.add("Output")
    graph.connect(x, gru)
    graph.connect(gru, y, source_port="h_n")
    graph.set_mode("bypassed", gru)
    [found] = errors(graph)
    assert (found.code, found.node, found.port) == ("node.bypass", gru.id, "h_n")
    assert graph.check().nodes[y.id].status == "waiting"
    apply(graph, found, f"Switch on {gru.name}")
    assert graph.check().ok


def test_a_bypassed_node_that_nothing_feeds_is_unconnected() -> None:
    graph = Graph("loose")
    relu, y = graph.add("ReLU"), graph.add("Output")
    graph.connect(relu, y)
    graph.add("Input", shape=[4])
    graph.set_mode("bypassed", relu)
    assert ("port.unconnected", relu.id) in [(d.code, d.node) for d in graph.check().diagnostics]
    assert graph.check().nodes[y.id].status == "waiting"


def test_what_has_nothing_to_pass_on_refuses() -> None:
    graph = documents_cnn()
    before = to_text(graph)
    for name in ("input", "output"):
        node = next(n for n in graph if n.spec.call.kind == name)
        with pytest.raises(GraphError, match="nothing to pass on"):
            graph.set_mode("bypassed", node, graph.named("relu1"))
    assert to_text(graph) == before
    group = graph.group([graph.named("conv1"), graph.named("relu1")], "Stage")
    with pytest.raises(GraphError, match="port of the group Stage"):
        inside = graph.inside(group)
        inside.set_mode("muted", next(n for n in inside.graph if n.spec.call.kind == "output"))


def test_a_muted_output_is_no_result_and_its_input_no_argument() -> None:
    graph = documents_cnn()
    extra, head, aux = graph.add("Input", shape=[2]), graph.add("Linear", out_features=1), graph.add("Output", name="aux")
    sequence(graph, extra, head, aux)
    assert not {"data.input-shape"} & {d.code for d in graph.check().diagnostics}
    graph.set_mode("muted", extra, head, aux)
    report = graph.check()
    assert report.ok and not report.diagnostics
    assert graph.to_python() == documents_cnn().to_python()
    project_files(graph)


def test_groups_are_bypassed_and_muted_as_a_whole_and_inside() -> None:
    graph = residual(2)
    stage = [n.id for n in graph][2:7]
    group = graph.group(stage, "Stage")
    full = graph.check().parameters
    graph.set_mode("bypassed", group)
    assert graph.check().ok and "Stage" not in graph.to_python()
    graph.set_mode("active", group)
    inside = graph.inside(group)
    graph.inside(group).set_mode("bypassed", inside.graph.named("batch_norm1"))
    assert graph.check().ok and graph.check().parameters < full
    assert "batch_norm1" not in graph.to_python()
    graph.dissolve(group)
    assert graph.named("batch_norm1").mode == "bypassed"


def test_the_owner_of_shared_weights_may_be_muted() -> None:
    graph = Graph("siamese")
    a, b, y = graph.add("Input", shape=[4]), graph.add("Input", shape=[4]), graph.add("Output")
    one, two, cat = graph.add("Linear", out_features=4), graph.add("Linear", out_features=4), graph.add("Concat", dim=1)
    sequence(graph, a, one, cat, y)
    sequence(graph, b, two, cat)
    graph.share(one, two)
    graph.set_mode("bypassed", one)
    assert graph.check().ok and graph.check().parameters == 20
    assert graph.compile()(torch.rand(1, 4), torch.rand(1, 4)).shape == (1, 8)


def test_modes_are_saved_copied_and_refused_where_they_cannot_be() -> None:
    graph = documents_cnn()
    graph.set_mode("muted", graph.named("conv1"))
    graph.set_mode("bypassed", graph.named("relu1"))
    again = from_text(to_text(graph), Graph)
    assert {n.name: n.mode for n in again if n.mode != "active"} == {"conv1": "muted", "relu1": "bypassed"}
    pasted = clip.paste(again, clip.copy(graph, [graph.named("relu1").id]))
    History(again).execute(pasted)
    assert again[pasted.nodes[0]].mode == "bypassed"
    broken = to_text(graph).replace('"block": "Output"', '"block": "Output", "mode": "bypassed"')
    with pytest.raises(DocumentError, match="nothing to pass on"):
        from_text(broken, Graph)


def test_thousands_of_bypassed_nodes_in_a_row() -> None:
    graph = Graph("long")
    nodes = [graph.add("Input", shape=[4])]
    with graph.edit():
        nodes += [graph.add("ReLU") for _ in range(3000)]
        nodes.append(graph.add("Output"))
        sequence(graph, *nodes)
    graph.set_mode("bypassed", *nodes[1:-1])
    assert graph.check().ok and graph.check().flops == 0


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_the_check_follows_every_switch(template) -> None:  # type: ignore[no-untyped-def]
    graph, rng = from_text(to_text(template.graph), Graph), random.Random(template.id)
    switches: list[Callable[[Node], None]] = [lambda n, m=m: graph.set_mode(m, n) for m in ("bypassed", "muted", "active")]  # type: ignore[misc]
    for _ in range(12):
        try:
            rng.choice(switches)(rng.choice(list(graph)))
        except GraphError:
            continue
        ours, fresh = graph.check(), Checker(graph, answers=graph.answers).check()
        assert plain(ours) == plain(fresh)
        if ours.ok:
            compile(graph.to_python(), "<generated>", "exec")
