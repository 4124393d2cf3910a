"""A located finding, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from graph_engine.spec.faults import Fix

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
