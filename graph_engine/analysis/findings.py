"""What the rules find in one graph, kept up to date while it is edited. Apart from what each node computes, because a rule also looks at a
node's neighbours, and most rules do not look at shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import graph_engine.analysis.lints  # noqa: F401 (declares its rules)
from graph_engine.analysis.checked import CheckedNode
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.rules import ANY, CAUSES, GRAPH_RULES, Declared, GraphRule, GraphView, Index, NodeView, rules_for
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node

MISFITS = frozenset(
    {"shape.kernel-too-large", "shape.free-size", "shape.rank", "shape.broadcast", "shape.concat", "shape.matmul", "shape.in-features"}
)
"""Codes of errors that can follow from a mistake further in front."""


class Findings:
    """The findings on one graph.

    Args:
        drawn: the graph.
        own: what is known of each node; read whenever rules run.
        whole: whether it is a whole network, not the content of a group.
        params: the parameters of a node as they are checked.

    Attributes:
        document: findings that concern the graph rather than one node.
        causes: by node, the code of a finding that is the cause of errors further on.
        follows: the nodes whose errors follow from those.
    """

    def __init__(self, drawn: CoreGraph, own: Mapping[str, CheckedNode], whole: bool, params: Callable[[Node], Mapping[str, Any]]):
        self.document: tuple[Diagnostic, ...] = ()
        self.causes: dict[str, str] = {}
        self.follows: frozenset[str] = frozenset()
        self._drawn = self._graph = drawn
        self._own = own
        self._params = params
        self._rules = [r for r in GRAPH_RULES if whole or not r.whole]
        self._near: dict[str, tuple[Diagnostic, ...]] = {}
        self._near_shapes: dict[str, tuple[Diagnostic, ...]] = {}
        self._far: dict[str, tuple[Diagnostic, ...]] = {}
        self._by_rule: dict[GraphRule, tuple[Diagnostic, ...]] = {}
        self._index = Index(drawn)

    @property
    def nodes(self) -> set[str]:
        """Ids of the nodes of which there is something to tell."""
        return {*self._near, *self._near_shapes, *self._far, *self.follows}

    def on(self, id: str) -> tuple[Diagnostic, ...]:
        """What the rules found on a node."""
        return self._near.get(id, ()) + self._near_shapes.get(id, ()) + self._far.get(id, ())

    def follow(self, graph: CoreGraph, order: Sequence[str]) -> None:
        """Nodes or edges are others now.

        Args:
            graph: what computes of the graph.
            order: ids of the nodes, each behind all that feed it.
        """
        self._graph = graph
        self._index = Index(graph, order if graph is self._drawn else [id for id in order if id in graph])

    def forget(self, id: str) -> None:
        """A node is gone."""
        self._near.pop(id, None)
        self._near_shapes.pop(id, None)

    def run(self, changed: set[str], edited: set[str], joined: set[str], turned: set[str], *, flowed: bool, stale: bool) -> set[str]:
        """Runs the rules that are due.

        Args:
            changed: ids of the nodes whose result is another one now.
            edited: ids of the nodes that are new, or have another name or another parameter.
            joined: ids of the nodes with other edges.
            turned: ids of the nodes with another status.
            flowed: an output changed.
            stale: nodes, edges, names or settings changed.

        Returns:
            The ids of the nodes of which something else is found than before.
        """
        different = self._run_node_rules(changed, edited, joined | turned)
        different |= self._run_graph_rules(edited, flowed=flowed, stale=stale)
        return different | self._find_causes()

    def _run_node_rules(self, changed: set[str], edited: set[str], beside: set[str]) -> set[str]:
        graph, own = self._graph, self._own
        due = {id for id in beside if id in own} | edited
        for id in edited:
            if id in graph:
                due.update(edge.source for edge in graph.incoming(id))
                due.update(edge.target for edge in graph.outgoing(id))
        nodes = self._drawn.nodes
        different: set[str] = set()
        for id in due | changed:
            plain, shaped = rules_for(nodes[id].spec)
            if not (plain or shaped):
                continue
            view = NodeView(graph, nodes[id], own[id], self._params(nodes[id])) if own[id].status == "ok" and id in graph else None
            if id in due and _keep(id, _found(plain, view), self._near):
                different.add(id)
            if _keep(id, _found(shaped, view), self._near_shapes):
                different.add(id)
        return different

    def _find_causes(self) -> set[str]:
        """Finds errors that follow from what was found on a node before them; the ids of nodes that are told of in another way now."""
        before = self.causes.keys() | self.follows
        causes: dict[str, str] = {}
        follows: set[str] = set()
        for id, found in self._near_shapes.items():
            code = next((d.code for d in found if d.code in CAUSES and d.code not in self._graph[id].silenced), None)
            if code is not None:
                wrong = {n for n in self._graph.descendants(id) if any(d.code in MISFITS for d in self._own[n].diagnostics)}
                if wrong:
                    causes[id] = code
                    follows |= wrong
        self.causes, self.follows = causes, frozenset(follows)
        return (before ^ (causes.keys() | follows)) | causes.keys()

    def _run_graph_rules(self, edited: set[str], *, flowed: bool, stale: bool) -> set[str]:
        categories = {self._drawn[id].spec.category for id in edited} | ({ANY} if edited else set())
        due = [r for r in self._rules if stale or (flowed and r.shapes) or not r.params.isdisjoint(categories)]
        view = GraphView(self._graph, self._own, self._index, self._drawn)
        is_other = False
        for rule in due:
            found_now = tuple(rule.run(view))
            is_other |= found_now != self._by_rule.get(rule.function, ())
            self._by_rule[rule.function] = found_now
        if not is_other:
            return set()
        whole: list[Diagnostic] = []
        far: dict[str, tuple[Diagnostic, ...]] = {}
        for rule in self._rules:
            for found in self._by_rule[rule.function]:
                if found.node is None:
                    whole.append(found)
                else:
                    far[found.node] = (*far.get(found.node, ()), found)
        old, self._far, self.document = self._far, far, tuple(whole)
        return {id for id in old.keys() | far.keys() if old.get(id) != far.get(id)}


def _found(rules: Sequence[Declared], view: NodeView | None) -> tuple[Diagnostic, ...]:
    """What some rules find on a node; nothing where it is at fault, waits or does not compute."""
    if view is None or not rules:
        return ()
    found = tuple([d for rule in rules for d in rule.run(view)])
    return tuple([d._replace(fixes=()) for d in found]) if found and view.params != view.node.params else found


def _keep(id: str, found: tuple[Diagnostic, ...], kept: dict[str, tuple[Diagnostic, ...]]) -> bool:
    """Keeps what was found on a node; whether that is something else than before."""
    if found == kept.get(id, ()):
        return False
    if found:
        kept[id] = found
    else:
        del kept[id]
    return True
