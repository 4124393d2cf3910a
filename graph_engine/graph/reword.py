"""Commands on what a text says of a graph as a whole: its name and description, and the order of its arguments and results."""

from __future__ import annotations

from collections.abc import Sequence

from graph_engine.errors import GraphError
from graph_engine.graph.changes import Change
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph


class Reword(Command):
    """Gives a document's graph another name and description."""

    def __init__(self, name: str, description: str):
        self.words = (name, description)
        self.before = ("", "")
        self.text = f"Rename to {name}"

    def do(self, graph: CoreGraph) -> None:
        if not self.words[0].strip():
            raise GraphError("A network needs a name.")
        self.before = (graph.name, graph.description)
        graph._rename(*self.words)

    def undo(self, graph: CoreGraph) -> None:
        graph._rename(*self.before)


class Reorder(Command):
    """Puts some nodes of a graph into another order: the inputs are the arguments of its ``forward``, the outputs its results.

    Args:
        nodes: ids, in their new order; together they keep the places that they have.
    """

    text = "Change order"

    def __init__(self, nodes: Sequence[str]):
        self.nodes = tuple(nodes)
        self.before: tuple[str, ...] = ()

    def do(self, graph: CoreGraph) -> None:
        self.before = tuple(graph.nodes)
        new, chosen = iter([graph[id].id for id in self.nodes]), set(self.nodes)
        self._restore(graph, [next(new) if id in chosen else id for id in self.before])

    def undo(self, graph: CoreGraph) -> None:
        self._restore(graph, self.before)

    def _restore(self, graph: CoreGraph, order: Sequence[str]) -> None:
        graph._restore_order(order)
        for id in self.nodes:
            graph._note(Change("node", id))
