"""Reads the handwritten digits that come with scikit-learn, enlarged to 28×28 pictures."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import TensorDataset


def load(validation: float, seed: int) -> tuple[TensorDataset, TensorDataset]:
    """The training and the validation part; every class has the same share of both.

    Args:
        validation: share of the samples in the validation part.
        seed: fixes which samples these are.

    Returns:
        Two data sets of (image, label): images are float32 of shape (1, 28, 28) from 0 to 1, labels int64 from 0 to 9.
    """
    digits = load_digits()
    images = torch.from_numpy(digits.images).float().div(16).unsqueeze(1)
    images = F.interpolate(images, size=(28, 28), mode="bilinear")
    labels = torch.from_numpy(digits.target).long()
    train, held_out = train_test_split(range(len(labels)), test_size=validation, random_state=seed, stratify=labels)
    return TensorDataset(images[train], labels[train]), TensorDataset(images[held_out], labels[held_out])
