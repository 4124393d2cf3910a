"""Auto layout: nothing overlaps, edges go on, and a small edit leaves the rest where it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from statistics import fmean

import pytest

from graph_engine import Graph
from graph_engine.analysis.cards import CARD
from graph_engine.analysis.layout import layered
from graph_engine.analysis.rewire import put
from graph_engine.blocks import registry
from graph_engine.graph.commands import Move
from graph_engine.graph.forms import SetDirection
from graph_engine.graph.graph import new_node
from graph_engine.graph.history import History
from graph_engine.graph.node import COLUMN, Direction, Position
from graph_engine.templates import template, templates

DIRECTIONS = pytest.mark.parametrize("direction", ["across", "down"])
LARGE = [t.id for t in templates() if len(t.graph) > 9]
CHAINS = ("cnn_digits", "autoencoder_digits", "lenet5_digits", "resnet_digits", "vit_digits", "mobilenet_digits")
BRANCHED = [t.id for t in templates() if len(t.graph) > 9 and t.id not in CHAINS]
ROW = 144.0
"""From one row to the next."""


def laid_out(id: str, direction: Direction) -> tuple[Graph, dict[str, Position]]:
    graph = template(id).graph
    places = layered(graph, direction)
    graph._do(SetDirection(direction))
    graph._do(Move(places))
    return graph, layered(graph)


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
def test_top_down_every_edge_leads_to_a_lower_row(id: str) -> None:
    graph, positions = laid_out(id, "down")
    assert all(positions[e.target][1] >= positions[e.source][1] + ROW for e in graph.edges.values())


def moved_by_insertions(id: str, direction: Direction, step: int = 1) -> Iterator[list[float]]:
    """How far each node goes where one is put onto an edge, and then all is laid out: for each edge, or every second, third, …"""
    graph, before = laid_out(id, direction)
    history = History(graph)
    for edge in list(graph.edges)[::step]:
        a, b = graph[graph.edges[edge].source].position, graph[graph.edges[edge].target].position
        node = new_node(graph, registry()["ReLU"], None, {}, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
        history.execute(put(graph, node, edge, node.position))
        yield moved(before, layered(graph))
        history.undo()


@DIRECTIONS
@pytest.mark.parametrize("id", CHAINS)
def test_one_node_more_in_a_chain_moves_a_part_of_it_by_one_place_and_nothing_else(id: str, direction: Direction) -> None:
    shares = []
    for far in moved_by_insertions(id, direction):
        assert max(far) <= (COLUMN if direction == "across" else ROW)
        shares.append(sum(d > 0 for d in far) / len(far))
    assert fmean(shares) < (0.1 if direction == "across" else 0.3)


@pytest.mark.parametrize(("direction", "least"), [("across", 0.13), ("down", 0.27)])
def test_one_node_more_moves_few_others_in_a_branched_network(direction: Direction, least: float) -> None:
    shares = [sum(d > 0 for d in far) / len(far) for id in BRANCHED for far in moved_by_insertions(id, direction, 3)]
    assert fmean(shares) < least


@pytest.mark.parametrize("direction", ["across", "down"])
def test_a_fresh_layout_crosses_little_and_covers_nothing(direction: Direction) -> None:
    crossing = 0
    for id in LARGE:
        graph = template(id).graph
        graph._do(Move({node.id: (0.0, 0.0) for node in graph}))
        places = layered(graph, direction)
        flat = {n: p if direction == "across" else p[::-1] for n, p in places.items()}
        assert not covered(graph, flat, 72.0 if direction == "down" else CARD, 72.0 if direction == "across" else CARD)
        crossing += crossed(graph, flat)
    assert crossing <= 8


def covered(graph: Graph, at: dict[str, Position], long: float, broad: float) -> list[tuple[str, str]]:
    """The nodes that lie in the middle of a straight edge between two others which goes on by several layers in their row."""
    found = []
    for edge in graph.edges.values():
        (u, v), (end, level) = at[edge.source], at[edge.target]
        for node, (x, y) in at.items():
            if u + long < x and x + long < end and v == level and abs(y - v) < broad / 2:
                found.append((edge.id, node))
    return found


def crossed(graph: Graph, at: dict[str, Position]) -> int:
    """How many pairs of edges from one layer to the next cross."""
    steps = [(at[e.source], at[e.target]) for e in graph.edges.values() if at[e.source][0] < at[e.target][0]]
    return sum(a[0] == c[0] and b[0] == d[0] and (a[1] - c[1]) * (b[1] - d[1]) < 0 for (a, b), (c, d) in combinations(steps, 2))


def test_nothing_is_gained_by_dragging_a_node_away() -> None:
    graph, before = laid_out("cnn_digits", "across")
    for id, (x, y) in before.items():
        graph._do(Move({id: (x + 48.0, y - 64.0)}))
        assert layered(graph) == before
        graph._do(Move({id: (x, y)}))


def test_a_layout_stays_where_the_user_has_it() -> None:
    graph, before = laid_out("cnn_digits", "across")
    there = {id: (x + 1600.0, y - 480.0) for id, (x, y) in before.items()}
    graph._do(Move(there))
    assert layered(graph) == there
    graph._do(Move({next(iter(there)): (0.0, 0.0)}))
    assert layered(graph) == there
