"""Click and drag on cards: selects and moves them, snapped to the grid and to other cards; onto an edge, or out of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from app.canvas.bends import loose, with_bends_moved
from app.canvas.geometry import snap, tidy
from app.canvas.interactions.base import Interaction, Pointer
from app.canvas.interactions.guides import Guides
from app.canvas.interactions.onto_edge import OntoEdge
from app.canvas.interactions.take_out import Shake, TakeOut
from app.canvas.items import EdgeItem
from graph_engine.analysis.rewire import carries, is_loose, put
from graph_engine.graph.bends import Bend
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Macro, Move
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class MoveNodes(Interaction):
    """Selects the card under the pointer, and drags all that are selected; the drag is one step to undo.

    A node without edges that is dropped on an edge is put onto it. With Alt, or when they are shaken, the nodes are taken out of
    the network and their neighbours joined.
    """

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._start = QPointF()
        self._place = QPoint()
        self._grabbed = ""
        self._was_selected = False
        self._before: dict[str, Position] = {}
        self._dragging = False
        self._alt = False
        self._shake = Shake()
        self._guides: Guides | None = None
        self._onto: OntoEdge | None = None
        self._out: TakeOut | None = None
        self._loose: list[EdgeItem] = []

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.hit.node is not None

    def begin(self, pointer: Pointer) -> None:
        assert pointer.hit.node is not None
        id = self._grabbed = pointer.hit.node.node.id
        self._start, self._place, self._alt = pointer.at, pointer.place, pointer.alt
        nodes = self.scene.selected_nodes()
        self._was_selected = id in nodes
        if not self._was_selected:
            more = pointer.shift or pointer.ctrl
            kept = (self.scene.selected_edges(), self.scene.annotations.selected, self.scene.bends.selected) if more else ()
            self.scene.select([*nodes, id] if more else [id], *kept)

    def move(self, pointer: Pointer) -> None:
        if not self._dragging:
            if (pointer.place - self._place).manhattanLength() < QApplication.startDragDistance() // 2:
                return
            self._begin_drag()
        self._show(self._moved(pointer))
        if self._out is None and (self._alt or self._shake.feel(pointer.place)):
            self._out = TakeOut(self.view, tuple(self._before))
        if self._onto is not None:
            card = self.scene.nodes[self._grabbed]
            self._onto.look((card.x(), card.y()), card.layout)

    def end(self, pointer: Pointer) -> None:
        if self._dragging:
            moved = self._moved(pointer)
            edge = self._onto.take() if self._onto is not None else None
            taking = self._out.command() if self._out is not None else None
            bends = self._bends_moved(moved) if edge is None and taking is None else None
            self._end_drag()
            if moved != self._before:
                command = self._command(moved, edge, taking)
                self.scene.session.execute(Macro(command.text, [command, bends]) if bends is not None else command)
        elif self._was_selected and pointer.ctrl:
            self.scene.select([id for id in self.scene.selected_nodes() if id != self._grabbed], self.scene.selected_edges())
        elif self._was_selected and not pointer.shift:
            self.scene.select([self._grabbed])

    def cancel(self) -> None:
        if self._dragging:
            if self._onto is not None:
                self._onto.take()
            self._end_drag()
            self.scene.place(self._before)

    def _show(self, moved: dict[str, Position]) -> None:
        bends = self._bends_moved(moved)
        self.scene.place(moved)
        for id, points in bends.bends.items() if bends is not None else ():
            self.scene.bend(id, points)

    def _bends_moved(self, moved: dict[str, Position]) -> Bend | None:
        """What moves selected points of edges along that do not go with their cards."""
        for item in self._loose:
            self.scene.bend(item.edge.id, None)
        (x, y), (to_x, to_y) = self._before[self._grabbed], moved[self._grabbed]
        return with_bends_moved(self._loose, self.scene.bends.selected, (to_x - x, to_y - y)) if self._loose else None

    def _begin_drag(self) -> None:
        self._dragging = True
        graph = self.scene.stage.graph
        self._before = {id: graph[id].position for id in self.scene.selected_nodes()}
        self.scene.raise_nodes(self._before, up=True)
        self._loose = loose(self.scene, self._before)
        self._guides = Guides(self.view, self._grabbed, self._before)
        if len(self._before) == 1 and carries(graph[self._grabbed].spec) and is_loose(graph, self._grabbed):
            self._onto = OntoEdge(self.view)

    def _end_drag(self) -> None:
        self.scene.raise_nodes(self._before, up=False)
        for item in self._loose:
            self.scene.bend(item.edge.id, None)
        if self._guides is not None:
            self._guides.hide()
        if self._out is not None:
            self._out.end()

    def _command(self, moved: dict[str, Position], edge: str | None, taking: Command | None) -> Command:
        graph = self.scene.stage.graph
        if edge is not None:
            return put(graph, graph[self._grabbed], edge, moved[self._grabbed])
        if taking is not None:
            return Macro(taking.text, [taking, Move(moved)])
        return Move(moved)

    def _moved(self, pointer: Pointer) -> dict[str, Position]:
        # the grabbed card goes to the grid or a line of another card; the others keep their distance from it
        assert self._guides is not None
        x, y = self._before[self._grabbed]
        wanted = x + pointer.at.x() - self._start.x(), y + pointer.at.y() - self._start.y()
        to_x, to_y = self._guides.stop(wanted, snap(*wanted))
        return {id: tidy(px + to_x - x, py + to_y - y) for id, (px, py) in self._before.items()}
