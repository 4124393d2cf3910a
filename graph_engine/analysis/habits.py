"""What usually comes next: counted in networks that people drew, so that a search can offer it first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.groups import blocks_for
from graph_engine.graph.node import GroupSpec
from graph_engine.spec.block import BlockSpec, Site
from graph_engine.spec.faults import Fault
from graph_engine.spec.tensor import TensorSpec

Side = Literal["input", "output"]


class Habits:
    """How often one block feeds another.

    Args:
        graphs: the networks to learn from.
    """

    def __init__(self, graphs: Iterable[CoreGraph]):
        self._after: dict[str, Counter[str]] = {}
        self._before: dict[str, Counter[str]] = {}
        self._uses: Counter[str] = Counter()
        for graph in graphs:
            self._uses.update(node.block for node in graph)
            for edge in graph.edges.values():
                source, target = graph[edge.source].block, graph[edge.target].block
                self._after.setdefault(source, Counter())[target] += 1
                self._before.setdefault(target, Counter())[source] += 1

    def beside(self, block: str, side: Side) -> Mapping[str, int]:
        """How often each block was met right behind the outputs of ``block`` (``side`` is output), or right before its inputs."""
        return (self._after if side == "output" else self._before).get(block, Counter())

    def order(self, blocks: Iterable[BlockSpec], block: str = "", side: Side = "output") -> list[BlockSpec]:
        """Blocks, first those met most often beside ``block``, then those used most often at all."""
        usual = self.beside(block, side)
        return sorted(blocks, key=lambda s: (-usual.get(s.id, 0), -self._uses[s.id]))


def fitting(graph: CoreGraph, checked: CheckedGraph, node: str, side: Side, port: str, habits: Habits) -> list[BlockSpec]:
    """The blocks that can be joined to a port, the most usual first.

    Behind an output stand those that take what it gives, as far as that is known; a block with several inputs is tried with
    the same at each, a group is not tried. Before an input stand all that give something.
    """
    arriving = checked.nodes[node].outputs.get(port) if side == "output" and node in checked.nodes else None
    if side == "output":
        found = [s for s in blocks_for(graph) if s.inputs and (arriving is None or isinstance(s, GroupSpec) or _takes(s, arriving))]
    else:
        found = [s for s in blocks_for(graph) if s.outputs]
    return habits.order(found, graph[node].block, side)


def _takes(spec: BlockSpec, x: TensorSpec) -> bool:
    """Whether a fresh node of a block could work with ``x``."""
    count = max(2, spec.minimum_inputs)
    inputs = {p.name: (x,) * count if p.variadic else None if p.optional else x for p in spec.inputs}
    try:
        spec.infer(Site({**spec.defaults, **spec.read_params(spec.initial)}, inputs))
    except Fault:
        return False
    return True
