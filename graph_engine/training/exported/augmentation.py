"""Changes pictures at random before the network learns from them: mirrored, moved, turned, in other colours, covered, laid over each other.

Whatever chance decides about a sample follows from the seed, the epoch and the number of the sample alone. So a run that goes on in the
middle of an epoch sees the same pictures, whoever shares a batch with whom, and no other random number is touched.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from kornia.enhance import (
    adjust_brightness_accumulative,
    adjust_contrast_with_mean_subtraction,
    adjust_hue,
    adjust_saturation_with_gray_subtraction,
)
from kornia.geometry.transform import get_affine_matrix2d, warp_affine
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

MIRROR, UPEND, ACROSS, DOWN, PART, TURN, BRIGHTNESS, CONTRAST, SATURATION, HUE, ERASE, AREA, ASPECT, LEFT, TOP, PARTNER = range(16)
"""What each random number of a sample decides; all are drawn, so that switching one thing on does not change another."""

SMALLEST = 0.02  # share of a picture that is covered at least


class Samples(Protocol):
    """A part of the data: the tensors of some samples by their numbers."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor, /) -> tuple[Tensor, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What is done to the samples of the training data. Where colours were scaled, that is undone first and done again afterwards.

    Attributes:
        pictures: the place in a sample of each input that is a picture, by its name.
        answers: of each target that is a picture: it is mirrored, moved and turned as the inputs are, and nothing else.
        classes: for `mixup`: how many classes there are, by the place of the target.
        mirror: probability that left and right change places.
        upend: probability that above and below do.
        shift: pixels by which a picture is moved at most; what comes in is black.
        part: the least share of height and width that is enlarged to the whole.
        rotation: degrees by which it is turned at most, to either side; what comes in is black.
        brightness, contrast, saturation: how far their factors are from 1 at most.
        hue: how far colours move around their circle at most, in turns.
        erase: probability that a rectangle becomes black.
        erased: the share of the picture that it covers at most.
        mixup: both parameters of the beta distribution of one sample's share in the mean of two; 0 for none.
    """

    pictures: Mapping[str, int]
    answers: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[int, int] = field(default_factory=dict)
    mirror: float = 0.0
    upend: float = 0.0
    shift: int = 0
    part: float = 1.0
    rotation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    erase: float = 0.0
    erased: float = 0.2
    mixup: float = 0.0

    def __call__(self, data: Samples, rows: Tensor, seed: int, epoch: int) -> tuple[Tensor, ...]:
        """Samples of the training data, by their numbers, as an epoch has them."""
        chance, shares = (drawn.to(rows.device) for drawn in self._draw(rows.tolist(), seed, epoch))
        samples = list(data[rows])
        if self.mixup:
            samples = self._mix(samples, data[(chance[:, PARTNER] * len(data)).long()], shares)
        for name, place in {**self.pictures, **self.answers}.items():
            scale = getattr(data, "preparation", {}).get(name, {})
            samples[place] = self._change(samples[place], chance, place in self.pictures.values(), scale)
        return tuple(samples)

    def _draw(self, rows: list[int], seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Numbers from 0 to 1 for each sample, and its share where it is mixed with another one."""
        chance, shares = np.empty((len(rows), PARTNER + 1), np.float32), np.ones(len(rows), np.float32)
        for place, row in enumerate(rows):
            draw = np.random.Generator(np.random.Philox(key=(seed, epoch), counter=(0, row, 0, 0)))
            draw.random(dtype=np.float32, out=chance[place])
            if self.mixup:
                shares[place] = draw.beta(self.mixup, self.mixup)
        return torch.from_numpy(chance), torch.from_numpy(shares)

    def _mix(self, samples: list[Tensor], others: tuple[Tensor, ...], shares: Tensor) -> list[Tensor]:
        """Weighted means of samples and others; classes become the shares of all classes."""
        mixed = []
        for place, pair in enumerate(zip(samples, others, strict=True)):
            one, other = (F.one_hot(t, self.classes[place]).float() if place in self.classes else t for t in pair)
            mixed.append(torch.lerp(other, one, _wide(shares, one)))
        return mixed

    def _change(self, picture: Tensor, chance: Tensor, is_input: bool, scale: Mapping[str, Any]) -> Tensor:
        """Pictures, (number, colours, height, width), each by its own numbers."""
        if not scale:
            return self._paint(self._move(picture, chance), chance) if is_input else self._move(picture, chance)
        offset, width = (picture.new_tensor(scale[name]) for name in ("offset", "width"))
        return (self._change(picture * width + offset, chance, is_input, {}) - offset) / width

    def _move(self, picture: Tensor, chance: Tensor) -> Tensor:
        if self.mirror:
            picture = torch.where(_wide(chance[:, MIRROR] < self.mirror, picture), picture.flip(-1), picture)
        if self.upend:
            picture = torch.where(_wide(chance[:, UPEND] < self.upend, picture), picture.flip(-2), picture)
        if not (self.shift or self.part < 1 or self.rotation):
            return picture
        height, width = picture.shape[-2:]
        size = picture.new_tensor([width, height])
        zoom = 1 / (1 - (1 - self.part) * chance[:, [PART, PART]])
        places = chance[:, [ACROSS, DOWN]]
        steps = (places * (2 * self.shift + 1)).floor().clamp(max=2 * self.shift) - self.shift
        moved = steps + (places - 0.5) * (zoom - 1) * size
        angles = (2 * chance[:, TURN] - 1) * self.rotation
        matrix = get_affine_matrix2d(moved, ((size - 1) / 2).expand(len(picture), 2), zoom, angles)
        return warp_affine(picture, matrix[:, :2], (height, width))

    def _paint(self, picture: Tensor, chance: Tensor) -> Tensor:
        around = 2 * chance - 1
        if self.brightness:
            picture = adjust_brightness_accumulative(picture, 1 + self.brightness * around[:, BRIGHTNESS])
        if self.contrast:
            picture = adjust_contrast_with_mean_subtraction(picture, 1 + self.contrast * around[:, CONTRAST])
        if self.saturation and picture.shape[1] == 3:
            picture = adjust_saturation_with_gray_subtraction(picture, 1 + self.saturation * around[:, SATURATION])
        if self.hue and picture.shape[1] == 3:
            picture = adjust_hue(picture, 2 * math.pi * self.hue * around[:, HUE])
        return picture.masked_fill(self._covered(picture, chance), 0.0) if self.erase else picture

    def _covered(self, picture: Tensor, chance: Tensor) -> Tensor:
        """Where the rectangle of each picture is, if it has one; its sides are up to three to one."""
        area = SMALLEST + (self.erased - SMALLEST) * chance[:, AREA]
        ratio = 3 ** (chance[:, ASPECT] - 0.5)
        inside = []
        for dim, share, begin in ((-2, (area.sqrt() * ratio), TOP), (-1, area.sqrt() / ratio, LEFT)):
            share = share.clamp(max=1.0)[:, None]
            first = chance[:, [begin]] * (1 - share)
            middles = (torch.arange(picture.shape[dim], device=picture.device) + 0.5) / picture.shape[dim]
            inside.append((middles >= first) & (middles < first + share))
        covered = inside[0][:, None, :, None] & inside[1][:, None, None, :]
        return covered & _wide(chance[:, ERASE] < self.erase, picture)


def _wide(values: Tensor, like: Tensor) -> Tensor:
    """A value for each sample, with the dimensions of the samples."""
    return values.view(-1, *[1] * (like.dim() - 1))
