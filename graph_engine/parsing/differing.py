"""What differs between the graphs of two texts, the one before an edit and the one after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from graph_engine.codegen.module import class_name
from graph_engine.graph.definition import Definition, Exposed
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node

NAMED = ("input", "output", "module", "parameter", "buffer")
"""Kinds of calls whose nodes have their name in the text."""

End = tuple[str, str]
"""A node's id and one of its ports."""


def paired(before: CoreGraph, after: CoreGraph) -> dict[str, str]:
    """Definitions that are the same in two texts, by class, else by the node that uses them: ids before by ids after."""
    by_class = {class_name(d.name): d.id for d in before.definitions.values()}
    pairs = {d.id: by_class[name] for d in after.definitions.values() if (name := class_name(d.name)) in by_class}
    holders: list[tuple[CoreGraph, CoreGraph]] = [(before, after)]
    holders += [(before.definitions[b], after.definitions[a]) for a, b in pairs.items()]
    for old, new in holders:  # grows while it is walked
        for id, definition in new.groups.items():
            name = new[id].name
            if definition in pairs or name not in old._names:
                continue
            other = old.groups.get(old.named(name).id)
            if other is not None and other not in pairs.values():
                pairs[definition] = other
                holders.append((before.definitions[other], after.definitions[definition]))
    return pairs


class Difference:
    """What differs between two graphs, one of each text.

    Args:
        before, after: the graphs.
        definitions: definitions that are the same: ids before by ids after.

    Attributes:
        pairs: nodes that are the same: ids before by ids after.
        removed: ids before of the nodes that are gone.
        added: ids after of the nodes that are new.
        renamed: new names by ids after.
        params: parameters with another value, by ids after; not of groups, whose values are set as a whole.
        rewired: the inputs, by id after and port, to which other edges lead, with these.
        shared: ids after of nodes that now share weights, the owner first.
        unshared: ids after of nodes that no longer do.
        order: ids after of inputs or outputs that stand in another order; each kind apart.
        words: name and description, where they are others.
        exposed: what is exposed, where that differs: before, and after.
    """

    def __init__(self, before: CoreGraph, after: CoreGraph, definitions: Mapping[str, str]):
        self._before = before
        self._after = after
        self._definitions = definitions
        self.pairs = self._paired()
        back = {b: a for a, b in self.pairs.items()}
        self.removed = [n.id for n in before if n.id not in back]
        self.added = [n.id for n in after if n.id not in self.pairs]
        self.renamed = {a: after[a].name for a, b in self.pairs.items() if _is_named(after, a) and after[a].name != before[b].name}
        self.params = {a: values for a, b in self.pairs.items() if (values := self._values(before[b], after[a]))}
        self.rewired = {(n.id, p.name): ends for n in after for p in n.spec.inputs if (ends := self._ends(n, p.name)) is not None}
        self.shared, self.unshared = self._sharing(back)
        self.order = [order for kind in ("input", "output") if (order := self._order(kind))]
        words = (after.name, after.description)
        same = class_name(before.name) == class_name(after.name) and before.description == after.description
        self.words = None if same else words
        self.exposed = self._exposed()

    def __bool__(self) -> bool:
        parts: Sequence[Any] = (
            self.removed, self.added, self.renamed, self.params, self.rewired, self.shared, self.unshared, self.order, self.words,
            self.exposed,
        )  # fmt: skip
        return any(parts) or any(self._values_of_group(a, b) for a, b in self.pairs.items())

    def _paired(self) -> dict[str, str]:
        """The same name and block; of the others, those in the same place among these, as far as their block agrees."""
        before, after = self._before, self._after
        pairs: dict[str, str] = {}
        for node in after:
            if _is_named(after, node.id) and node.name in before._names:
                other = before.named(node.name)
                if _is_named(before, other.id) and self._kind(after, node) == self._block(before, other):
                    pairs[node.id] = other.id
        back = set(pairs.values())
        ours = [pairs.get(n.id) or self._kind(after, n) for n in after]
        theirs = [n.id if n.id in back else self._block(before, n) for n in before]
        new, old = list(after.nodes), list(before.nodes)
        for block in SequenceMatcher(None, theirs, ours, autojunk=False).get_matching_blocks():
            for i in range(block.size):
                pairs.setdefault(new[block.b + i], old[block.a + i])
        return pairs

    def _kind(self, graph: CoreGraph, node: Node) -> Any:
        """The block of a node after, in terms of the text before."""
        return ("group", self._definitions.get(graph.groups[node.id])) if node.id in graph.groups else ("block", node.block)

    def _block(self, graph: CoreGraph, node: Node) -> Any:
        return ("group", graph.groups[node.id]) if node.id in graph.groups else ("block", node.block)

    def _values(self, before: Node, after: Node) -> dict[str, Any]:
        if after.id in self._after.groups:
            names = [n for n in ("repeat", "share_weights") if before.params[n] != after.params[n]]
            return {n: after.params[n] for n in names}
        return {n: v for n, v in after.params.items() if n not in before.params or before.params[n] != v}

    def _values_of_group(self, after: str, before: str) -> bool:
        return after in self._after.groups and dict(self._after[after].params) != dict(self._before[before].params)

    def _ends(self, node: Node, port: str) -> list[End] | None:
        """What leads to an input, where that differs."""
        found = [(e.source, e.source_port) for e in self._after.inputs(node.id, port)]
        if node.id not in self.pairs:
            return found or None
        other = self.pairs[node.id]
        known = port in {p.name for p in self._before[other].spec.inputs}
        were = [(e.source, e.source_port) for e in self._before.inputs(other, port)] if known else []
        return None if [(self.pairs.get(s), p) for s, p in found] == were else found

    def _sharing(self, back: Mapping[str, str]) -> tuple[list[list[str]], list[str]]:
        before, after = self._before, self._after
        shared = []
        for owner in dict.fromkeys(after.owners.values()):
            group = after.sharing(owner)
            known = [self.pairs.get(id) for id in group]
            if None in known or {*before.sharing(known[0] or "")} != {*known}:
                shared.append(group)
        alone = [a for a, b in self.pairs.items() if len(before.sharing(b)) > 1 and len(after.sharing(a)) == 1]
        left = [a for a in alone if sum(back.get(o) is not None for o in before.sharing(self.pairs[a])) > 1]
        return shared, left

    def _order(self, kind: str) -> list[str]:
        """The nodes of a kind, where those that were there stand in another order, or new ones not behind them."""
        after = [n.id for n in self._after if n.spec.call.kind == kind]
        kept = [n.id for n in self._before if n.spec.call.kind == kind and n.id in self.pairs.values()]
        new = [a for a in after if a not in self.pairs]
        plain = [*sorted((a for a in after if a in self.pairs), key=lambda a: kept.index(self.pairs[a])), *new]
        return [] if plain == after else after

    def _exposed(self) -> tuple[list[Exposed], list[Exposed]] | None:
        if not isinstance(self._after, Definition) or not isinstance(self._before, Definition):
            return None
        were, are = list(self._before.exposed), list(self._after.exposed)
        return None if [e._replace(node=self.pairs.get(e.node, "")) for e in are] == were else (were, are)


def _is_named(graph: CoreGraph, id: str) -> bool:
    """Whether the text says the name of a node: of those that share weights, only the first has one."""
    return graph[id].spec.call.kind in NAMED and graph.owner(id) == id
