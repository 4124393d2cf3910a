"""Makes pictures of samples as some epochs will have them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its own documentation's name)

from graph_engine.training.exported.augmentation import Augmentation
from graph_engine.training.live.augmented import EPOCHS, SAMPLES, Picture
from graph_engine.training.live.sample import Data

LARGEST = 96
"""Pixels of a side of a picture at most; a larger one is shrunk."""

NOTABLE = 0.005
"""A smaller share of a class is not told."""


def samples(data: Data, request: Mapping[str, Any]) -> tuple[tuple[Picture, ...], ...]:
    """Some samples as they are, and then as each of the first epochs has them, pixel by pixel as in a run with that seed.

    Args:
        data: what was read.
        request: as `graph_engine.training.live.request.describe_augmented` makes it, with ``start``: which samples.
    """
    given = dict(request["augmentation"])
    given["classes"] = {int(place): count for place, count in given.get("classes", {}).items()}  # JSON has no whole numbers for keys
    augmentation, part = Augmentation(**given), data.parts[0]
    step = max(1, len(part) // SAMPLES)
    rows = torch.arange(request["start"] % step, len(part), step)[:SAMPLES]
    epochs = [part[rows], *(augmentation(part, rows, request["seed"], epoch) for epoch in range(1, EPOCHS + 1))]
    name, place = next(iter(augmentation.pictures.items()))
    scale = getattr(part, "preparation", {}).get(name, {"offset": 0.0, "width": 1.0})
    offset, width = torch.tensor(scale["offset"]), torch.tensor(scale["width"])
    shown = [tensors[place] * width + offset for tensors in epochs]
    low, high = shown[0].amin().clamp(max=0.0), shown[0].amax().clamp(min=1.0)
    return tuple(
        tuple(
            small_picture((pictures[i] - low) / (high - low), _told(data, [tensor[i] for tensor in tensors]))
            for pictures, tensors in zip(shown, epochs, strict=True)
        )
        for i in range(len(rows))
    )


def small_picture(shares: Tensor, told: str) -> Picture:
    """A picture of one or three colours, each from 0 to 1."""
    larger = max(shares.shape[-2:])
    if larger > LARGEST:
        sides = [max(1, round(side * LARGEST / larger)) for side in shares.shape[-2:]]
        shares = F.interpolate(shares.unsqueeze(0), size=sides, mode="area")[0]
    pixels = (shares.clamp(0, 1) * 255).round().byte().expand(3, -1, -1).permute(1, 2, 0).contiguous()
    height, width, _ = pixels.shape
    return Picture(width, height, base64.b64encode(pixels.numpy().tobytes()).decode("ascii"), told)


def _told(data: Data, sample: list[Tensor]) -> str:
    """What is expected for a sample; of mixed classes the shares, the greatest first."""
    count = len(data.option.inputs)
    mixed = [
        (tensor, field) for tensor, field in zip(sample[count:], data.option.targets, strict=True) if field.classes and tensor.dim() == 1
    ]
    if not mixed:
        return data.told([tensor.unsqueeze(0) for tensor in sample])
    words = []
    for shares, field in mixed:
        there = sorted(((float(share), name) for share, name in zip(shares, field.classes, strict=True) if share > NOTABLE), reverse=True)
        words.append("\n".join(name if len(there) == 1 else f"{share:.0%} {name}" for share, name in there))
    return " · ".join(words)
