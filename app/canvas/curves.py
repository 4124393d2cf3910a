"""How edges run on the canvas, whichever way they go. Pure functions on plain numbers.

What is said here of edges that go across holds for those that go down with x and y exchanged, and so it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from app.canvas.geometry import HALF, WIDTH, Point
from graph_engine.graph.node import Direction

Curve = tuple[float, float, float, float, float, float, float, float]
"""A cubic Bézier: start, two control points, end, each as x, y."""
Extent = tuple[float, float]
"""Top and bottom, or left and right where edges go down."""

TURN, WIDE_TURN = 40.0, 84.0
"""How far an edge that runs back reaches out before it turns: to the next row, and to one far off, beside what lies between."""
ABOVE, LEAST, PLAIN = 28.0, 20.0, 88.0
"""How far above the lower card an edge passes that runs back between two rows; the room that it needs between them, and that which plain
cards leave there: in more of it something else may lie."""
BENDING = 0.38
"""How far the handles of an edge reach that runs through points, as a part of the way from one to the next."""
DOT = 3.0
"""Radius of the dot on an edge where it runs through a point."""


def turned(c: Curve) -> Curve:
    """A curve with x and y exchanged."""
    return c[1], c[0], c[3], c[2], c[5], c[4], c[7], c[6]


def runs_back(start: Point, end: Point, direction: Direction) -> bool:
    """Whether an edge between two points runs against its direction."""
    return end[0] < start[0] if direction == "across" else end[1] < start[1]


def curve(start: Point, end: Point, direction: Direction, lane: float | None = None) -> Curve:
    """The edge from an output to an input: it leaves and arrives in its direction.

    Args:
        start, end: the ends.
        direction: which way it goes.
        lane: the height at which it runs back, if it does; left out, that between plain cards.
    """
    if direction == "down":
        return turned(_across(*start[::-1], *end[::-1], lane, WIDTH / 2))
    return _across(*start, *end, lane, HALF)


def _across(x1: float, y1: float, x2: float, y2: float, lane: float | None, half: float) -> Curve:
    ahead = x2 - x1
    if ahead >= 0:
        reach = min(max(ahead / 2, 24.0), 160.0) if ahead > 48 or y1 != y2 else ahead / 2
        return x1, y1, x1 + reach, y1, x2 - reach, y2, x2, y2
    if lane is None:
        lane = lanes((y1 - half, y1 + half), (y2 - half, y2 + half))[0]
    return x1, y1, x1 + _turn(lane - y1), lane, x2 - _turn(y2 - lane), lane, x2, y2


def lanes(source: Extent, target: Extent) -> tuple[float, ...]:
    """Heights at which an edge may run back from one card to another without passing under either, the best first."""
    for upper, lower in ((source, target), (target, source)):
        room = lower[0] - upper[1]
        if room >= LEAST:  # rows are level at the top: just above the lower one there is mostly nothing in the way
            above = lower[0] - min(ABOVE, room / 2)
            return (above,) if room <= PLAIN else (above, upper[1] + ABOVE, (upper[1] + lower[0]) / 2)
    return (max(source[1], target[1]) + LEAST,)


def _turn(rise: float) -> float:
    return min(max(TURN, TURN + (abs(rise) - 160) / 20), WIDE_TURN)


def pieces(c: Curve, direction: Direction) -> tuple[Curve, ...]:
    """The Béziers that an edge is drawn as: itself, or, where it runs back, a turn, a level lane between the rows, and a turn."""
    if not runs_back(c[:2], c[6:], direction):
        return (c,)
    x1, y1, right, lane, left, _, x2, y2 = c if direction == "across" else turned(c)
    parts: tuple[Curve, ...] = (
        (x1, y1, right, y1, right, lane, x1, lane),
        (x1, lane, x1, lane, x2, lane, x2, lane),
        (x2, lane, left, lane, left, y2, x2, y2),
    )
    return parts if direction == "across" else tuple(map(turned, parts))


def forward(c: Curve, direction: Direction) -> Curve:
    """A part of an edge from its other end where it runs back: drawn by `pieces`, it is as it was."""
    return (c[6], c[7], c[4], c[5], c[2], c[3], c[0], c[1]) if runs_back(c[:2], c[6:], direction) else c


def through(start: Point, bends: Sequence[Point], end: Point, direction: Direction) -> tuple[Curve, ...]:
    """The Béziers of an edge that runs smoothly through points: it leaves and arrives in its direction."""
    points = (start, *bends, end)
    on: Point = (1.0, 0.0) if direction == "across" else (0.0, 1.0)
    ways = [on]
    for before, after in zip(points, points[2:], strict=False):
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        ways.append((dx / length, dy / length))
    ways.append(on)
    parts = []
    for i, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        reach = math.hypot(x2 - x1, y2 - y1) * BENDING
        (u1, v1), (u2, v2) = ways[i], ways[i + 1]
        parts.append((x1, y1, x1 + reach * u1, y1 + reach * v1, x2 - reach * u2, y2 - reach * v2, x2, y2))
    return tuple(parts)


def has_room(c: Curve, width: float, height: float) -> bool:
    """Whether a label of some size leaves enough of an edge to be seen on both sides of it."""
    dx, dy = abs(c[6] - c[0]), abs(c[7] - c[1])
    if c[2] == c[0]:  # upright at its ends
        return dy >= height + 14 or dx >= width + 14
    return math.hypot(dx, dy) >= width + 14


def along(parts: Sequence[Curve], t: float) -> Point:
    """The point at ``t`` from 0 (start) to 1 (end) of Béziers one behind the other."""
    number = min(int(t * len(parts)), len(parts) - 1)
    c, t = parts[number], t * len(parts) - number
    u = 1 - t
    a, b, d, e = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
    return a * c[0] + b * c[2] + d * c[4] + e * c[6], a * c[1] + b * c[3] + d * c[5] + e * c[7]


def distance_to(parts: Sequence[Curve], x: float, y: float) -> float:
    """Distance of a point from Béziers one behind the other, each taken as straight pieces."""
    best = math.inf
    ax, ay = parts[0][0], parts[0][1]
    steps = max(24, 12 * len(parts))
    for i in range(1, steps + 1):
        bx, by = along(parts, i / steps)
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        t = 0.0 if length == 0 else max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / length))
        best = min(best, math.hypot(ax + t * dx - x, ay + t * dy - y))
        ax, ay = bx, by
    return best
