"""The public graph: what `graph_engine.Graph` is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from graph_engine.analysis.adopt import adopt
from graph_engine.analysis.check import Checker
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.blocks import registry
from graph_engine.codegen.module import Source, write_module
from graph_engine.document.weights import Weights
from graph_engine.editing import Editing
from graph_engine.errors import RunError
from graph_engine.graph.changes import Change
from graph_engine.graph.command import Command
from graph_engine.graph.commands import SetSettings
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.graph.places import Known, Place, places, to_text
from graph_engine.lowering import lower
from graph_engine.spec.foreign import Answers

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.importing.report import ImportReport


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
        notes: of one that was read from text, what of it has no place in a graph, by line.
    """

    def __init__(self, name: str = "network", description: str = ""):
        CoreGraph.__init__(self, name, description)
        self.folder: Path | None = None
        self.answers = Answers()
        self._weights = Weights(self)
        self._compiled: WeakKeyDictionary[nn.Module, dict[str, Place]] = WeakKeyDictionary()
        self.report: ImportReport | None = None
        self.notes: Mapping[int, str] = {}
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
            path: a file or folder; for ``dataset`` the dotted name of a `torch.utils.data.Dataset` class, which is imported in a process
                of its own: calling this says that it is trusted.
            kind: id of a data set, ``table`` for instance; left out, what the data most likely is.
            **params: values for its parameters, in place of those that the look proposes.

        Raises:
            DataError: the data cannot be read.
            ParamError: there is no such kind or parameter, or a value is outside its limits.
        """
        if kind == "dataset":
            from graph_engine.foreign.child import shared

            found = shared().look(str(path), params, self.folder)
            self.answers.trusted.add(str(path))
        else:
            from graph_engine.data.look import look

            found = look(Path(path), kind)
        self._do(adopt(self, found.kind, {**found.params, **params}))

    def check(self) -> CheckedGraph:
        """Shapes, costs and findings; cheap after an edit. Never raises for a bad graph."""
        return self._checker.check()

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """Tensors to begin with, by the names that they have in the generated class now; `compile` puts them in where they fit.

        They belong to layers, wherever these are moved, and whatever they are called.

        Raises:
            DocumentError: the file that holds them is not there, or damaged.
        """
        return self._weights.by_name()

    @weights.setter
    def weights(self, tensors: Mapping[str, Tensor]) -> None:
        self._weights.put(tensors)
        self.weights_file = None

    def begin_with(self, file: Path) -> None:
        """Begins with the tensors in a safetensors file, as `save` or other programs write it; those that fit no layer are left out.

        A file that is not there, or damaged, is told when its tensors are needed.
        """
        self._weights.take(file.resolve())
        self.weights_file = Path(file.name)

    def keep_weights(self, file: Path) -> None:
        """Writes the tensors to begin with, so that `begin_with` finds their layers again, whatever these are called by then.

        Raises:
            UnwritableError: it cannot be written.
            DocumentError: the file that holds them now is not there.
        """
        self._weights.write(file)

    @property
    def weights_path(self) -> Path | None:
        """The file that holds those tensors, if one does."""
        return self._weights.file

    @property
    def begins_with_weights(self) -> bool:
        """Whether there are such tensors."""
        return bool(self._weights)

    def write_weights(self, path: Path) -> None:
        """Writes the tensors to begin with to a safetensors file, by their names in the generated class, if there are some.

        Raises:
            UnwritableError: it cannot be written.
            DocumentError: the file that holds them now is not there.
        """
        if self.begins_with_weights:
            self._weights.export(path)

    @property
    def foreign(self) -> frozenset[str]:
        """Dotted names of the code that the document names and that is not the program's own."""
        data = self.settings.data["dataset"]
        return self.foreign_modules | ({data.params["path"]} if data.option.is_foreign and data.params["path"] else set())

    @property
    def foreign_modules(self) -> frozenset[str]:
        """Those of them that are modules of the network, so that its shapes depend on them."""
        return frozenset(n.params["path"] for _, n in self._foreign_nodes() if n.params["path"] is not None)

    @property
    def is_trusted(self) -> bool:
        """Whether all of that code may be run; so it is where there is none."""
        return self.foreign <= self.answers.trusted

    def require_trust(self, paths: Iterable[str]) -> None:
        """Refuses code that may not be run yet.

        Raises:
            RunError: one of the dotted names is not trusted.
        """
        untrusted = sorted(set(paths) - self.answers.trusted)
        if untrusted:
            raise RunError(f"{untrusted[0]} is code that this document names: trust the document first.")

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
        return ((holder, node) for holder in self.graphs() for node in holder.foreign_nodes)

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
            previous: a module compiled before an edit, whose layers keep their weights, also when they are renamed, grouped or copied.

        Raises:
            CheckError: the graph has errors.
        """
        from graph_engine.compiler import build, fill

        self.answer()
        here = dict(places(self))
        then = self._compiled.get(previous, here) if previous is not None else here
        known = Known(map(to_text, then.values()), self.origins)
        before = {to_text(place): name for name, place in then.items()}
        layers = {name: before[found] for name, place in here.items() if (found := known.find(place)) is not None}
        module = build(self.to_python(), self.name, previous, self.folder if self.foreign else None, layers)
        if previous is None and self.begins_with_weights:
            fill(module, self.weights)
        self._compiled[module] = here
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

    @classmethod
    def from_source(cls, text: str, name: str | None = None) -> Graph:
        """The graph that Python text tells of: classes with ``__init__`` and ``forward``, or an ``nn.Sequential``; it is read, never run.

        What `to_python` writes comes back as the graph that it was written of, but for ids, positions, notes, settings, the names of
        operations, and what leads to no output. Shapes of what arrives are those in the docstring; where it tells none, ones that fit.

        Args:
            text: the source.
            name: of the class; left out, the last one that no other uses.

        Returns:
            The graph; ``notes`` tells what of the text has no place in it.

        Raises:
            SourceError: it cannot be told as a graph; the message names the line.
        """
        from graph_engine.parsing import from_source

        graph = cls()
        parsed = from_source(graph, text, name)
        graph._name, graph._description, graph.notes = parsed.name, parsed.description, parsed.notes
        return graph

    @classmethod
    def from_checkpoint(cls, path: str | Path, name: str | None = None) -> Graph:
        """The skeleton of the network whose tensors a file holds: its layers by names and shapes, one behind the other, with their weights.

        Args:
            path: a ``.safetensors`` file, or a ``state_dict`` that PyTorch saved; nothing in it is executed.
            name: of the graph; left out, the file's.

        Returns:
            The graph; ``report`` tells what a checkpoint leaves open.

        Raises:
            ImportModuleError: the file cannot be read, or holds no layers.
        """
        from graph_engine.importing import from_checkpoint

        graph = cls(name or Path(path).stem)
        graph.report = from_checkpoint(graph, Path(path))
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
            self._weights.take_over(path.with_suffix(".safetensors"))
        self.folder = path.resolve().parent

    def save_copy(self, path: Path, sync: bool = True) -> None:
        """As `save`, but the graph does not belong to that file from then on; with or without waiting for the disk."""
        from graph_engine.document.write import save

        beside = path.with_suffix(".safetensors") if self.begins_with_weights else None
        if beside is not None:
            self.keep_weights(beside)
        save(self, path, beside.name if beside is not None else None, sync)

    @classmethod
    def load(cls, path: str | Path) -> Graph:
        """Reads a document; never runs code that it names, before `trust` says so.

        Raises:
            DocumentError: the file cannot be read as a document; the message tells where.
        """
        from graph_engine.document.read import load

        graph = load(Path(path), cls)
        graph.folder = Path(path).resolve().parent
        if graph.weights_file is not None:
            graph.begin_with(graph.folder / graph.weights_file)
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
