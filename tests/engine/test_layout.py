"""Auto layout: nothing overlaps, edges go on, and a small edit leaves the rest where it is."""

from __future__ import annotations

from statistics import fmean

import pytest

from graph_engine import Graph
from graph_engine.analysis.layout import CARD, Direction, layered
from graph_engine.analysis.rewire import put
from graph_engine.blocks import registry
from graph_engine.graph.commands import Move
from graph_engine.graph.graph import new_node
from graph_engine.graph.node import COLUMN, Position
from graph_engine.templates import template, templates

DIRECTIONS = pytest.mark.parametrize("direction", ["across", "down"])
LARGE = [t.id for t in templates() if len(t.graph) > 9]
CHAINS = ("cnn_digits", "autoencoder_digits", "lenet5_digits", "resnet_digits", "vit_digits", "mobilenet_digits")
ROW = 144.0
"""From one row to the next."""


def laid_out(id: str, direction: Direction) -> tuple[Graph, dict[str, Position]]:
    graph = template(id).graph
    graph._do(Move(layered(graph, direction)))
    return graph, layered(graph, direction)


def moved(before: dict[str, Position], after: dict[str, Position]) -> list[float]:
    """How far each node went that was there before."""
    return [max(abs(after[id][0] - x), abs(after[id][1] - y)) for id, (x, y) in before.items() if id in after]


@DIRECTIONS
@pytest.mark.parametrize("id", LARGE)
def test_cards_keep_apart_and_what_is_laid_out_stays(id: str, direction: Direction) -> None:
    graph, positions = laid_out(id, direction)
    assert positions == {node.id: node.position for node in graph}, "a second time nothing moves"
    places = list(positions.values())
    for i, (x, y) in enumerate(places):
        assert not any(abs(x - a) < CARD and abs(y - b) < 72 for a, b in places[:i])


@pytest.mark.parametrize("id", LARGE)
def test_top_down_every_edge_leads_to_a_lower_row_and_nodes_stand_in_columns(id: str) -> None:
    graph, positions = laid_out(id, "down")
    assert all(positions[e.target][1] >= positions[e.source][1] + ROW for e in graph.edges.values())
    left = min(x for x, _ in positions.values())
    assert all((x - left) % COLUMN == 0 for x, _ in positions.values())


@DIRECTIONS
@pytest.mark.parametrize("id", CHAINS)
def test_one_node_more_in_a_chain_moves_what_follows_it_by_one_place_and_nothing_else(id: str, direction: Direction) -> None:
    _, before = laid_out(id, direction)
    shares = []
    for edge in list(template(id).graph.edges):
        graph, _ = laid_out(id, direction)
        a, b = graph[graph.edges[edge].source].position, graph[graph.edges[edge].target].position
        node = new_node(graph, registry()["ReLU"], None, {}, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
        graph._do(put(graph, node, edge, node.position))
        far = moved(before, layered(graph, direction))
        assert max(far) <= (COLUMN if direction == "across" else ROW)
        shares.append(sum(d > 0 for d in far) / len(far))
    assert fmean(shares) < (0.25 if direction == "across" else 0.55)


def test_a_layout_stays_where_the_user_has_it() -> None:
    graph, before = laid_out("cnn_digits", "across")
    there = {id: (x + 1600.0, y - 480.0) for id, (x, y) in before.items()}
    graph._do(Move(there))
    assert layered(graph) == there
    graph._do(Move({next(iter(there)): (0.0, 0.0)}))
    assert layered(graph) == there
