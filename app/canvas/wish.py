"""Blocks that are wanted somewhere on the canvas; the window searches for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.geometry import PortKey, fresh_layout, snap
from graph_engine.graph.node import Direction, Position
from graph_engine.spec.block import BlockSpec

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Wish(NamedTuple):
    """Where a block is wanted.

    Attributes:
        at: the point of the scene.
        held: id of a node, and the port of it that the block is to be joined to; None without one.
    """

    at: QPointF
    held: tuple[str, PortKey] | None = None

    def place_for(self, spec: BlockSpec, direction: Direction) -> Position:
        """Where the card of a block goes: its port at the point, or its middle where it is held at nothing, or has no such port."""
        shown = fresh_layout(spec, direction)
        ports = () if self.held is None else shown.inputs if self.held[1][0] == "output" else shown.outputs
        x, y = (ports[0].x, ports[0].y) if ports else (shown.width / 2, shown.height / 2)
        return snap(self.at.x() - x, self.at.y() - y)


class Wishes(QObject):
    """Asks for blocks.

    Signals:
        wanted: a `Wish`.
    """

    wanted = Signal(object)

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._view = view
        self._draft: QGraphicsPathItem | None = None

    def ask_here(self) -> None:
        """Asks for a block at the pointer."""
        self.ask(Wish(self._view.camera.scene_point(self._view.hand.place_in_view())))

    def ask(self, wish: Wish, draft: QGraphicsPathItem | None = None) -> None:
        """Asks for a block; ``draft`` is shown until `forget`."""
        self.forget()
        self._draft = draft
        self.wanted.emit(wish)

    def forget(self) -> None:
        """A block that was asked for has come, or will not."""
        if self._draft is not None:
            self._view.canvas.remove_draft(self._draft)
            self._draft = None
            self._view.update_drafts()
