"""Arrow keys move what is selected by one step of the grid; with Shift by four."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, Qt

from app.canvas.bends import Place, loose, with_bends_moved
from app.canvas.geometry import GRID
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Macro, Move

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

PAUSE = 1000
"""Milliseconds without a key after which the next one is another step to undo."""

_STEPS = {
    Qt.Key.Key_Left: (-GRID, 0.0),
    Qt.Key.Key_Right: (GRID, 0.0),
    Qt.Key.Key_Up: (0.0, -GRID),
    Qt.Key.Key_Down: (0.0, GRID),
}


class Nudge:
    """Moves by key; keys in quick succession are one step to undo."""

    def __init__(self, view: CanvasView):
        self.view = view
        self._since = QElapsedTimer()
        self._token = object()
        self._chosen: tuple[tuple[str, ...], tuple[Place, ...]] = ((), ())

    def press(self, key: int, far: bool) -> bool:
        """Moves the selected nodes, and points of edges, if ``key`` is an arrow; true where it was one and something is selected."""
        step = _STEPS.get(Qt.Key(key))
        nodes = self.view.canvas.selected_nodes()
        bends = self.view.selected_bends()
        if step is None or not (nodes or bends):
            return False
        chosen = (nodes, bends)
        if chosen != self._chosen or not self._since.isValid() or self._since.elapsed() > PAUSE:
            self._token, self._chosen = object(), chosen
        self._since.start()
        graph = self.view.canvas.stage.graph
        times = 4 if far else 1
        moved = {id: (graph[id].position[0] + times * step[0], graph[id].position[1] + times * step[1]) for id in nodes}
        items = loose(self.view.canvas, nodes)
        parts: list[Command] = [Move(moved)] if moved else []
        if items:
            parts.append(with_bends_moved(items, bends, (times * step[0], times * step[1])))
        command = parts[0] if len(parts) == 1 else Macro(parts[0].text, parts)
        self.view.canvas.session.execute(command, self._token)
        return True
