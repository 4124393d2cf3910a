"""Reads the handwritten digits that come with scikit-learn, as 8×8 pictures that are to be given back."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; every class has the same share of each.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.

    Returns:
        Three data sets of (image, same): both are the same picture, float32 of shape (1, 8, 8) from 0 to 1.
    """
    digits = load_digits()
    images, labels = torch.from_numpy(digits.images).float().div(16).unsqueeze(1), digits.target
    rest, test_rows = train_test_split(range(len(labels)), test_size=test, random_state=seed, stratify=labels)
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed, stratify=labels[rest])
    return tuple(TensorDataset(images[rows], images[rows]) for rows in (train_rows, validation_rows, test_rows))
