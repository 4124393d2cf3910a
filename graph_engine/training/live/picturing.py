"""Makes small pictures and figures of tensors."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its own documentation's name)

from graph_engine.training.live.value import BROKEN, CARD, TOP, NodeValue

FEW = 48
"""Up to so many numbers in a row are shown one by one."""

PARTS = 32
"""Bars of a histogram."""


class Size(NamedTuple):
    """How much is sent of a tensor.

    Attributes:
        width, height: room for it, in pixels of its own where it has so many.
        side: the most rows and columns of a plane.
        pixels: the most in all.
        detailed: whether the histogram is sent too.
    """

    width: int
    height: int
    side: int
    pixels: int
    detailed: bool = False


ON_CARD = Size(*CARD, side=32, pixels=4_000)
IN_DETAIL = Size(320, 320, side=96, pixels=60_000, detailed=True)


def value_of(place: Sequence[str], node: str, port: str, tensor: Tensor, batch: int | None, size: Size, colour: bool = False) -> NodeValue:
    """The value of an output.

    Args:
        place, node, port: whose it is.
        tensor: of one sample.
        batch: the dimension of the batch, or None.
        size: how much of it.
        colour: whether three planes are the colours of a picture.
    """
    whole = alone(tensor, batch)
    numbers = whole.to("cpu", torch.float32)
    value = _measured(NodeValue(tuple(place), node, port, "number", tuple(whole.shape), str(whole.dtype).removeprefix("torch.")), numbers)
    if size.detailed and numbers.numel() > 1:
        value = value._replace(counts=_counts(numbers, value.least, value.most))
    if numbers.numel() <= 1:
        return value
    if numbers.dim() == 1 or max(numbers.shape) == numbers.numel():
        row = numbers.reshape(1, 1, -1)
        return _shaded(value._replace(kind="bars" if row.numel() <= FEW else "strip", planes=1), row, size)
    if numbers.dim() == 2:
        over_time = batch is not None and numbers.shape[0] != numbers.shape[1]  # a mask, or who looks at whom, is read row by row
        return _shaded(value._replace(kind="strip", planes=1), (numbers.t() if over_time else numbers).unsqueeze(0), size)
    planes = numbers.reshape(-1, *numbers.shape[-2:])
    if colour and len(planes) == 3:
        return _shaded(value._replace(kind="picture", planes=1), planes, size)
    return _shaded(value._replace(kind="maps", planes=len(planes)), planes[: _fitting(planes, size)], size)


def alone(tensor: Tensor, batch: int | None) -> Tensor:
    """A tensor without its batch, of which the first sample is taken."""
    tensor = tensor.detach()
    return tensor if batch is None or batch >= tensor.dim() else tensor.select(batch, 0)


def _measured(value: NodeValue, numbers: Tensor) -> NodeValue:
    finite = numbers[torch.isfinite(numbers)] if not bool(torch.isfinite(numbers).all()) else numbers
    count = max(1, numbers.numel())
    value = value._replace(nans=int(numbers.isnan().sum()), infinities=int(numbers.isinf().sum()), zeros=int((numbers == 0).sum()) / count)
    if not finite.numel():
        return value
    least, most = (float(end) for end in finite.aminmax())
    high = max(-least, most)
    return value._replace(
        least=least,
        most=most,
        mean=float(finite.mean(dtype=torch.float64)),
        std=float(finite.double().std(correction=0)),
        low=-high if least < 0 else least,
        high=high if least < 0 else most,
    )


def _counts(numbers: Tensor, least: float, most: float) -> tuple[int, ...]:
    finite = numbers[torch.isfinite(numbers)].double()
    if not finite.numel():
        return ()
    return tuple(int(count) for count in torch.histc(finite, PARTS, min=least, max=most if most > least else least + 1))


def _fitting(planes: Tensor, size: Size) -> int:
    """How many planes are shown."""
    count, rows, columns = planes.shape
    if not size.detailed:
        width = max(6.0, size.height * columns / max(1, rows))
        return min(count, max(1, int((size.width + 2) // (width + 2))))
    return min(count, 64)


def _shaded(value: NodeValue, planes: Tensor, size: Size) -> NodeValue:
    """The value with its shades: the mean of what falls on one pixel."""
    tiles, rows, columns = planes.shape
    limit = size.side if value.kind != "strip" else max(size.width, size.side)
    wanted = min(rows, size.height, size.side), min(columns, limit)
    while tiles * wanted[0] * wanted[1] > size.pixels:
        wanted = max(1, wanted[0] * 3 // 4), max(1, wanted[1] * 3 // 4)
    broken = ~torch.isfinite(planes)
    planes = planes.masked_fill(broken, 0.0)
    if wanted != (rows, columns):
        planes = F.adaptive_avg_pool2d(planes, wanted)
        broken = F.adaptive_max_pool2d(broken.float(), wanted) > 0
    span = value.high - value.low
    shares = (planes.double() - value.low) / span if span > 0 else torch.full_like(planes, 1.0 if value.high else 0.0)
    shades = (shares.clamp(0, 1) * TOP).round().to(torch.uint8).masked_fill(broken, BROKEN)
    packed = base64.b64encode(bytes(shades.flatten().tolist())).decode()
    return value._replace(tiles=tiles, rows=wanted[0], columns=wanted[1], shades=packed)
