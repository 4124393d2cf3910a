"""The frozen result of a check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.spec.foreign import WAITING, Question
from graph_engine.spec.tensor import Shape, Size, TensorSpec

Status = Literal["ok", "error", "waiting"]


class CheckedNode(NamedTuple):
    """What is known of one node.

    Attributes:
        id: the node's.
        status: ``ok``; ``error`` where the node is itself at fault; ``waiting`` where it only lacks what a node before it owes.
        inputs: what arrives, by port; a tuple where the port is variadic.
        outputs: what leaves, by port; empty unless the status is ``ok``.
        sizes: inferred hyper-parameters.
        weights: shape of each learned tensor.
        buffers: shape of each saved tensor that is not learned.
        parameters: number of learned numbers.
        flops: of one forward pass of one sample; symbolic where a length is free.
        memory: bytes of the outputs for one sample; symbolic where a length is free.
        stored: bytes of the weights and buffers.
        diagnostics: findings on this node; those inside a group are with its content.
        inside: of a group, the check of its content, once for each repetition; those that are like the last one are left out.
        question: what has to be answered before more is known; the node waits for that.
    """

    id: str
    status: Status
    inputs: Mapping[str, Any] = {}
    outputs: Mapping[str, TensorSpec] = {}
    sizes: Mapping[str, Any] = {}
    weights: Mapping[str, tuple[int, ...]] = {}
    buffers: Mapping[str, tuple[int, ...]] = {}
    parameters: int = 0
    flops: Size = 0
    memory: Size = 0
    stored: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    inside: tuple[CheckedGraph, ...] = ()
    question: Question | None = None


def weights_of(checked: CheckedGraph) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The shapes of a graph's weights, under the ids of the nodes that lead to them."""
    for id, node in checked.nodes.items():
        for name, shape in weight_shapes(node):
            yield f"{id}.{name}", shape


def weight_shapes(node: CheckedNode) -> Iterator[tuple[str, tuple[int, ...]]]:
    """As `weights_of`, of one node."""
    yield from node.weights.items()
    for turn, content in enumerate(node.inside):
        for name, shape in weights_of(content):
            yield f"{turn}.{name}", shape


FEW = 64
"""Up to so many changes are dealt with one by one; beyond, it is faster to begin afresh."""


class Layered(Mapping[str, CheckedNode]):
    """An immutable mapping that shares all but its latest changes with the one that it was made from."""

    __slots__ = ("_base", "_over")

    def __init__(self, base: dict[str, CheckedNode], over: dict[str, CheckedNode] | None = None):
        self._base = base
        self._over = over or {}

    def with_changes(self, changes: dict[str, CheckedNode]) -> Layered:
        """This mapping with the values of some keys replaced, or added at the end."""
        over = {**self._over, **changes}
        return Layered(self._base, over) if len(over) <= FEW and over.keys() <= self._base.keys() else Layered({**self._base, **over})

    def of(self, ids: Iterable[str]) -> Layered:
        """This mapping cut down to ``ids``, in their order."""
        all = {**self._base, **self._over} if self._over else self._base
        return Layered({id: all[id] for id in ids})

    def others_than(self, before: Layered) -> list[str]:
        """The keys whose value is another object than in ``before``, or that it lacks."""
        if self._base is before._base:
            return [id for id in self._over.keys() | before._over.keys() if self[id] is not before[id]]
        mine, theirs = ({**m._base, **m._over} if m._over else m._base for m in (self, before))
        return [id for id, node in mine.items() if node is not theirs.get(id)]

    def __getitem__(self, id: str) -> CheckedNode:
        return self._over[id] if id in self._over else self._base[id]

    def get(self, id: str, default: Any = None) -> Any:  # faster than what a mapping has by itself
        return self._over.get(id) or self._base.get(id, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)


class CheckedGraph:
    """Frozen snapshot of what a check found.

    Attributes:
        nodes: `CheckedNode` of every node, by id. A node whose result did not change since the last check keeps its old object.
        order: node ids in an order in which they can be computed.
        findings: diagnostics that concern the document rather than one node.
        parameters: learned numbers in total.
        flops: floating-point operations of one forward pass of one sample.
        outputs: bytes of all outputs for one sample.
        stored: bytes of all weights and buffers.
    """

    def __init__(
        self,
        nodes: Layered,
        order: tuple[str, ...],
        findings: tuple[Diagnostic, ...],
        faulty: frozenset[str],
        parameters: int,
        flops: Size,
        outputs: Size,
        stored: int,
    ):
        self.nodes = nodes
        self.order = order
        self.findings = findings
        self.parameters = parameters
        self.flops = flops
        self.outputs = outputs
        self.stored = stored
        self._faulty = faulty

    def others_than(self, before: CheckedGraph) -> list[str]:
        """Ids of the nodes of which something else is known than in an earlier check."""
        return self.nodes.others_than(before.nodes) if before is not self else []

    @property
    def memory(self) -> Size:
        """Bytes of all weights, buffers and, for one sample, all outputs."""
        return self.outputs + self.stored

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings, errors first, then in the order of the nodes; one inside a group that is used several times is told once."""
        rank = {"error": 0, "warning": 1, "hint": 2}
        found = [*self.findings]
        told = set()
        for id in self.nodes if self._faulty else ():
            if id in self._faulty:
                node = self.nodes[id]
                found += node.diagnostics
                for d in (d for content in node.inside for d in content.diagnostics):
                    if (d.node, d.code, d.port, d.message) not in told:
                        told.add((d.node, d.code, d.port, d.message))
                        found.append(d._replace(path=(id, *d.path)))
        return tuple(sorted(found, key=lambda d: rank[d.severity]))

    @cached_property
    def ok(self) -> bool:
        """Whether the network can run: no errors, and nothing waits."""
        return self.obstacle is None

    @cached_property
    def obstacle(self) -> Diagnostic | None:
        """The first finding that keeps the network from running."""
        found = self.diagnostics
        return next((d for d in found if d.severity == "error"), None) or next((d for d in found if d.code in WAITING), None)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What has to be answered before all is known, each once."""
        asked: dict[Question, None] = {}
        for id in self.nodes if self._faulty else ():
            if id in self._faulty:
                node = self.nodes[id]
                own = () if node.question is None else (node.question,)
                asked |= dict.fromkeys((*own, *(q for content in node.inside for q in content.questions)))
        return tuple(asked)

    def inside(self, path: Sequence[str]) -> CheckedGraph | None:
        """The check of what lies behind a path of group nodes; None where there is none any more."""
        found: CheckedGraph | None = self
        for id in path:
            node = found.nodes.get(id) if found is not None else None
            found = node.inside[0] if node is not None and node.inside else None
        return found

    @cached_property
    def shapes(self) -> Mapping[str, Mapping[str, Shape]]:
        """Shape of every known output: ``shapes[node_id][port]``."""
        return _Shapes(self.nodes)


class _Shapes(Mapping[str, Mapping[str, Shape]]):
    def __init__(self, nodes: Mapping[str, CheckedNode]):
        self._nodes = nodes

    def __getitem__(self, id: str) -> Mapping[str, Shape]:
        return {port: spec.shape for port, spec in self._nodes[id].outputs.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)
