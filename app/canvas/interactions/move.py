"""Click and drag on cards: selects and moves them, snapped to the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from app.canvas.geometry import snap
from app.canvas.interactions.base import Interaction, Pointer
from graph_engine.graph.commands import Move
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class MoveNodes(Interaction):
    """Selects the card under the pointer, and drags all that are selected; the drag is one step to undo."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._start = QPointF()
        self._place = QPoint()
        self._grabbed = ""
        self._was_selected = False
        self._before: dict[str, Position] = {}
        self._dragging = False

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.hit.node is not None

    def begin(self, pointer: Pointer) -> None:
        assert pointer.hit.node is not None
        id = self._grabbed = pointer.hit.node.node.id
        self._start, self._place = pointer.at, pointer.place
        nodes = self.scene.selected_nodes()
        self._was_selected = id in nodes
        if not self._was_selected:
            more = pointer.shift or pointer.ctrl
            self.scene.select([*nodes, id] if more else [id], self.scene.selected_edges() if more else ())

    def move(self, pointer: Pointer) -> None:
        if not self._dragging:
            if (pointer.place - self._place).manhattanLength() < QApplication.startDragDistance() // 2:
                return
            self._dragging = True
            graph = self.scene.stage.graph
            self._before = {id: graph[id].position for id in self.scene.selected_nodes()}
            self.scene.raise_nodes(self._before, up=True)
        self.scene.place(self._moved(pointer))

    def end(self, pointer: Pointer) -> None:
        if self._dragging:
            self.scene.raise_nodes(self._before, up=False)
            moved = self._moved(pointer)
            if moved != self._before:
                self.scene.session.execute(Move(moved))
        elif self._was_selected and pointer.ctrl:
            self.scene.select([id for id in self.scene.selected_nodes() if id != self._grabbed], self.scene.selected_edges())
        elif self._was_selected and not pointer.shift:
            self.scene.select([self._grabbed])

    def cancel(self) -> None:
        if self._dragging:
            self.scene.raise_nodes(self._before, up=False)
            self.scene.place(self._before)

    def _moved(self, pointer: Pointer) -> dict[str, Position]:
        # the grabbed card goes to the grid; the others keep their distance from it
        x, y = self._before[self._grabbed]
        to_x, to_y = snap(x + pointer.at.x() - self._start.x(), y + pointer.at.y() - self._start.y())
        return {id: (px + to_x - x, py + to_y - y) for id, (px, py) in self._before.items()}
