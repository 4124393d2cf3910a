"""Reads the analyses of 178 wines that come with scikit-learn."""

from __future__ import annotations

import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; every cultivar has the same share of each.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.

    Returns:
        Three data sets of (analysis, cultivar): an analysis is 13 float32 with mean 0 and standard deviation 1 over the training part, a
        cultivar an int64 from 0 to 2.
    """
    wine = load_wine()
    analyses, cultivars = torch.from_numpy(wine.data).float(), torch.from_numpy(wine.target).long()
    rest, test_rows = train_test_split(range(len(cultivars)), test_size=test, random_state=seed, stratify=cultivars)
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed, stratify=cultivars[rest])
    analyses = (analyses - analyses[train_rows].mean(dim=0)) / analyses[train_rows].std(dim=0)
    return tuple(TensorDataset(analyses[rows], cultivars[rows]) for rows in (train_rows, validation_rows, test_rows))
