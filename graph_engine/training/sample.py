"""A sample of the data as people see it. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """A sample for people.

    Attributes:
        given: what the network receives, in words, or which sample it is.
        expected: what it should give.
        found: what it gives.
        picture: what it receives, where that is a picture: shades from 0 to 255, row by row.
    """

    given: str
    expected: str
    found: str
    picture: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Sample:
        """A sample from what a script or a line of JSON has."""
        given, expected, found, *picture = plain
        return cls(given, expected, found, tuple(map(tuple, picture[0])) if picture else ())
