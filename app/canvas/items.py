"""The scene's items: one for each node, which paints its own ports, and one for each edge, which Qt paints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.card import PAD, SIGN, CardState, Lines, fit, paint_texts
from app.canvas.curves import DOT, Curve, along, curve, has_room, lanes, pieces, runs_back, through
from app.canvas.flow import Kind, kind
from app.canvas.geometry import FOOTER, HEADER, MARGIN, Point, PortKey, PortPlace, Rect, layout
from app.canvas.health import paint_mark
from app.canvas.look import Look
from app.canvas.preview import paint_preview
from app.canvas.shares import Share, paint_share
from app.canvas.shells import Shells
from app.canvas.wording import shape_label, shown_severity, wording
from app.vitals import Mark
from graph_engine.analysis.checked import CheckedNode
from graph_engine.graph.bends import shifted
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Bends, Direction, Edge, GroupSpec, Node
from graph_engine.spec.tensor import TensorSpec

EDGE_LAYER, LABEL_LAYER, NODE_LAYER, RAISED_LAYER, GESTURE_LAYER = 0.0, 1.0, 2.0, 3.0, 4.0
_CACHED = QGraphicsItem.CacheMode.DeviceCoordinateCache


@dataclass
class Stage:
    """What all items of a scene paint with.

    Attributes:
        look: colours and fonts.
        graph: the graph that the scene mirrors.
        lit: while an edge is drawn, for each node the ports that it may end at, and the one that it is held at; a node that is
            left out has none.
        target: node and port that it would end at now.
        is_occupied: whether a card lies on a line along the edges' direction from one place to another, at a height.
        choosing: ids of the edges that run back at one of several heights, by what lies in the way.
    """

    look: Look
    graph: CoreGraph
    lit: dict[str, frozenset[PortKey]] | None = None
    target: tuple[str, PortKey] | None = None
    hidden_edges: set[str] = field(default_factory=set)
    is_occupied: Callable[[float, float, float], bool] = lambda left, right, y: False
    choosing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.wear(self.look)

    def wear(self, look: Look) -> None:
        """Takes another theme's colours and fonts."""
        self.look = look
        self.shells = Shells(look)


class NodeItem(QGraphicsItem):
    """The card of a node.

    Attributes:
        node: what it shows; read while painting, never changed.
        position: of its top left corner, in scene units; while it is dragged, another than the node's.
        layout: its size and the places of its ports.
        checked: what the last check found on it; None before the first.
        share: of the whole network, where the cards show that.
        health: how it fares while the network trains; None where that was not measured.
    """

    checked: CheckedNode | None = None
    share: Share | None = None
    health: Mark | None = None
    selected = False
    hovered = False
    _lines: Lines | None = None

    def __init__(self, node: Node, stage: Stage):
        super().__init__()
        self.node = node
        self.layout = layout(node.spec, stage.graph.idle_outputs(node.id), node.form, stage.graph.direction)
        self._stage = stage
        self._bounds = _bounds(self.layout.width, self.layout.height)
        self.setCacheMode(_CACHED)
        self.setZValue(NODE_LAYER)
        self.place(*node.position)

    def place(self, x: float, y: float) -> None:
        """Shows it elsewhere."""
        self.position = x, y
        self.setPos(x, y)

    @property
    def rect(self) -> Rect:
        """The card in scene units."""
        return *self.position, self.layout.width, self.layout.height

    @property
    def waiting(self) -> bool:
        return self.checked is not None and self.checked.status == "waiting"

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = self._stage.look
        state = self.state()
        if self._lines is None:
            words = wording(self.node, self.checked)
            words = words if self.share is None else words._replace(weights=self.share.text)
            self._lines = fit(words, look, self.layout.width, self._badges(state) + (self.health is not None))
        self._stage.shells.paint(painter, self.layout, self.node.spec.category, state)
        if self.share is not None:
            paint_share(painter, look, self.layout, self.share)
        if self.health is not None:
            x, y = self.layout.width - 16 - SIGN * self._badges(state), self.layout.top + HEADER / 2
            paint_mark(painter, look, self.health, QPointF(x, y))
        paint_texts(painter, look, self.layout, self._lines, state)
        if self.layout.preview and isinstance(self.node.spec, GroupSpec):
            top = self.layout.foot - FOOTER - self.layout.preview
            room = QRectF(PAD, top, self.layout.width - 2 * PAD, self.layout.preview - 6)
            paint_preview(painter, look, self._stage.graph.definitions[self.node.spec.definition], room)

    @staticmethod
    def _badges(state: CardState) -> int:
        """How many badges the header ends with."""
        return (state.severity in ("error", "warning")) + (state.mode != "active")

    def state(self) -> CardState:
        """How the card is shown now."""
        stage, node = self._stage, self.node
        graph = stage.graph
        connected = frozenset(
            (p.side, p.name)
            for p in self.layout.ports
            if (graph.inputs(node.id, p.name) if p.side == "input" else graph.outputs(node.id, p.name))
        )
        return CardState(
            status=self.checked.status if self.checked is not None else "ok",
            severity=shown_severity(self.checked),
            selected=self.selected,
            hovered=self.hovered,
            connected=connected,
            lit=None if stage.lit is None else stage.lit.get(node.id, frozenset()),
            mode=node.mode,
            target=stage.target[1] if stage.target is not None and stage.target[0] == node.id else None,
        )

    def reword(self) -> None:
        """What the card says has changed, or the font that says it."""
        self._lines = None
        self.update()

    def relayout(self) -> bool:
        """Shows the ports that are in use now; true where they are others than before."""
        graph = self._stage.graph
        fresh = layout(self.node.spec, graph.idle_outputs(self.node.id), self.node.form, graph.direction)
        if fresh == self.layout:
            return False
        self.prepareGeometryChange()
        self.layout, self._bounds = fresh, _bounds(fresh.width, fresh.height)
        self._lines = None
        self.update()
        return True

    def port_at(self, x: float, y: float, reach: float) -> PortPlace | None:
        """The port within ``reach`` of a point in scene units, the nearest one."""
        x, y = x - self.position[0], y - self.position[1]
        best, found = reach, None
        for place in self.layout.ports:
            distance = place.distance(x, y)
            if distance < best or (found is None and distance == best):  # of those in one place, the first
                best, found = distance, place
        return found


