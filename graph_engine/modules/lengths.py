"""The lengths of padded sequences."""

from torch import Tensor, nn


class Lengths(nn.Module):
    """From token numbers (N, T) how many of each row are no padding: (N,)."""

    def __init__(self, padding_idx: int = 0) -> None:
        super().__init__()
        self.padding_idx = padding_idx

    def forward(self, tokens: Tensor) -> Tensor:
        return (tokens != self.padding_idx).sum(dim=1)
