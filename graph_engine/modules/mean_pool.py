"""The mean over the steps of a sequence."""

from torch import Tensor, nn


class MeanPool(nn.Module):
    """The mean over the steps of (N, T, features): (N, features).

    Steps where the mask (N, T) is true are left out.
    """

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return x.mean(dim=1)
        kept = (~mask).unsqueeze(2).to(x.dtype)
        return (x * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
