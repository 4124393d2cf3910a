"""Modules as a user may have written them, beside a document."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from own_helper import SCALE
from torch import Tensor, nn


class Gate(nn.Module):
    """Mixes two branches by a learned gate. More words that nobody needs."""

    def __init__(self, dim: int, hidden: int = 8, *, act: Literal["relu", "gelu"] = "relu", layers=(1, 2), norm=nn.LayerNorm) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, hidden)
        self.outer = nn.Linear(hidden, dim)
        self.norm = norm(dim)
        self.act = {"relu": nn.ReLU(), "gelu": nn.GELU()}[act]

    def forward(self, x: Tensor, other: Tensor | None = None, scale: float = 1.0) -> Tensor:
        result = self.norm(self.outer(self.act(self.inner(x)))) * scale * SCALE
        return result if other is None else result + other


class Halves(nn.Module):
    """Cuts the last dimension in two."""

    def __init__(self, both: bool = True) -> None:
        super().__init__()
        self.both = both

    def forward(self, x):
        a, b = x.chunk(2, dim=-1)
        return (a, b) if self.both else a


class Parts(NamedTuple):
    mean: Tensor
    spread: Tensor


class Moments(nn.Module):
    def forward(self, x: Tensor) -> Parts:
        return Parts(x.mean(1), x.std(1))


class Join(nn.Module):
    """Joins any number of tensors."""

    def forward(self, *parts: Tensor) -> Tensor:
        return torch.cat(parts, dim=1)


class Strided(nn.Module):
    """A convolution over time with a stride of 2, after which features come first."""

    def __init__(self, path: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, path, 5, stride=2)

    def forward(self, path: Tensor) -> Tensor:
        return self.conv(path)


class Counted(nn.Module):
    """What the meta device cannot do: it looks at a number."""

    def __init__(self) -> None:
        super().__init__()
        self.rates = [rate.item() for rate in torch.linspace(0, 1, 3)]

    def forward(self, x: Tensor) -> Tensor:
        return x * float(x.abs().max() > -1)


class Short(nn.Module):
    """Takes at most ten steps."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 4)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table.weight[: x.shape[1]]


class Moody(nn.Module):
    def forward(self, x: Tensor):
        return (x, x) if self.training else x


class Lost(nn.Module):
    def forward(self, x: Tensor):
        return {"x": x}


class Forever(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while True:
            pass


class Crash(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        import os

        os.abort()


def tiny(width: int = 4):
    """Makes a small network."""
    return nn.Sequential(nn.Linear(width, 2), nn.Softmax(dim=-1))


not_a_module = 3
