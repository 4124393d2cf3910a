"""Alt-click on an edge removes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.canvas.interactions.base import Interaction, Pointer
from graph_engine.graph.commands import Disconnect

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class BreakEdge(Interaction):
    """Removes the edge under the pointer."""

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.alt and pointer.hit.edge is not None

    def begin(self, pointer: Pointer) -> None:
        assert pointer.hit.edge is not None
        self.scene.session.execute(Disconnect([pointer.hit.edge.edge.id]))
