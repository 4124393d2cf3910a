"""Reads the measurements of 569 tumours that come with scikit-learn."""

from __future__ import annotations

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset


def load(validation: float, seed: int) -> tuple[TensorDataset, TensorDataset]:
    """The training and the validation part; both diagnoses have the same share of both.

    Args:
        validation: share of the samples in the validation part.
        seed: fixes which samples these are.

    Returns:
        Two data sets of (measurements, diagnosis): measurements are 30 float32 with mean 0 and standard deviation 1 over the training
        part, a diagnosis an int64, 0 for malignant and 1 for benign.
    """
    tumours = load_breast_cancer()
    measurements, diagnoses = torch.from_numpy(tumours.data).float(), torch.from_numpy(tumours.target).long()
    train, held_out = train_test_split(range(len(diagnoses)), test_size=validation, random_state=seed, stratify=diagnoses)
    measurements = (measurements - measurements[train].mean(dim=0)) / measurements[train].std(dim=0)
    return TensorDataset(measurements[train], diagnoses[train]), TensorDataset(measurements[held_out], diagnoses[held_out])
