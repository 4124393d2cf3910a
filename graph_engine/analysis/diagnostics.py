"""A located finding, and how it is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple

from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.modes import refusal
from graph_engine.graph.network import passed_input
from graph_engine.graph.node import Mode, Node
from graph_engine.spec.faults import Fix
from graph_engine.spec.ports import Port

Severity = Literal["error", "warning", "hint"]


class Diagnostic(NamedTuple):
    """A located finding.

    Attributes:
        severity: ``error`` keeps the network from running; ``warning`` is a likely mistake; ``hint`` could be better.
        code: stable, dotted name of the kind of finding: ``shape.kernel-too-large``.
        node: id of the node that is the cause, or None for the document as a whole.
        port: the port concerned, or None.
        message: one sentence for a person.
        fixes: repairs, the likeliest first; `graph_engine.analysis.fixes.commands` turns one into commands.
        path: ids of the group nodes, from the document's graph inwards, that lead to the node.
    """

    severity: Severity
    code: str
    node: str | None
    port: str | None
    message: str
    fixes: tuple[Fix, ...] = ()
    path: tuple[str, ...] = ()

    def to_plain(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return {**self._asdict(), "fixes": [f.title for f in self.fixes]}


def unconnected(node: Node, port: Port, edges: int) -> Diagnostic:
    """The finding on an input that has fewer edges than it needs."""
    if port.variadic:
        need = node.spec.minimum_inputs
        message = f"{node.name}: {port.name} needs at least {need} edges, but has {edges}."
    else:
        message = f"{node.name}: nothing is connected to its {port.name}."
    return Diagnostic("error", "port.unconnected", node.id, port.name, message)


def starved(graph: CoreGraph, node: Node, port: Port, edges: int, muted: Collection[Node]) -> Diagnostic:
    """The finding on an input that has fewer edges than it needs because of muted nodes.

    Args:
        graph: the node's.
        node: the node.
        port: the input.
        edges: how many are left.
        muted: the nodes that would feed it as well.
    """
    names = " and ".join(n.name for n in muted)
    left = f"only {edges} of at least {node.spec.minimum_inputs} edges" if port.variadic and edges else "nothing"
    verb = "is" if len(muted) == 1 else "are"
    message = f"{node.name}: {left} arrives at its {port.name}, because {names} {verb} muted."
    offers: list[tuple[str, Mode, Node]] = [("Bypass", "bypassed", node)] if edges else []
    offers += [("Mute", "muted", node), *(("Switch on", "active", n) for n in muted)]
    fixes = tuple(Fix(f"{verb} {n.name}", mode=mode, node=n.id) for verb, mode, n in offers if not refusal(graph, n, mode))
    return Diagnostic("error", "port.muted", node.id, port.name, message, fixes)


def impassable(graph: CoreGraph, node: Node, port: Port) -> Diagnostic | None:
    """The finding on an output of a bypassed node that feeds something, where there is nothing to pass on; None where there is."""
    into = passed_input(node.spec, port.name)
    if into is None:
        message = f"{node.name}: it is bypassed, but none of its inputs stands for its {port.name}, so nothing can be passed on there."
        fixes = (Fix(f"Switch on {node.name}", mode="active"), Fix(f"Mute {node.name}", mode="muted"))
        return Diagnostic("error", "node.bypass", node.id, port.name, message, fixes)
    return None if graph.inputs(node.id, into) else unconnected(node, node.spec.input(into), 0)
