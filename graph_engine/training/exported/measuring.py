"""Metrics of torchmetrics as sums over samples: exact over batches of any size, over several processes, and where a run goes on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import torch
from torch import Tensor
from torchmetrics import Metric


def added(metric: Metric, outputs: Tensor, targets: Tensor) -> Tensor:
    """What some samples add to the state of a metric, as a row of numbers."""
    metric.reset()
    metric.update(outputs.detach(), targets)
    return torch.cat([value.flatten().float() for value in metric.metric_state.values()])


def sizes(metrics: Mapping[str, Metric]) -> int:
    """How many numbers the states of some metrics have together."""
    return sum(value.numel() for metric in metrics.values() for value in metric.metric_state.values())


def results(metrics: Mapping[str, Metric], sums: list[float]) -> dict[str, float]:
    """The values of some metrics, from what was added up for each of them in turn."""
    found, place = {}, 0
    for name, metric in metrics.items():
        metric.reset()
        for key, value in metric.metric_state.items():
            part = torch.tensor(sums[place : place + value.numel()], device=value.device)
            setattr(metric, key, part.to(value.dtype).reshape(value.shape))
            place += value.numel()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there was no update: what was added up stands in its place
            found[name] = float(metric.compute())
    return found
