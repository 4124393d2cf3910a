"""Positions as rotations (Su et al., 2021, "RoFormer", section 3.2.2)."""

import torch
from torch import Tensor, nn


class RotaryEmbedding(nn.Module):
    """Turns the pairs of features of (..., T, features), the further the later.

    For queries and keys: their products then depend on distances only.
    """

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def forward(self, x: Tensor) -> Tensor:
        length, features = x.size(-2), x.size(-1)
        position = torch.arange(length, device=x.device).unsqueeze(1)
        even = torch.arange(0, features, 2, device=x.device)
        angle = position * self.base ** (-even / features)
        cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        first, second = x[..., 0::2], x[..., 1::2]
        turned = (first * cos - second * sin, first * sin + second * cos)
        return torch.stack(turned, dim=-1).flatten(-2)