@cache
def _bounds(width: float, height: float) -> QRectF:
    return QRectF(-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN)


class EdgeItem(QGraphicsPathItem):
    """The curve of an edge.

    Attributes:
        edge: what it shows.
        source, target: the cards at its ends.
        curve: its Bézier in scene units, without bends.
        parts: the Béziers that it is drawn as.
        bends: the points that it runs through; those of a drag that goes on are others than the graph's.
        waiting: nothing is known of what flows.
    """

    curve: Curve = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    parts: tuple[Curve, ...] = (curve,)
    bends: Bends = ()
    waiting = False
    selected = False
    hovered = False
    _dragged: Bends | None = None
    _flow: TensorSpec | None = None
    _kind: Kind | None = "other"
    _label: str | None = ""
    _box: QRectF | None = None
    _box_known = False

    def __init__(self, edge: Edge, stage: Stage, source: NodeItem, target: NodeItem):
        super().__init__()
        self.edge = edge
        self.source = source
        self.target = target
        self._stage = stage
        self.setPen(stage.look.edge)
        self.attach()

    @property
    def kind(self) -> Kind:
        """What flows along it."""
        if self._kind is None:
            self._kind = kind(self._flow, self.source.node.spec.category) if self._flow is not None else "other"
        return self._kind

    @property
    def label(self) -> str:
        """The shape that flows along it; empty while it is not known."""
        if self._label is None:
            self._label = shape_label(self._flow.shape) if self._flow is not None else ""
        return self._label

    @property
    def label_box(self) -> QRectF | None:
        """Where the label is painted; None without one, or where the edge is too short for it."""
        if not self._box_known:
            self._box_known = True
            self._box = self._find_box()
        return self._box

    @property
    def is_beside_others(self) -> bool:
        """Whether it ends at a port that takes many edges, which share its length."""
        return bool(self._into.span)

    def attach(self) -> None:
        """Finds its ports on the cards, and runs between them."""
        self._out = self.source.layout.port("output", self.edge.source_port)
        self._into = self.target.layout.port("input", self.edge.target_port)
        self.place()

    def place(self) -> None:
        """Runs from port to port of where the cards are now."""
        out, into = self._out, self._into
        (left, top), (x, y) = self.source.position, self.target.position
        meets = self._meets_among_others() if into.span else (into.x, into.y)
        leaves, arrives = (left + out.x, top + out.y), (x + meets[0], y + meets[1])
        direction = self._stage.graph.direction
        self._stage.choosing.discard(self.edge.id)
        made = curve(leaves, arrives, direction, self._lane(leaves, arrives) if runs_back(leaves, arrives, direction) else None)
        bends = self._bends_now()
        if made != self.curve or bends != self.bends:
            self.curve, self.bends = made, bends
            self.parts = through(made[:2], bends, made[6:], direction) if bends else pieces(made, direction)
            self._box_known = False
            self.setPath(_path(self.parts, bends))

    def _meets_among_others(self) -> Point:
        edge = self.edge
        siblings = self._stage.graph.inputs(edge.target, edge.target_port)
        return self._into.meeting(siblings.index(edge) if edge in siblings else 0, len(siblings))

    def drag_bends(self, bends: Bends | None) -> None:
        """Runs through points that the graph does not have yet; None: through the graph's again."""
        self._dragged = bends
        self.place()

    def bend_at(self, x: float, y: float, reach: float) -> int | None:
        """The number of the nearest point that it runs through within ``reach`` of a place."""
        near = [(math.hypot(px - x, py - y), i) for i, (px, py) in enumerate(self.bends)]
        distance, number = min(near, default=(math.inf, 0))
        return number if distance <= reach else None

    def _bends_now(self) -> Bends:
        if self._dragged is not None:
            return self._dragged
        bends = self._stage.graph.bends(self.edge.id)
        if not bends:
            return ()
        shifts = [(x - home[0], y - home[1]) for (x, y), home in ((i.position, i.node.position) for i in (self.source, self.target))]
        (dx, dy), (other_x, other_y) = shifts
        return shifted(bends, (dx, dy)) if (dx or dy) and abs(dx - other_x) + abs(dy - other_y) < 1e-6 else bends

    def _lane(self, leaves: Point, arrives: Point) -> float:
        """The height at which it runs back: the best one that no card lies in, where there is a choice."""
        found = lanes(*(item.layout.extent(*item.position) for item in (self.source, self.target)))
        axis = 0 if self._stage.graph.direction == "across" else 1
        if len(found) > 1:
            self._stage.choosing.add(self.edge.id)
        return next((at for at in found[:-1] if not self._stage.is_occupied(arrives[axis], leaves[axis], at)), found[-1])

    def middle(self) -> tuple[float, float]:
        """Where the label goes."""
        return along(self.parts, 0.5)

    def tell(self, source: CheckedNode | None) -> bool:
        """Takes over what the check found at the source; true where something else flows now."""
        flow = source.outputs.get(self.edge.source_port) if source is not None else None
        waiting = (source is not None and flow is None) or self.target.node.mode == "muted"
        if flow == self._flow and waiting == self.waiting:
            return False
        self._flow, self._kind, self._label, self._box_known = flow, None, None, False
        if waiting != self.waiting:
            self.waiting = waiting
            self.restyle()
        return True

    def restyle(self) -> None:
        """Takes the pen that its state asks for."""
        look = self._stage.look
        if self.selected:
            self.setPen(look.edge_selected)
        elif self.hovered:
            self.setPen(look.edge_hover)
        else:
            self.setPen(look.edge_waiting if self.waiting else look.edge)

    def _find_box(self) -> QRectF | None:
        if not self.label:
            return None
        width = self._stage.look.label_width(self.label)
        if not has_room(self.curve, width, 16.0):
            return None
        x, y = self.middle()
        return QRectF(x - width / 2, y - 8, width, 16)


def curve_path(start: Point, end: Point, direction: Direction) -> QPainterPath:
    """An edge between two points as Qt paints it."""
    return _path(pieces(curve(start, end, direction), direction), ())


def _path(parts: Sequence[Curve], bends: Bends) -> QPainterPath:
    path = QPainterPath()
    path.moveTo(parts[0][0], parts[0][1])
    for part in parts:
        path.cubicTo(*part[2:])
    for x, y in bends:
        for radius in (0.8, DOT - 0.8):  # the pen of the edge fills what lies between
            path.addEllipse(QPointF(x, y), radius, radius)
    return path
