"""What people write on a network for people: frames around nodes, and notes. Nothing is computed from them."""

from __future__ import annotations

from typing import Literal, NamedTuple

COLOURS = ("grey", "blue", "teal", "green", "violet", "pink", "ochre")

Kind = Literal["frame", "note"]
Rect = tuple[float, float, float, float]
"""Left, top, width and height on the canvas, in scene units."""


class Annotation(NamedTuple):
    """A frame or a note.

    Attributes:
        id: unique among the annotations of its graph.
        kind: a ``frame`` has a title and lies behind what it frames; a ``note`` is a piece of text.
        text: the title or the words.
        colour: one of `COLOURS`.
        rect: where it lies.
    """

    id: str
    kind: Kind
    text: str
    colour: str
    rect: Rect
