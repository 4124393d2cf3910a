"""The last step of a sequence."""

import torch
from torch import Tensor, nn


class LastStep(nn.Module):
    """The last step of (N, T, features): (N, features).

    With lengths (N,) it is the last one of each sequence that is no padding.
    """

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return x[:, -1]
        rows = torch.arange(x.size(0), device=x.device)
        return x[rows, (lengths.long() - 1).clamp(min=0)]
