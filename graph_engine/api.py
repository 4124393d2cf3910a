"""The public graph: what `graph_engine.Graph` is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.analysis.check import Checker
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.blocks import registry
from graph_engine.codegen.module import Source, write_module
from graph_engine.graph.commands import AddNode, Command, Connect, Disconnect, RemoveNodes, Rename, SetParams, SetSettings
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.node import Edge, Node, Position
from graph_engine.lowering import lower

if TYPE_CHECKING:
    from torch import nn


class Graph(CoreGraph):
    """A network: nodes, edges, and the settings that it is trained with.

    >>> g = Graph("tiny")
    >>> x, f, y = g.add("Input", shape=[4]), g.add("Linear", out_features=2), g.add("Output")
    >>> _ = g.connect(x, f), g.connect(f, y)
    >>> g.check().parameters
    10
    """

    def __init__(self, name: str = "network", description: str = ""):
        super().__init__(name, description)
        self._checker = Checker(self)

    def add(self, block: str, /, *, name: str | None = None, position: Position = (0.0, 0.0), **params: Any) -> Node:
        """Adds a node.

        Args:
            block: id of the block, ``Conv2d`` for instance.
            name: a Python identifier; left out, one is made from the block's.
            position: place on the canvas, in scene units.
            **params: hyper-parameters by torch's names; torch's defaults hold for the others.

        Raises:
            UnknownBlockError: there is no such block.
            ParamError: a parameter does not exist, or is outside its limits.
            NodeNameError: the name is taken, or no identifier.
        """
        node = new_node(self, registry()[block], name, params, position)
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
        start, end = self[source], self[target]
        if source_port is None:
            source_port = start.spec.outputs[0].name if start.spec.outputs else "output"
        if target_port is None:
            roomy = (p.name for p in end.spec.inputs if p.variadic or not self.inputs(end.id, p.name))
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
        self._do(RemoveNodes([self[node].id for node in nodes]))

    def set(self, node: Node | str, **params: Any) -> None:
        """Sets hyper-parameters of a node.

        Raises:
            ParamError: a parameter does not exist, or is outside its limits; none is set then.
        """
        self._do(SetParams(self[node].id, params))

    def rename(self, node: Node | str, name: str) -> None:
        """Gives a node another name.

        Raises:
            NodeNameError: the name is taken, or no identifier.
        """
        self._do(Rename(self[node].id, name))

    def configure(self, **values: Any) -> None:
        """Sets data and training settings: ``configure(training={"epochs": 3}, data={"dataset": "digits"})``.

        Raises:
            ParamError: there is no such setting, or a value is outside its limits.
        """
        settings = self.settings
        for section, pairs in values.items():
            for name, value in pairs.items():
                settings = settings.replaced(f"{section}.{name}", value)
        self._do(SetSettings(settings, "all"))

    def check(self) -> CheckedGraph:
        """Shapes, costs and findings; cheap after an edit. Never raises for a bad graph."""
        return self._checker.check()

    def source(self) -> Source:
        """Generated source with the node of each line.

        Raises:
            CheckError: the graph has errors.
        """
        return write_module(lower(self, self.check()))

    def to_python(self) -> str:
        """Importable source of the network, which needs torch only.

        Raises:
            CheckError: the graph has errors.
        """
        return self.source().text

    def compile(self, previous: nn.Module | None = None) -> nn.Module:
        """An instance of the class in `to_python`.

        Args:
            previous: a module compiled before an edit, whose weights are kept where name and shape still agree.

        Raises:
            CheckError: the graph has errors.
        """
        from graph_engine.compiler import build

        return build(self.to_python(), self.name, previous)

    def save(self, path: str | Path) -> None:
        """Writes the document.

        Raises:
            UnwritableError: the place cannot be written to; a file that was there is as before.
        """
        from graph_engine.document.write import save

        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Graph:
        """Reads a document; never runs code from it.

        Raises:
            DocumentError: the file cannot be read as a document; the message tells where.
        """
        from graph_engine.document.read import load

        return load(Path(path), cls)

    def _do(self, command: Command) -> None:
        with self.edit():
            command.do(self)


def blocks() -> list[Mapping[str, Any]]:
    """Every block: id, category, title, summary, ports, and parameters with type, default, limits and help."""
    return [
        {
            "id": spec.id,
            "category": spec.category,
            "title": spec.id,
            "summary": spec.summary,
            "inputs": [{"name": p.name, "help": p.help, "optional": p.optional, "variadic": p.variadic} for p in spec.inputs],
            "outputs": [{"name": p.name, "help": p.help} for p in spec.outputs],
            "parameters": [
                {
                    "name": p.name,
                    "type": p.kind,
                    "default": None if p.required else p.default,
                    "required": p.required,
                    "inferred": p.inferred,
                    "limits": p.limits(),
                    "help": p.help,
                }
                for p in spec.params
            ],
            "reference": spec.reference,
        }
        for spec in registry()
    ]
