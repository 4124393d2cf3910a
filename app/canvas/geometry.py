"""Where things lie on the canvas: sizes of cards, places of ports. Pure functions on plain numbers; `curves` has the edges.

Which way edges go is a property of the graph. What follows from it is decided here and in `curves`, and nowhere else: across, inputs are
at the left of a card and outputs at its right, in rows; down, inputs are at its upper and outputs at its lower edge, side by side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from graph_engine.analysis.cards import CARD, EDGE, NAMES, PREVIEW, slots, width
from graph_engine.graph.node import Direction, Form, GroupSpec
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.ports import Port

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
"""Left, top, width, height."""
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
STACK = 8.0
"""How far the cards reach down that show behind a group."""
STRIP = 32.0
"""How far the strip below a card reaches that shows what its node gives for a sample: less than the gap to the next card."""
VARIADIC_SPAN = 28.0


class PortPlace(NamedTuple):
    """Where a port sits on its card.

    Attributes:
        name: the port's name.
        side: ``input`` or ``output``.
        x, y: its centre, from the top left corner of the card.
        span: its length along the edge of the card; 0 for a plain circle.
        optional: whether it may stay unconnected.
        direction: which way its edges go.
        room: how wide its name may be.
    """

    name: str
    side: Side
    x: float
    y: float
    span: float = 0.0
    optional: bool = False
    direction: Direction = "across"
    room: float = WIDTH

    def distance(self, x: float, y: float) -> float:
        """How far it is from a point, in the coordinates of its card."""
        dx, dy = abs(x - self.x), abs(y - self.y)
        if self.direction == "across":
            return math.hypot(dx, max(0.0, dy - self.span / 2))
        return math.hypot(max(0.0, dx - self.span / 2), dy)

    def meeting(self, index: int = 0, count: int = 1) -> Point:
        """Where, from the corner of the card, the edge number ``index`` of ``count`` meets it."""
        if not self.span or count < 2:
            return self.x, self.y
        room = self.span - 8
        aside = room * index / (count - 1) - room / 2
        return (self.x, self.y + aside) if self.direction == "across" else (self.x + aside, self.y)


class Layout(NamedTuple):
    """Size of a card and the places of its ports; the same for all nodes with the same ports.

    Attributes:
        width, height: of the card.
        inputs, outputs: in declared order.
        labelled: the sides whose ports it names, because they are several.
        stacked: whether more cards show behind it, because it stands for several nodes.
        preview: height of the part that shows what is inside; 0 without one.
        collapsed: only the title is shown, and all ports of a side in one place.
        top: height of the line above the title that names inputs; 0 without one.
        foot: the height at which the last line ends that is not for names of outputs.
        direction: which way edges go.
    """

    width: float
    height: float
    inputs: tuple[PortPlace, ...]
    outputs: tuple[PortPlace, ...]
    labelled: tuple[Side, ...] = ()
    stacked: bool = False
    preview: float = 0.0
    collapsed: bool = False
    top: float = 0.0
    foot: float = HEADER
    direction: Direction = "across"

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

    def extent(self, x: float, y: float) -> tuple[float, float]:
        """From where to where it reaches beside the way of its edges when its corner is at a point: up and down, or left and right."""
        return (y, y + self.bottom) if self.direction == "across" else (x, x + self.width)


def layout(spec: BlockSpec, idle: frozenset[str] = frozenset(), form: Form = "whole", direction: Direction = "across") -> Layout:
    """Size and ports of the cards of a block in some form, without the outputs in ``idle``, where edges go in a direction."""
    if idle or form != "whole":
        shown = tuple(p for p in spec.outputs if p.name not in idle)
        return _layout(spec.inputs, shown, isinstance(spec, GroupSpec), form, direction)
    found = _LAYOUTS.get((id(spec), direction))
    if found is None or found[0] is not spec:
        made = _layout(spec.inputs, spec.outputs, isinstance(spec, GroupSpec), form, direction)
        found = _LAYOUTS[id(spec), direction] = spec, made
    return found[1]


def fresh_layout(spec: BlockSpec, direction: Direction) -> Layout:
    """The layout of a block as the palette sets it down, before an edge is drawn."""
    spec = spec.fitted(spec.initial)
    params = {**spec.defaults, **spec.initial}
    return layout(spec, frozenset(p.name for p in spec.switched_outputs if p.is_off(params)), direction=direction)


_LAYOUTS: dict[tuple[int, Direction], tuple[BlockSpec, Layout]] = {}
"""By identity: hashing all ports of a block again for each node would take longer than the rest of its item."""


@lru_cache(maxsize=1024)
def _layout(inputs: tuple[Port, ...], outputs: tuple[Port, ...], stacked: bool, form: Form, direction: Direction) -> Layout:
    if form == "collapsed":
        return Layout(
            WIDTH,
            HEADER,
            _merged(inputs, "input", direction),
            _merged(outputs, "output", direction),
            stacked=stacked,
            collapsed=True,
            direction=direction,
        )
    preview = PREVIEW if form == "expanded" else 0.0
    if direction == "down":
        return _down(inputs, outputs, stacked, preview)
    labelled: tuple[Side, ...] = ("input", "output") if len(inputs) > 1 or len(outputs) > 1 else ()
    rows = max(_rows(inputs), _rows(outputs)) if labelled else 0.0
    height = HEADER + BODY + rows * ROW + FOOTER
    top = HEADER + BODY if labelled else 0.0
    room = rows * ROW if labelled else height
    places = _column(inputs, "input", top, room), _column(outputs, "output", top, room)
    return Layout(WIDTH, height + preview, *places, labelled, stacked, preview, foot=height + preview)


def _down(inputs: tuple[Port, ...], outputs: tuple[Port, ...], stacked: bool, preview: float) -> Layout:
    names = [p.name for p in inputs], [p.name for p in outputs]
    wide = width(names, "down")
    top, below = (NAMES if len(ports) > 1 else 0.0 for ports in (inputs, outputs))
    foot = top + HEADER + BODY + FOOTER + preview
    sides: tuple[tuple[Side, tuple[Port, ...]], ...] = (("input", inputs), ("output", outputs))
    labelled = tuple(side for side, ports in sides if len(ports) > 1)
    places = _line(inputs, "input", wide, 0.0), _line(outputs, "output", wide, foot + below)
    return Layout(wide, foot + below, *places, labelled, stacked, preview, False, top, foot, "down")


def _merged(ports: Sequence[Port], side: Side, direction: Direction) -> tuple[PortPlace, ...]:
    is_input = side == "input"
    if direction == "across":
        x, y = 0.0 if is_input else WIDTH, HEADER / 2
    else:
        x, y = WIDTH / 2, 0.0 if is_input else HEADER
    return tuple(PortPlace(p.name, side, x, y, 0.0, p.optional, direction) for p in ports)


def _rows(ports: Sequence[Port]) -> float:
    return sum(1.5 if p.variadic else 1.0 for p in ports)


def _column(ports: Sequence[Port], side: Side, top: float, room: float) -> tuple[PortPlace, ...]:
    x = 0.0 if side == "input" else WIDTH
    y = top if len(ports) > 1 else top + (room - ROW * _rows(ports)) / 2
    places = []
    for port in ports:
        span = ROW * (1.5 if port.variadic else 1.0)
        places.append(PortPlace(port.name, side, x, y + span / 2, VARIADIC_SPAN if port.variadic else 0.0, port.optional))
        y += span
    return tuple(places)


def _line(ports: Sequence[Port], side: Side, wide: float, y: float) -> tuple[PortPlace, ...]:
    rooms = slots([p.name for p in ports])
    spare = (wide - 2 * EDGE - sum(rooms)) / len(rooms) if rooms else 0.0
    x, places = EDGE, []
    for port, room in zip(ports, rooms, strict=True):
        span = VARIADIC_SPAN if port.variadic else 0.0
        places.append(PortPlace(port.name, side, x + (room + spare) / 2, y, span, port.optional, "down", room + spare - 6.0))
        x += room + spare
    return tuple(places)


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
