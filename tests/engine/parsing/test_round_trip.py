"""What the program writes it reads back: import(export(g)) is g, and export(import(source)) is source."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.lowering import lower
from graph_engine.templates import template, templates
from tests.engine.graphs import sound_graph
from tests.engine.group_edits import edited, small
from tests.engine.parsing.forms import form


@pytest.mark.parametrize("id", [t.id for t in templates()])
def test_every_template_comes_back(id: str) -> None:
    graph = template(id).graph
    source = graph.to_python()
    back = Graph.from_source(source)
    assert form(back) == form(graph)
    assert back.to_python() == source


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_random_graphs_over_the_palette_come_back(seed: int) -> None:
    rng = random.Random(seed)
    graph = sound_graph(rng, rng.randint(5, 30))
    source = graph.to_python()
    back = Graph.from_source(source)
    assert form(back) == form(graph)
    assert back.to_python() == source


@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_groups_edited_at_random_come_back(seed: int) -> None:
    """Nested, repeated, shared and exposed.

    A group whose uses need several classes comes back as several groups: its text is another one then, its network the same.
    """
    rng = random.Random(seed)
    graph = small(rng)
    edited(graph, rng, rng.randint(10, 60))
    if not graph.check().ok:
        return
    source = graph.to_python()
    back = Graph.from_source(source)
    if not any(unit.variant for unit in lower(graph, graph.check()).units):
        assert back.to_python() == source
    assert (back.check().parameters, back.check().flops) == (graph.check().parameters, graph.check().flops)


def test_results_keep_their_names_and_a_term_of_the_loss_its_factor() -> None:
    graph = Graph("two heads")
    x, first, second = graph.add("Input", shape=[4]), graph.add("Linear", out_features=2), graph.add("Linear", out_features=3)
    graph.connect(x, first)
    graph.connect(x, second)
    graph.connect(first, graph.add("Output", name="kind"))
    graph.connect(second, graph.add("LossTerm", name="penalty", factor=0.25))
    source = graph.to_python()
    assert "returns: kind (N, 2), penalty (N, 3) as a term of the loss × 0.25" in source
    back = Graph.from_source(source)
    assert back.named("penalty").params["factor"] == 0.25
    assert form(back) == form(graph)


def test_the_names_that_blocks_are_found_by_are_theirs_alone() -> None:
    """Two layers of one name, or a function with two blocks of one form, would make reading a guess."""
    from graph_engine.parsing.index import layers

    assert len(layers()) == sum(1 for s in registry() if s.call.kind == "module" and not s.foreign)
