"""Reads the monthly carbon dioxide in the air at Mauna Loa, from the file beside this one."""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import TensorDataset


def load(validation: float, test: float, seed: int, window: int, horizon: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; the months that one of them forecasts all come after those of the one before.

    Args:
        validation, test: share of the months that are forecast in the validation part, and in the test part, which is the end.
        seed: without effect, as time decides which months these are.
        window: months that a forecast sees.
        horizon: months that it covers.

    Returns:
        Three data sets of (past, future): float32 of shapes (window, 1) and (horizon,), in parts per million above the last month
        of the past.
    """
    series = read_series()
    first, second = round(len(series) * (1 - validation - test)), round(len(series) * (1 - test))  # months at which the parts end
    parts = []
    for begin, end in ((window, first), (first, second), (second, len(series))):
        starts = range(begin - window, end - horizon - window + 1)
        if begin < window or not starts:
            raise ValueError(f"{len(series)} months are too few for a window of {window}, a horizon of {horizon} and these shares.")
        parts.append(cut_out(series, starts, window, horizon))
    return tuple(parts)


def cut_out(series: Tensor, starts: range, window: int, horizon: int) -> TensorDataset:
    """The stretches of a series that begin at some months, as past and future."""
    stretches = torch.stack([series[start : start + window + horizon] for start in starts])
    past, future = stretches[:, :window], stretches[:, window:]
    last = past[:, -1:]
    return TensorDataset((past - last).unsqueeze(2), future - last)


def read_series() -> Tensor:
    """Parts per million for each month since March 1958; a month without a measurement lies on the line between its neighbours."""
    with Path(__file__).with_name("co2_mauna_loa.csv").open(encoding="utf-8", newline="") as file:
        months = [float(row["ppm"]) if row["ppm"] else None for row in csv.DictReader(file)]
    series: list[float] = []
    for i, ppm in enumerate(months):
        if ppm is None:
            after, following = next((k, value) for k, value in enumerate(months[i:]) if value is not None)
            ppm = series[-1] + (following - series[-1]) / (after + 1)
        series.append(ppm)
    return torch.tensor(series)
