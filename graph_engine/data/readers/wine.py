"""Reads the analyses of 178 wines that come with scikit-learn."""

from __future__ import annotations

import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, seed: int) -> tuple[TensorDataset, TensorDataset]:
    """The training and the validation part; every cultivar has the same share of both.

    Args:
        validation: share of the samples in the validation part.
        seed: fixes which samples these are.

    Returns:
        Two data sets of (analysis, cultivar): an analysis is 13 float32 with mean 0 and standard deviation 1 over the training part, a
        cultivar an int64 from 0 to 2.
    """
    wine = load_wine()
    analyses, cultivars = torch.from_numpy(wine.data).float(), torch.from_numpy(wine.target).long()
    train, held_out = train_test_split(range(len(cultivars)), test_size=validation, random_state=seed, stratify=cultivars)
    analyses = (analyses - analyses[train].mean(dim=0)) / analyses[train].std(dim=0)
    return TensorDataset(analyses[train], cultivars[train]), TensorDataset(analyses[held_out], cultivars[held_out])
