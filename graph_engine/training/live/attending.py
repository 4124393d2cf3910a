"""Attention weights, for people to look at.

A network seldom computes them as such: the fast ways of attention never hold them. So they are computed for display, in a second
pass of the same sample, from the queries, keys and masks that arrive at each attention and with its own weights. What the network
itself gives comes from a pass in which nothing of this happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

Take = Callable[[Tensor], None]
"""Receives the weights of one attention: (batch, heads, targets, sources)."""


def attends(model: nn.Module, text: str) -> bool:
    """Whether a network with this source computes attention."""
    return "scaled_dot_product_attention" in text or any(isinstance(part, nn.MultiheadAttention) for part in model.modules())


@contextmanager
def attending(model: nn.Module, take: Take) -> Iterator[None]:
    """Tells the weights of each attention that a network computes meanwhile."""

    def look(part: nn.Module, args: tuple[Any, ...], given: Mapping[str, Any]) -> None:
        further = dict(zip(("key_padding_mask", "need_weights", "attn_mask"), args[3:], strict=False))
        _, weights = part.forward(*args[:3], **{**further, **given, "need_weights": True, "average_attn_weights": False})
        take(weights)

    hooks = [p.register_forward_pre_hook(look, with_kwargs=True) for p in model.modules() if isinstance(p, nn.MultiheadAttention)]
    try:
        with _Products(take):
            yield
    finally:
        for hook in hooks:
            hook.remove()


class _Products(TorchFunctionMode):
    """Sees calls of ``F.scaled_dot_product_attention`` that no `nn.MultiheadAttention` makes."""

    def __init__(self, take: Take):
        super().__init__()
        self._take = take

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        if func is F.scaled_dot_product_attention:
            self._take(_weights(*args, **(kwargs or {})))
        return func(*args, **(kwargs or {}))


def _weights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    **_: Any,
) -> Tensor:
    """The weights of ``F.scaled_dot_product_attention``, by its documentation, as (batch, heads, targets, sources)."""
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.size(-1)) if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    weights = scores.softmax(dim=-1)
    return weights if weights.dim() == 4 else weights.unsqueeze(1)
