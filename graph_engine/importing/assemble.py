"""Plans → the graph, and the weights by the names that they have in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from graph_engine.analysis.layout import layered
from graph_engine.graph.commands import AddMany
from graph_engine.graph.definition import Definition, Exposed, free_title, new_definition_id
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.importing.folding import Shapes, outside
from graph_engine.importing.plan import Plan, PlanNode


def assemble(graph: CoreGraph, plan: Plan, shapes: Shapes) -> None:
    """Fills an empty graph from a plan."""
    made: dict[int, Definition] = {}
    used = {id(shapes.of[id(content)]) for content in _contents(plan)}
    with graph.edit():
        for shape in shapes.all.values():
            if id(shape) not in used:  # a container that stood for a row, which became one repeated group
                continue
            first = shape.plans[0]
            definition = Definition(graph, new_definition_id(graph), free_title(graph, first.title), _summary(first))
            ids = _fill(definition, first, shapes, made)
            definition._exposed = tuple(Exposed(name, ids[node], param) for name, places in shape.exposed.items() for node, param in places)
            _ = definition.shown
            graph._insert_definition(definition)
            made[id(shape)] = definition
        _fill(graph, plan, shapes, made)


def _contents(plan: Plan) -> Iterator[Plan]:
    """What is inside the groups of a plan, and of those inside them."""
    for node in plan.nodes:
        if node.content is not None:
            yield node.content
            yield from _contents(node.content)


def _summary(plan: Plan) -> str:
    """The first sentence of the class's own documentation."""
    cls = type(plan.scope.module)
    first = " ".join((vars(cls).get("__doc__") or "").strip().partition("\n\n")[0].split())
    return first if first.isprintable() and len(first) <= 200 and cls.__module__.partition(".")[0] != "torch" else ""


def _fill(graph: CoreGraph, plan: Plan, shapes: Shapes, made: Mapping[int, Definition]) -> dict[str, str]:
    """Puts the nodes of a plan into a graph; their ids by name."""
    nodes: list[Node] = []
    of: dict[int, Node] = {}
    owners: dict[str, str] = {}
    first: dict[Any, Node] = {}
    for one in (*plan.inputs, *plan.nodes, *plan.outputs):
        if one.content is not None:
            spec: Any = made[id(shapes.of[id(one.content)])].spec
            params = {**spec.defaults, **{k: v for k, v in outside(one).items() if k in spec.defaults}}
        else:
            assert one.match is not None
            spec, params = one.match.spec, {**one.match.spec.defaults, **one.params}
        node = Node(graph._new_node_id(), spec, one.name, params, (0.0, 0.0))
        nodes.append(node)
        of[id(one)] = node
        if one.layer is not None and one.layer in first:
            owners[node.id] = first[one.layer].id
        elif one.layer is not None:
            first[one.layer] = node
    edges = [
        (of[id(source)].id, port, of[id(one)].id, target)
        for one in (*plan.nodes, *plan.outputs)
        for target, ends in one.sources.items()
        for source, port in ends
    ]
    AddMany(nodes, edges, owners, text="Import").do(graph)
    for id_, position in layered(graph).items():
        graph._set_position(id_, position)
    return {n.name: n.id for n in nodes}


def weights(plan: Plan, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of an imported module by the names that they have in the generated class.

    Args:
        plan: of the whole module.
        tensors: by the names that they have in the module.
    """
    return {new: tensor for new, _, tensor in _named(plan, "", tensors)}


def names(plan: Plan, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """For each name in the generated class the name in the module, where there is one."""
    return {new: old for new, old, _ in _named(plan, "", tensors) if old}


def _named(plan: Plan, prefix: str, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, str, Tensor]]:
    seen: set[Any] = set()
    for node in plan.nodes:
        if node.layer is not None and node.layer in seen:
            continue
        seen.add(node.layer)
        if node.content is not None:
            own = node.turns if len(node.turns) > 1 and not node.params.get("share_weights") else node.turns[:1]
            for i, turn in enumerate(own):
                yield from _named(turn, f"{prefix}{node.name}.{i}." if len(own) > 1 else f"{prefix}{node.name}.", tensors)
            continue
        assert node.match is not None
        yield from _of_node(node, prefix, tensors)


def _of_node(node: PlanNode, prefix: str, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, str, Tensor]]:
    assert node.match is not None
    for own, old in node.match.state.items():
        new = f"{prefix}{node.name}" + (f".{own}" if own else "")
        if old in tensors:
            yield new, old, tensors[old].detach()
        elif not own:
            tensor = node.match.outputs["output"].tensor
            assert tensor is not None
            yield new, "", tensor
