"""What a gesture is: it begins where a button goes down, follows the pointer, and ends or is cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent

from app.canvas.item_scene import Hit
from app.canvas.scene import CanvasScene

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Pointer(NamedTuple):
    """Where the pointer is, and what is held down.

    Attributes:
        at: in scene units.
        place: in pixels of the viewport.
        button: the one that went down or up; none while moving.
        modifiers: keys of the keyboard.
        hit: what lies under it.
    """

    at: QPointF
    place: QPoint
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier
    hit: Hit

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def ctrl(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Interaction:
    """One gesture with the mouse. While it lasts it shows things on the canvas; only `end` edits the graph."""

    cursor: Qt.CursorShape | None = None
    by_keys = False
    """Whether it goes on without a button, until the keyboard goes elsewhere."""
    reaches_out = True
    """Whether the canvas moves when the pointer comes near its border."""

    def __init__(self, view: CanvasView):
        self.view = view
        self.scene: CanvasScene = view.canvas

    @classmethod
    def wants(cls, view: CanvasView, pointer: Pointer) -> bool:
        """Whether a button that goes down here begins this gesture."""
        raise NotImplementedError

    def begin(self, pointer: Pointer) -> None:
        """The button has gone down."""

    def move(self, pointer: Pointer) -> None:
        """The pointer has moved."""

    def end(self, pointer: Pointer) -> None:
        """The button has come up."""

    def key(self, event: QKeyEvent) -> bool:
        """A key has gone down; false where it means nothing to the gesture."""
        return False

    def cancel(self) -> None:
        """All is to be as before `begin`."""
