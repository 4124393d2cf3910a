"""Ways through a graph: what leads where. Needs of a graph only what arrives at a node and what leaves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping

from graph_engine.graph.node import Edge


class Walks(ABC):
    """Reading along the edges of a graph."""

    @abstractmethod
    def incoming(self, node: str) -> Iterator[Edge]:
        """All edges that arrive at a node, port by port."""

    @abstractmethod
    def outgoing(self, node: str) -> Iterator[Edge]:
        """All edges that leave a node."""

    def path(self, start: str, end: str) -> list[str] | None:
        """Node ids along some directed path, both ends included, or None.

        It is sought from both ends in turn: mostly little lies behind the one or before the other.
        """
        if start == end:
            return [start]
        ahead: dict[str, str] = {start: start}
        behind: dict[str, str] = {end: end}
        onwards, back = [start], [end]
        while onwards and back:
            node = onwards.pop()
            for edge in self.outgoing(node):
                if edge.target not in ahead:
                    ahead[edge.target] = node
                    if edge.target in behind:
                        return _chain(edge.target, ahead)[::-1] + _chain(edge.target, behind)[1:]
                    onwards.append(edge.target)
            node = back.pop()
            for edge in self.incoming(node):
                if edge.source not in behind:
                    behind[edge.source] = node
                    if edge.source in ahead:
                        return _chain(edge.source, ahead)[::-1] + _chain(edge.source, behind)[1:]
                    back.append(edge.source)
        return None

    def ancestors(self, node: str) -> set[str]:
        """Ids of all nodes from which ``node`` can be reached, itself excluded."""
        return _reach(node, lambda id: (e.source for e in self.incoming(id)))

    def descendants(self, node: str) -> set[str]:
        """Ids of all nodes that can be reached from ``node``, itself excluded."""
        return _reach(node, lambda id: (e.target for e in self.outgoing(id)))

    def cycle_among(self, nodes: Iterable[str]) -> list[str] | None:
        """Node ids along some cycle, beginning and ending with the same node, or None.

        Args:
            nodes: ids of all nodes of the graph.
        """
        waiting = {id: sum(1 for _ in self.incoming(id)) for id in nodes}
        ready = [id for id, count in waiting.items() if not count]
        while ready:
            for edge in self.outgoing(ready.pop()):
                waiting[edge.target] -= 1
                if not waiting[edge.target]:
                    ready.append(edge.target)
        left = {id for id, count in waiting.items() if count}
        if not left:
            return None
        walk = [next(iter(left))]  # backwards: each node that is left has a predecessor that is left
        while walk.count(walk[-1]) == 1:
            walk.append(next(e.source for e in self.incoming(walk[-1]) if e.source in left))
        return walk[walk.index(walk[-1]) :][::-1]


def _chain(node: str, steps: Mapping[str, str]) -> list[str]:
    """The nodes from one on, each behind the one that ``steps`` leads from to it, up to the one that leads to itself."""
    chain = [node]
    while steps[chain[-1]] != chain[-1]:
        chain.append(steps[chain[-1]])
    return chain


def _reach(node: str, step: Callable[[str], Iterator[str]]) -> set[str]:
    found: set[str] = set()
    stack = [node]
    while stack:
        for other in step(stack.pop()):
            if other not in found:
                found.add(other)
                stack.append(other)
    return found
