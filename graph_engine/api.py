"""The public graph: what `graph_engine.Graph` is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.analysis.adopt import adopt
from graph_engine.analysis.check import Checker
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.blocks import registry
from graph_engine.codegen.module import Source, write_module
from graph_engine.errors import GraphError
from graph_engine.graph import groups, regroup
from graph_engine.graph.changes import Change
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Connect, Disconnect, RemoveNodes, Rename, SetParams, SetSettings
from graph_engine.graph.definition import Definition, Exposed
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.modes import SetMode
from graph_engine.graph.node import Edge, Mode, Node, Position
from graph_engine.graph.sharing import Share, Unshare
from graph_engine.lowering import lower
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.foreign import Answers

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.importing.report import ImportReport


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

        path, root = spec.param("path").parse(path), self._target.root
        assert isinstance(root, Graph)
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


class Graph(Editing, CoreGraph):
    """A network: nodes, edges, and the settings that it is trained with.

    >>> g = Graph("tiny")
    >>> x, f, y = g.add("Input", shape=[4]), g.add("Linear", out_features=2), g.add("Output")
    >>> _ = g.connect(x, f), g.connect(f, y)
    >>> g.check().parameters
    10

    Attributes:
        folder: where its document lies, beside which modules of the user's own may lie; None while it has none.
        answers: what is known of modules that are not the program's own.
        report: of an imported graph, what came of the import.
    """

    def __init__(self, name: str = "network", description: str = ""):
        CoreGraph.__init__(self, name, description)
        self.folder: Path | None = None
        self.answers = Answers()
        self._weights: Mapping[str, Tensor] | None = None
        self.report: ImportReport | None = None
        self._checker = Checker(self, answers=self.answers)

    @property
    def _target(self) -> CoreGraph:
        return self

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

    def learn_from(self, path: str | Path, kind: str | None = None, **params: Any) -> None:
        """Looks at data of the user's own and sets it: the settings, the shape and type of each Input, and a loss that fits.

        Args:
            path: a file or folder.
            kind: id of a data set, ``table`` for instance; left out, what the data most likely is.
            **params: values for its parameters, in place of those that the look proposes.

        Raises:
            DataError: the data cannot be read.
            ParamError: there is no such kind or parameter, or a value is outside its limits.
        """
        from graph_engine.data.look import look

        found = look(Path(path), kind)
        self._do(adopt(self, found.kind, {**found.params, **params}))

    def check(self) -> CheckedGraph:
        """Shapes, costs and findings; cheap after an edit. Never raises for a bad graph."""
        return self._checker.check()

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """Tensors to begin with, by the names that they have in the generated class; `compile` puts them in where they fit.

        Raises:
            DocumentError: the file that holds them is not there, or damaged.
        """
        if self._weights is None:
            from graph_engine.document.weights import read_weights

            self._weights = read_weights(self._weights_path) if self._weights_path is not None else {}
        return self._weights

    @weights.setter
    def weights(self, tensors: Mapping[str, Tensor]) -> None:
        self._weights, self.weights_file = tensors, None

    @property
    def begins_with_weights(self) -> bool:
        """Whether there are such tensors."""
        return self.weights_file is not None or bool(self._weights)

    @property
    def _weights_path(self) -> Path | None:
        return (self.folder or Path()) / self.weights_file if self.weights_file is not None else None

    def write_weights(self, path: Path) -> None:
        """Writes the tensors to begin with to a safetensors file, if there are some.

        Raises:
            UnwritableError: it cannot be written.
            DocumentError: the file that holds them now is not there.
        """
        from graph_engine.document.weights import copy_weights, save_weights

        if self._weights_path is not None:
            copy_weights(self._weights_path, path)
        elif self._weights:
            save_weights(self._weights, path)

    @property
    def foreign(self) -> frozenset[str]:
        """Dotted names of the code that the document names and that is not the program's own."""
        return frozenset(n.params["path"] for _, n in self._foreign_nodes() if n.params["path"] is not None)

    @property
    def is_trusted(self) -> bool:
        """Whether all of that code may be run; so it is where there is none."""
        return self.foreign <= self.answers.trusted

    def trust(self) -> None:
        """Says that the code which the document names now may be imported and run."""
        self.answers.trusted |= self.foreign
        self.recheck()

    def recheck(self) -> None:
        """Has the next check look again at modules that are not the program's own, after `answers` have changed."""
        with self.edit():
            for holder, node in self._foreign_nodes():
                holder._note(Change("node", node.id))

    def answer(self) -> CheckedGraph:
        """As `check`, after running each trusted module of which something is to be found out, in a process of its own.

        Raises:
            GraphError: that process cannot be started.
        """
        from graph_engine.foreign.child import shared

        while asked := [q for q in self.check().questions if q.path in self.answers.trusted]:
            for question in asked:
                self.answers.put(question, shared().answer(question, self.folder))
            self.recheck()
        return self.check()

    def _foreign_nodes(self) -> Iterator[tuple[CoreGraph, Node]]:
        return ((holder, node) for holder in self.graphs() for node in holder if node.spec.foreign)

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
        """An instance of the class in `to_python`; modules of which something is to be found out are run, as by `answer`.

        Args:
            previous: a module compiled before an edit, whose weights are kept where name and shape still agree.

        Raises:
            CheckError: the graph has errors.
        """
        from graph_engine.compiler import build, fill

        self.answer()
        module = build(self.to_python(), self.name, previous, self.folder if self.foreign else None)
        if previous is None and self.begins_with_weights:
            fill(module, self.weights)
        return module

    @classmethod
    def from_module(
        cls, module: nn.Module, example_inputs: Any, name: str | None = None, say: Callable[[str, float], None] | None = None
    ) -> Graph:
        """The graph of a module, recorded while it runs, with its weights.

        Args:
            module: it runs, in evaluation mode, on inputs like the example's, and is as before afterwards.
            example_inputs: a tensor, a tuple of tensors and other values, or a mapping by name; tensors have the batch in front.
            name: of the graph; left out, the module's class's.
            say: told of each stage: a sentence, and how much of the whole is done.

        Returns:
            The graph; ``report`` tells what came of the import, ``weights`` are the tensors by the names in the generated class.

        Raises:
            ImportModuleError: what it does cannot be told as a graph; the message names the line.
        """
        from graph_engine.importing import from_module

        graph = cls(name or type(module).__name__)
        graph.report = from_module(graph, module, example_inputs, say)
        return graph

    def save(self, path: str | Path) -> None:
        """Writes the document, and beside it the tensors that it begins with, if there are some: ``net.archloom``, ``net.safetensors``.

        Raises:
            UnwritableError: the place cannot be written to; a file that was there is as before.
            DocumentError: the file that holds the tensors now is not there.
        """
        path = Path(path)
        self.save_copy(path)
        if self.begins_with_weights:
            self.weights_file = Path(path.with_suffix(".safetensors").name)
        self.folder = path.resolve().parent

    def save_copy(self, path: Path) -> None:
        """As `save`, but the graph does not belong to that file from then on."""
        from graph_engine.document.write import save

        beside = path.with_suffix(".safetensors") if self.begins_with_weights else None
        if beside is not None:
            self.write_weights(beside)
        save(self, path, beside.name if beside is not None else None)

    @classmethod
    def load(cls, path: str | Path) -> Graph:
        """Reads a document; never runs code that it names, before `trust` says so.

        Raises:
            DocumentError: the file cannot be read as a document; the message tells where.
        """
        from graph_engine.document.read import load

        graph = load(Path(path), cls)
        graph.folder = Path(path).resolve().parent
        return graph

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
