"""Positions as learned vectors."""

import torch
from torch import Tensor, nn


class LearnedPositionalEmbedding(nn.Module):
    """Adds a learned vector to each of up to max_length steps of (N, T, features)."""

    def __init__(self, features: int, max_length: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max_length, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight[: x.size(1)]
