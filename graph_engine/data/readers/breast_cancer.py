"""Reads the measurements of 569 tumours that come with scikit-learn."""

from __future__ import annotations

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; both diagnoses have the same share of each.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.

    Returns:
        Three data sets of (measurements, diagnosis): measurements are 30 float32 with mean 0 and standard deviation 1 over the training
        part, a diagnosis an int64, 0 for malignant and 1 for benign.
    """
    tumours = load_breast_cancer()
    measurements, diagnoses = torch.from_numpy(tumours.data).float(), torch.from_numpy(tumours.target).long()
    rest, test_rows = train_test_split(range(len(diagnoses)), test_size=test, random_state=seed, stratify=diagnoses)
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed, stratify=diagnoses[rest])
    measurements = (measurements - measurements[train_rows].mean(dim=0)) / measurements[train_rows].std(dim=0)
    return tuple(TensorDataset(measurements[rows], diagnoses[rows]) for rows in (train_rows, validation_rows, test_rows))
