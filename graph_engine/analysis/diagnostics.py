"""A located finding, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from graph_engine.graph.node import Node
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
