"""Leaves a whole branch out for some samples, in training (Huang et al., 2016)."""

from torch import Tensor, nn


class DropPath(nn.Module):
    """Zeroes whole samples with probability p; the others are scaled."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        kept = x.new_empty(x.size(0), *[1] * (x.dim() - 1)).bernoulli_(keep)
        return x * kept.div_(keep) if keep > 0.0 else x * kept
