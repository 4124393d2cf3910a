"""Named tensor inputs and outputs of a block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Port(NamedTuple):
    """A named tensor input or output.

    Attributes:
        name: torch's name of the argument or result.
        help: one sentence: what it is, and its shape.
        optional: an input that may stay unconnected.
        variadic: an input that takes any number of edges, in order.
        needs: of an output, the parameter that must be on for it to be computed.
        least: of an output with ``needs`` naming a number, the least one with which it is computed; naming a list, the least length.
    """

    name: str
    help: str
    optional: bool = False
    variadic: bool = False
    needs: str = ""
    least: int = 1

    def is_off(self, params: Mapping[str, Any]) -> bool:
        """Whether the parameters switch this output off."""
        value = params[self.needs] if self.needs else None
        return value is not None and (len(value) if isinstance(value, tuple) else value) < self.least
