"""Positions as sines and cosines (Vaswani et al., 2017, "Attention Is All You Need", section 3.5)."""

import math

import torch
from torch import Tensor, nn


class SinusoidalPositionalEncoding(nn.Module):
    """Adds to (N, T, features) what tells the positions apart, for any length."""

    def forward(self, x: Tensor) -> Tensor:
        length, features = x.size(1), x.size(2)
        position = torch.arange(length, device=x.device).unsqueeze(1)
        even = torch.arange(0, features, 2, device=x.device)
        angle = position * torch.exp(even * (-math.log(10_000.0) / features))
        table = torch.stack((angle.sin(), angle.cos()), dim=2).flatten(1)
        return x + table[:, :features].to(x.dtype)
