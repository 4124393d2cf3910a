"""The weighted mean over the steps of a sequence, with learned weights."""

from torch import Tensor, nn


class AttentionPool(nn.Module):
    """A mean over the steps of (N, T, features), weighted by learned scores.

    Steps where the mask (N, T) is true get no weight. The result is (N, features).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.score = nn.Linear(features, 1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        scores: Tensor = self.score(x)
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(2), -1e9)
        return (x * scores.softmax(dim=1)).sum(dim=1)
