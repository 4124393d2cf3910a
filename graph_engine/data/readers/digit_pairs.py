"""Reads pairs of the handwritten digits that come with scikit-learn: of one digit, or of two different ones."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.utils.data import TensorDataset


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; no picture is in two of them, and half of the pairs of each show one digit.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are, and the pairs.

    Returns:
        Three data sets of (left, right, label): pictures are float32 of shape (1, 8, 8) from 0 to 1, labels int64, 1 where both show the
        same digit. Each picture stands on the left eight times, four times with its like.
    """
    digits = load_digits()
    images = torch.from_numpy(digits.images).float().div(16).unsqueeze(1)
    labels = torch.from_numpy(digits.target).long()
    rest, test_rows = train_test_split(range(len(labels)), test_size=test, random_state=seed, stratify=labels)
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed, stratify=labels[rest])
    generator = torch.Generator().manual_seed(seed)
    return tuple(pairs(images[rows], labels[rows], generator) for rows in (train_rows, validation_rows, test_rows))


def pairs(images: Tensor, labels: Tensor, generator: torch.Generator) -> TensorDataset:
    """Each picture with four others of its digit, and with four of other digits."""
    like, unlike = torch.empty(4, len(labels), dtype=torch.long), torch.empty(4, len(labels), dtype=torch.long)
    for digit in labels.unique():
        same, others = (labels == digit).nonzero().flatten(), (labels != digit).nonzero().flatten()
        same = same[torch.randperm(len(same), generator=generator)]
        for i in range(4):
            like[i, same] = same.roll(i + 1)
            unlike[i, same] = others[torch.randint(len(others), (len(same),), generator=generator)]
    left, right = images.repeat(8, 1, 1, 1), images[torch.cat([*like, *unlike])]
    return TensorDataset(left, right, (torch.arange(len(left)) < len(left) // 2).long())
