"""The last step of a sequence."""

import torch
from torch import Tensor, nn


class LastStep(nn.Module):
    """From (N, T, features) the last step, (N, features); with lengths (N,), the last one of each sequence."""

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return x[:, -1]
        rows = torch.arange(x.size(0), device=x.device)
        return x[rows, (lengths.long() - 1).clamp(min=0)]
