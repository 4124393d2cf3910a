"""What is told of a node's output: small enough to send for every node in view. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

CARD = (164, 28)
"""Room for a value on a card, in scene units: what is sent for all nodes is made for it."""

BROKEN = 255
"""The shade of what is not a number, or infinite."""

TOP = 254
"""The greatest shade of a number."""


class NodeValue(NamedTuple):
    """An output of a node for one sample.

    Attributes:
        place: ids of the group nodes that lead to the node, from the network inwards.
        node: its id.
        port: which output; ``attention`` for attention weights that the network itself does not give.
        kind: how it is shown: ``number``; ``text``, tokens as words; ``scores``, classes with their names; ``bars``, a few numbers;
            ``strip``, features over time; ``maps``, several planes; ``picture``, three of them as a picture in colour.
        shape: of the tensor, without the batch.
        dtype: of it.
        least, most, mean, std: of what is finite in it.
        zeros: share of it that is zero.
        nans, infinities: how many.
        low, high: what the shades 0 and `TOP` stand for; ``-high`` and ``high`` where there are negative numbers.
        tiles, rows, columns: how many planes ``shades`` holds, and their size; planes and sizes may be fewer than the tensor's.
        planes: how many the tensor has.
        shades: one byte a pixel, row by row, plane by plane, as base64; `BROKEN` where something is not finite.
        labels, shares: the classes of the highest scores, and their shares of 1, or their scores.
        text: tokens as words; the class or the words that are expected.
        counts: how many numbers lie in each of some equal parts from ``least`` to ``most``; only for one node at a time.
    """

    place: tuple[str, ...]
    node: str
    port: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    least: float = 0.0
    most: float = 0.0
    mean: float = 0.0
    std: float = 0.0
    zeros: float = 0.0
    nans: int = 0
    infinities: int = 0
    low: float = 0.0
    high: float = 0.0
    tiles: int = 0
    rows: int = 0
    columns: int = 0
    planes: int = 0
    shades: str = ""
    labels: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    text: str = ""
    counts: tuple[int, ...] = ()

    @property
    def signed(self) -> bool:
        """Whether the shades stand for numbers on both sides of 0."""
        return self.low < 0

    @classmethod
    def of(cls, plain: Sequence[Any]) -> NodeValue:
        """A value from a line of JSON."""
        values = list(plain)
        for place in _FIGURES:
            values[place] = float(values[place])
        for place in _LISTS:
            values[place] = tuple(values[place])
        value = cls._make(values)
        return value._replace(shares=tuple(map(float, value.shares))) if value.shares else value


_FIGURES = [NodeValue._fields.index(name) for name in ("least", "most", "mean", "std", "zeros", "low", "high")]
_LISTS = [NodeValue._fields.index(name) for name in ("place", "shape", "labels", "shares", "counts")]
