"""Program → the source of ``torch.nn.Module``s, as a good engineer would write them by hand."""

from __future__ import annotations

import ast
import keyword
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graph_engine.codegen.foreign import imported
from graph_engine.codegen.forward import Forward, helper
from graph_engine.codegen.layout import INDENT, WIDTH, Brackets, Expression, statement
from graph_engine.codegen.library import PREFIX, Part, names, part
from graph_engine.codegen.values import Classes, Values, literal, value_text
from graph_engine.lowering import Argument, Program, Ref, Step, Unit
from graph_engine.spec.params import DtypeParam, Param, PythonText
from graph_engine.spec.tensor import TensorSpec, shape_text

IMPORTED = ("F", "Tensor", "math", "nn", "torch")
"""Names that mean something in generated modules."""


class Source(NamedTuple):
    """Generated text, and where each node stands in it.

    Attributes:
        text: a Python module that needs torch only.
        lines: line number, counted from 1, → id of the node written there.
    """

    text: str
    lines: Mapping[int, str]


def class_name(name: str) -> str:
    """A class name from a document's name: ``digits_cnn`` → ``DigitsCnn``."""
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in name).split()
    joined = "".join(w[0].upper() + w[1:] for w in words)
    taken = keyword.iskeyword(joined) or joined in IMPORTED or joined in names()
    return joined if joined.isidentifier() and not taken else f"Network{joined}"


def write_module(program: Program) -> Source:
    """The source of a network.

    Returns:
        A module whose last class is the network, called after the document; its ``forward`` takes the inputs and returns the outputs in
        order. Above it stand the classes of its groups and the layers that torch lacks, as far as it has some.
    """
    writer = _Writer()
    programs = [*(unit.program for unit in program.units), program]
    writer.docstring("", [f"{_harmless(program.name)}: a PyTorch network. Written by Archloom."])
    writer.line()
    steps = [step for one in programs for step in one.steps]
    called = dict.fromkeys(target for step in steps for target in (step.spec.call.target, helper(step)))
    parts = [part(target) for target in called if target.startswith(PREFIX)]
    classes = _class_names(program)
    targets = [s.spec.call.target for s in steps if s.spec.call.imported]
    imports, foreign = imported(targets, {class_name(program.name), *classes.values(), *IMPORTED, *names()})
    for text in _imports(steps, [a for unit in program.units for a in unit.arguments], parts, imports):
        writer.line(text)
    for one in parts:
        for text in ("", "", *one.lines):
            writer.line(text)
    for unit in program.units:
        _write_class(writer, classes[unit.definition, unit.variant], unit.program, Values(unit, classes, foreign), unit)
    _write_class(writer, class_name(program.name), program, Values(None, classes, foreign), None)
    return writer.source()


def _class_names(program: Program) -> Classes:
    taken = {class_name(program.name)}
    found: dict[tuple[str, int], str] = {}
    for unit in program.units:
        stem = name = class_name(unit.program.name)
        number = 2
        while name in taken:
            name, number = f"{stem}{number}", number + 1
        taken.add(name)
        found[unit.definition, unit.variant] = name
    return found


def _write_class(writer: _Writer, name: str, program: Program, values: Values, unit: Unit | None) -> None:
    forward = list(Forward(program, values).write())
    writer.line()
    writer.line()
    writer.line(f"class {name}(nn.Module):")
    writer.docstring(INDENT, _docstring(program, unit, values))
    writer.line()
    arguments = tuple(_argument(a) for a in unit.arguments) if unit is not None else ()
    writer.statement(INDENT, "", Brackets("def __init__", ("self", *arguments)), " -> None:")
    writer.line(f"{INDENT}{INDENT}super().__init__()")
    for held in values.held:
        writer.line(f"{INDENT}{INDENT}self.{values.attribute(held)} = {held}")
    for step in program.steps:
        kind = step.spec.call.kind
        if kind == "module" and step.constructs:
            writer.statement(2 * INDENT, f"self.{step.layer} = ", values.constructor(step), node=step.node)
        elif kind == "parameter":
            writer.statement(2 * INDENT, f"self.{step.name} = ", Brackets("nn.Parameter", (values.made(step),)), node=step.node)
        elif kind == "buffer":
            writer.statement(2 * INDENT, "", f"self.{step.name}: Tensor", node=step.node)
            items = (literal(step.name), values.made(step), *(() if step.spec.call.saved else ("persistent=False",)))
            writer.statement(2 * INDENT, "", Brackets("self.register_buffer", items), node=step.node)
    writer.line()
    takes = ("self", *(f"{s.name}: Tensor" for s in program.inputs))
    result = "Tensor" if len(program.outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(program.outputs))}]"
    writer.statement(INDENT, "", Brackets("def forward", takes), f" -> {result}:")
    for line in forward:
        writer.statement(2 * INDENT + line.indent, line.prefix, line.expression, line.suffix, line.node)


def _argument(argument: Argument) -> str:
    """An argument of a constructor: its name, its type, and its default where it has one."""
    values = (*argument.values, *([argument.default] if argument.has_default else []))
    kinds = {_type(argument.param, value) for value in values if value is not None} or {_KINDS[argument.param.kind]}
    types = [*sorted(kinds - ({"int"} if "float" in kinds else set())), *(["None"] if None in values else [])]
    default = f" = {value_text(argument.param, argument.default)}" if argument.has_default else ""
    return f"{argument.name}: {' | '.join(types)}{default}"


