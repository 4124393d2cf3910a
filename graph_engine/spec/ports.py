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
    """

    name: str
    help: str
    optional: bool = False
    variadic: bool = False
    needs: str = ""

    def is_off(self, params: Mapping[str, Any]) -> bool:
        """Whether the parameters switch this output off."""
        return bool(self.needs) and not params[self.needs]
