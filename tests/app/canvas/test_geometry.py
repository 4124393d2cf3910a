"""Places, curves and words as plain numbers and texts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from app.canvas.geometry import ABOVE, GRID, HALF, STACK, WIDTH, curve, distance_to, lanes, layout, pieces, point_on, snap, spread
from app.canvas.wording import count_label, params_line, shape_label
from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.spec.tensor import Dim, N


@pytest.mark.parametrize("spec", list(registry()), ids=lambda s: s.id)
def test_ports_lie_on_the_card_and_apart(spec) -> None:
    card = layout(spec)
    assert [p.name for p in card.inputs] == [p.name for p in spec.inputs]
    assert [p.name for p in card.outputs] == [p.name for p in spec.outputs]
    for side, x in ((card.inputs, 0.0), (card.outputs, WIDTH)):
        edges = [(p.y - p.span / 2, p.y + p.span / 2) for p in side]
        assert all(p.x == x for p in side)
        assert all(0 < low <= high < card.height for low, high in edges)
        assert all(after[0] - before[1] >= 12 for before, after in pairwise(edges))


def test_single_ports_face_each_other() -> None:
    chain = [layout(registry()[b]) for b in ("Input", "Conv2d", "ReLU", "Linear")]
    heights = {p.y for card in chain for p in card.ports}
    assert len(heights) == 1


def test_edges_of_a_variadic_port_are_spread_in_order() -> None:
    port = layout(registry()["Concat"]).inputs[0]
    places = [spread(port, i, 5) for i in range(5)]
    assert places == sorted(places)
    assert places[0] >= port.y - port.span / 2
    assert places[-1] <= port.y + port.span / 2
    assert spread(port, 0, 1) == port.y


@pytest.mark.parametrize("end", [(300, 0), (300, 200), (20, 90), (-400, 50), (0, 0)])
def test_edges_leave_to_the_right_and_arrive_from_the_left(end: tuple[float, float]) -> None:
    c = curve(0, 0, *end)
    assert point_on(c, 0) == (0, 0)
    assert point_on(c, 1) == end
    first, last = pieces(c)[0], pieces(c)[-1]
    assert first[2] >= 0 and first[3] == 0
    assert last[4] <= end[0] and last[5] == end[1]


def test_an_edge_that_runs_back_keeps_to_a_level_lane() -> None:
    c = curve(0, 0, -400, 200)
    lane = 200 - HALF - ABOVE
    assert point_on(c, 0.5) == pytest.approx((-200, lane))
    assert [point_on(c, t)[1] for t in (0.4, 0.6)] == pytest.approx([lane, lane])
    assert point_on(curve(0, 0, -400, 0), 0.5)[1] > 36  # below the cards of its own row


def test_an_edge_that_runs_back_passes_under_no_stack_and_no_expanded_card() -> None:
    for source, target in (((-80.0, 88.0), (150.0, 222.0)), ((-36.0, 36.0), (64.0, 232.0)), ((-36.0, 36.0), (-100.0, 100.0))):
        for lane in lanes(source, target):
            assert not source[0] < lane < source[1]
            assert not target[0] < lane < target[1]
            assert point_on(curve(0, 0, -400, (target[0] + target[1]) / 2, lane), 0.5)[1] == lane
    group = Graph("g")
    node = group.group([group.add("ReLU")], "Block")
    card = layout(node.spec)
    assert card.bottom == card.height + STACK


def test_distance_to_a_curve() -> None:
    straight = curve(0, 0, 100, 0)
    assert distance_to((straight,), 50, 7) == pytest.approx(7)
    assert distance_to((straight,), -3, 4) == pytest.approx(5)
    bent = curve(0, 0, 200, 200)
    for t in (0.1, 0.4, 0.77):
        assert distance_to((bent,), *point_on(bent, t)) < 0.5


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
