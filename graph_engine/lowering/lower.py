"""Puts the calls of a checked graph into the order in which a person writes them, and settles their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph_engine.analysis.checked import CheckedGraph
from graph_engine.errors import CheckError
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.network import network
from graph_engine.lowering.order import written_order
from graph_engine.lowering.program import Program, Ref, Step
from graph_engine.lowering.units import Units
from graph_engine.spec.tensor import TensorSpec


def lower(graph: CoreGraph, checked: CheckedGraph) -> Program:
    """The program of a graph.

    Raises:
        CheckError: the check found errors; the message tells the first.
    """
    if not checked.ok:
        count = sum(d.severity == "error" for d in checked.diagnostics)
        more = f" ({count - 1} more errors)" if count > 1 else ""
        raise CheckError(f"{checked.obstacle.message if checked.obstacle else ''}{more}")
    units = Units(graph, checked, body)
    return body(graph, checked, {}, units)._replace(units=units.in_order())


def lower_part(graph: CoreGraph, checked: CheckedGraph) -> Program:
    """The program of all that can be computed of a network, whether the rest is wrong or not there yet.

    It is that of `lower` where nothing is wrong and every result is used. Otherwise what no other node takes is a result too, under the
    id of its own node; nodes that are wrong, or that lack something, are left out with all that follows from them.
    """
    resolved = network(graph).graph
    fine = _computable(resolved, checked)
    ends = [id for id in fine if resolved[id].spec.call.kind == "output"]
    ends += [id for id in fine if id not in ends and not any(edge.target in fine for edge in resolved.outgoing(id))]
    units = Units(graph, checked, body, ends)
    return body(graph, checked, {}, units, ends)._replace(units=units.in_order())


def _computable(graph: CoreGraph, checked: CheckedGraph) -> dict[str, None]:
    """Ids of the nodes that can be computed, in the order in which they were added."""
    fine: set[str] = set()
    for id in checked.order:
        if id not in graph:
            continue
        node = checked.nodes[id]
        is_fine = node.status == "ok" and not any(d.severity == "error" for d in node.diagnostics)
        is_fine = is_fine and all(content.ok for content in node.inside) and all(edge.source in fine for edge in graph.incoming(id))
        if is_fine:
            fine.add(id)
    return {node.id: None for node in graph if node.id in fine}


def body(
    graph: CoreGraph,
    checked: CheckedGraph,
    values: Mapping[str, Mapping[str, Any]],
    units: Units,
    ends: Sequence[str] | None = None,
) -> Program:
    """The program of a graph without its groups' classes, which ``units`` gathers.

    Args:
        graph: a document's graph or a definition.
        checked: its check.
        values: parameters of nodes that have another value in this use of the definition.
        units: finds the class of a group.
        ends: ids of the nodes to come from; left out, all outputs. What leaves one that is no output is a result.
    """
    graph = network(graph).graph
    order = written_order(graph, ends)
    constructed: set[str] = set()
    steps = {}
    owners = graph.owners
    for id in order:
        step = _step(graph, checked, id, values, units)
        if owners:
            owner = graph.owner(id)
            step = step._replace(layer=graph[owner].name, constructs=owner not in constructed)
            constructed.add(owner)
        steps[id] = step
    given = [n.id for n in graph if n.spec.call.kind == "input" and (ends is None or n.id in steps)]
    inputs = tuple(_step(graph, checked, id, values, units) for id in given)
    left = [n.id for n in graph if n.spec.call.kind == "output"] if ends is None else ends
    outputs = tuple(steps.pop(id) if graph[id].spec.call.kind == "output" else _result(steps[id]) for id in left)
    calls = tuple(s for s in steps.values() if s.spec.call.kind != "input")
    last_use: dict[Ref, int] = {}
    for i, step in enumerate((*calls, *outputs)):
        for refs in step.inputs.values():
            for ref in refs:
                last_use[ref] = min(i, len(calls))
    return Program(graph.name, graph.description, inputs, calls, outputs, last_use)


def _result(step: Step) -> Step:
    """What leaves a node as a result of the network."""
    port, spec = next(iter(step.outputs.items()))
    return step._replace(inputs={"input": (Ref(step.node, port),)}, arriving={"input": (spec,)}, outputs={})


def _step(graph: CoreGraph, checked: CheckedGraph, id: str, values: Mapping[str, Mapping[str, Any]], units: Units) -> Step:
    node, found = graph[id], checked.nodes[id]
    inputs: dict[str, tuple[Ref, ...]] = {}
    arriving: dict[str, tuple[TensorSpec, ...]] = {}
    for port in node.spec.inputs:
        given = found.inputs[port.name]
        inputs[port.name] = tuple([Ref(e.source, e.source_port) for e in graph.inputs(id, port.name)])
        arriving[port.name] = given if port.variadic else () if given is None else (given,)
    params = node.params.copy()
    params |= values.get(id, {})
    params |= found.sizes
    step = Step(id, node.name, node.name, True, node.spec, params, inputs, arriving, found.outputs)
    if not found.inside:
        return step
    return step._replace(turns=units.turns(graph.definitions[graph.groups[id]], found.inside, params), tied=params["share_weights"])
