"""How values stand in generated source, and how layers and groups are constructed with them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph_engine.codegen.layout import Brackets, Expression, flat
from graph_engine.codegen.library import PREFIX
from graph_engine.lowering import Ref, Step, Turn, Unit, Written
from graph_engine.lowering.program import Slot
from graph_engine.spec.params import DtypeParam, Param, PythonText
from graph_engine.spec.tensor import TensorSpec, shape_text

Classes = Mapping[tuple[str, int], str]
"""Name of the class of each `Unit`, by its definition and variant."""


class Values:
    """Writes what stands in a program as a value: as it is, or, where it differs from use to use of a group, by its argument.

    Args:
        unit: the class that is being written; None for the network itself.
        classes: names of the classes of groups.
        foreign: what classes that are not the program's own are called, by their dotted names.

    Attributes:
        written: the places that take their value from an argument.
        held: arguments that ``forward`` needs.
    """

    def __init__(self, unit: Unit | None, classes: Classes, foreign: Mapping[str, str]):
        self.written = unit.written if unit is not None else {}
        self._classes = classes
        self._shapes = unit.shapes if unit is not None else {}
        self._layers = {step.layer for step in unit.program.steps} if unit is not None else set()
        self._foreign = foreign
        self._constructed: dict[int, list[tuple[Mapping[str, Any], Expression]]] = {}
        self.held: list[str] = []
        if unit is not None:
            for step in unit.program.steps:
                for name in _computed_with(step):
                    written = self.written.get(Slot(step.node, -1, name))
                    if written is not None and written.argument not in self.held:
                        self.held.append(written.argument)

    def text(self, step: Step, param: Param) -> str:
        """The value of a parameter in ``__init__``."""
        written = self._written(step, param.name)
        return written.text() if written is not None else value_text(param, step.params[param.name])

    def text_in_forward(self, step: Step, param: Param) -> str:
        """The value of a parameter in ``forward``."""
        written = self.written.get(Slot(step.node, -1, param.name))
        if written is None:
            return value_text(param, step.params[param.name])
        return written._replace(argument=f"self.{self.attribute(written.argument)}").text()

    def attribute(self, argument: str) -> str:
        """What the object calls an argument that ``forward`` needs; a layer of that name comes first."""
        return f"{argument}_" if argument in self._layers else argument

    def shape(self, tensor: Ref, spec: TensorSpec) -> str | None:
        """The shape of a tensor as text; None where it differs from use to use in a way that no argument tells."""
        return self._shapes[tensor] if tensor in self._shapes else shape_text(spec.shape)

    def is_default(self, step: Step, param: Param) -> bool:
        """Whether a parameter need not be written."""
        return step.params[param.name] == step.spec.defaults[param.name] and self._written(step, param.name) is None

    def _written(self, step: Step, name: str) -> Written | None:
        return self.written.get(Slot(step.node, -1, name)) if self.written else None

    def constructor(self, step: Step) -> Expression:
        """The construction of a layer; of one that takes another layer, with that one inside."""
        if step.turns:
            return self._group(step)
        if self.written:  # what stands there may differ from step to step
            return self._layer(step)
        known = self._constructed.setdefault(id(step.spec), [])
        for params, expression in known:
            if params == step.params:
                return expression
        expression = self._layer(step)
        known.append((step.params, expression))
        return expression

    def _layer(self, step: Step) -> Expression:
        call, declared = step.spec.call, step.spec.constructed
        if not call.inner:
            name = self._foreign[call.target] if call.imported else call.target.removeprefix(PREFIX)
            return Brackets(name, self._given(step, declared, call.positional))
        inner = Brackets(call.inner, self._given(step, [p for p in declared if p.name not in call.outer], call.positional))
        return Brackets(call.target, (inner, *self._given(step, [p for p in declared if p.name in call.outer], 0)))

    def made(self, step: Step) -> Brackets:
        """The construction of a tensor that the network holds."""
        return Brackets(step.spec.call.target, self._given(step, step.spec.params, len(step.spec.call.arguments)))

    def _given(self, step: Step, params: Sequence[Param], positional: int) -> tuple[str, ...]:
        """Parameters as arguments, so many by position, the others by keyword where they differ from the default."""
        by_keyword = [p for p in params[positional:] if not self.is_default(step, p)]
        own = step.spec.call.renamed
        named = (f"{own.get(p.name, p.name)}={self.text(step, p)}" for p in by_keyword)
        return (*(self.text(step, p) for p in params[:positional]), *named)

    def _group(self, step: Step) -> Expression:
        """The construction of a group: once, or as often as it is repeated."""
        made = [self._turn(step, i, turn) for i, turn in enumerate(step.turns)]
        if step.times == 1 or step.tied:
            return made[0]
        several: list[Expression] = []
        for one, turn in zip(made, step.turns, strict=True):
            alone = f"{flat(one)} for _ in range({turn.times})"
            several.append(one if turn.times == 1 else f"*({alone})" if len(made) > 1 else alone)
        if not is_chain(step):
            return Brackets("nn.ModuleList", (Brackets("", tuple(several), "[]", shares=False),))
        if len(made) == 1:
            several = [f"*({several[0]})"]
        return Brackets("nn.Sequential", tuple(several), shares=False)

    def _turn(self, step: Step, place: int, turn: Turn) -> Brackets:
        items = []
        for a in turn.unit.arguments:
            written = self.written.get(Slot(step.node, place, a.name))
            text = written.text() if written is not None else value_text(a.param, turn.values[a.name])
            if not a.has_default:
                items.append(text)
            elif written is not None or turn.values[a.name] != a.default:
                items.append(f"{a.name}={text}")
        return Brackets(self._classes[turn.unit.definition, turn.unit.variant], tuple(items))


def is_chain(step: Step) -> bool:
    """Whether the repetitions of a group can follow each other in an ``nn.Sequential``."""
    return len(step.spec.inputs) == len(step.spec.outputs) == 1


def _computed_with(step: Step) -> Iterator[str]:
    """The parameters of a step that are written in ``forward``."""
    call = step.spec.call
    if call.is_held or step.turns:
        return
    for name in (*call.arguments, *call.keywords):
        if isinstance(name, str) and name.removeprefix("*") in step.params:
            yield name.removeprefix("*")


def value_text(param: Param, value: Any) -> str:
    """The value of a parameter as Python text."""
    return f"torch.{value}" if isinstance(param, DtypeParam) and value is not None else literal(value)


def literal(value: Any) -> str:
    """A hyper-parameter's value as Python text."""
    if isinstance(value, PythonText):
        return literal(ast.literal_eval(value))
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped if escaped.isprintable() else "".join(map(_escaped, escaped))}"'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def broken_up(prefix: str, value: Any, indent: str, width: int) -> list[str]:
    """Lines of ``prefix value,``: a collection that is too long for one has an item a line, as ruff breaks it."""
    line = f"{indent}{prefix}{literal(value)},"
    if len(line) <= width or not isinstance(value, (tuple, list, dict)) or not value:
        return [line]
    pair = {tuple: "()", list: "[]", dict: "{}"}[type(value)]
    items = [(f"{literal(k)}: ", v) for k, v in value.items()] if isinstance(value, dict) else [("", v) for v in value]
    inside = [text for before, item in items for text in broken_up(before, item, indent + "    ", width)]
    return [f"{indent}{prefix}{pair[0]}", *inside, f"{indent}{pair[1]},"]


def _escaped(letter: str) -> str:
    number = ord(letter)
    if letter.isprintable():
        return letter
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
