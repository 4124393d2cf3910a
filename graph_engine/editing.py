"""Edits of a graph in words: what `graph_engine.Graph` and the content of its groups have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from graph_engine.blocks import registry
from graph_engine.errors import GraphError
from graph_engine.graph import groups, regroup
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Connect, Disconnect, RemoveNodes, Rename, SetParams
from graph_engine.graph.definition import Definition, Exposed
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.modes import SetMode
from graph_engine.graph.node import Edge, Mode, Node, Position
from graph_engine.graph.sharing import Share, Unshare
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.foreign import Answers


class _Trusting(Protocol):
    """The graph of a document, for which code that is not the program's own may be read."""

    folder: Path | None
    answers: Answers


class Editing(ABC):
    """Edits of one graph: a network's own, or the content of a group."""

    @property
    @abstractmethod
    def _target(self) -> CoreGraph:
        """What is edited."""

    @abstractmethod
    def _do(self, command: Command) -> None:
        """Carries out an edit."""

    def add(self, block: str, /, *, name: str | None = None, position: Position = (0.0, 0.0), **params: Any) -> Node:
        """Adds a node.

        Args:
            block: id of the block, ``Conv2d`` for instance.
            name: a Python identifier; left out, one is made from the block's.
            position: place on the canvas, in scene units.
            **params: hyper-parameters by torch's names; torch's defaults hold for the others. Where ``path`` names a class that is not
                the program's own, it is imported in a process of its own, to read its signature: calling this says that it is trusted.

        Raises:
            UnknownBlockError: there is no such block.
            ParamError: a parameter does not exist, or is outside its limits.
            NodeNameError: the name is taken, or no identifier.
        """
        spec = registry()[block]
        node = new_node(self._target, spec, name, self._with_signature(spec, params), position)
        self._do(AddNode(node))
        return node

    def connect(self, source: Node | str, target: Node | str, source_port: str | None = None, target_port: str | None = None) -> Edge:
        """Draws an edge.

        Args:
            source, target: nodes or their ids.
            source_port: output of the source; left out, its first.
            target_port: input of the target; left out, its first that has room.

        Raises:
            UnknownNodeError: a node is not in the graph.
            EdgeError: the edge may not exist; the subclass and message tell why.
        """
        start, end = self._target[source], self._target[target]
        if source_port is None:
            source_port = start.spec.outputs[0].name if start.spec.outputs else "output"
        if target_port is None:
            roomy = (p.name for p in end.spec.inputs if p.variadic or not self._target.inputs(end.id, p.name))
            target_port = next(roomy, end.spec.inputs[0].name if end.spec.inputs else "input")
        command = Connect(start.id, source_port, end.id, target_port)
        self._do(command)
        assert command.edge is not None
        return command.edge

    def disconnect(self, edge: Edge | str) -> None:
        """Removes an edge.

        Raises:
            EdgeError: the graph has no such edge.
        """
        self._do(Disconnect([edge.id if isinstance(edge, Edge) else edge]))

    def remove(self, *nodes: Node | str) -> None:
        """Removes nodes and every edge at them.

        Raises:
            UnknownNodeError: one is not in the graph.
        """
        self._do(RemoveNodes([self._target[node].id for node in nodes]))

    def set(self, node: Node | str, **params: Any) -> None:
        """Sets hyper-parameters of a node.

        Raises:
            ParamError: a parameter does not exist, or is outside its limits; none is set then.
        """
        self._do(SetParams(self._target[node].id, self._with_signature(self._target[node].spec, params)))

    def rename(self, node: Node | str, name: str) -> None:
        """Gives a node another name.

        Raises:
            NodeNameError: the name is taken, or no identifier.
        """
        self._do(Rename(self._target[node].id, name))

    def set_mode(self, mode: Mode, *nodes: Node | str) -> None:
        """Bypasses nodes, mutes them, or switches them on again.

        Args:
            mode: ``bypassed``: they pass on what arrives, as if they were not there; ``muted``: they give nothing; ``active``.
            *nodes: nodes or their ids.

        Raises:
            GraphError: one has nothing to pass on, or is a port of a group.
        """
        self._do(SetMode([self._target[node].id for node in nodes], mode))

    def group(self, nodes: Iterable[Node | str], name: str) -> Node:
        """Makes a group of nodes and puts one node in their place.

        Args:
            nodes: nodes or their ids; inputs and outputs among them stay outside.
            name: of the group; its class in the generated source is called after it.

        Raises:
            UnknownNodeError: one is not in the graph.
            GraphError: they cannot be a group; the message tells why.
        """
        before = set(self._target.nodes)
        self._do(regroup.group(self._target, [self._target[node].id for node in nodes], name))
        return next(node for node in self._target if node.id not in before)

    def use(self, group: Node | str, *, name: str | None = None, position: Position = (0.0, 0.0), **params: Any) -> Node:
        """Adds another node that uses a group, with weights of its own.

        Args:
            group: a node that uses it, or the name of the group.
            name, position: as for `add`.
            **params: ``repeat``, ``share_weights`` and exposed parameters.

        Raises:
            GraphError: there is no such group, or it would contain itself.
        """
        node = new_node(self._target, self._definition(group).spec, name, params, position)
        self._do(AddNode(node))
        return node

    def dissolve(self, node: Node | str) -> None:
        """Puts the content of a group in its place, with all edges; of a repeated one, once for each repetition.

        Raises:
            GraphError: the node is no group, or shares its weights with another.
        """
        self._do(regroup.dissolve(self._target, self._target[node].id))

    def share(self, owner: Node | str, *others: Node | str) -> None:
        """Lets nodes of the same block compute with the weights of ``owner``, as the branches of a siamese network do.

        Raises:
            GraphError: they are of different blocks, or have no weights.
        """
        self._do(Share([self._target[node].id for node in (owner, *others)]))

    def unshare(self, node: Node | str) -> None:
        """Gives a node weights of its own again."""
        self._do(Unshare(self._target[node].id))

    def inside(self, group: Node | str) -> Content:
        """Edits the content of a group, wherever it is used.

        Args:
            group: a node that uses it, or the name of the group.

        Raises:
            GraphError: there is no such group.
        """
        return Content(self._target.root, self._definition(group))

    def _with_signature(self, spec: BlockSpec, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters of a node, with the signature of the class that they name."""
        path = params.get("path")
        if not spec.foreign or path is None or "signature" in params:
            return params
        from graph_engine.foreign.child import shared

        path, root = spec.param("path").parse(path), cast(_Trusting, self._target.root)
        signature = shared().signature(path, root.folder)
        root.answers.trusted.add(path)
        return {**params, "signature": signature}

    def _definition(self, group: Node | str) -> Definition:
        holder = self._target.holder(group.id) if isinstance(group, Node) else None
        if isinstance(group, Node) and holder is not None and group.id in holder.groups:
            return holder.definitions[holder.groups[group.id]]
        for definition in self._target.definitions.values():
            if definition.name == group:
                return definition
        raise GraphError(f"The network has no group {group if isinstance(group, str) else group.name!r}.")


class Content(Editing):
    """Edits of the content of a group.

    Attributes:
        graph: the content, for reading.
    """

    def __init__(self, root: CoreGraph, graph: Definition):
        self.graph = graph
        self._root = root

    @property
    def _target(self) -> Definition:
        return self.graph

    def _do(self, command: Command) -> None:
        with self._root.edit():
            groups.In(self.graph.id, command).do(self._root)

    def expose(self, name: str, node: Node | str, param: str) -> None:
        """Lets each use of the group set a parameter of a node inside.

        Args:
            name: what it is called outside.
            node: the node.
            param: what it is called there.

        Raises:
            ParamError: the node has no such parameter.
            GraphError: something else is called ``name``.
        """
        found = self.graph[node]
        found.spec.param(param)
        self._do(groups.SetExposed([*self.graph.exposed, Exposed(name, found.id, param)]))
