"""Samples of the training data as some epochs will have them. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

EPOCHS = 7
"""Epochs that are shown, from the first."""

SAMPLES = 4
"""Samples that are shown at a time."""


class Picture(NamedTuple):
    """A small picture.

    Attributes:
        width, height: in pixels.
        colours: three bytes a pixel, row by row, as base64.
        told: what is expected of the network for it.
    """

    width: int
    height: int
    colours: str
    told: str


class Augmented(NamedTuple):
    """The answer.

    Attributes:
        number: of the request.
        samples: each as it is, and then as it is in each epoch.
        message: why there are none, in a sentence.
    """

    number: int
    samples: tuple[tuple[Picture, ...], ...] = ()
    message: str | None = None

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Augmented:
        """The answer from JSON."""
        samples: Sequence[Sequence[Sequence[Any]]] = plain["samples"]
        return cls(plain["number"], tuple(tuple(Picture(*one) for one in row) for row in samples), plain["message"])
