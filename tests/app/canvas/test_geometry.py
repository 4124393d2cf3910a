"""Places, curves and words as plain numbers and texts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from pytestqt.qtbot import QtBot

from app.canvas.curves import ABOVE, along, curve, distance_to, has_room, lanes, pieces
from app.canvas.geometry import GRID, HALF, STACK, WIDTH, Point, layout, snap
from app.canvas.look import Look
from app.canvas.wording import count_label, params_line, shape_label
from app.theme import current
from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.graph.node import Direction
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.tensor import Dim, N

DIRECTIONS = pytest.mark.parametrize("direction", ["across", "down"])


def turned(point: Point, direction: Direction) -> Point:
    """A point that is given for edges that go across, where they go in a direction."""
    return point if direction == "across" else point[::-1]


@pytest.mark.parametrize("spec", list(registry()), ids=lambda s: s.id)
def test_ports_lie_on_the_card_and_apart(spec: BlockSpec) -> None:
    card = layout(spec)
    assert [p.name for p in card.inputs] == [p.name for p in spec.inputs]
    assert [p.name for p in card.outputs] == [p.name for p in spec.outputs]
    for side, x in ((card.inputs, 0.0), (card.outputs, WIDTH)):
        edges = [(p.y - p.span / 2, p.y + p.span / 2) for p in side]
        assert all(p.x == x for p in side)
        assert all(0 < low <= high < card.height for low, high in edges)
        assert all(after[0] - before[1] >= 12 for before, after in pairwise(edges))


@pytest.mark.parametrize("spec", list(registry()), ids=lambda s: s.id)
def test_where_edges_go_down_ports_lie_side_by_side_with_room_for_their_names(spec: BlockSpec, qtbot: QtBot) -> None:
    card, metrics = layout(spec, direction="down"), Look(current()).label_metrics
    assert [p.name for p in card.ports] == [p.name for p in (*spec.inputs, *spec.outputs)]
    assert card.width % 32 == WIDTH % 32, "the middle of the card lies on the grid as that of others does"
    for side, places, y in (("input", card.inputs, 0.0), ("output", card.outputs, card.height)):
        edges = [(p.x - p.span / 2, p.x + p.span / 2) for p in places]
        assert all(p.y == y for p in places)
        assert all(0 < low <= high < card.width for low, high in edges)
        assert all(after[0] - before[1] >= 12 for before, after in pairwise(edges))
        assert (side in card.labelled) == (len(places) > 1)
        if len(places) > 1:
            assert len(places) > 5 or all(metrics.horizontalAdvance(p.name) <= p.room for p in places)
            assert all(b.x - a.x >= (a.room + b.room) / 2 for a, b in pairwise(places))


def test_where_edges_go_down_very_many_ports_still_lie_apart() -> None:
    graph = Graph("wide")
    cut = graph.add("Split", split_size_or_sections=[8] * 30)
    card = layout(cut.spec, direction="down")
    assert len(card.outputs) == 30
    assert all(b.x - a.x >= 16 for a, b in pairwise(card.outputs))


@DIRECTIONS
def test_single_ports_face_each_other(direction: Direction) -> None:
    chain = [layout(registry()[b], direction=direction) for b in ("Input", "Conv2d", "ReLU", "Linear")]
    assert len({turned((p.x, p.y), direction)[1] for card in chain for p in card.ports}) == 1


@DIRECTIONS
def test_edges_of_a_variadic_port_are_spread_in_order(direction: Direction) -> None:
    port = layout(registry()["Concat"], direction=direction).inputs[0]
    places = [turned(port.meeting(i, 5), direction) for i in range(5)]
    assert places == sorted(places, key=lambda place: place[1])
    middle = turned((port.x, port.y), direction)
    assert all(place[0] == middle[0] and abs(place[1] - middle[1]) <= port.span / 2 for place in places)
    assert all(port.distance(*port.meeting(i, 5)) == 0 for i in range(5))
    assert port.meeting() == (port.x, port.y)


@DIRECTIONS
@pytest.mark.parametrize("end", [(300, 0), (300, 200), (20, 90), (-400, 50), (0, 0)])
def test_edges_leave_and_arrive_in_their_direction(end: Point, direction: Direction) -> None:
    end = turned(end, direction)
    parts = pieces(curve((0, 0), end, direction), direction)
    assert along(parts, 0) == (0, 0)
    assert along(parts, 1) == end
    first, last = turned(parts[0][2:4], direction), turned(parts[-1][4:6], direction)
    assert first[0] >= 0 and first[1] == 0
    assert last[0] <= turned(end, direction)[0] and last[1] == turned(end, direction)[1]


@DIRECTIONS
def test_an_edge_that_runs_back_keeps_to_a_level_lane(direction: Direction) -> None:
    half = HALF if direction == "across" else WIDTH / 2
    lane = 400 - half - ABOVE
    parts = pieces(curve((0, 0), turned((-400, 400), direction), direction), direction)
    assert turned(along(parts, 0.5), direction) == pytest.approx((-200, lane))
    assert [turned(along(parts, t), direction)[1] for t in (0.4, 0.6)] == pytest.approx([lane, lane])
    beside = pieces(curve((0, 0), turned((-400, 0), direction), direction), direction)
    assert turned(along(beside, 0.5), direction)[1] > half  # past the cards of its own row


@DIRECTIONS
def test_an_edge_that_runs_back_passes_under_no_stack_and_no_expanded_card(direction: Direction) -> None:
    for source, target in (((-80.0, 88.0), (150.0, 222.0)), ((-36.0, 36.0), (64.0, 232.0)), ((-36.0, 36.0), (-100.0, 100.0))):
        for lane in lanes(source, target):
            assert not source[0] < lane < source[1]
            assert not target[0] < lane < target[1]
            c = curve((0, 0), turned((-400, (target[0] + target[1]) / 2), direction), direction, lane)
            assert turned(along(pieces(c, direction), 0.5), direction)[1] == lane
    group = Graph("g")
    node = group.group([group.add("ReLU")], "Block")
    card = layout(node.spec, direction=direction)
    assert card.bottom == card.height + STACK


def test_a_label_needs_an_edge_that_is_seen_beside_it() -> None:
    assert has_room(curve((0, 0), (96, 0), "across"), 60, 16)
    assert not has_room(curve((0, 0), (60, 0), "across"), 60, 16)
    assert has_room(curve((0, 0), (0, 72), "down"), 60, 16), "a label across an upright edge hides its own height only"
    assert not has_room(curve((0, 0), (0, 24), "down"), 60, 16)


def test_distance_to_a_curve() -> None:
    straight = curve((0, 0), (100, 0), "across")
    assert distance_to((straight,), 50, 7) == pytest.approx(7)
    assert distance_to((straight,), -3, 4) == pytest.approx(5)
    bent = curve((0, 0), (200, 200), "across")
    for t in (0.1, 0.4, 0.77):
        assert distance_to((bent,), *along((bent,), t)) < 0.5


def test_snap_goes_to_the_nearest_grid_point() -> None:
    assert snap(GRID * 3 + 7, -GRID + 9) == (GRID * 3, 0)
    assert math.copysign(1, snap(0.1, 0)[0]) == 1


def test_shapes_leave_the_batch_out() -> None:
    assert shape_label((N, 32, 26, 26)) == "32×26×26"
    assert shape_label((N, Dim.named("T"), 128)) == "T×128"
    assert shape_label((N,)) == "N"
    assert shape_label((2 * Dim.named("T"), 4)) == "(2*T)×4"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (320, "320"), (36_928, "36,928"), (123_456, "123k"), (1_230_000, "1.23M"), (7e9, "7B")]
)
def test_counts_stay_short(count: int, text: str) -> None:
    assert count_label(count) == text


def test_a_card_names_what_differs_from_the_defaults() -> None:
    graph = Graph()
    assert params_line(graph.add("Conv2d", out_channels=32, kernel_size=3)) == "32 · 3×3"
    assert params_line(graph.add("Conv2d", out_channels=8, kernel_size=(3, 5), stride=2, bias=False)) == "8 · 3×5 · stride 2×2 · no bias"
    assert params_line(graph.add("ReLU")) == ""
    assert params_line(graph.add("Dropout", p=0.25)) == "p 0.25"
    assert params_line(graph.add("Dropout", p=0.25), labels=False) == "0.25"
