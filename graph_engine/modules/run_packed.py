"""Runs a recurrent layer over sequences of different lengths."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run_packed(
    layer: nn.RNNBase,
    x: Tensor,
    state: Any = None,
    *,
    lengths: Tensor,
) -> tuple[Tensor, Any]:
    """What a recurrent layer gives for padded sequences, each read to its end only.

    The last states are those of the last real step, the backward direction begins
    there, and the output is 0 behind it. A sequence without a step is read as one
    of padding.
    """
    first = layer.batch_first
    ends = lengths.clamp(min=1).to("cpu", torch.int64)
    packed = pack_padded_sequence(x, ends, batch_first=first, enforce_sorted=False)
    packed, state = layer(packed, state)
    total = x.size(1 if first else 0)
    x, _ = pad_packed_sequence(packed, batch_first=first, total_length=total)
    return x, state
