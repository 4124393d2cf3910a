"""Draws an edge from either end, or takes an end of one that exists somewhere else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QGraphicsPathItem

from app.canvas.geometry import PortKey, PortPlace, Side
from app.canvas.interactions.base import Interaction, Pointer
from app.canvas.items import NodeItem, curve_path
from app.canvas.wish import Wish
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Connect, Disconnect, Macro
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Edge
from graph_engine.spec.ports import Port

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

SNAP = 26.0
"""Pixels from a fitting port within which the edge jumps to it."""

Ends = dict[str, frozenset[PortKey]]


def fitting_ends(graph: CoreGraph, node: str, side: Side, moving: Edge | None = None) -> Ends:
    """All ports at which an edge from ``node`` may end: found once per gesture, by one walk through the graph.

    Args:
        graph: the graph.
        node: where the edge is held fast.
        side: whether it is held at an output or at an input.
        moving: an edge that would be taken away: the input it has now is free.

    Returns:
        (side, port) pairs by node id; a node without any is left out.
    """
    ends: Ends = {}
    banned = {node} | (graph.ancestors(node) if side == "output" else graph.descendants(node))
    for other in graph:
        if other.id in banned:
            continue
        if side == "input":
            found: frozenset[PortKey] = frozenset(
                ("output", p.name) for p in other.spec.outputs if p.name not in graph.idle_outputs(other.id)
            )
        else:
            found = frozenset(
                ("input", p.name) for p in other.spec.inputs if p.variadic or all(edge == moving for edge in graph.inputs(other.id, p.name))
            )
        if found:
            ends[other.id] = found
    return ends


def best_end(graph: CoreGraph, node: str, ends: Ends) -> PortKey | None:
    """The port that an edge dropped on the card of ``node`` goes to: the first free one that is needed, else the first."""
    fits = ends.get(node)
    if not fits:
        return None
    spec = graph[node].spec
    keys: list[tuple[Port, PortKey]] = [(p, ("input", p.name)) for p in spec.inputs]
    keys += [(p, ("output", p.name)) for p in spec.outputs]
    return min((pair for pair in keys if pair[1] in fits), key=lambda pair: pair[0].optional)[1]


class DrawEdge(Interaction):
    """Pulls an edge from a port to another one.

    From an occupied input (or with Ctrl from any port that has an edge) the existing edge is taken off there and held at its other end:
    dropped elsewhere it is re-routed, dropped on nothing it is removed. A new edge dropped on nothing asks for a block to end at.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._node: NodeItem
        self._port: PortPlace
        self._moving: Edge | None = None
        self._ends: Ends = {}
        self._draft: QGraphicsPathItem
        self._asked: tuple[str, str] | None = None
        self._from = QPoint()

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.hit.port is not None

    def begin(self, pointer: Pointer) -> None:
        node, port = pointer.hit.node, pointer.hit.port
        assert node is not None
        assert port is not None
        graph, stage = self.scene.stage.graph, self.scene.stage
        self._node, self._port, self._from = node, port, pointer.place
        existing = graph.inputs(node.node.id, port.name) if port.side == "input" else graph.outputs(node.node.id, port.name)
        if existing and (pointer.ctrl or (port.side == "input" and not port.span)):
            self._moving = existing[-1]
            self._hold_other_end()
        self._light()
        self._draft = self.scene.add_draft(stage.look.draft)
        self.move(pointer)

    def move(self, pointer: Pointer) -> None:
        end = self._end_at(pointer)
        self._draw(end, self._place_of(*end) if end is not None else pointer.at)
        self._explain(pointer, end)

    def _light(self) -> None:
        """Shows the ports at which the edge may end."""
        stage, held = self.scene.stage, self._node.node.id
        self._ends = fitting_ends(stage.graph, held, self._port.side, self._moving)
        stage.lit = {**self._ends, held: frozenset([(self._port.side, self._port.name)])}
        self.scene.update_nodes()

    def _draw(self, end: tuple[str, PortKey] | None, free: QPointF) -> None:
        """Draws the edge to ``free``, which is ``end`` where it would end somewhere."""
        stage, look = self.scene.stage, self.scene.stage.look
        before, stage.target = stage.target, end
        for id in {t[0] for t in (before, end) if t is not None and before != end}:
            self.scene.nodes[id].update()
        fixed = self._point(self._node, self._port)
        start, stop = (fixed, free) if self._port.side == "output" else (free, fixed)
        self._draft.setPen(look.draft if end is not None else look.draft_loose)
        self._draft.setPath(curve_path(start.toTuple(), stop.toTuple(), stage.graph.direction))
        self.view.update_drafts()

    def end(self, pointer: Pointer) -> None:
        end = self._end_at(pointer)
        wished = end is None and self._moving is None and pointer.hit.node is None and self._is_drag(pointer)
        self._finish(keep=wished)
        command = self._command(end)
        if command is not None:
            self.scene.session.execute(command)
        elif wished:
            self.view.wishes.ask(Wish(pointer.at, (self._node.node.id, (self._port.side, self._port.name))), self._draft)

    def _is_drag(self, pointer: Pointer) -> bool:
        return (pointer.place - self._from).manhattanLength() >= QApplication.startDragDistance()

    def cancel(self) -> None:
        self._finish()

    def _hold_other_end(self) -> None:
        assert self._moving is not None
        edge = self._moving
        if self._port.side == "input":
            self._node = self.scene.nodes[edge.source]
            self._port = self._node.layout.port("output", edge.source_port)
        else:
            self._node = self.scene.nodes[edge.target]
            self._port = self._node.layout.port("input", edge.target_port)
        self.scene.stage.hidden_edges.add(edge.id)
        self.scene.edges[edge.id].setVisible(False)

    def _end_at(self, pointer: Pointer) -> tuple[str, PortKey] | None:
        """Where the edge would end: the port below the pointer, else a fitting one near it, else what fits on the card below."""
        node, port = pointer.hit.node, pointer.hit.port
        if node is not None and port is not None and not node.layout.collapsed and (node, port) != (self._node, self._port):
            id = node.node.id
            return (id, (port.side, port.name)) if (port.side, port.name) in self._ends.get(id, ()) else None
        reach = SNAP / self.view.zoom
        x, y = pointer.at.x(), pointer.at.y()
        best, found = reach, None
        for item in self.scene.nodes_near(pointer.at, reach):
            for side, name in self._ends_on(item):
                distance = item.layout.port(side, name).distance(x - item.x(), y - item.y())
                if distance < best:
                    best, found = distance, (item.node.id, (side, name))
        if found is None and node is not None:
            end = best_end(self.scene.stage.graph, node.node.id, self._ends)
            found = (node.node.id, end) if end is not None else None
        return found

    def _ends_on(self, item: NodeItem) -> Iterable[PortKey]:
        """The ports of a card that the edge may end at; of those in one place, the one that is meant."""
        if not item.layout.collapsed:
            return self._ends.get(item.node.id, ())
        best = best_end(self.scene.stage.graph, item.node.id, self._ends)
        return [best] if best is not None else []

    def _command(self, end: tuple[str, PortKey] | None) -> Command | None:
        old = self._moving
        if end is None:
            return Disconnect([old.id]) if old is not None else None
        wanted = self._wanted(end[0], end[1][1])
        if old is None:
            return Connect(*wanted)
        if wanted == old[1:]:
            return None
        return Macro(self.view.tr("Re-route edge"), [Disconnect([old.id]), Connect(*wanted)])

    def _wanted(self, node: str, port: str) -> tuple[str, str, str, str]:
        here = self._node.node.id, self._port.name
        return (*here, node, port) if self._port.side == "output" else (node, port, *here)

    def _explain(self, pointer: Pointer, end: object) -> None:
        """Says beside the pointer why the port below it is refused; asks the graph once per port."""
        node, port = pointer.hit.node, pointer.hit.port
        if end is not None or node is None or (node is self._node and (port is None or port == self._port)):
            self._asked = None
            self.view.bubble.hide()
            return
        if port is None:
            opposite = node.layout.inputs if self._port.side == "output" else node.layout.outputs
            port = opposite[0] if opposite else None
        key = node.node.id, port.name if port is not None else ""
        if key != self._asked:
            self._asked = key
            self.view.bubble.setText(self._reason(node, port))
        self.view.bubble.show_at(pointer.place)

    def _reason(self, node: NodeItem, port: PortPlace | None) -> str:
        if port is None:
            if self._port.side == "output":
                return self.view.tr("{0} has no inputs.").format(node.node.name)
            return self.view.tr("{0} has no outputs.").format(node.node.name)
        if port.side == self._port.side:
            if port.side == "output":
                return self.view.tr("An edge runs from an output to an input; this is another output.")
            return self.view.tr("An edge runs from an output to an input; this is another input.")
        error = self.scene.stage.graph.check_edge(*self._wanted(node.node.id, port.name))
        return str(error) if error is not None else ""

    def _place_of(self, node: str, port: PortKey) -> QPointF:
        item = self.scene.nodes[node]
        return self._point(item, item.layout.port(*port))

    def _point(self, item: NodeItem, place: PortPlace) -> QPointF:
        return QPointF(item.x() + place.x, item.y() + place.y)

    def _finish(self, keep: bool = False) -> None:
        stage = self.scene.stage
        stage.lit = stage.target = None
        if self._moving is not None:
            stage.hidden_edges.discard(self._moving.id)
            self.scene.edges[self._moving.id].setVisible(True)
        if not keep:
            self.scene.remove_draft(self._draft)
        self.scene.update_nodes()
        self.view.bubble.hide()
        self.view.update_drafts()
