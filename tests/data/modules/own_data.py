"""Data sets of the user's own, for the tests."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset, IterableDataset

Pair = namedtuple("Pair", ["left", "right"])


class Rings(Dataset):
    """Points of two rings, one around the other."""

    classes = ("inner", "outer")

    def __init__(self, count: int = 60, train: bool = True):
        draw = np.random.default_rng(int(train))
        self.ring = np.arange(count) % 2
        angle, radius = draw.uniform(0, 2 * np.pi, count), 1 + self.ring + draw.normal(0, 0.1, count)
        self.points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        return self.points[row], int(self.ring[row])


class Several(Dataset):
    """A named pair in a dictionary, a picture of Pillow, and a quantity."""

    def __len__(self) -> int:
        return 40

    def __getitem__(self, row: int) -> dict[str, object]:
        shade = np.full((6, 5, 3), row * 6, np.uint8)
        pair = Pair(torch.full((3,), float(row)), torch.tensor([row, row + 1]))
        return {"pair": pair, "picture": Image.fromarray(shade), "size": row / 40}


class Ragged(Rings):
    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        return np.zeros(row + 1), 0


class Failing(Rings):
    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        raise KeyError("lost")


class Words(Rings):
    def __getitem__(self, row: int) -> tuple[str, int]:
        return "a word", 0


class Endless(IterableDataset):
    def __iter__(self) -> Iterator[int]:
        return count()


def small() -> Rings:
    return Rings(20)
