"""What was measured of a network while it trained: plain numbers for each place, and the file of a run that keeps them. Needs no torch.

A place is a node as one object of its class computes it: a group that is used three times has its nodes at three places.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HEALTH = "health.jsonl"
"""The file of a run's folder, a `Health` a line."""

BINS = 24
"""Columns of a histogram."""


class Measures(NamedTuple):
    """What was measured at one place in one step.

    Attributes:
        path: where the object that computes it stands in the network, as torch names modules: ``blocks.1``; empty for the network.
        node: id of the node.
        mean, spread: of what it gives; the spread is the standard deviation. None where that was not seen.
        least, greatest: of what it gives.
        histogram: how often what it gives lies in each of `BINS` equal parts between these, by a sample.
        constant: of an activation, the share of units that gave the same for all samples lately: dead ones.
        saturated: of an activation with bounds, the share of results that lie at one of them.
        gradient: root mean square of the gradient of its weights.
        weights: root mean square of its weights.
        update: how much the step changed its weights, as a share of their length.
        commonest: where it gives scores of classes, the share of the class that it names most often.
    """

    path: str
    node: str
    mean: float | None = None
    spread: float | None = None
    least: float | None = None
    greatest: float | None = None
    histogram: tuple[int, ...] = ()
    constant: float | None = None
    saturated: float | None = None
    gradient: float | None = None
    weights: float | None = None
    update: float | None = None
    commonest: float | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Path and node."""
        return self.path, self.node

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Measures:
        """What a line of JSON has; not a number and infinite stand there as strings."""
        path, node, *values = plain
        read: list[Any] = [tuple(value) if isinstance(value, list) else None if value is None else float(value) for value in values]
        return cls(path, node, *read)


class Health(NamedTuple):
    """What was measured in one step.

    Attributes:
        step: which, over all epochs.
        epoch: from 1.
        places: in the order in which the network computes them.
    """

    step: int
    epoch: int
    places: tuple[Measures, ...]

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Health:
        """What a line of JSON has."""
        return cls(plain["step"], plain["epoch"], tuple(map(Measures.of, plain["places"])))


def to_line(health: Health) -> bytes:
    """A line of the file."""
    places = [[_plain(value) for value in place] for place in health.places]
    plain = {"step": health.step, "epoch": health.epoch, "places": places}
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def read_health(run_dir: Path) -> list[Health]:
    """All that a run's folder holds, a last line that was cut off left out.

    Raises:
        OSError: the file is there, but cannot be read.
    """
    path = run_dir / HEALTH
    return list(_read(path.read_bytes().splitlines())) if path.exists() else []


def _read(lines: Iterable[bytes]) -> Iterable[Health]:
    for line in lines:
        try:
            yield Health.of(json.loads(line))
        except (ValueError, TypeError, KeyError):
            return  # the process was killed while it wrote this line


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value
