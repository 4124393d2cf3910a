"""A block that is wanted somewhere on the canvas; the window searches for it."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF

from app.canvas.geometry import PortKey


class Wish(NamedTuple):
    """Where a block is wanted.

    Attributes:
        at: the point of the scene.
        held: id of a node, and the port of it that the block is to be joined to; None without one.
    """

    at: QPointF
    held: tuple[str, PortKey] | None = None
