"""Click on an edge selects it; Shift adds, Ctrl toggles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.canvas.interactions.base import Interaction, Pointer

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class PickEdge(Interaction):
    """Selects the edge under the pointer."""

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        return pointer.button == Qt.MouseButton.LeftButton and pointer.hit.edge is not None

    def begin(self, pointer: Pointer) -> None:
        assert pointer.hit.edge is not None
        id = pointer.hit.edge.edge.id
        nodes, edges = self.scene.selected_nodes(), self.scene.selected_edges()
        if pointer.ctrl and id in edges:
            self.scene.select(nodes, [e for e in edges if e != id])
        elif pointer.ctrl or pointer.shift:
            self.scene.select(nodes, [*edges, id])
        else:
            self.scene.select((), [id])
