"""How large the cards of nodes are, as far as layout has to know it; the canvas draws them so."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from graph_engine.graph.node import Direction

CARD = 176.0
"""Width of a card, in scene units, but for those whose names of ports need more."""

PREVIEW = 88.0
"""Height of the part of a card that shows the content of a group."""

NAMES = 18.0
"""Height of a line of names of ports at the upper or lower edge of a card."""

EDGE = 8.0
"""From the side of a card to the first name."""

_LETTER, _APART, _LEAST, _WIDEST = 6.0, 12.0, 26.0, 560.0


def slots(names: Sequence[str]) -> tuple[float, ...]:
    """How wide the room for each port is whose names stand side by side: enough for all letters, as long as they are not too many."""
    most = max(2 * _LEAST, _WIDEST / max(len(names), 1))
    return tuple(min(max(_LEAST, _LETTER * len(name) + _APART), most) for name in names)


def width(sides: Collection[Sequence[str]], direction: Direction) -> float:
    """Width of a card.

    Args:
        sides: the names of its inputs, and of its outputs.
        direction: of its graph; across, ports stand below each other and need no width.
    """
    if direction == "across":
        return CARD
    room = 2 * EDGE + max((sum(slots(names)) for names in sides if len(names) > 1), default=0.0)
    return CARD + 32.0 * max(0, math.ceil((room - CARD) / 32.0))  # the middle stays on the grid
