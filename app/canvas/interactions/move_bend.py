"""Click and drag on a point of an edge: selects and moves it, with what else is selected; stops on the grid and by its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QApplication, QGraphicsPathItem

from app.canvas.bends import Place, loose, with_bends_moved
from app.canvas.geometry import Point, snap
from app.canvas.interactions.base import Interaction, Pointer
from app.canvas.interactions.guides import REACH
from graph_engine.graph.bends import Bend
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Macro, Move
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class MoveBend(Interaction):
    """Selects the point under the pointer, and drags all points and cards that are selected; the drag is one step to undo."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._place = QPoint()
        self._start = QPointF()
        self._grabbed: Place = ("", 0)
        self._at: Point = (0.0, 0.0)
        self._beside: tuple[Point, Point] = ((0.0, 0.0), (0.0, 0.0))
        self._moved: Bend | None = None
        self._nodes: dict[str, Position] = {}
        self._guide: QGraphicsPathItem | None = None

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.hit.bend is not None

    def begin(self, pointer: Pointer) -> None:
        item = pointer.hit.edge
        assert item is not None
        assert pointer.hit.bend is not None
        self._grabbed = place = item.edge.id, pointer.hit.bend
        self._place, self._start, self._at = pointer.place, pointer.at, item.bends[place[1]]
        line = (item.curve[:2], *item.bends, item.curve[6:])
        self._beside = line[place[1]], line[place[1] + 2]
        selected, scene = self.scene.bends.selected, self.scene
        if place not in selected:
            more = pointer.shift or pointer.ctrl
            kept = (scene.selected_nodes(), scene.selected_edges(), scene.annotations.selected) if more else ((), (), ())
            scene.select(*kept, [*selected, place] if more else [place])
        elif pointer.ctrl:
            scene.select(scene.selected_nodes(), scene.selected_edges(), scene.annotations.selected, [p for p in selected if p != place])

    def move(self, pointer: Pointer) -> None:
        if self._moved is None and (pointer.place - self._place).manhattanLength() < QApplication.startDragDistance() // 2:
            return
        places = self.scene.bends.selected
        nodes = {id: self.scene.stage.graph[id].position for id in self.scene.selected_nodes()}
        items = loose(self.scene, nodes)
        self._show(None)
        x, y = self._stop((self._at[0] + pointer.at.x() - self._start.x(), self._at[1] + pointer.at.y() - self._start.y()))
        dx, dy = x - self._at[0], y - self._at[1]
        self._nodes = {id: (left + dx, top + dy) for id, (left, top) in nodes.items()}
        self.scene.place(self._nodes)
        self._show(with_bends_moved(items, places, (dx, dy)))

    def end(self, pointer: Pointer) -> None:
        moved, nodes = self._moved, self._nodes
        self.cancel()
        graph = self.scene.stage.graph
        if moved is None:
            return
        parts: list[Command] = [Move(nodes)] if any(graph[id].position != place for id, place in nodes.items()) else []
        if any(graph.bends(id) != bends for id, bends in moved.bends.items()):
            parts.append(moved)
        if parts:
            self.scene.session.execute(parts[0] if len(parts) == 1 else Macro(parts[0].text, parts))

    def cancel(self) -> None:
        self._show(None)
        self.scene.place({id: self.scene.stage.graph[id].position for id in self._nodes})
        self._nodes = {}
        if self._guide is not None:
            self.scene.remove_draft(self._guide)
            self._guide = None
        self.view.update_drafts()

    def _show(self, command: Bend | None) -> None:
        for id, bends in (command or self._moved or Bend({}, "")).bends.items():
            self.scene.bend(id, bends if command is not None else None)
        self._moved = command

    def _stop(self, wanted: Point) -> Point:
        """Where the point goes: level with, or right above or below, the one before or behind it; else to the grid."""
        x, y = snap(*wanted)
        path = QPainterPath()
        level = min(self._beside, key=lambda p: abs(p[1] - wanted[1]))
        upright = min(self._beside, key=lambda p: abs(p[0] - wanted[0]))
        if abs(level[1] - wanted[1]) <= REACH:
            y = level[1]
            path.moveTo(*level)
            path.lineTo(x, y)
        if abs(upright[0] - wanted[0]) <= REACH:
            x = upright[0]
            path.moveTo(*upright)
            path.lineTo(x, y)
        if self._guide is None:
            self._guide = self.scene.add_draft(self.scene.stage.look.guide)
        self._guide.setPath(path)
        self.view.update_drafts()
        return x, y
