"""What plans have in common: one definition for modules of one form, parameters exposed where they differ, repetitions folded into ×N."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from graph_engine.graph.definition import REPEAT, TIED
from graph_engine.importing.plan import End, Plan, PlanNode, identifier
from graph_engine.spec.params import Param

MOST_EXPOSED = 8
"""Modules that differ in more values than these are definitions of their own."""

Key = Any


class Shape:
    """What becomes one definition.

    Attributes:
        key: what all of its plans have in common.
        plans: them.
        exposed: for each exposed name the nodes and parameters that it sets.
    """

    def __init__(self, key: Key):
        self.key = key
        self.plans: list[Plan] = []
        self.exposed: dict[str, list[tuple[str, str]]] = {}

    @property
    def title(self) -> str:
        return self.plans[0].title


class Shapes:
    """The definitions of all groups in a plan, innermost first."""

    def __init__(self, root: Plan):
        self.of: dict[int, Shape] = {}
        self.all: dict[Key, Shape] = {}
        self._level(root)

    def _level(self, root: Plan) -> None:
        levels: dict[int, list[Plan]] = {}
        _collect(root, levels)
        for depth in sorted(levels):
            by_form: dict[Key, list[Plan]] = {}
            for one in levels[depth]:
                fold(one, self)
                if one is not root:
                    by_form.setdefault(self._form(one), []).append(one)
            for form, plans in by_form.items():
                exposed = _exposed(plans, self)
                if exposed is not None:
                    self._shape((form,), plans).exposed = exposed
                    continue
                by_values: dict[Key, list[Plan]] = {}
                for one in plans:
                    by_values.setdefault(_values(one), []).append(one)
                for values, alike in by_values.items():
                    self._shape((form, values), alike)
            for plans in by_form.values():
                for one in plans:
                    self._set_outside(one)

    def _shape(self, key: Key, plans: list[Plan]) -> Shape:
        shape = self.all.setdefault(key, Shape(key))
        shape.plans += plans
        for one in plans:
            self.of[id(one)] = shape
        return shape

    def _set_outside(self, inner: Plan) -> None:
        """What a plan's exposed parameters are, for the node that uses it."""
        by_name = {n.name: n for n in inner.nodes}
        inner.values = {name: outside(by_name[places[0][0]])[places[0][1]] for name, places in self.of[id(inner)].exposed.items()}

    def _form(self, one: Plan) -> Key:
        places = {id(n): i for i, n in enumerate([*one.inputs, *one.nodes, *one.outputs])}
        rows: list[Key] = [one.title, tuple(n.name for n in one.inputs)]
        owners: dict[Any, int] = {}
        for i, node in enumerate([*one.nodes, *one.outputs]):
            owner = owners.setdefault(node.layer, i) if node.layer is not None else i
            sources = tuple((port, tuple((places[id(n)], p) for n, p in ends)) for port, ends in node.sources.items())
            rows.append((node.name, self._block(node), owner, sources))
        return tuple(rows)

    def _block(self, node: PlanNode) -> Key:
        if node.content is not None:
            return (id(self.of[id(node.content)]), node.params.get("repeat", 1), node.params.get("share_weights", False))
        assert node.match is not None
        spec = node.match.spec
        fixed = spec.fitting.on if spec.fitting is not None else ()
        optional = tuple(k for k, v in node.params.items() if v is None)
        return (spec.id, tuple(node.params[name] for name in fixed), optional)


def _collect(one: Plan, levels: dict[int, list[Plan]]) -> int:
    depth = 0
    for node in one.nodes:
        if node.content is not None:
            depth = max(depth, 1 + _collect(node.content, levels))
    levels.setdefault(depth, []).append(one)
    return depth


def outside(node: PlanNode) -> dict[str, Any]:
    """The parameters of a node, those that a group exposes included."""
    if node.content is None:
        return node.params
    return {**node.content.values, **node.params}


def _values(one: Plan) -> Key:
    return tuple(tuple(sorted((k, repr(v)) for k, v in outside(n).items())) for n in one.nodes)


def _exposed(plans: list[Plan], shapes: Shapes) -> dict[str, list[tuple[str, str]]] | None:
    """Names for the parameters in which plans of one form differ; None where these are too many."""
    found: dict[tuple[Any, ...], list[tuple[str, str, Param]]] = {}
    for place, first in enumerate(plans[0].nodes):
        alike = [outside(one.nodes[place]) for one in plans]
        for name in alike[0]:
            values = tuple(repr(a[name]) for a in alike)
            if len(set(values)) > 1:
                param = param_of(first, name, shapes)
                if param is None:
                    return None
                limits = replace(param, name="", help="", default=None, inferred=False, advanced=False)
                found.setdefault((values, limits), []).append((first.name, name, param))
    if len(found) > MOST_EXPOSED:
        return None
    taken = {n.name for n in (*plans[0].inputs, *plans[0].nodes, *plans[0].outputs)} | {"repeat", "share_weights"}
    exposed: dict[str, list[tuple[str, str]]] = {}
    counts: dict[str, int] = {}
    for places in found.values():
        counts[places[0][1]] = counts.get(places[0][1], 0) + 1
    for places in found.values():
        node, param_name, _ = places[0]
        name = identifier(param_name if counts[param_name] == 1 and param_name not in taken else f"{node}_{param_name}")
        while name in exposed or name in taken:
            name += "_"
        exposed[name] = [(n, p) for n, p, _ in places]
    return exposed


