"""Points that an edge runs through. They are looks only: neither shapes nor code know of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graph_engine.errors import EdgeError
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Bends, Position


class Bend(Command):
    """Lets edges run through other points; the steps of one drag merge.

    Args:
        bends: the points of each edge, from its source to its target, by its id.
        text: what it does, for the Edit menu.
    """

    def __init__(self, bends: Mapping[str, Bends], text: str):
        self.bends = dict(bends)
        self.before: dict[str, Bends] = {}
        self.text = text

    def do(self, graph: CoreGraph) -> None:
        for id in self.bends:
            if id not in graph.edges:
                raise EdgeError(f"The graph has no edge {id!r}.")
        self.before = {id: graph.bends(id) for id in self.bends}
        for id, points in self.bends.items():
            graph._set_bends(id, points)

    def undo(self, graph: CoreGraph) -> None:
        for id, points in self.before.items():
            graph._set_bends(id, points)

    def merged(self, later: Command) -> Command | None:
        if isinstance(later, Bend) and later.bends.keys() == self.bends.keys():
            both = Bend(later.bends, self.text)
            both.before = self.before
            return both
        return None


def carried(graph: CoreGraph, shifts: Mapping[str, Position]) -> dict[str, Bends]:
    """The points of the edges whose two ends move by the same amount: they move with them.

    Args:
        graph: the graph.
        shifts: by how much each of the nodes that move does.
    """
    found: dict[str, Bends] = {}
    for id in graph.bent:
        edge = graph.edges[id]
        shift, other = shifts.get(edge.source), shifts.get(edge.target)
        if shift is not None and other is not None and max(abs(shift[0] - other[0]), abs(shift[1] - other[1])) < 1e-6:
            found[id] = shifted(graph.bends(id), shift)
    return found


def shifted(points: Iterable[Position], shift: Position) -> Bends:
    """Points elsewhere, to the hundredth."""
    return tuple((round(x + shift[0], 2), round(y + shift[1], 2)) for x, y in points)