_KINDS = {"int": "int", "float": "float", "bool": "bool", "ints": "int", "shape": "tuple[int, ...]"}
"""Types of the kinds of parameters, where no value tells."""


def _type(param: Param, value: Any) -> str:
    if isinstance(param, DtypeParam):
        return "torch.dtype"
    if isinstance(value, PythonText):
        value = ast.literal_eval(value)
    if isinstance(value, tuple):
        return f"tuple[{' | '.join(sorted({type(item).__name__ for item in value})) or 'int'}, ...]"
    return type(value).__name__


def _imports(steps: Sequence[Step], arguments: Sequence[Argument], parts: Sequence[Part], foreign: Sequence[str]) -> list[str]:
    """The imports of the module, as a formatter sorts them."""
    lines = {line for one in parts for line in one.imports} | {"from torch import Tensor, nn"}
    if any(isinstance(a.param, DtypeParam) for a in arguments):
        lines.add("import torch")
    own = [step for step in steps if not step.spec.call.imported]
    written = {step.spec.call.target for step in own}
    arguments_written = (str(a) for step in own if step.spec.call.kind == "written" for a in step.spec.call.arguments)
    written.update(name for text in arguments_written for name in re.findall(r"torch\.\w+", text))
    specs = {step.spec.id: step.spec for step in own if not step.turns}
    typed = {id: [p for p in spec.params if isinstance(p, DtypeParam)] for id, spec in specs.items()}
    written.update(value_text(p, step.params[p.name]) for step in own if not step.turns for p in typed[step.spec.id])
    if any(name.startswith("torch.") for name in written):
        lines.add("import torch")
    if any(name.startswith("F.") for name in written):
        lines.add("import torch.nn.functional as F")
    standard = sorted(line for line in lines if "torch" not in line)
    others = {*lines.difference(standard), *foreign}
    return [*standard, *([""] if standard else []), *sorted(others, key=lambda line: (line.startswith("from"), line.lower()))]


def _docstring(program: Program, unit: Unit | None, values: Values) -> list[str]:
    what = "network" if unit is None else "group"
    taken = [(s.name, Ref(s.node, "output"), s.outputs["output"]) for s in program.inputs]
    given = [(s.inputs["input"][0], s.arriving["input"][0]) for s in program.outputs]
    told = all(values.shape(ref, spec) is not None for ref, spec in (*(row[1:] for row in taken), *given))
    lines = [_harmless(program.description or f"The {what} {program.name}."), ""]

    def text(ref: Ref, spec: TensorSpec) -> str:
        shape = values.shape(ref, spec) if told else shape_text(spec.shape)
        return f"{shape}{'' if spec.dtype == 'float32' else f' {spec.dtype}'}"

    lines += ["Shapes:" if told else "Shapes of its first use:"]
    lines += [f"    {name}: {text(ref, spec)}" for name, ref, spec in taken]
    shown = [text(ref, spec) for ref, spec in given]
    lines += [f"    returns: {', '.join(f'{_result(s, program)}{t}' + _term(s) for s, t in zip(program.outputs, shown, strict=True))}"]
    return lines


def _result(step: Step, program: Program) -> str:
    """What a result is called, where it is not just the output."""
    return "" if len(program.outputs) == 1 and step.name == "output" else f"{step.name} "


def _term(step: Step) -> str:
    """How a result counts that no target is compared with."""
    if step.spec.call.target != "loss term":
        return ""
    factor = step.params["factor"]
    return f" as a term of the loss{'' if factor == 1 else f' × {factor}'}"


def _harmless(text: str) -> str:
    """Free text so that it stays inside a docstring and means itself there."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    shown = f" {shown}" if shown.startswith('"') else shown
    return shown.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


class _Writer:
    """Lines of source, and the node of each."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._nodes: dict[int, str] = {}

    def line(self, text: str = "") -> None:
        self._lines.append(text)

    def statement(self, indent: str, prefix: str, expression: Expression, suffix: str = "", node: str | None = None) -> None:
        for text in statement(indent, prefix, expression, suffix):
            self._lines.append(text)
            if node is not None:
                self._nodes[len(self._lines)] = node

    def docstring(self, indent: str, lines: list[str]) -> None:
        if len(lines) == 1 and len(lines[0]) <= WIDTH - 6 - len(indent):
            self.line(f'{indent}"""{lines[0]}"""')
            return
        wrapped = []
        for line in lines:
            deeper = 2 * INDENT if line.startswith(" ") else ""
            width = WIDTH - 4 - len(indent)
            wrapped += [line.rstrip()] if len(line) <= width else textwrap.wrap(line, width, subsequent_indent=deeper)
        self.line(f'{indent}"""{wrapped[0]}')
        for line in wrapped[1:]:
            self.line(f"{indent}{line}".rstrip())
        self.line(f'{indent}"""')

    def source(self) -> Source:
        return Source("\n".join(self._lines) + "\n", self._nodes)
