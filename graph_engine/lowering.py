"""CheckedGraph → Program: the linear form from which source is written.

A program holds, in the order in which a person would write them, the calls that lead to the outputs and nothing else, with every
hyper-parameter settled. It knows nothing of variables or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graph_engine.analysis.checked import CheckedGraph
from graph_engine.errors import CheckError
from graph_engine.graph.graph import CoreGraph
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.tensor import TensorSpec


class Ref(NamedTuple):
    """A tensor: the output of a node."""

    node: str
    port: str


class Step(NamedTuple):
    """One node, ready to be written.

    Attributes:
        node: its id.
        name: its name.
        spec: its block.
        params: value of every hyper-parameter, inferred ones included.
        inputs: for each port the tensors that arrive; empty where it is not connected.
        arriving: `TensorSpec` of each of those.
        outputs: `TensorSpec` of each output port.
    """

    node: str
    name: str
    spec: BlockSpec
    params: Mapping[str, Any]
    inputs: Mapping[str, tuple[Ref, ...]]
    arriving: Mapping[str, tuple[TensorSpec, ...]]
    outputs: Mapping[str, TensorSpec]


class Program(NamedTuple):
    """A network as a sequence of calls.

    Attributes:
        name: of the document.
        description: of the document.
        inputs: the arguments, in the order in which they were added.
        steps: the calls, each behind what it needs.
        outputs: the results, in the order in which they were added.
        last_use: for each tensor the index of the last step that needs it; ``len(steps)`` for a result.
    """

    name: str
    description: str
    inputs: tuple[Step, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Step, ...]
    last_use: Mapping[Ref, int]


def lower(graph: CoreGraph, checked: CheckedGraph) -> Program:
    """The program of a graph.

    Raises:
        CheckError: the check found errors; the message tells the first.
    """
    if not checked.ok:
        errors = [d for d in checked.diagnostics if d.severity == "error"]
        more = f" ({len(errors) - 1} more errors)" if len(errors) > 1 else ""
        raise CheckError(f"{errors[0].message}{more}")
    steps = {id: _step(graph, checked, id) for id in _written_order(graph)}
    inputs = tuple(_step(graph, checked, n.id) for n in graph if n.spec.call.kind == "input")
    outputs = tuple(steps.pop(n.id) for n in graph if n.spec.call.kind == "output")
    calls = tuple(s for s in steps.values() if s.spec.call.kind != "input")
    last_use: dict[Ref, int] = {}
    for i, step in enumerate((*calls, *outputs)):
        for refs in step.inputs.values():
            for ref in refs:
                last_use[ref] = min(i, len(calls))
    return Program(graph.name, graph.description, inputs, calls, outputs, last_use)


def _step(graph: CoreGraph, checked: CheckedGraph, id: str) -> Step:
    node, found = graph[id], checked.nodes[id]
    inputs: dict[str, tuple[Ref, ...]] = {}
    arriving: dict[str, tuple[TensorSpec, ...]] = {}
    for port in node.spec.inputs:
        given = found.inputs[port.name]
        inputs[port.name] = tuple([Ref(e.source, e.source_port) for e in graph.inputs(id, port.name)])
        arriving[port.name] = given if port.variadic else () if given is None else (given,)
    return Step(id, node.name, node.spec, {**node.params, **found.sizes}, inputs, arriving, found.outputs)


def _written_order(graph: CoreGraph) -> list[str]:
    """Depth first from the outputs, so that a branch is written to its end before the next begins."""
    done: dict[str, None] = {}
    for end in graph:
        if end.spec.call.kind != "output":
            continue
        stack = [(end.id, False)]
        while stack:
            id, visited = stack.pop()
            if id in done:
                continue
            if visited:
                done[id] = None
                continue
            stack.append((id, True))
            sources = [e.source for port in graph[id].spec.inputs for e in graph.inputs(id, port.name)]
            stack += [(source, False) for source in reversed(sources) if source not in done]
    return list(done)
