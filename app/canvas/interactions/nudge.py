"""Arrow keys move what is selected by one step of the grid; with Shift by four."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, Qt

from app.canvas.geometry import GRID
from graph_engine.graph.commands import Move

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
        self._nodes: tuple[str, ...] = ()

    def press(self, key: int, far: bool) -> bool:
        """Moves the selected nodes if ``key`` is an arrow; true where it was one and something is selected."""
        step = _STEPS.get(Qt.Key(key))
        nodes = self.view.canvas.selected_nodes()
        if step is None or not nodes:
            return False
        if nodes != self._nodes or not self._since.isValid() or self._since.elapsed() > PAUSE:
            self._token, self._nodes = object(), nodes
        self._since.start()
        graph = self.view.canvas.stage.graph
        times = 4 if far else 1
        moved = {id: (graph[id].position[0] + times * step[0], graph[id].position[1] + times * step[1]) for id in nodes}
        self.view.canvas.session.execute(Move(moved), self._token)
        return True
