"""The mask that hides what comes later."""

import torch
from torch import Tensor, nn


class CausalMask(nn.Module):
    """From (N, T, ...) the mask (T, T), true where a step comes later than another."""

    def forward(self, x: Tensor) -> Tensor:
        length = x.size(1)
        full = torch.ones(length, length, dtype=torch.bool, device=x.device)
        return full.triu(diagonal=1)
