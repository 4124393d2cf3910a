"""Drag on a frame's title or on a note moves it, a frame with what lies in it; drag on its corner makes it larger or smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from app.canvas.annotations import LEAST, AnnotationItem
from app.canvas.geometry import GRID, Rect, snap, tidy
from app.canvas.interactions.base import Interaction, Pointer
from graph_engine.graph.annotate import Annotate
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Macro, Move
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class DragAnnotation(Interaction):
    """Selects the frame or note under the pointer, and moves or resizes it; one step to undo."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._start = QPointF()
        self._place = QPoint()
        self._held: AnnotationItem
        self._resizes = self._dragging = False
        self._rects: dict[str, Rect] = {}
        self._nodes: dict[str, Position] = {}

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.hit.grip is not None

    def begin(self, pointer: Pointer) -> None:
        assert pointer.hit.grip is not None
        self._held = pointer.hit.grip.item
        self._resizes = pointer.hit.grip.part == "corner"
        self._start, self._place = pointer.at, pointer.place
        id, selected = self._held.annotation.id, self.scene.annotations.selected
        if pointer.ctrl or pointer.shift:
            wanted = [i for i in selected if i != id] if pointer.ctrl and id in selected else [*selected, id]
            self.scene.select(self.scene.selected_nodes(), self.scene.selected_edges(), wanted)
        elif id not in selected:
            self.scene.select((), (), [id])

    def move(self, pointer: Pointer) -> None:
        if not self._dragging:
            if (pointer.place - self._place).manhattanLength() < QApplication.startDragDistance() // 2:
                return
            self._dragging = True
            self._take_along()
        rects, nodes = self._moved(pointer)
        for id, rect in rects.items():
            self.scene.annotations.items[id].place(rect)
        self.scene.place(nodes)
        self.view.update_drafts()

    def end(self, pointer: Pointer) -> None:
        if not self._dragging:
            return
        rects, nodes = self._moved(pointer)
        if rects == self._rects:
            return
        known = self.scene.stage.graph.annotations
        text = self.view.tr("Resize") if self._resizes else self.view.tr("Move")
        parts: list[Command] = [Annotate({id: known[id]._replace(rect=rect) for id, rect in rects.items()}, text)]
        if nodes:
            parts.append(Move(nodes))
        self.scene.session.execute(Macro(text, parts))

    def cancel(self) -> None:
        for id, rect in self._rects.items():
            self.scene.annotations.items[id].place(rect)
        self.scene.place(self._nodes)

    def _take_along(self) -> None:
        held, scene = self._held, self.scene
        items = [held] if self._resizes else [held, *scene.annotations.inside(held)]
        self._rects = {i.annotation.id: i.rect for i in items}
        if held.annotation.kind == "frame" and not self._resizes:
            self._nodes = {id: scene.stage.graph[id].position for id in scene.nodes_framed(held.rect)}

    def _moved(self, pointer: Pointer) -> tuple[dict[str, Rect], dict[str, Position]]:
        left, top, width, height = self._rects[self._held.annotation.id]
        dx, dy = pointer.at.x() - self._start.x(), pointer.at.y() - self._start.y()
        if self._resizes:
            size = max(LEAST[0], round((width + dx) / GRID) * GRID), max(LEAST[1], round((height + dy) / GRID) * GRID)
            return {self._held.annotation.id: (left, top, *size)}, {}
        to_x, to_y = snap(left + dx, top + dy)
        dx, dy = to_x - left, to_y - top
        return (
            {id: (*tidy(x + dx, y + dy), w, h) for id, (x, y, w, h) in self._rects.items()},
            {id: tidy(x + dx, y + dy) for id, (x, y) in self._nodes.items()},
        )
