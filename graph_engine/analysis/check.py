"""Checks a graph, again and again while it is edited, without torch.

The checker keeps what it found and recomputes only what an edit touched: the dirty nodes in topological order, and what lies behind a
node only where its output really changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import prod
from typing import Any, NamedTuple

from graph_engine.analysis import topology
from graph_engine.analysis.checked import CheckedGraph, CheckedNode
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.rules import GRAPH_RULES, NODE_RULES, GraphView, NodeView
from graph_engine.graph.changes import Change
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.spec.block import Site
from graph_engine.spec.faults import Fault
from graph_engine.spec.ports import Port
from graph_engine.spec.tensor import Size


class Checker:
    """Keeps the check of one graph up to date."""

    def __init__(self, graph: CoreGraph):
        self._graph = graph
        self._own: dict[str, CheckedNode] = {}
        self._shown = Layered({})
        self._on_nodes: dict[str, tuple[Diagnostic, ...]] = {}
        self._findings: tuple[Diagnostic, ...] = ()
        self._faulty: set[str] = set()
        self._order: tuple[str, ...] = ()
        self._place: dict[str, int] = {}
        self._live: frozenset[str] = frozenset()
        self._dirty: set[str] = set(graph.nodes)
        self._reordered = self._stale_rules = True
        self._costs = Costs()
        self._last: CheckedGraph | None = None
        graph.subscribe(self._note)

    def check(self) -> CheckedGraph:
        """What is now known of the graph; the same object as before where nothing changed."""
        if self._last is not None and not (self._dirty or self._stale_rules):
            return self._last
        reordered = self._reordered
        if reordered:
            self._reorder()
        changed, flowed = self._recompute()
        if reordered:
            self._costs = Costs.of(self._own[id] for id in self._live)
        if self._stale_rules or flowed:
            changed |= self._run_graph_rules()
            self._stale_rules = False
        self._show(changed, fresh=reordered)
        self._last = CheckedGraph(self._shown, self._order, self._findings, frozenset(self._faulty), *self._costs)
        return self._last

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            kind = change.kind
            if kind == "moved":
                continue
            if kind == "settings":
                self._stale_rules = True
            elif kind in ("node", "name"):
                self._dirty.add(change.id)
                self._stale_rules |= kind == "name"
            else:
                self._reordered = self._stale_rules = True
                self._dirty.add(change.target or change.id)

    def _reorder(self) -> None:
        view = topology.digraph(self._graph)
        self._order = topology.order(view)
        self._place = {id: i for i, id in enumerate(self._order)}
        self._live = topology.live(self._graph, view)
        for id in self._own.keys() - self._graph.nodes.keys():
            del self._own[id]
        self._reordered = False

    def _recompute(self) -> tuple[set[str], bool]:
        """Evaluates what is dirty; the ids of changed results, and whether any output changed."""
        own, place, order, graph = self._own, self._place, self._order, self._graph
        heap = [place[id] for id in self._dirty if id in place]
        heapify(heap)
        queued = set(heap)
        changed, flowed = set(), False
        while heap:
            id = order[heappop(heap)]
            before, after = own.get(id), self._evaluate(graph[id])
            if before == after:
                continue
            own[id] = after
            changed.add(id)
            if before is not None and id in self._live:
                self._costs = self._costs.replaced(before, after)
            if before is None or before.outputs != after.outputs or before.status != after.status:
                flowed = True
                for edge in graph.outgoing(id):
                    at = place[edge.target]
                    if at not in queued:
                        queued.add(at)
                        heappush(heap, at)
        self._dirty.clear()
        return changed, flowed

    def _evaluate(self, node: Node) -> CheckedNode:
        spec, graph, own = node.spec, self._graph, self._own
        inputs: dict[str, Any] = {}
        waits, faults = False, []
        for port in spec.inputs:
            edges = graph.inputs(node.id, port.name)
            if len(edges) < (0 if port.optional else spec.minimum_inputs if port.variadic else 1):
                faults.append(_unconnected(node, port, len(edges)))
                continue
            arriving = []
            for edge in edges:
                source = own.get(edge.source)
                if source is None or source.status != "ok":
                    waits = True
                else:
                    arriving.append(source.outputs[edge.source_port])
            if not waits:
                inputs[port.name] = tuple(arriving) if port.variadic else arriving[0] if arriving else None
        if faults:
            return CheckedNode(node.id, "error", diagnostics=tuple(faults))
        if waits:
            return CheckedNode(node.id, "waiting")
        try:
            found = spec.infer(Site(node.params, inputs))
        except Fault as fault:
            diagnostic = Diagnostic("error", fault.code, node.id, fault.port, f"{node.name}: {fault}", fault.fixes)
            return CheckedNode(node.id, "error", inputs, diagnostics=(diagnostic,))
        memory: Size = 0
        for output in found.outputs:
            memory = memory + output.nbytes()
        checked = CheckedNode(
            node.id,
            "ok",
            inputs,
            dict(zip([p.name for p in spec.outputs], found.outputs, strict=True)),
            found.sizes,
            found.weights,
            found.buffers,
            sum(map(prod, found.weights.values())) if found.weights else 0,
            found.flops,
            memory,
        )
        rules = (*NODE_RULES.get(node.block, ()), *NODE_RULES.get(None, ()))
        if rules:
            view = NodeView(graph, node, {**node.params, **found.sizes}, checked)
            findings = tuple(d for rule in rules for d in rule.run(view))
            if findings:
                return checked._replace(diagnostics=findings)
        return checked

    def _run_graph_rules(self) -> set[str]:
        """Runs the rules for graphs; the ids of nodes whose findings changed."""
        view = GraphView(self._graph, self._own)
        whole: list[Diagnostic] = []
        on_nodes: dict[str, tuple[Diagnostic, ...]] = {}
        for rule in GRAPH_RULES:
            for found in rule.run(view):
                if found.node is None:
                    whole.append(found)
                else:
                    on_nodes[found.node] = (*on_nodes.get(found.node, ()), found)
        before, self._on_nodes, self._findings = self._on_nodes, on_nodes, tuple(whole)
        return {id for id in before.keys() | on_nodes.keys() if before.get(id) != on_nodes.get(id)}

    def _show(self, changed: set[str], *, fresh: bool) -> None:
        fronts = {}
        for id in changed:
            own = self._own.get(id)
            if own is None:
                continue
            extra = self._on_nodes.get(id)
            fronts[id] = own._replace(diagnostics=own.diagnostics + extra) if extra else own
        if fresh:
            old = self._shown
            self._shown = Layered({id: fronts[id] if id in fronts else old[id] for id in self._graph.nodes})
            self._faulty &= self._own.keys()
        else:
            self._shown = self._shown.with_changes(fronts)
        for id, node in fronts.items():
            (self._faulty.add if node.diagnostics else self._faulty.discard)(id)


class Costs(NamedTuple):
    """Totals over the nodes that make up the network, in the units of `CheckedGraph`."""

    parameters: int = 0
    flops: Size = 0
    memory: Size = 0

    @classmethod
    def of(cls, nodes: Iterable[CheckedNode]) -> Costs:
        """The totals of some nodes."""
        parameters, flops, memory = 0, Sum(), Sum()
        for node in nodes:
            parameters += node.parameters
            flops.add(node.flops)
            memory.add(_held(node))
        return cls(parameters, flops.total(), memory.total())

    def replaced(self, before: CheckedNode, after: CheckedNode) -> Costs:
        """These totals with one node's share exchanged."""
        return Costs(
            self.parameters - before.parameters + after.parameters,
            self.flops - before.flops + after.flops,
            self.memory - _held(before) + _held(after),
        )


