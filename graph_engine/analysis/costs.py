"""What a network costs in total: kept up to date by exchanging one node's share, or counted afresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from graph_engine.analysis.checked import CheckedNode
from graph_engine.spec.tensor import Size, total


class Costs(NamedTuple):
    """Totals over the nodes that make up the network, in the units of `CheckedGraph`."""

    parameters: int = 0
    flops: Size = 0
    outputs: Size = 0
    stored: int = 0

    @classmethod
    def of(cls, nodes: Sequence[CheckedNode]) -> Costs:
        """The totals of some nodes."""
        return cls(
            sum([n.parameters for n in nodes]),
            total([n.flops for n in nodes]),
            total([n.memory for n in nodes]),
            sum([n.stored for n in nodes]),
        )

    def replaced(self, before: CheckedNode | None, after: CheckedNode) -> Costs:
        """These totals with one node's share exchanged."""
        gone = before if before is not None else _NOTHING
        return Costs(
            self.parameters - gone.parameters + after.parameters,
            self.flops - gone.flops + after.flops,
            self.outputs - gone.memory + after.memory,
            self.stored - gone.stored + after.stored,
        )


_NOTHING = CheckedNode("", "waiting")


def bytes_stored(parameters: int, buffers: Mapping[str, tuple[int, ...]]) -> int:
    """Bytes of weights and buffers: all are float32 but the int64 that counts batches."""
    stored = 4 * parameters
    for name, shape in buffers.items():
        stored += 8 if name == "num_batches_tracked" else 4 * prod(shape)
    return stored