def param_of(node: PlanNode, name: str, shapes: Shapes) -> Param | None:
    """The declaration of a parameter of a node, or None where a use cannot set it."""
    if node.content is not None:
        if name in ("repeat", "share_weights"):
            return {"repeat": REPEAT, "share_weights": TIED}[name]
        [(inner, param), *_] = shapes.of[id(node.content)].exposed[name]
        return param_of(next(n for n in node.content.nodes if n.name == inner), param, shapes)
    assert node.match is not None
    spec = node.match.spec
    if spec.fitting is not None and name in spec.fitting.on:
        return None
    return spec.param(name)


def fold(one: Plan, shapes: Shapes) -> None:
    """Makes one repeated group of groups of one form that follow each other; a container that holds nothing else goes."""
    for node in one.nodes:
        inner = node.content.nodes if node.content is not None else []
        if node.content is not None and len(inner) == 1 and _is_chain(node.content, inner[0]):
            [port] = node.sources.values()
            [name] = inner[0].sources
            node.content, node.turns, node.params, node.layer = inner[0].content, inner[0].turns, inner[0].params, inner[0].layer
            node.sources = {name: port}
            node.inlined = True
    for node in one.nodes:
        for ends in node.sources.values():
            ends[:] = [(s, s.outputs[0] if s.inlined else p) for s, p in ends]
    for node in one.outputs:
        node.sources = {t: [(s, s.outputs[0] if s.inlined else p) for s, p in ends] for t, ends in node.sources.items()}
    users: dict[tuple[int, str], int] = {}
    for node in (*one.nodes, *one.outputs):
        for ends in node.sources.values():
            for source, output in ends:
                users[id(source), output] = users.get((id(source), output), 0) + 1
    rows = list(_runs(one, shapes, users))
    for row in rows:
        first, last = row[0], row[-1]
        first.turns = [n.content for n in row if n.content is not None]
        tied = len({n.path for n in row}) == 1
        first.params = {**first.params, "repeat": len(row), **({"share_weights": True} if tied else {})}
        gone = {id(n) for n in row[1:]}
        for node in (*one.nodes, *one.outputs):
            if id(node) not in gone:
                for target, ends in node.sources.items():
                    node.sources[target] = [(first, p) if s is last else (s, p) for s, p in ends]
        one.nodes = [n for n in one.nodes if id(n) not in gone]
        _rename(one, first, row)


def _is_chain(container: Plan, only: PlanNode) -> bool:
    """Whether a Sequential is nothing but a repeated group, which is written as one anyway."""
    whole = isinstance(container.scope.module, nn.Sequential) and len(container.scope.module) == len(only.turns)
    return whole and len(only.turns) > 1 and len(container.inputs) == len(container.outputs) == len(only.outputs) == len(only.sources) == 1


def _rename(one: Plan, first: PlanNode, row: list[PlanNode]) -> None:
    """A repeated group that is all of a container is called as that is."""
    container, _, index = first.path.rpartition(".")
    inside = container[len(one.scope.path) + 1 :] if one.scope.path else container
    if index != "0" or not inside or len({n.path for n in row}) == 1:
        return
    holder = one.scope.module
    for part in inside.split("."):
        holder = getattr(holder, part)
    if len(list(holder.children())) == len(row):
        name = identifier(inside.replace(".", "_"))
        if name not in {n.name for n in (*one.inputs, *one.nodes, *one.outputs)}:
            first.name = name


def _runs(one: Plan, shapes: Shapes, users: Mapping[tuple[int, str], int]) -> Iterator[list[PlanNode]]:
    groups = [n for n in one.nodes if n.content is not None and "repeat" not in n.params]
    shared: dict[Any, int] = {}
    for node in groups:
        shared[node.layer] = shared.get(node.layer, 0) + 1
    done: set[int] = set()
    for start in groups:
        if id(start) in done:
            continue
        row = [start]
        while (following := _next(row[-1], groups, shapes, users)) is not None and _goes_on(row, following):
            row.append(following)
        whole = all(n.layer is None or shared[n.layer] == 1 or shared[n.layer] == len(row) for n in row)
        if len(row) > 1 and whole:
            done |= {id(n) for n in row}
            yield row


def _goes_on(row: list[PlanNode], following: PlanNode) -> bool:
    """Either all repetitions have weights of their own, or all have the same."""
    if following.layer is None:
        return row[0].layer is None and following.path.rpartition(".")[0] == row[0].path.rpartition(".")[0]
    if following.path == row[0].path:
        return all(n.path == row[0].path for n in row)
    same_holder = following.path.rpartition(".")[0] == row[0].path.rpartition(".")[0]
    return same_holder and following.path.rpartition(".")[2].isdecimal() and following.path not in {n.path for n in row}


def _next(node: PlanNode, groups: list[PlanNode], shapes: Shapes, users: Mapping[tuple[int, str], int]) -> PlanNode | None:
    """The group of the same form that takes all that leaves one, and nothing else but what that takes."""
    assert node.content is not None
    ends: list[End] = [(node, port) for port in node.outputs]
    names = [n.name for n in node.content.inputs]
    if not ends or len(ends) > len(names) or any(users.get((id(node), port), 0) != 1 for port in node.outputs):
        return None
    for other in groups:
        if other is node or other.content is None or shapes.of[id(other.content)] is not shapes.of[id(node.content)]:
            continue
        if outside(other) != outside(node):
            continue
        expected = {n: [e] for n, e in zip(names, ends, strict=False)}
        rest = {n: node.sources[n] for n in names[len(ends) :]}
        if other.sources == {**expected, **rest}:
            return other
    return None
