"""A graph follows an edit of its text: whatever is edited, the text of what comes of it is the edited one, and one step takes it back."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_engine import Graph
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import SourceError
from graph_engine.graph.history import History
from graph_engine.graph.modes import SetMode
from graph_engine.parsing.adapting import adapted, counterpart
from graph_engine.templates import template
from tests.engine.graphs import sound_graph
from tests.engine.group_edits import edited, small


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_graph_follows_any_edit_of_its_text(seed: int, grouped: bool) -> None:
    rng = random.Random(seed)
    graph = small(rng) if grouped else sound_graph(rng, rng.randint(4, 16))
    edited(graph, rng, 30 if grouped else 0)
    if not graph.check().ok:
        return
    other = from_text(to_text(graph), Graph, "the copy")
    edited(other, rng, 5)
    wanted, before = other.to_python(), to_text(graph)
    command = adapted(counterpart(graph, graph.source()), wanted)
    history = History(graph)
    try:
        history.execute(command)
    except SourceError as error:
        assert "one group on the canvas" in str(error)  # the text has several classes of it
        assert to_text(graph) == before
        return
    made = graph.check()
    assert made.ok
    assert (made.parameters, made.flops) == (other.check().parameters, other.check().flops)
    if not any(g.owners for g in (*graph.graphs(), *other.graphs())) and len(graph.definitions) == len(other.definitions):
        # a node that no text tells of keeps its name from others; which of several nodes names shared weights is open
        assert re.sub(r"\d+", "#", graph.to_python()) == re.sub(r"\d+", "#", wanted)
    history.undo()
    assert to_text(graph) == before
    history.redo()
    assert graph.check().parameters == made.parameters


def follow(graph: Graph, *edits: tuple[str, str]) -> None:
    """Carries out an edit of a graph's text."""
    text = graph.to_python()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    before = counterpart(graph, graph.source())
    graph._do(adapted(before, text))


def test_ids_positions_and_what_a_text_does_not_tell_stay() -> None:
    graph = template("resnet_digits").graph
    note = next(iter(graph))
    kept = {n.id: (n.name, n.position, n.silenced) for g in graph.graphs() for n in g}
    definitions = {d.id: d.name for d in graph.definitions.values()}
    follow(graph, ("nn.Linear(32, 10)", "nn.Linear(32, 12)"))
    assert {n.id: (n.name, n.position, n.silenced) for g in graph.graphs() for n in g} == kept
    assert {d.id: d.name for d in graph.definitions.values()} == definitions
    assert note.id in graph


def test_a_bypassed_node_and_one_that_leads_nowhere_stay() -> None:
    graph = template("mlp_digits").graph
    relu = next(n for n in graph if n.block == "ReLU")
    graph._do(SetMode([relu.id], "bypassed"))
    dead = graph.add("Tanh")
    graph.connect(next(n for n in graph if n.block == "Linear"), dead)
    last = [n for n in graph if n.block == "Linear"][-1]
    follow(graph, (f", {last.params['out_features']})", ", 7)"))
    assert last.params["out_features"] == 7
    assert graph[relu.id].mode == "bypassed" and dead.id in graph


def test_a_comment_changes_nothing() -> None:
    graph = template("cnn_digits").graph
    command = adapted(counterpart(graph, graph.source()), graph.to_python().replace("    def forward", "    # sees\n    def forward"))
    assert not command.differs


def test_a_class_that_is_new_becomes_a_group_and_one_that_is_gone_goes() -> None:
    graph = template("mlp_digits").graph
    text = graph.to_python()
    hidden = next(n for n in graph if n.block == "ReLU").name
    block = "class Activated(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.act = nn.GELU()\n\n"
    block += "    def forward(self, x):\n        return self.act(x)\n\n\nclass "
    at = text.rindex("class ")
    new = text[:at] + block + text[at + 6 :].replace(f"self.{hidden} = nn.ReLU()", f"self.{hidden} = Activated()")
    before = counterpart(graph, graph.source())
    graph._do(adapted(before, new))
    assert [d.name for d in graph.definitions.values()] == ["Activated"] and graph.check().ok
    graph._do(adapted(counterpart(graph, graph.source()), text))
    assert not graph.definitions and graph.to_python() == text


def test_a_text_with_a_mistake_is_refused_with_its_line() -> None:
    graph = template("mlp_digits").graph
    text = graph.to_python()
    with pytest.raises(SourceError) as found:
        adapted(counterpart(graph, graph.source()), text.replace("nn.ReLU()", "nn.ReLu()", 1))
    assert text.splitlines()[found.value.line - 1].strip().endswith("nn.ReLU()")
