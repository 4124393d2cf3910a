"""Ways through a graph: what leads where. Needs of a graph only what arrives at a node and what leaves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator

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
        """Node ids along some directed path, both ends included, or None."""
        came_from: dict[str, str | None] = {start: None}
        stack = [start]
        while stack:
            node = stack.pop()
            if node == end:
                path = [node]
                while (before := came_from[path[-1]]) is not None:
                    path.append(before)
                return path[::-1]
            for edge in self.outgoing(node):
                if edge.target not in came_from:
                    came_from[edge.target] = node
                    stack.append(edge.target)
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


def _reach(node: str, step: Callable[[str], Iterator[str]]) -> set[str]:
    found: set[str] = set()
    stack = [node]
    while stack:
        for other in step(stack.pop()):
            if other not in found:
                found.add(other)
                stack.append(other)
    return found
