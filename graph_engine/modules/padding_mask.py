"""The mask that hides padding."""

from torch import Tensor, nn


class PaddingMask(nn.Module):
    """From token numbers the mask of their shape, true where one is padding."""

    def __init__(self, padding_idx: int = 0) -> None:
        super().__init__()
        self.padding_idx = padding_idx

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens == self.padding_idx
