"""Finds the classes of groups: one for each definition, constructed with what differs from use to use.

What the uses of a group have in common is written into its class; a size that differs (it follows from what arrives) or that is exposed
becomes an argument. Uses that differ in more than values, because one leaves an optional input out for instance, get classes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from graph_engine.analysis.check import Contents
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.errors import ParamError
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import RESERVED, CoreGraph
from graph_engine.lowering.order import written_order
from graph_engine.lowering.program import Argument, Program, Slot, Step, Turn, Unit, Written

Values = Mapping[str, Mapping[str, Any]]
"""Parameters by node and name."""
Body = Callable[[CoreGraph, CheckedGraph, Values, "Units"], Program]


class _Use(NamedTuple):
    """One different use of a group: its checked content, and the values of its exposed parameters."""

    content: CheckedGraph
    exposed: Mapping[str, Any]


class _Unlike(Exception):  # noqa: N818 (an answer, not a failure)
    """No class of a group fits a content."""


class Units:
    """The classes of all groups of a network.

    Args:
        graph: the document's graph.
        checked: its check.
        body: makes the program of a content.
    """

    def __init__(self, graph: CoreGraph, checked: CheckedGraph, body: Body):
        self._body = body
        self._uses: dict[Definition, dict[int, _Use]] = {}
        self._units: dict[Definition, list[Unit]] = {}
        self._turns: dict[int, Turn] = {}
        self._collect(graph, checked, {})
        for definition in self._uses:
            self._make(definition)

    def in_order(self) -> tuple[Unit, ...]:
        """All classes, each behind those that it uses."""
        return tuple(unit for units in self._units.values() for unit in units)

    def turns(self, definition: Definition, inside: Sequence[CheckedGraph], params: Mapping[str, Any]) -> tuple[Turn, ...]:
        """The repetitions of a group, those that are alike together.

        Args:
            definition: the group.
            inside: its checked content, once for each repetition as far as they differ.
            params: of the node.
        """
        exposed = {e.name: params[e.name] for e in definition.exposed}
        found = [self._turns.get(id(content)) or self._turn(definition, _Use(content, exposed)) for content in inside]
        found[-1] = found[-1]._replace(times=params["repeat"] - len(inside) + 1)
        alike = groupby(found, lambda turn: (turn.unit.definition, turn.unit.variant, turn.values))
        groups = [list(group) for _, group in alike]
        return tuple(group[0]._replace(times=sum(turn.times for turn in group)) for group in groups)

    def _collect(self, graph: CoreGraph, checked: CheckedGraph, values: Values) -> None:
        for id_ in written_order(graph):
            if id_ not in graph.groups:
                continue
            definition = graph.definitions[graph.groups[id_]]
            params = {**graph[id_].params, **values.get(id_, {})}
            use = {e.name: params[e.name] for e in definition.exposed}
            for content in checked.nodes[id_].inside:
                if id(content) not in self._uses.get(definition, {}):
                    self._collect(definition, content, definition.values_inside(use))
                    self._uses.setdefault(definition, {})[id(content)] = _Use(content, use)

    def _make(self, definition: Definition) -> None:
        """Makes the classes of one group, those of the groups in it being made."""
        alike: dict[Any, list[tuple[_Use, Program]]] = {}
        for use in self._uses[definition].values():
            program = self._program(definition, use)
            alike.setdefault(_structure(program), []).append((use, program))
        self._units[definition] = []
        for variant, members in enumerate(alike.values()):
            uses, programs = [use for use, _ in members], [program for _, program in members]
            tried = list(self._varied(definition, uses[0], _structure(programs[0])))
            rows = [*members, *tried]
            arguments, written = _settle(definition, [use.exposed for use, _ in rows], [_slots(program) for _, program in rows])
            arguments = tuple(a._replace(values=a.values[: len(members)]) for a in arguments)
            unit = Unit(definition.id, variant, programs[0], arguments, written, len(members))
            self._units[definition].append(unit)
            for use, program in members:
                self._turns[id(use.content)] = Turn(unit, _values(unit, use, program), 1)

    def _program(self, definition: Definition, use: _Use) -> Program:
        return self._body(definition, use.content, definition.values_inside(dict(use.exposed)), self)

    def _turn(self, definition: Definition, use: _Use) -> Turn:
        program = self._program(definition, use)
        structure = _structure(program)
        for unit in self._units[definition]:
            if _structure(unit.program) == structure:
                return Turn(unit, _values(unit, use, program), 1)
        raise _Unlike

    def _varied(self, definition: Definition, use: _Use, structure: Any) -> Iterator[tuple[_Use, Program]]:
        """The group with other values of its exposed parameters: they tell which sizes follow from these."""
        arriving = tuple(use.content.nodes[definition.named(p.name).id].outputs["output"] for p in definition.spec.inputs)
        for name, value in use.exposed.items():
            if isinstance(value, bool) or not isinstance(value, int):
                continue
            for other in (2 * value, value + 1):
                try:
                    exposed = {**use.exposed, name: definition.spec.param(name).parse(other)}
                    found = Contents().of(definition, arriving, tuple(exposed.items())).check()
                    if not found.ok or any(node.status != "ok" for node in found.nodes.values()):
                        continue
                    varied = _Use(found, exposed)
                    program = self._program(definition, varied)
                except (ParamError, _Unlike):
                    continue
                if _structure(program) == structure:
                    yield varied, program
                    break


def _structure(program: Program) -> Any:
    """What two uses must have in common to be of one class: all but values."""
    rows = []
    for step in program.steps:
        used = tuple(port for port in step.outputs if (step.node, port) in program.last_use)
        turns = tuple((turn.unit.definition, turn.unit.variant, turn.times) for turn in step.turns)
        named = tuple((name, value) for name, value in step.params.items() if _is_written(step, value))
        rows.append((step.node, step.layer, step.constructs, step.spec.id, tuple(step.inputs.items()), used, turns, step.tied, named))
    return (*rows, *(tuple(step.inputs.items()) for step in program.outputs))


def _is_written(step: Step, value: Any) -> bool:
    """Whether a value stands in ``forward`` as source, not as a value: the size of a tensor, what is between brackets."""
    return step.spec.call.kind == "subscript" or (isinstance(value, tuple) and any(isinstance(v, str) for v in value))


def _slots(program: Program) -> dict[Slot, Any]:
    """The places where values stand, in the order in which they are written."""
    found: dict[Slot, Any] = {}
    for step in program.steps:
        if step.turns:
            for i, turn in enumerate(step.turns):
                found |= {Slot(step.node, i, name): value for name, value in turn.values.items()}
        else:
            found |= {Slot(step.node, -1, name): value for name, value in step.params.items() if not _is_written(step, value)}
    return found


def _settle(
    definition: Definition, exposed: Sequence[Mapping[str, Any]], slots: Sequence[Mapping[Slot, Any]]
) -> tuple[tuple[Argument, ...], dict[Slot, Written]]:
    """Which values become arguments, and which places take theirs from one.

    Args:
        definition: the group.
        exposed: values of its exposed parameters, use by use.
        slots: values at all places, use by use.
    """
    given = [
        Argument(e.name, e.name, tuple(values[e.name] for values in exposed), definition.spec.defaults[e.name], True)
        for e in definition.exposed
    ]
    direct = {(id, e.param): e.name for e in definition.exposed for id in definition.sharing(e.node)}
    by_name = {a.name: a for a in given}
    sized: list[Argument] = []
    written: dict[Slot, Written] = {}
    for slot in slots[0]:
        values = tuple(row[slot] for row in slots)
        name = direct.get((slot.node, slot.name))
        if name is not None and by_name[name].values == values:
            written[slot] = Written(name)
        elif any(value != values[0] for value in values):
            follows = _follows(values, [*given, *sized])
            if follows is None:
                argument = Argument(_free(slot, definition, [*given, *sized]), slot, values)
                sized.append(argument)
                follows = Written(argument.name)
            written[slot] = follows
    return (*sized, *given), written


def _follows(values: tuple[Any, ...], arguments: Sequence[Argument]) -> Written | None:
    """The argument that some values are, or are a multiple or a part of."""
    for argument in arguments:
        if argument.values == values:
            return Written(argument.name)
    whole = all(type(v) is int and v > 0 for v in values)
    for argument in arguments:
        others = argument.values
        if not whole or not all(type(v) is int and v > 0 for v in others) or len(set(others)) == 1:
            continue
        factor, divisor = values[0] // others[0], others[0] // values[0]
        if factor > 1 and all(v == factor * other for v, other in zip(values, others, strict=True)):
            return Written(argument.name, factor=factor)
        if divisor > 1 and all(v * divisor == other for v, other in zip(values, others, strict=True)):
            return Written(argument.name, divisor=divisor)
    return None


def _free(slot: Slot, definition: Definition, arguments: Sequence[Argument]) -> str:
    """A name for an argument: as the parameter, where nothing else is called so."""
    taken = {a.name for a in arguments} | {e.name for e in definition.exposed} | {n.name for n in definition} | RESERVED
    name = slot.name if slot.name not in taken else f"{definition[slot.node].name}_{slot.name}"
    return name if name not in taken else f"{name}_{slot.turn + 2}"


def _values(unit: Unit, use: _Use, program: Program) -> dict[str, Any]:
    """What the class of a group is constructed with for one use."""
    slots = _slots(program)
    return {a.name: use.exposed[a.source] if isinstance(a.source, str) else slots[a.source] for a in unit.arguments}
