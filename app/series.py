"""The values of one metric as they stream in, kept so that drawing stays cheap however long the run.

Beside the values stands a pyramid: least, greatest and mean of each four values, of each four of these, and so on. What is drawn is taken
from the level that has a few entries for a column of pixels, so that a curve of ten million values costs what one of a thousand does, and
no peak is lost.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_FACTOR = 4
_CHUNK = 1 << 16
_PER_COLUMN = 2
"""Least number of entries of the pyramid for a column: what lies across the border of two columns is at most half of one."""

_STRIPES = 8
"""On a logarithmic axis the number of values for a column changes along it, so it is drawn in as many parts, each from its own level."""


class Curve(NamedTuple):
    """What is drawn of a series: for each column of pixels, or for each value where there are fewer.

    Attributes:
        steps: where, in ascending order.
        low, high: the least and the greatest value; NaN where none is finite.
        mean: of the finite values.
    """

    steps: Floats
    low: Floats
    high: Floats
    mean: Floats

    @property
    def is_dense(self) -> bool:
        """Whether this is a column of pixels each, and not a value each."""
        return self.low is not self.high

    def bars(self, least: float) -> tuple[Floats, Floats]:
        """The ends of an upright line for each column, of ``least`` length, that touch from column to column.

        Qt draws them in a sixth of the time that it takes for a line through the same points.
        """
        known = ~np.isnan(self.low)
        low, high = self.low[known], self.high[known]
        low[1:], high[1:] = np.minimum(low[1:], high[:-1]), np.maximum(high[1:], low[:-1])
        return np.repeat(self.steps[known], 2), np.stack((low, np.maximum(high, low + least)), axis=1).ravel()


class _Column:
    """Numbers in chunks, so that growing never moves what is there."""

    def __init__(self, dtype: type[np.generic]):
        self._dtype = dtype
        self._chunks: list[NDArray[Any]] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> float:
        return float(self._chunks[place // _CHUNK][place % _CHUNK])

    def extend(self, values: NDArray[Any]) -> None:
        done = 0
        while done < len(values):
            start = self._length % _CHUNK
            if not start:
                self._chunks.append(np.empty(_CHUNK, self._dtype))
            count = min(_CHUNK - start, len(values) - done)
            self._chunks[-1][start : start + count] = values[done : done + count]
            self._length += count
            done += count

    def slice(self, begin: int, end: int) -> NDArray[Any]:
        parts = [
            self._chunks[chunk][max(begin - chunk * _CHUNK, 0) : min(end - chunk * _CHUNK, _CHUNK)]
            for chunk in range(begin // _CHUNK, -(-end // _CHUNK))
        ]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, self._dtype), *parts])

    def place(self, value: float) -> int:
        """How many numbers are less, where they ascend."""
        if not self._length:
            return 0
        chunk = max(0, bisect_left(self._chunks, value, key=lambda chunk: chunk[0]) - 1)
        used = min(_CHUNK, self._length - chunk * _CHUNK)
        return chunk * _CHUNK + int(np.searchsorted(self._chunks[chunk][:used], value))


class _Level:
    """One level of the pyramid; the lowest one holds the values themselves."""

    def __init__(self, exact: bool):
        self.steps = _Column(np.int32)
        self.mean = _Column(np.float64 if exact else np.float32)
        self.low = self.mean if exact else _Column(np.float32)
        self.high = self.mean if exact else _Column(np.float32)

    def __len__(self) -> int:
        return len(self.mean)

    def slice(self, begin: int, end: int) -> tuple[NDArray[Any], ...]:
        return tuple(column.slice(begin, end) for column in (self.steps, self.low, self.high, self.mean))


class Series:
    """Steps and values of one metric. Steps ascend; values may be infinite or not a number."""

    def __init__(self) -> None:
        self._levels = [_Level(exact=True)]
        self._odd_steps = _Column(np.int32)
        self._odd = _Column(np.float64)
        self._least = self._least_positive = math.inf
        self._greatest = -math.inf

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def last(self) -> float:
        """The latest value; NaN before the first."""
        return self._levels[0].mean[len(self) - 1] if len(self) else math.nan

    @property
    def last_step(self) -> float:
        """The latest step; 0 before the first."""
        return self._levels[0].steps[len(self) - 1] if len(self) else 0.0

    @property
    def first_step(self) -> float:
        """The first step; 0 before it."""
        return self._levels[0].steps[0] if len(self) else 0.0

    @property
    def is_dense(self) -> bool:
        """Whether there is a value for every step or so, rather than one for many steps."""
        return 2 * len(self) > self.last_step

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest finite value so far; infinities in the wrong order before the first."""
        return self._least, self._greatest

    @property
    def least_positive(self) -> float:
        """The least value above 0 so far; infinity before the first."""
        return self._least_positive

    def append(self, step: int, value: float) -> None:
        """Adds a value."""
        self.extend((step,), (value,))

    def extend(self, steps: Sequence[int] | NDArray[Any], values: ArrayLike) -> None:
        """Adds values. Where the steps go back, as those of a resumed run do, what was known from there on gives way."""
        places, numbers = np.asarray(steps, np.int32), np.asarray(values, np.float64)
        if not len(places):
            return
        if len(self) and places[0] <= self.last_step:
            self._cut(int(places[0]))
        finite = np.isfinite(numbers)
        if finite.all():
            known = numbers
        else:
            self._odd_steps.extend(places[~finite])
            self._odd.extend(numbers[~finite])
            known = numbers[finite]
        if len(known):
            self._least = min(self._least, float(known.min()))
            self._greatest = max(self._greatest, float(known.max()))
            self._least_positive = min(self._least_positive, float(known.min(initial=math.inf, where=known > 0)))
        self._levels[0].steps.extend(places)
        self._levels[0].mean.extend(numbers)
        self._build()

    def at(self, step: float) -> float:
        """The value at the step nearest to ``step``; NaN where there is none."""
        if not len(self):
            return math.nan
        lowest = self._levels[0]
        place = lowest.steps.place(step)
        if place and (place == len(self) or step - lowest.steps[place - 1] < lowest.steps[place] - step):
            place -= 1
        return lowest.mean[place]

    def all(self) -> tuple[NDArray[np.int32], Floats]:
        """Every step and value."""
        lowest = self._levels[0]
        return lowest.steps.slice(0, len(self)), lowest.mean.slice(0, len(self))

    def odd(self, first: float, last: float, limit: int) -> tuple[NDArray[np.int32], Floats]:
        """Steps and values of what is infinite or not a number between two steps; some of them where there are more than ``limit``."""
        begin, end = self._odd_steps.place(first), self._odd_steps.place(np.nextafter(last, math.inf))
        every = max(1, (end - begin) // limit)
        return self._odd_steps.slice(begin, end)[::every], self._odd.slice(begin, end)[::every]

    def curve(self, first: float, last: float, columns: int, log: bool = False) -> Curve:
        """What is drawn between two steps.

        Args:
            columns: into how many columns that stretch falls.
            log: the columns are equally wide on a logarithmic axis.
        """
        steps = self._levels[0].steps
        begin, end = max(0, steps.place(first) - 1), min(len(self), steps.place(last) + 2)
        if end - begin <= columns:
            places, *values = self._values(begin, end)
            return Curve(places.astype(np.float64), *values)
        low, high = max(first, self.first_step), min(last, self.last_step) + 1
        edges = np.geomspace(max(low, 0.5), high, columns + 1) if log else np.linspace(low, high, columns + 1)
        stripes = np.array_split(np.arange(columns), _STRIPES if log else 1)
        parts = [self._stripe(edges[stripe[0] : stripe[-1] + 2]) for stripe in stripes]
        return Curve(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _stripe(self, edges: Floats) -> Curve:
        """Some columns of a curve, all drawn from the same level."""
        begin, end = (self._levels[0].steps.place(edge) for edge in (edges[0], edges[-1]))
        level = 0
        while level + 1 < len(self._levels) and end - begin >= _PER_COLUMN * (len(edges) - 1) * _FACTOR ** (level + 1):
            level += 1
        width = _FACTOR**level
        head, tail = min(end, -(-begin // width) * width), min(end // width, len(self._levels[level])) * width
        parts = [self._values(begin, head)]
        if tail > head:
            parts.append(self._levels[level].slice(head // width, tail // width))
        parts.append(self._values(max(head, tail), end))
        steps, low, high, mean = (np.concatenate(column) for column in zip(*parts, strict=True))
        starts = np.searchsorted(steps, edges[:-1])
        starts = starts[np.diff(starts, append=len(steps)) > 0]  # a column may be empty
        if not len(starts):
            return Curve(*(np.empty(0) for _ in range(4)))
        return Curve(steps[starts].astype(np.float64), np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts), _means(mean, starts))

    def _values(self, begin: int, end: int) -> tuple[NDArray[Any], ...]:
        """Steps and finite values, as a level of the pyramid has them."""
        steps, _, _, values = self._levels[0].slice(begin, end)
        finite = np.where(np.isfinite(values), values, np.nan)
        return steps, finite, finite, finite

    def _build(self) -> None:
        """Brings the pyramid up to date."""
        below = 0
        while len(self._levels[below]) >= _FACTOR:
            if below + 1 == len(self._levels):
                self._levels.append(_Level(exact=False))
            source, level = self._levels[below], self._levels[below + 1]
            begin, end = _FACTOR * len(level), len(source) // _FACTOR * _FACTOR
            if begin == end:
                return
            entries = source.slice(begin, end) if below else self._values(begin, end)
            steps, low, high, mean = (values.reshape(-1, _FACTOR) for values in entries)
            level.steps.extend(steps[:, 0])
            with np.errstate(over="ignore"):
                level.low.extend(np.fmin.reduce(low, axis=1))
                level.high.extend(np.fmax.reduce(high, axis=1))
                level.mean.extend(_means(mean.ravel(), np.arange(0, mean.size, _FACTOR)))
            below += 1

    def _cut(self, step: int) -> None:
        """Forgets a step and all after it."""
        steps, values = (kept[: self._levels[0].steps.place(step)] for kept in self.all())
        self.__init__()  # type: ignore[misc]
        self.extend(steps, values)


class Overlay(NamedTuple):
    """An earlier run that lies under the current one.

    Attributes:
        name: of the run.
        colour: place of its colour among those of series.
        series: its metrics.
    """

    name: str
    colour: int
    series: Mapping[str, Series]


def read_series(path: Path) -> dict[str, Series]:
    """The metrics of a run from its ``metrics.jsonl``, up to a line that is damaged; none where there is no such file."""
    rows: dict[str, tuple[list[int], list[float]]] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                steps, values = rows.setdefault(row["name"], ([], []))
                steps.append(row["step"])
                values.append(float(row["value"]))
    except (OSError, ValueError, KeyError):  # a run that was killed may end in half a line
        pass
    found = {name: Series() for name in rows}
    for name, (steps, values) in rows.items():
        found[name].extend(steps, values[: len(steps)])
    return found


def smoothed(places: Floats, means: Floats, width: float) -> Floats:
    """The mean over ``width`` around each place, at the ends over what there is."""
    known = np.isfinite(means)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, means, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    begin, end = np.searchsorted(places, places - width / 2), np.searchsorted(places, places + width / 2, side="right")
    with np.errstate(invalid="ignore"):
        return np.where(known, (sums[end] - sums[begin]) / (counts[end] - counts[begin]), np.nan)


def _means(values: NDArray[Any], starts: NDArray[np.intp]) -> Floats:
    """The mean of the numbers in each group; NaN where there is none."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        means: Floats = np.add.reduceat(np.where(known, values, 0.0), starts) / np.add.reduceat(known, starts)
    return means
