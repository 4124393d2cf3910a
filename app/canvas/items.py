"""The scene's items: one for each node, which paints its own ports, and one for each edge, which Qt paints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.card import CardState, Lines, fit, paint_card
from app.canvas.geometry import MARGIN, WIDTH, Curve, PortKey, PortPlace, Rect, curve, layout, point_on, spread
from app.canvas.look import Look
from app.canvas.wording import shape_label, wording, worst_of
from graph_engine.analysis.checked import CheckedNode
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Edge, Node

EDGE_LAYER, LABEL_LAYER, NODE_LAYER, RAISED_LAYER, GESTURE_LAYER = 0.0, 1.0, 2.0, 3.0, 4.0


@dataclass
class Stage:
    """What all items of a scene paint with.

    Attributes:
        look: colours and fonts.
        graph: the graph that the scene mirrors.
        lit: while an edge is drawn, for each node the ports that it may end at; a node that is left out has none.
        target: node and port that it would end at now.
    """

    look: Look
    graph: CoreGraph
    lit: dict[str, frozenset[PortKey]] | None = None
    target: tuple[str, PortKey] | None = None
    hidden_edges: set[str] = field(default_factory=set)


class NodeItem(QGraphicsItem):
    """The card of a node.

    Attributes:
        node: what it shows; read while painting, never changed.
        layout: its size and the places of its ports.
        checked: what the last check found on it; None before the first.
    """

    def __init__(self, node: Node, stage: Stage):
        super().__init__()
        self.node = node
        self.layout = layout(node.spec)
        self.checked: CheckedNode | None = None
        self.selected = False
        self.hovered = False
        self._stage = stage
        self._lines: Lines | None = None
        self._bounds = QRectF(-MARGIN, -MARGIN, WIDTH + 2 * MARGIN, self.layout.height + 2 * MARGIN)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setZValue(NODE_LAYER)
        self.setPos(*node.position)

    @property
    def rect(self) -> Rect:
        """The card in scene units."""
        return self.x(), self.y(), WIDTH, self.layout.height

    @property
    def waiting(self) -> bool:
        return self.checked is not None and self.checked.status == "waiting"

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = self._stage.look
        state = self.state()
        if self._lines is None:
            self._lines = fit(wording(self.node, self.checked), look, state.severity in ("error", "warning"))
        paint_card(painter, look, self.layout, look.category(self.node.spec.category), self._lines, state)

    def state(self) -> CardState:
        """How the card is shown now."""
        stage, node = self._stage, self.node
        worst = worst_of(self.checked)
        graph = stage.graph
        connected = frozenset(
            (p.side, p.name)
            for p in self.layout.ports
            if (graph.inputs(node.id, p.name) if p.side == "input" else graph.outputs(node.id, p.name))
        )
        return CardState(
            status=self.checked.status if self.checked is not None else "ok",
            severity=worst.severity if worst is not None else None,
            selected=self.selected,
            hovered=self.hovered,
            connected=connected,
            lit=None if stage.lit is None else stage.lit.get(node.id, frozenset()),
            target=stage.target[1] if stage.target is not None and stage.target[0] == node.id else None,
        )

    def reword(self) -> None:
        """What the card says has changed, or the font that says it."""
        self._lines = None
        self.update()

    def port_at(self, x: float, y: float, reach: float) -> PortPlace | None:
        """The port within ``reach`` of a point in scene units, the nearest one."""
        x, y = x - self.x(), y - self.y()
        best, found = reach, None
        for place in self.layout.ports:
            beyond = max(0.0, abs(y - place.y) - place.span / 2)
            distance = ((x - place.x) ** 2 + beyond**2) ** 0.5
            if distance <= best:
                best, found = distance, place
        return found


class EdgeItem(QGraphicsPathItem):
    """The curve of an edge.

    Attributes:
        edge: what it shows.
        curve: its Bézier in scene units.
        label: the shape that flows along it; empty while it is not known.
        waiting: nothing is known of what flows.
    """

    def __init__(self, edge: Edge, stage: Stage, source: NodeItem, target: NodeItem):
        super().__init__()
        self.edge = edge
        self.source = source
        self.target = target
        self.curve: Curve = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self.label = ""
        self.waiting = False
        self.selected = False
        self.hovered = False
        self._stage = stage
        self.setZValue(EDGE_LAYER)
        self.setPen(stage.look.edge)
        self.place()

    def place(self) -> None:
        """Runs from port to port of where the cards are now."""
        edge, graph = self.edge, self._stage.graph
        out = self.source.layout.port("output", edge.source_port)
        into = self.target.layout.port("input", edge.target_port)
        y = into.y
        if into.span:
            siblings = graph.inputs(edge.target, edge.target_port)
            y = spread(into, siblings.index(edge) if edge in siblings else 0, len(siblings))
        start, end = self.source.pos(), self.target.pos()
        made = curve(start.x() + out.x, start.y() + out.y, end.x() + into.x, end.y() + y)
        if made != self.curve:
            self.curve = made
            self.setPath(curve_path(made))

    def middle(self) -> tuple[float, float]:
        """Where the label goes."""
        return point_on(self.curve, 0.5)

    def tell(self, source: CheckedNode | None) -> bool:
        """Takes over what the check found at the source; true where the label is another one now."""
        spec = source.outputs.get(self.edge.source_port) if source is not None else None
        label = shape_label(spec.shape) if spec is not None else ""
        waiting = source is not None and spec is None
        if (label, waiting) == (self.label, self.waiting):
            return False
        self.label, self.waiting = label, waiting
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


class LabelLayer(QGraphicsItem):
    """Paints the labels of all edges in view, above edges and below cards."""

    def __init__(self, stage: Stage):
        super().__init__()
        self._stage = stage
        self._bounds = QRectF()
        self.setZValue(LABEL_LAYER)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def cover(self, rect: QRectF) -> None:
        """Reaches over ``rect``."""
        self.prepareGeometryChange()
        self._bounds = rect

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look, hidden = self._stage.look, self._stage.hidden_edges
        painter.setFont(look.figure_font)
        painter.setBrush(look.label_fill)
        exposed = option.exposedRect.adjusted(-120, -12, 120, 12)
        items = self.scene().items(exposed, Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.AscendingOrder)
        for item, rect in self._readable(i for i in items if isinstance(i, EdgeItem) and i.label and i.edge.id not in hidden):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(rect, 7, 7)
            painter.setPen(look.accent if item.selected else look.text if item.hovered else look.muted)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, item.label)

    def _readable(self, items: Iterable[EdgeItem]) -> Iterator[tuple[EdgeItem, QRectF]]:
        """Leaves out a label that would lie on one of an older edge, whether that one is left out itself or not: so
        the choice does not depend on which part of the canvas is being painted.
        """
        cells: dict[tuple[int, int], list[QRectF]] = {}
        for item in items:
            rect = label_rect(item, self._stage.look)
            if rect is None:
                continue
            column, row = int(rect.center().x() // 128), int(rect.center().y() // 32)
            near = (r for dx in (-1, 0, 1) for dy in (-1, 0, 1) for r in cells.get((column + dx, row + dy), ()))
            free = not any(r.intersects(rect) for r in near)
            cells.setdefault((column, row), []).append(rect)
            if free:
                yield item, rect


def label_rect(item: EdgeItem, look: Look) -> QRectF | None:
    """Where the label of an edge is painted; None where the edge is too short for it."""
    width = look.figure_metrics.horizontalAdvance(item.label) + 8
    c = item.curve
    if ((c[6] - c[0]) ** 2 + (c[7] - c[1]) ** 2) ** 0.5 < width + 14:
        return None
    x, y = item.middle()
    return QRectF(x - width / 2, y - 8, width, 16)


def curve_path(c: Curve) -> QPainterPath:
    """A curve as Qt paints it."""
    path = QPainterPath()
    path.moveTo(c[0], c[1])
    path.cubicTo(c[2], c[3], c[4], c[5], c[6], c[7])
    return path
