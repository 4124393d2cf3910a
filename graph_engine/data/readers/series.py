"""Reads a time series from a table, in windows of which each is to tell the rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph_engine.data.parts import Part, Rows, at_once, divide, fit_scale, parts
from graph_engine.data.tables import Whole, count_rows, to_moments
from graph_engine.data.unreadable import UnreadableError

ALWAYS = 2**40
"""MiB: windows overlap, so they are cut out when they are needed, and the series itself is what is kept."""


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    separator: str,
    features: Sequence[str],
    targets: Sequence[str],
    time: str,
    window: int,
    horizon: int,
    scaling: str,
    split: str,
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the rows that are forecast in the validation part, and in the test part.
        seed: fixes which windows these are, where chance decides.
        path: the file.
        separator: between cells; empty for Parquet.
        features: columns that a forecast sees.
        targets: columns that it tells.
        time: the column by which rows are put in order; empty where they are as in the file.
        window: rows that a forecast sees.
        horizon: rows that it covers.
        scaling: how columns are scaled, by the rows of the training part.
        split: ``by time``: all that one part forecasts comes after what the one before does; ``random``.

    Returns:
        Three parts of (past, future): float32 of shapes (window, features) and (horizon,), or (horizon, targets) where there are several;
        scaled both. A cell without a value lies on the line between its neighbours.

    Raises:
        UnreadableError: the file, or a column, cannot be read, or there are too few rows; one sentence.
    """
    file = Path(path)
    columns = list(dict.fromkeys([*features, *targets]))
    count = count_rows(file, separator)
    table = Whole(file, separator, list(dict.fromkeys([*columns, *([time] if time else [])])))
    order = np.arange(count)
    if time:
        moments = to_moments(table.words(time, order))
        if np.isnan(moments).any():
            raise UnreadableError(f"The column {time!r} of {file.name} does not hold the time of every row: choose another column.")
        order = np.argsort(moments, kind="stable")
    values = np.stack([without_gaps(table.numbers(name, order), name, file) for name in columns], axis=1)
    starts = split_windows(count, split, validation, test, seed, window, horizon)
    last = int(starts[0][-1]) + window + horizon  # rows that the training part knows
    scale = fit_scale(scaling, at_once(values[:last]))
    scaled = scale(values)
    seen, told = [columns.index(name) for name in features], [columns.index(name) for name in targets]

    def read(some: Rows) -> tuple[Tensor, ...]:
        past = scaled[some[:, None] + np.arange(window)][:, :, seen]
        future = scaled[some[:, None] + np.arange(window, window + horizon)][:, :, told]
        return torch.from_numpy(past), torch.from_numpy(future[:, :, 0] if len(told) == 1 else future)

    plain = scale.plain()
    of_targets = {end: [np.broadcast_to(plain[end], len(columns))[column] for column in told] for end in ("offset", "width")}
    preparation = {"columns": columns, **plain, "targets": {"future": of_targets}}
    return parts(read, starts, ALWAYS if count * window * len(columns) < 2**27 else 0, preparation)


def split_windows(count: int, split: str, validation: float, test: float, seed: int, window: int, horizon: int) -> list[Rows]:
    """Where the windows of each part begin."""
    starts = np.arange(count - window - horizon + 1)
    few = UnreadableError(
        f"{count} rows are too few for a window of {window}, a horizon of {horizon} and these shares: make one of them smaller."
    )
    if split == "random":
        if len(starts) < 3:
            raise few
        return divide(len(starts), split, validation, test, seed)
    first, second = round(count * (1 - validation - test)), round(count * (1 - test))  # rows at which the parts end
    found = [np.arange(begin - window, end - horizon - window + 1) for begin, end in ((window, first), (first, second), (second, count))]
    if first < window or not all(map(len, found)):
        raise few
    return found


def without_gaps(values: NDArray[Any], name: str, file: Path) -> NDArray[Any]:
    """A column whose missing values lie on the line between their neighbours."""
    known = ~np.isnan(values)
    if not known.any():
        raise UnreadableError(f"The column {name!r} of {file.name} holds no numbers: choose another column.")
    return np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
