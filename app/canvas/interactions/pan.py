"""Middle button, or Space and the left button: drags the canvas itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from app.canvas.interactions.base import Interaction, Pointer

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Pan(Interaction):
    """Drags the canvas under the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor
    reaches_out = False

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._last = QPoint()

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        middle = pointer.button == Qt.MouseButton.MiddleButton
        return middle or (pointer.button == Qt.MouseButton.LeftButton and view.is_space_held)

    def begin(self, pointer: Pointer) -> None:
        self._last = pointer.place

    def move(self, pointer: Pointer) -> None:
        self.view.camera.pan_by(pointer.place - self._last)
        self._last = pointer.place
