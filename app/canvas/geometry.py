"""Where things lie on the canvas: sizes of cards, places of ports, curves of edges. Pure functions on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from graph_engine.analysis.layout import CARD, PREVIEW
from graph_engine.graph.node import Form, GroupSpec
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.ports import Port

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
"""Left, top, width, height."""
Curve = tuple[float, float, float, float, float, float, float, float]
"""A cubic Bézier: start, two control points, end, each as x, y."""
Extent = tuple[float, float]
"""Top and bottom."""
Side = Literal["input", "output"]
PortKey = tuple[Side, str]
"""Side and name of a port."""

GRID = 16.0
WIDTH = CARD
HEADER = 28.0
BODY = 22.0
ROW = 20.0
FOOTER = 22.0
HALF = (HEADER + BODY + FOOTER) / 2
"""Of the height of a card with one input and one output."""
PORT_RADIUS = 4.5
MARGIN = 12.0
"""How far a card paints outside its rectangle: ports, rings, shadow."""
TURN, WIDE_TURN = 40.0, 84.0
"""How far an edge that runs back reaches out before it turns: to the next row, and to one far off, beside what lies between."""
ABOVE, LEAST, PLAIN = 28.0, 20.0, 88.0
"""How far above the lower card an edge passes that runs back between two rows; the room that it needs between them, and that which plain
cards leave there: in more of it something else may lie."""
STACK = 8.0
"""How far the cards reach down that show behind a group."""
STRIP = 32.0
"""How far the strip below a card reaches that shows what its node gives for a sample: less than the gap to the next card."""
VARIADIC_SPAN = 28.0
BENDING = 0.38
"""How far the handles of an edge reach that runs through points, as a part of the way from one to the next."""
DOT = 3.0
"""Radius of the dot on an edge where it runs through a point."""


class PortPlace(NamedTuple):
    """Where a port sits on its card.

    Attributes:
        name: the port's name.
        side: ``input`` (left edge) or ``output`` (right edge).
        x, y: its centre, from the top left corner of the card.
        span: its length along the edge; 0 for a plain circle.
        optional: whether it may stay unconnected.
    """

    name: str
    side: Side
    x: float
    y: float
    span: float = 0.0
    optional: bool = False


class Layout(NamedTuple):
    """Size of a card and the places of its ports; the same for all nodes with the same ports.

    Attributes:
        height: of the card; the width is `WIDTH` always.
        inputs, outputs: in declared order.
        labelled: whether the card names its ports because one side has several.
        stacked: whether more cards show behind it, because it stands for several nodes.
        preview: height of the part that shows what is inside; 0 without one.
        collapsed: only the title is shown, and all ports of a side in one place.
    """

    height: float
    inputs: tuple[PortPlace, ...]
    outputs: tuple[PortPlace, ...]
    labelled: bool
    stacked: bool = False
    preview: float = 0.0
    collapsed: bool = False

    @property
    def ports(self) -> tuple[PortPlace, ...]:
        return self.inputs + self.outputs

    @property
    def bottom(self) -> float:
        """Down to where the card reaches with what shows behind it."""
        return self.height + STACK * self.stacked

    def port(self, side: Side, name: str) -> PortPlace:
        """The place of a port.

        Raises:
            KeyError: there is none of that name on that side.
        """
        for place in self.inputs if side == "input" else self.outputs:
            if place.name == name:
                return place
        raise KeyError(name)


def layout(spec: BlockSpec, idle: frozenset[str] = frozenset(), form: Form = "whole") -> Layout:
    """Size and ports of the cards of a block in some form, without the outputs in ``idle``."""
    if idle or form != "whole":
        shown = tuple(p for p in spec.outputs if p.name not in idle)
        return _layout(spec.inputs, shown, isinstance(spec, GroupSpec), form)
    found = _LAYOUTS.get(id(spec))
    if found is None or found[0] is not spec:
        found = _LAYOUTS[id(spec)] = spec, _layout(spec.inputs, spec.outputs, isinstance(spec, GroupSpec))
    return found[1]


def fresh_layout(spec: BlockSpec) -> Layout:
    """The layout of a block as the palette sets it down, before an edge is drawn."""
    spec = spec.fitted(spec.initial)
    params = {**spec.defaults, **spec.initial}
    return layout(spec, frozenset(p.name for p in spec.switched_outputs if p.is_off(params)))


_LAYOUTS: dict[int, tuple[BlockSpec, Layout]] = {}
"""By identity: hashing all ports of a block again for each node would take longer than the rest of its item."""


@lru_cache(maxsize=1024)
def _layout(inputs: tuple[Port, ...], outputs: tuple[Port, ...], stacked: bool, form: Form = "whole") -> Layout:
    if form == "collapsed":
        return Layout(HEADER, _merged(inputs, "input"), _merged(outputs, "output"), False, stacked, collapsed=True)
    preview = PREVIEW if form == "expanded" else 0.0
    labelled = len(inputs) > 1 or len(outputs) > 1
    rows = max(_rows(inputs), _rows(outputs)) if labelled else 0.0
    height = HEADER + BODY + rows * ROW + FOOTER
    top = HEADER + BODY if labelled else 0.0
    room = rows * ROW if labelled else height
    return Layout(height + preview, _places(inputs, "input", top, room), _places(outputs, "output", top, room), labelled, stacked, preview)


def _merged(ports: Sequence[Port], side: Side) -> tuple[PortPlace, ...]:
    return tuple(PortPlace(p.name, side, 0.0 if side == "input" else WIDTH, HEADER / 2, 0.0, p.optional) for p in ports)


def _rows(ports: Sequence[Port]) -> float:
    return sum(1.5 if p.variadic else 1.0 for p in ports)


def _places(ports: Sequence[Port], side: Side, top: float, room: float) -> tuple[PortPlace, ...]:
    x = 0.0 if side == "input" else WIDTH
    y = top if len(ports) > 1 else top + (room - ROW * _rows(ports)) / 2
    places = []
    for port in ports:
        span = ROW * (1.5 if port.variadic else 1.0)
        places.append(PortPlace(port.name, side, x, y + span / 2, VARIADIC_SPAN if port.variadic else 0.0, port.optional))
        y += span
    return tuple(places)


def spread(place: PortPlace, index: int, count: int) -> float:
    """Height, from the top of the card, at which the edge number ``index`` of ``count`` meets a port."""
    if not place.span or count < 2:
        return place.y
    room = place.span - 8
    return place.y - room / 2 + room * index / (count - 1)


def curve(x1: float, y1: float, x2: float, y2: float, lane: float | None = None) -> Curve:
    """The edge from an output at (x1, y1) to an input at (x2, y2): leaves to the right, arrives from the left.

    Args:
        x1, y1, x2, y2: the ends.
        lane: the height at which it runs back, if it does; left out, that between plain cards.
    """
    ahead = x2 - x1
    if ahead >= 0:
        reach = min(max(ahead / 2, 24.0), 160.0) if ahead > 48 or y1 != y2 else ahead / 2
        return x1, y1, x1 + reach, y1, x2 - reach, y2, x2, y2
    if lane is None:
        lane = lanes((y1 - HALF, y1 + HALF), (y2 - HALF, y2 + HALF))[0]
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


def pieces(c: Curve) -> tuple[Curve, ...]:
    """The Béziers that an edge is drawn as: itself, or, where it runs back, a turn, a level lane between the rows, and a turn."""
    x1, y1, right, lane, left, _, x2, y2 = c
    if x2 >= x1:
        return (c,)
    return (
        (x1, y1, right, y1, right, lane, x1, lane),
        (x1, lane, x1, lane, x2, lane, x2, lane),
        (x2, lane, left, lane, left, y2, x2, y2),
    )


def through(start: Point, bends: Sequence[Point], end: Point) -> tuple[Curve, ...]:
    """The Béziers of an edge that runs smoothly through points: it leaves to the right and arrives from the left."""
    points = (start, *bends, end)
    ways: list[Point] = [(1.0, 0.0)]
    for before, after in zip(points, points[2:], strict=False):
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        ways.append((dx / length, dy / length))
    ways.append((1.0, 0.0))
    parts = []
    for i, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        reach = math.hypot(x2 - x1, y2 - y1) * BENDING
        (u1, v1), (u2, v2) = ways[i], ways[i + 1]
        parts.append((x1, y1, x1 + reach * u1, y1 + reach * v1, x2 - reach * u2, y2 - reach * v2, x2, y2))
    return tuple(parts)


def point_on(c: Curve, t: float) -> Point:
    """The point of an edge without bends at ``t`` from 0 (start) to 1 (end)."""
    return along(pieces(c), t)


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


def snap(x: float, y: float) -> Point:
    """The nearest point of the grid."""
    return round(x / GRID) * GRID, round(y / GRID) * GRID


def tidy(x: float, y: float) -> Point:
    """A place without what adding and dividing leave behind the hundredths."""
    return round(x, 2), round(y, 2)


def bounds(rects: Iterable[Rect]) -> Rect | None:
    """The smallest rectangle around all; None without any."""
    boxes = [(x, y, x + w, y + h) for x, y, w, h in rects]
    if not boxes:
        return None
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    return left, top, max(b[2] for b in boxes) - left, max(b[3] for b in boxes) - top
