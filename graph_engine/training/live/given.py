"""Samples of the training data as a network receives them, after all preparation. Needs no torch."""

from __future__ import annotations

from typing import Any, NamedTuple

from graph_engine.training.live.augmented import Picture

SAMPLES = 12
"""Samples that are shown at a time."""


class Given(NamedTuple):
    """The answer.

    Attributes:
        number: of the request.
        samples: for each the tensors of its fields, in words or as a picture.
        message: why there are none, in a sentence.
    """

    number: int
    samples: tuple[tuple[str | Picture, ...], ...] = ()
    message: str | None = None

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Given:
        """The answer from JSON."""
        samples = (tuple(one if isinstance(one, str) else Picture(*one) for one in row) for row in plain["samples"])
        return cls(plain["number"], tuple(samples), plain["message"])