class Sum:
    """A sum of sizes that stays fast while they are plain numbers."""

    def __init__(self) -> None:
        self._number = 0
        self._symbolic: Size = 0

    def add(self, size: Size) -> None:
        if isinstance(size, int):
            self._number += size
        else:
            self._symbolic = self._symbolic + size

    def total(self) -> Size:
        return self._symbolic + self._number


def _held(node: CheckedNode) -> Size:
    """Bytes that a node holds for one sample: weights, buffers and outputs."""
    if not node.weights and not node.buffers:
        return node.memory
    saved = sum(8 if name == "num_batches_tracked" else 4 * prod(shape) for name, shape in node.buffers.items())
    return node.memory + 4 * node.parameters + saved


def _unconnected(node: Node, port: Port, edges: int) -> Diagnostic:
    if port.variadic:
        need = node.spec.minimum_inputs
        message = f"{node.name}: {port.name} needs at least {need} edges, but has {edges}."
    else:
        message = f"{node.name}: nothing is connected to its {port.name}."
    return Diagnostic("error", "port.unconnected", node.id, port.name, message)


class Layered(Mapping[str, CheckedNode]):
    """An immutable mapping that shares all but its latest changes with the one that it was made from."""

    __slots__ = ("_base", "_over")

    def __init__(self, base: dict[str, CheckedNode], over: dict[str, CheckedNode] | None = None):
        self._base = base
        self._over = over or {}

    def with_changes(self, changes: dict[str, CheckedNode]) -> Layered:
        """This mapping with the values of some of its keys replaced."""
        over = {**self._over, **changes}
        return Layered(self._base, over) if len(over) <= 64 else Layered({**self._base, **over})

    def __getitem__(self, id: str) -> CheckedNode:
        return self._over[id] if id in self._over else self._base[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)
