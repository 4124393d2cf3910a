"""Findings: told once, of the cause; silenced on a node; each with its page; no false alarm on what comes with the program."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_engine import Graph
from graph_engine.analysis.check import Checker
from graph_engine.analysis.fixes import commands, insert
from graph_engine.analysis.help import page, pages
from graph_engine.analysis.rules import GRAPH_RULES, NODE_RULES
from graph_engine.blocks import registry
from graph_engine.document import clip
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.graph.commands import Silence
from graph_engine.graph.history import History
from graph_engine.templates import templates
from graph_engine.training.findings import RULES as RUN_RULES
from tests.data.faults.networks import chain
from tests.engine.edits import EDITS
from tests.engine.test_check import edit_at_random, same
from tests.engine.test_faults import NETWORKS

OTHERS = {
    "group.no-output", "group.repeat", "group.too-many", "node.bypass", "port.muted", "port.unconnected",
    "module.asked", "module.outputs", "module.refused", "module.unread", "module.untrusted",
}  # fmt: skip
"""Codes of findings that are no rule's, and need a page all the same."""
ENGINE = Path(__file__).parents[2] / "graph_engine"


def _raised() -> Iterator[str]:
    """The codes of all faults that shape rules raise, and of sizes that contradict the input."""
    for path in ENGINE.rglob("*.py"):
        yield from re.findall(r"""Fault\(\s*"([a-z0-9.-]+)\"""", path.read_text(encoding="utf-8"))
    yield from (f"shape.{param.name.replace('_', '-')}" for spec in registry() for param in spec.params if param.inferred)


RULES = {rule.code for _, rule in NODE_RULES} | {rule.code for rule in GRAPH_RULES}
CODES = sorted(RULES | {*_raised(), *OTHERS} | {rule.code for rule in RUN_RULES})

WRONG = {
    "in_channels": 7,
    "num_features": 7,
    "in_features": 7,
    "input_size": 7,
    "normalized_shape": 7,
    "embed_dim": 7,
    "d_model": 7,
}  # fmt: skip
"""A size for each inferred parameter that none of the networks has there."""


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_a_template_raises_no_alarm(template) -> None:
    assert template.open().check().diagnostics == ()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(3))
def test_of_many_faults_those_are_told_that_do_not_follow_from_another(name: str, seed: int) -> None:
    rng = random.Random(seed)
    graph = NETWORKS[name]()
    able = [n for n in graph if any(p.inferred and p.name in WRONG for p in n.spec.params)]
    planted = {n.id for n in rng.sample(able, min(len(able), rng.randint(2, 6)))}
    for id in planted:
        graph.set(id, **{p.name: WRONG[p.name] for p in graph[id].spec.params if p.name in WRONG})
    report = graph.check()
    causes = {id for id in planted if not graph.ancestors(id) & planted}
    assert {d.node for d in report.diagnostics if d.severity == "error"} == causes
    behind = set[str]().union(*(graph.descendants(id) for id in causes))
    for node in graph:
        assert report.nodes[node.id].status == ("error" if node.id in causes else "waiting" if node.id in behind else "ok")


def test_an_error_that_follows_from_a_finding_before_it_waits() -> None:
    graph = NETWORKS["cnn"]()
    graph.set(graph.named("x"), shape=[28, 28, 1])
    report = graph.check()
    [error] = [d for d in report.diagnostics if d.severity == "error"]
    assert (error.code, error.node) == ("lint.channels-last", graph.named("conv1").id)
    assert report.nodes[graph.named("pool1").id].status == "waiting"
    graph._do(Silence(graph.named("conv1").id, ["lint.channels-last"]))
    [error] = [d for d in graph.check().diagnostics if d.severity == "error"]
    assert (error.code, error.node) == ("shape.kernel-too-large", graph.named("pool1").id)
    same(graph.check(), Checker(graph).check())


def test_a_finding_is_silenced_on_one_node_and_comes_back() -> None:
    graph = NETWORKS["cnn"]()
    first, second = graph.named("conv1"), graph.named("conv2")
    for node in (first, second):
        graph.set(node, bias=True)
    assert [d.code for d in graph.check().diagnostics] == ["lint.bias-before-norm"] * 2
    before, history = to_text(graph), History(graph)
    history.execute(Silence(first.id, ["lint.bias-before-norm"]))
    assert [d.node for d in graph.check().diagnostics] == [second.id]
    assert '"silenced": ["lint.bias-before-norm"]' in to_text(graph)
    again = from_text(to_text(graph), Graph)
    assert to_text(again) == to_text(graph) and again.check().diagnostics == graph.check().diagnostics
    pasted = clip.paste(graph, clip.copy(graph, [first.id]))
    history.execute(pasted)
    assert graph[pasted.nodes[0]].silenced == {"lint.bias-before-norm"}
    history.undo()
    history.undo()
    assert to_text(graph) == before and len(graph.check().diagnostics) == 2
    assert history.undone[-1].text == "Silence lint.bias-before-norm"


def test_an_error_cannot_be_silenced() -> None:
    graph = NETWORKS["cnn"]()
    conv = graph.named("conv2")
    graph.set(conv, in_channels=3)
    [error] = [d for d in graph.check().diagnostics if d.severity == "error"]
    graph._do(Silence(conv.id, [error.code]))
    assert not graph.check().ok


def test_a_repair_keeps_the_order_of_a_variadic_port() -> None:
    graph = Graph("joined")
    xs = [graph.add("Input", name=f"x{i}", shape=[size]) for i, size in enumerate((4, 5, 4))]
    add = graph.add("Add")
    for x in xs:
        graph.connect(x, add)
    chain(graph, add, ("y", "Output"))
    before, history = to_text(graph), History(graph)
    [error] = [d for d in graph.check().diagnostics if d.severity == "error"]
    history.execute(commands(graph, error, error.fixes[0]))
    assert graph.check().ok
    assert [graph[e.source].name for e in graph.inputs(add.id, "input")] == ["x0", "linear1", "x2"]
    history.undo()
    assert to_text(graph) == before


def test_a_new_node_takes_the_place_of_its_edge() -> None:
    graph = Graph("joined")
    xs = [graph.add("Input", name=f"x{i}", shape=[4]) for i in range(3)]
    join = graph.add("Concat", dim=1)
    for x in xs:
        graph.connect(x, join)
    graph._do(insert(graph, graph.inputs(join.id, "input")[1], "ReLU", {}))
    assert [graph[e.source].name for e in graph.inputs(join.id, "input")] == ["x0", "relu1", "x2"]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["cnn", "mobilenet", "language_model", "lstm"])
def test_findings_after_each_edit_are_those_of_a_fresh_check(name: str, seed: int) -> None:
    rng = random.Random(seed)
    graph = NETWORKS[name]()
    history = History(graph)
    assert "silence" in EDITS
    for _ in range(30):
        edit_at_random(graph, history, rng)
        same(graph.check(), Checker(graph).check())


@pytest.mark.parametrize("code", CODES)
def test_every_finding_has_its_page(code: str) -> None:
    text = page(code)
    assert text is not None and len(text) > 120


def test_every_page_is_of_a_finding() -> None:
    assert sorted(pages()) == CODES


@pytest.mark.parametrize("rule", [r for _, r in NODE_RULES] + GRAPH_RULES, ids=lambda r: r.code)
def test_every_rule_gives_its_reason(rule) -> None:
    assert rule.function.__doc__ and rule.function.__doc__.strip().endswith(".")
