"""The values of one metric as they stream in, kept so that drawing stays cheap however long the run."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Points = tuple[NDArray[np.float64], NDArray[np.float64]]

SMOOTHING = 0.9
"""Share of the running mean that carries over from one value to the next."""


class Series:
    """Steps and values of one metric, and their running mean, in arrays that grow by doubling."""

    def __init__(self) -> None:
        self._data = np.empty((3, 256))
        self._length = 0
        self._mean = 0.0
        self._weight = 0.0
        self._least = math.inf
        self._greatest = -math.inf

    def __len__(self) -> int:
        return self._length

    @property
    def last(self) -> float:
        """The latest value; NaN before the first."""
        return float(self._data[1, self._length - 1]) if self._length else math.nan

    @property
    def last_step(self) -> float:
        """The latest step; 0 before the first."""
        return float(self._data[0, self._length - 1]) if self._length else 0.0

    @property
    def is_dense(self) -> bool:
        """Whether there is a value for every step or so, rather than one for many steps."""
        return 2 * self._length > self.last_step

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest finite value so far; infinities in the wrong order before the first."""
        return self._least, self._greatest

    def append(self, step: float, value: float) -> None:
        """Adds a value. A value that is no finite number leaves a gap and does not enter the mean."""
        if self._length == self._data.shape[1]:
            self._data = np.concatenate([self._data, np.empty_like(self._data)], axis=1)
        if math.isfinite(value):
            self._mean = SMOOTHING * self._mean + (1 - SMOOTHING) * value
            self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
            self._least = min(self._least, value)
            self._greatest = max(self._greatest, value)
        smooth = self._mean / self._weight if self._weight and math.isfinite(value) else math.nan
        self._data[:, self._length] = step, value, smooth
        self._length += 1

    def at(self, step: float) -> float:
        """The value at the step nearest to ``step``; NaN where there is none."""
        if not self._length:
            return math.nan
        steps = self._data[0, : self._length]
        place = int(np.searchsorted(steps, step))
        if place and (place == self._length or step - steps[place - 1] < steps[place] - step):
            place -= 1
        return float(self._data[1, place])

    def raw(self, first: float, last: float, columns: int) -> Points:
        """The values between two steps, at most the least and the greatest of each of ``columns`` stretches."""
        steps, values, _ = self._between(first, last)
        if len(steps) <= 2 * columns:
            return steps, values
        per = len(steps) // columns
        whole = per * columns
        grid = values[:whole].reshape(columns, per)
        bounds = np.stack([np.fmin.reduce(grid, axis=1), np.fmax.reduce(grid, axis=1)], axis=1).ravel()
        places = np.repeat(steps[:whole:per], 2)
        return np.append(places, steps[whole:]), np.append(bounds, values[whole:])

    def smooth(self, first: float, last: float, columns: int) -> Points:
        """The running mean between two steps, about one point for each of ``columns`` stretches."""
        steps, _, means = self._between(first, last)
        every = max(1, len(steps) // columns)
        if every == 1:
            return steps, means
        return np.append(steps[::every], steps[-1:]), np.append(means[::every], means[-1:])  # the last point moves with the run

    def _between(self, first: float, last: float) -> NDArray[np.float64]:
        steps = self._data[0, : self._length]
        begin = max(0, int(np.searchsorted(steps, first)) - 1)
        end = min(self._length, int(np.searchsorted(steps, last, side="right")) + 1)
        return self._data[:, begin:end]
