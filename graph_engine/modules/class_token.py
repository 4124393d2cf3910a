"""A learned step in front of a sequence."""

import torch
from torch import Tensor, nn


class ClassToken(nn.Module):
    """Puts one learned step in front of (N, T, features)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.token, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.token.expand(x.size(0), 1, -1), x), dim=1)
