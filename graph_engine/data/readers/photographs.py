"""Cuts the two photographs that come with scikit-learn into patches, to be cleaned of noise."""

from __future__ import annotations

import torch
from sklearn.datasets import load_sample_images
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.utils.data import TensorDataset

SIDE = 32  # pixels of a patch


def load(validation: float, test: float, seed: int, noise: float) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; patches do not overlap, and both photographs have the same share of each part.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are, and the noise.
        noise: its standard deviation, where colours go from 0 to 1.

    Returns:
        Three data sets of (noisy, clean): float32 of shape (3, 32, 32); the clean ones lie between 0 and 1.
    """
    photographs = [cut_up(torch.tensor(pixels).permute(2, 0, 1).float().div(255)) for pixels in load_sample_images().images]
    clean = torch.cat(photographs)
    origin = [number for number, patches in enumerate(photographs) for _ in patches]
    noisy = clean + noise * torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    rest, test_rows = train_test_split(range(len(clean)), test_size=test, random_state=seed, stratify=origin)
    left = [origin[row] for row in rest]
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed, stratify=left)
    return tuple(TensorDataset(noisy[rows], clean[rows]) for rows in (train_rows, validation_rows, test_rows))


def cut_up(photograph: Tensor) -> Tensor:
    """The patches of a photograph, (number, 3, 32, 32); what is left over at its right and lower edge is left out."""
    patches = photograph.unfold(1, SIDE, SIDE).unfold(2, SIDE, SIDE)
    return patches.permute(1, 2, 0, 3, 4).reshape(-1, 3, SIDE, SIDE)
