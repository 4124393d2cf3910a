"""How cards are shown, whole, down to their titles, or with what is inside a group, and on which sides they have their ports."""

from __future__ import annotations

from collections.abc import Mapping

from graph_engine.errors import GraphError
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Direction, Form


class SetForm(Command):
    """Shows cards in other forms.

    Args:
        forms: the form of each node, by its id; only a group can be ``expanded``.
    """

    def __init__(self, forms: Mapping[str, Form]):
        self.forms = dict(forms)
        self.before: dict[str, Form] = {}

    def do(self, graph: CoreGraph) -> None:
        nodes = [graph[id] for id in self.forms]
        for node in nodes:
            if self.forms[node.id] == "expanded" and node.id not in graph.groups:
                raise GraphError(f"{node.name} has nothing inside that its card could show: it is no group.")
        self.before = {node.id: node.form for node in nodes}
        sizes: list[Form] = ["collapsed", "whole", "expanded"]
        smaller = any(sizes.index(self.forms[id]) < sizes.index(form) for id, form in self.before.items())
        self.text = f"{'Collapse' if smaller else 'Expand'} {nodes[0].name if len(nodes) == 1 else f'{len(nodes)} nodes'}"
        for id, form in self.forms.items():
            graph._set_form(id, form)

    def undo(self, graph: CoreGraph) -> None:
        for id, form in self.before.items():
            graph._set_form(id, form)


class SetDirection(Command):
    """Lets edges go across, from the right of cards to the left of others, or down, from their lower to upper edges."""

    text = "Change direction"

    def __init__(self, direction: Direction):
        self.direction = direction
        self.before: Direction = "across"

    def do(self, graph: CoreGraph) -> None:
        self.before = graph.direction
        graph._set_direction(self.direction)

    def undo(self, graph: CoreGraph) -> None:
        graph._set_direction(self.before)
