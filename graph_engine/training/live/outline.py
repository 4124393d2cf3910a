"""Where the values of nodes are in generated source: what a process that runs it must know to tell one node's output from another's.

Needs no torch: the window makes it of a document, and sends it along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from graph_engine.codegen.module import class_name, write_module
from graph_engine.graph.network import network
from graph_engine.lowering import Program, lower_part
from graph_engine.spec.call import Names

if TYPE_CHECKING:
    from graph_engine.api import Graph


class Body(NamedTuple):
    """The ``forward`` of the network or of a group.

    Attributes:
        inputs: name of each argument, and the id of its node.
        held: name of each tensor that the object holds, and the id of its node.
        outputs: ids of the nodes whose values are returned, in order.
    """

    inputs: tuple[tuple[str, str], ...]
    held: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]


class Outline(NamedTuple):
    """A network's source, as far as it must be known to find values in it.

    Attributes:
        lines: id of the node by line.
        bodies: by the id of the group's node; "" is the network.
        results: names of what a node's operator returns, nested as it returns them.
        batch: for each node and output, which dimension is the batch; left out where none is.
        fed: which of the data set's inputs the network's arguments take, in order.
        answers: ids of the outputs that the data set has targets for, in their order.
    """

    lines: Mapping[int, str]
    bodies: Mapping[str, Body]
    results: Mapping[str, Names]
    batch: Mapping[str, Mapping[str, int]]
    fed: tuple[int, ...]
    answers: tuple[str, ...]

    @classmethod
    def of(cls, graph: Graph, program: Program, lines: Mapping[int, str]) -> Outline:
        """The outline of a graph's program that was written with those lines."""
        computing = network(graph).graph
        inputs = [node.id for node in computing if node.spec.call.kind == "input"]
        answers = tuple(node.id for node in computing if node.spec.call.target == "output")
        outline = cls(lines, {}, {}, {}, tuple(inputs.index(step.node) for step in program.inputs), answers)
        outline._add("", program)
        return outline

    def _add(self, group: str, program: Program) -> None:
        bodies, results, batch = self.bodies, self.results, self.batch
        assert isinstance(bodies, dict) and isinstance(results, dict) and isinstance(batch, dict)
        bodies[group] = Body(
            tuple((step.name, step.node) for step in program.inputs),
            tuple((step.name, step.node) for step in program.steps if step.spec.call.is_held),
            tuple(step.node for step in program.outputs),
        )
        for step in (*program.inputs, *program.steps):
            results[step.node] = step.spec.results_with(step.params)
            batch[step.node] = {port: dim for port, spec in step.outputs.items() if (dim := _batch(spec.shape)) is not None}
            if step.turns:
                self._add(step.node, step.turns[0].unit.program)
        for step in program.outputs:
            dim = _batch(step.arriving["input"][0].shape)
            if dim is not None:
                batch.setdefault(step.node, {})["input"] = dim

    def to_plain(self) -> dict[str, Any]:
        """The outline as JSON has it."""
        return self._asdict()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Outline:
        """The outline from JSON."""
        bodies = {
            group: Body(tuple((n, i) for n, i in inputs), tuple((n, i) for n, i in held), tuple(outputs))
            for group, (inputs, held, outputs) in plain["bodies"].items()
        }
        lines = {int(line): node for line, node in plain["lines"].items()}
        results = {node: _names(names) for node, names in plain["results"].items()}
        return cls(lines, bodies, results, plain["batch"], tuple(plain["fed"]), tuple(plain["answers"]))


class Computable(NamedTuple):
    """What can be computed of a network, to be run by another process.

    Attributes:
        text: its source.
        cls: name of its class.
        outline: where the values are.
        paths: dotted names of the classes in it that are not the program's own.
    """

    text: str
    cls: str
    outline: Outline
    paths: tuple[str, ...]


def computable(graph: Graph) -> Computable | None:
    """What can be computed of a graph; None where nothing can."""
    program = lower_part(graph, graph.check())
    if not program.outputs:
        return None
    source = write_module(program)
    steps = [step for one in (program, *(unit.program for unit in program.units)) for step in one.steps]
    paths = {step.params["path"] for step in steps if step.spec.foreign}
    return Computable(source.text, class_name(program.name), Outline.of(graph, program, source.lines), tuple(sorted(paths)))


def _batch(shape: tuple[Any, ...]) -> int | None:
    return next((dim for dim, size in enumerate(shape) if size == "N"), None)


def _names(plain: Any) -> Names:
    return tuple(name if isinstance(name, str) else _names(name) for name in plain)
