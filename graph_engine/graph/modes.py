"""Bypassing and muting nodes, and switching them on again."""

from __future__ import annotations

from collections.abc import Iterable

from graph_engine.errors import GraphError
from graph_engine.graph.command import Command
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Mode, Node

_VERBS: dict[Mode, str] = {"active": "Switch on", "bypassed": "Bypass", "muted": "Mute"}


def refusal(graph: CoreGraph, node: Node, mode: Mode) -> str:
    """Why a node cannot be in a mode, as a sentence; empty where it can."""
    if mode == "bypassed" and not (node.spec.inputs and node.spec.outputs):
        return f"{node.name} cannot be bypassed: it has nothing to pass on. Mute it instead."
    if mode == "muted" and isinstance(graph, Definition) and node.spec.call.kind in ("input", "output"):
        return f"{node.name} cannot be muted: it is a port of the group {graph.name}. Mute what it is connected to instead."
    return ""


class SetMode(Command):
    """Bypasses nodes, mutes them, or switches them on again.

    Args:
        nodes: their ids.
        mode: what all of them become.
    """

    def __init__(self, nodes: Iterable[str], mode: Mode):
        self.ids = tuple(dict.fromkeys(nodes))
        self.mode: Mode = mode
        self.before: dict[str, Mode] = {}

    def do(self, graph: CoreGraph) -> None:
        nodes = [graph[id] for id in self.ids]
        reason = next((text for node in nodes if (text := refusal(graph, node, self.mode))), "")
        if reason:
            raise GraphError(reason)
        self.text = f"{_VERBS[self.mode]} {nodes[0].name if len(nodes) == 1 else f'{len(nodes)} nodes'}"
        self.before = {node.id: node.mode for node in nodes}
        for id in self.ids:
            graph._set_mode(id, self.mode)

    def undo(self, graph: CoreGraph) -> None:
        for id, mode in self.before.items():
            graph._set_mode(id, mode)
