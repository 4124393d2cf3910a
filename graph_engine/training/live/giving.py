"""Tells what a network receives of some samples, in words or as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from graph_engine.settings.datasets import Field
from graph_engine.training.live.augmented import Picture
from graph_engine.training.live.augmenting import small_picture
from graph_engine.training.live.given import SAMPLES
from graph_engine.training.live.sample import Data

NUMBERS = 8
"""Numbers of a tensor that are told."""


def samples(data: Data, request: Mapping[str, Any]) -> tuple[tuple[str | Picture, ...], ...]:
    """Some samples of the training part.

    Args:
        data: what was read.
        request: with ``start``: which samples.
    """
    count = len(data.parts[0])
    step = max(1, count // SAMPLES)
    found = []
    for row in range(request["start"] % step, count, step)[:SAMPLES]:
        tensors = data.sample("train", row)
        fields = data.option.inputs + data.option.targets
        found.append(tuple(_told(data, tensor[0], field) for tensor, field in zip(tensors, fields, strict=True)))
    return tuple(found)


def _told(data: Data, tensor: Tensor, field: Field) -> str | Picture:
    if field.has_pixels:
        low, high = tensor.aminmax()
        return small_picture((tensor - low) / (high - low).clamp(min=1e-6), "")
    return data.in_words(tensor, field) or _numbers(tensor)


def _numbers(tensor: Tensor) -> str:
    """The first numbers of a tensor."""
    if not tensor.dtype.is_floating_point:
        words = [str(number) for number in tensor.flatten()[:NUMBERS].tolist()]
    else:
        words = [f"{number:.4g}" for number in tensor.flatten()[:NUMBERS].to(torch.float64).tolist()]
    return "  ".join(words) + ("  …" if tensor.numel() > NUMBERS else "")
