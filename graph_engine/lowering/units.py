"""Finds the classes of groups: one for each definition, constructed with what differs from use to use.

What the uses of a group have in common is written into its class; a size that differs (it follows from what arrives) or that is exposed
becomes an argument. Uses that differ in more than values, because one leaves an optional input out for instance, get classes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from graph_engine.analysis.check import Contents
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.errors import ParamError
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.names import RESERVED
from graph_engine.graph.network import network
from graph_engine.lowering.order import written_order
from graph_engine.lowering.program import Argument, Program, Ref, Slot, Step, Turn, Unit, Written
from graph_engine.spec.params import Param
from graph_engine.spec.tensor import Shape, Size, shape_text

Values = Mapping[str, Mapping[str, Any]]
"""Parameters by node and name."""
Known = tuple[str, tuple[Any, ...]]
"""A name, and the values that it stands for, use by use."""
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
        ends: as for `written_order`.
    """

    def __init__(self, graph: CoreGraph, checked: CheckedGraph, body: Body, ends: Sequence[str] | None = None):
        self._body = body
        self._uses: dict[Definition, dict[int, _Use]] = {}
        self._units: dict[Definition, list[Unit]] = {}
        self._turns: dict[int, Turn] = {}
        self._collect(graph, checked, {}, ends)
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

    def _collect(self, graph: CoreGraph, checked: CheckedGraph, values: Values, ends: Sequence[str] | None = None) -> None:
        graph = network(graph).graph
        for id_ in written_order(graph, ends) if graph.groups else ():
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
        made = [(use, self._program(definition, use)) for use in self._uses[definition].values()]
        alike: dict[Any, list[tuple[_Use, Program]]] = {}
        for use, program in made:
            structure = _structure(program) if len(made) > 1 or definition.exposed else None  # of one that has nothing to compare with
            alike.setdefault(structure, []).append((use, program))
        self._units[definition] = []
        for variant, (structure, members) in enumerate(alike.items()):
            uses, programs = [use for use, _ in members], [program for _, program in members]
            tried = list(self._varied(definition, uses[0], structure))
            rows = [*members, *tried]
            arguments, written = _settle(definition, [use.exposed for use, _ in rows], [program for _, program in rows])
            shapes = _shapes([program for _, program in rows], arguments, len(members))
            arguments = tuple(a._replace(values=a.values[: len(members)]) for a in arguments)
            unit = Unit(definition.id, variant, programs[0], arguments, written, shapes, len(members))
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
                    checker = Contents().of(definition, arriving, tuple(exposed.items()))
                    assert checker is not None
                    found = checker.check()
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
    definition: Definition, exposed: Sequence[Mapping[str, Any]], programs: Sequence[Program]
) -> tuple[tuple[Argument, ...], dict[Slot, Written]]:
    """Which values become arguments, and which places take theirs from one.

    Args:
        definition: the group.
        exposed: values of its exposed parameters, use by use.
        programs: the content, use by use.
    """
    if len(programs) == 1 and not definition.exposed:
        return (), {}  # all values stand as they are
    slots = [_slots(program) for program in programs]
    spec = definition.spec
    given = [
        Argument(name, spec.param(name), name, tuple(values[name] for values in exposed), spec.defaults[name], True)
        for name in dict.fromkeys(e.name for e in definition.exposed)
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
            follows = _follows(values, [(a.name, a.values) for a in (*given, *sized)])
            if follows is None:
                argument = Argument(_free(slot, definition, [*given, *sized]), _param(slot, programs[0]), slot, values)
                sized.append(argument)
                follows = Written(argument.name)
            written[slot] = follows
    used = {w.argument for w in written.values()}
    return (*sized, *(a for a in given if a.name in used)), written


def _param(slot: Slot, program: Program) -> Param:
    """What kind of value stands in a place."""
    step = next(step for step in program.steps if step.node == slot.node)
    if slot.turn < 0:
        return step.spec.param(slot.name)
    return next(a.param for a in step.turns[slot.turn].unit.arguments if a.name == slot.name)


def _shapes(programs: Sequence[Program], arguments: Sequence[Argument], uses: int) -> dict[Ref, str | None]:
    """The shapes that differ from use to use, told by the arguments and letters; None where that cannot be.

    Args:
        programs: the content: as the uses have it, and as others would.
        arguments: what its class is constructed with, with values for all of these.
        uses: how many of the programs are uses.
    """
    if len(programs) == 1:
        return {}
    steps = [(*program.inputs, *program.steps) for program in programs]
    taken = {letter for step in steps[0] for spec in step.outputs.values() for size in spec.shape for letter in str(size)}
    letters = iter([letter for letter in LETTERS if letter not in taken])
    known = [(a.name, a.values) for a in arguments]
    found: dict[Ref, str | None] = {}
    for alike in zip(*steps, strict=True):
        for port in alike[0].outputs:
            shapes = [step.outputs[port].shape for step in alike if port in step.outputs]
            if any(shape != shapes[0] for shape in shapes):
                found[Ref(alike[0].node, port)] = _told(shapes, known, letters, uses)
    return found


LETTERS = "HLSDKPQR"
"""What sizes are called in shapes that no argument tells."""


def _told(shapes: Sequence[Shape], known: list[Known], letters: Iterator[str], uses: int) -> str | None:
    """Text of a shape that differs; a size that is new is added to ``known``."""
    if len({len(shape) for shape in shapes}) > 1:
        return None
    told: list[Size | str] = []
    for sizes in zip(*shapes, strict=True):
        follows = _follows(sizes, known) if any(size != sizes[0] for size in sizes) else None
        if follows is None and any(size != sizes[0] for size in sizes[:uses]):
            letter = next(letters, None)
            if letter is None:
                return None
            known.append((letter, sizes))
            follows = Written(letter)
        told.append(follows.text() if follows is not None else sizes[0])
    return shape_text(told)


def _follows(values: tuple[Any, ...], known: Iterable[Known]) -> Written | None:
    """What is known already that some values are, or are a multiple or a part of."""
    for name, others in known:
        if others == values:
            return Written(name)
    if not all(type(v) is int and v > 0 for v in values):
        return None
    for name, others in known:
        if len(set(others)) == 1 or not all(type(v) is int and v > 0 for v in others):
            continue
        factor, divisor = values[0] // others[0], others[0] // values[0]
        if factor > 1 and all(v == factor * other for v, other in zip(values, others, strict=True)):
            return Written(name, factor=factor)
        if divisor > 1 and all(v * divisor == other for v, other in zip(values, others, strict=True)):
            return Written(name, divisor=divisor)
    return None


def _free(slot: Slot, definition: Definition, arguments: Sequence[Argument]) -> str:
    """A name for an argument: as the parameter, where nothing else is called so."""
    taken = {a.name for a in arguments} | {e.name for e in definition.exposed} | {n.name for n in definition} | RESERVED
    name = slot.name if slot.name not in taken else f"{definition[slot.node].name}_{slot.name}"
    return name if name not in taken else f"{name}_{slot.turn + 2}"


def _values(unit: Unit, use: _Use, program: Program) -> dict[str, Any]:
    """What the class of a group is constructed with for one use."""
    slots = _slots(program) if unit.arguments else {}
    return {a.name: use.exposed[a.source] if isinstance(a.source, str) else slots[a.source] for a in unit.arguments}
