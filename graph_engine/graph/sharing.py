"""Nodes that compute with one layer's weights, as the branches of a siamese network do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph_engine.errors import GraphError
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node


def leave(graph: CoreGraph, id: str) -> None:
    """Takes a node out of those that compute with the same weights."""
    others = [other for other in graph.sharing(id) if other != id]
    if id in graph._owners:
        graph._set_owner(id, None)
    elif others:
        graph._set_owner(others[0], None)
        for other in others[1:]:
            graph._set_owner(other, others[0])


def check_sharing(owner: Node, other: Node) -> None:
    """Raises `GraphError` where ``other`` cannot compute with the weights of ``owner``."""
    if owner.spec.call.kind != "module":
        raise GraphError(f"{owner.name} has no weights to share: only layers and groups have some.")
    if owner.spec != other.spec:
        raise GraphError(f"{other.name} cannot share the weights of {owner.name}: {other.block} is not the same block as {owner.block}.")


class Share(Command):
    """Lets nodes of one block compute with the weights of the first, which their parameters become those of.

    Args:
        nodes: ids, the owner's first.
    """

    def __init__(self, nodes: Sequence[str]):
        self.ids = tuple(dict.fromkeys(nodes))
        self.text = "Share weights"
        self.owners: dict[str, str] = {}
        self.params: dict[str, dict[str, Any]] = {}

    def do(self, graph: CoreGraph) -> None:
        owner, *others = [graph[id] for id in self.ids]
        for other in others:
            check_sharing(owner, other)
        self.owners = dict(graph._owners)
        first = graph.owner(owner.id)
        joining = {id for other in others for id in graph.sharing(other.id)} - {first}
        self.params = {id: dict(graph[id].params) for id in sorted(joining)}
        for id in self.params:
            graph._set_owner(id, first)
            graph._set_params(id, graph[first].params)

    def undo(self, graph: CoreGraph) -> None:
        graph._restore_owners(self.owners)
        for id, params in self.params.items():
            graph._set_params(id, params)


class Unshare(Command):
    """Gives a node weights of its own again."""

    def __init__(self, node: str):
        self.node = node
        self.text = "Stop sharing weights"
        self.owners: dict[str, str] = {}

    def do(self, graph: CoreGraph) -> None:
        self.owners = dict(graph._owners)
        leave(graph, graph[self.node].id)

    def undo(self, graph: CoreGraph) -> None:
        graph._restore_owners(self.owners)
