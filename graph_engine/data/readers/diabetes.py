"""Reads the records of 442 people with diabetes that come with scikit-learn."""

from __future__ import annotations

import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, seed: int) -> tuple[TensorDataset, TensorDataset]:
    """The training and the validation part.

    Args:
        validation: share of the samples in the validation part.
        seed: fixes which samples these are.

    Returns:
        Two data sets of (record, progression): 10 float32 and 1 float32, all with mean 0 and standard deviation 1 over the training part.
    """
    people = load_diabetes(scaled=False)
    records, progression = torch.from_numpy(people.data).float(), torch.from_numpy(people.target).float().unsqueeze(1)
    train, held_out = train_test_split(range(len(records)), test_size=validation, random_state=seed)
    records = (records - records[train].mean(dim=0)) / records[train].std(dim=0)
    progression = (progression - progression[train].mean(dim=0)) / progression[train].std(dim=0)
    return TensorDataset(records[train], progression[train]), TensorDataset(records[held_out], progression[held_out])
