"""The weighted mean over the steps of a sequence, with learned weights."""

from torch import Tensor, nn


class AttentionPool(nn.Module):
    """From (N, T, features) a mean over T, (N, features), weighted by a learned score of each step.

    Steps where ``mask`` (N, T) is true get no weight.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.score = nn.Linear(features, 1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = self.score(x)
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(2), -1e9)
        return (x * scores.softmax(dim=1)).sum(dim=1)
