"""The mask that hides what lies behind the ends of sequences."""

import torch
from torch import Tensor, nn


class LengthMask(nn.Module):
    """From lengths (N,) the mask (N, T) of (N, T, ...), true behind the ends."""

    def forward(self, lengths: Tensor, x: Tensor) -> Tensor:
        return torch.arange(x.size(1), device=x.device) >= lengths.unsqueeze(1)
