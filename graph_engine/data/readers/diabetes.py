"""Reads the records of 442 people with diabetes that come with scikit-learn."""

from __future__ import annotations

import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.

    Returns:
        Three data sets of (record, progression): 10 float32 and 1 float32, all with mean 0 and standard deviation 1 over the training part.
    """
    people = load_diabetes(scaled=False)
    records, progression = torch.from_numpy(people.data).float(), torch.from_numpy(people.target).float().unsqueeze(1)
    rest, test_rows = train_test_split(range(len(records)), test_size=test, random_state=seed)
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed)
    records = (records - records[train_rows].mean(dim=0)) / records[train_rows].std(dim=0)
    progression = (progression - progression[train_rows].mean(dim=0)) / progression[train_rows].std(dim=0)
    return tuple(TensorDataset(records[rows], progression[rows]) for rows in (train_rows, validation_rows, test_rows))
