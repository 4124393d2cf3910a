"""Program → the source of one ``torch.nn.Module``, as a good engineer would write it by hand.

Local names are used again as soon as their value is dead: giving every value a name of its own would keep all of them alive until
``forward`` returns, which costs several times the peak memory of inference.
"""

from __future__ import annotations

import keyword
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graph_engine.codegen.layout import INDENT, WIDTH, Brackets, Expression, Infix, statement
from graph_engine.codegen.library import PREFIX, Part, names, part
from graph_engine.lowering import Program, Ref, Step
from graph_engine.spec.call import Names
from graph_engine.spec.params import DtypeParam, Param
from graph_engine.spec.tensor import shape_text

FRESH = ("x", "y", "z", "u", "v", "w")
"""What values are called that have no name of their own."""


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
    taken = keyword.iskeyword(joined) or joined in ("F", "Tensor", "math", "nn", "torch") or joined in names()
    return joined if joined.isidentifier() and not taken else f"Network{joined}"


def write_module(program: Program) -> Source:
    """The source of a network.

    Returns:
        A module with one class, called after the document; its ``forward`` takes the inputs and returns the outputs in order. Above it
        stand the layers that torch lacks, as far as the network has some.
    """
    writer = _Writer()
    forward = list(_Forward(program).write())
    writer.docstring("", [f"{_harmless(program.name)}: a PyTorch network. Written by Archloom."])
    writer.line()
    parts = [part(target) for target in dict.fromkeys(s.spec.call.target for s in program.steps) if target.startswith(PREFIX)]
    for text in _imports(program, parts):
        writer.line(text)
    for one in parts:
        for text in ("", "", *one.lines):
            writer.line(text)
    writer.line()
    writer.line()
    writer.line(f"class {class_name(program.name)}(nn.Module):")
    writer.docstring(INDENT, _docstring(program))
    writer.line()
    writer.line(f"{INDENT}def __init__(self) -> None:")
    writer.line(f"{INDENT}{INDENT}super().__init__()")
    for step in program.steps:
        kind = step.spec.call.kind
        if kind == "module":
            writer.statement(2 * INDENT, f"self.{step.name} = ", _constructor(step), node=step.node)
        elif kind == "parameter":
            writer.statement(2 * INDENT, f"self.{step.name} = ", Brackets("nn.Parameter", (_made(step),)), node=step.node)
        elif kind == "buffer":
            writer.statement(2 * INDENT, "", f"self.{step.name}: Tensor", node=step.node)
            items = (literal(step.name), _made(step), "persistent=False")
            writer.statement(2 * INDENT, "", Brackets("self.register_buffer", items), node=step.node)
    writer.line()
    arguments = ("self", *(f"{s.name}: Tensor" for s in program.inputs))
    result = "Tensor" if len(program.outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(program.outputs))}]"
    writer.statement(INDENT, "", Brackets("def forward", arguments), f" -> {result}:")
    for line in forward:
        writer.statement(2 * INDENT, *line)
    return writer.source()


def _imports(program: Program, parts: Sequence[Part]) -> list[str]:
    """The imports of the module, as a formatter sorts them."""
    lines = {line for one in parts for line in one.imports} | {"from torch import Tensor, nn"}
    for step in program.steps:
        written = (step.spec.call.target, *(_text(p, step.params[p.name]) for p in step.spec.params if isinstance(p, DtypeParam)))
        if any(name.startswith("torch.") for name in written):
            lines.add("import torch")
        if step.spec.call.target.startswith("F."):
            lines.add("import torch.nn.functional as F")
    standard = sorted(line for line in lines if "torch" not in line)
    return [*standard, *([""] if standard else []), *sorted(lines.difference(standard), key=lambda line: (line.startswith("from"), line))]


def _docstring(program: Program) -> list[str]:
    lines = [_harmless(program.description or f"The network {program.name}."), ""]
    lines += ["Shapes:"] + [f"    {s.name}: {_spec_text(s.outputs['output'])}" for s in program.inputs]
    lines += [f"    returns: {', '.join(_spec_text(s.arriving['input'][0]) for s in program.outputs)}"]
    return lines


def _harmless(text: str) -> str:
    """Free text so that it stays inside a docstring and means itself there."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    shown = f" {shown}" if shown.startswith('"') else shown
    return shown.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _spec_text(spec: Any) -> str:
    return shape_text(spec.shape) + ("" if spec.dtype == "float32" else f" {spec.dtype}")


def _constructor(step: Step) -> Brackets:
    """The construction of a layer; of one that takes another layer, with that one inside."""
    call, declared = step.spec.call, step.spec.constructed
    if not call.inner:
        return Brackets(call.target.removeprefix(PREFIX), _given(step, declared, call.positional))
    inner = Brackets(call.inner, _given(step, [p for p in declared if p.name not in call.outer], call.positional))
    return Brackets(call.target, (inner, *_given(step, [p for p in declared if p.name in call.outer], 0)))


def _made(step: Step) -> Brackets:
    """The construction of a tensor that the network holds."""
    declared = step.spec.params
    return Brackets(step.spec.call.target, _given(step, declared, len(step.spec.call.arguments)))


def _given(step: Step, params: Sequence[Param], positional: int) -> tuple[str, ...]:
    """Parameters as arguments, so many by position, the others by keyword where they differ from the default."""
    values = step.params
    by_keyword = [p for p in params[positional:] if values[p.name] != step.spec.defaults[p.name]]
    return (*(_text(p, values[p.name]) for p in params[:positional]), *(f"{p.name}={_text(p, values[p.name])}" for p in by_keyword))


def _text(param: Param, value: Any) -> str:
    """The value of a parameter as Python text."""
    return f"torch.{value}" if isinstance(param, DtypeParam) and value is not None else literal(value)


def literal(value: Any) -> str:
    """A hyper-parameter's value as Python text."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


class _Line(NamedTuple):
    prefix: str
    expression: Expression
    comment: str
    node: str


class _Forward:
    """Gives the values names and writes the body of ``forward``."""

    def __init__(self, program: Program):
        self._program = program
        self._names: dict[Ref, str] = {Ref(s.node, "output"): s.name for s in program.inputs}
        self._used = set(self._names.values())
        self._held = {Ref(s.node, "output"): f"self.{s.name}" for s in program.steps if s.spec.call.is_held}
        self._names |= self._held
        self._arguments = self._used - set(FRESH)  # the caller keeps their values alive anyway, so their names keep their meaning
        self._free: list[str] = []

    def write(self) -> Iterator[_Line]:
        program = self._program
        for i, step in enumerate(program.steps):
            if step.spec.call.is_held:
                continue
            expression = self._expression(step)
            comment = self._comment(step)
            if self._is_returned(i, step):
                yield _Line("return ", expression, comment, step.node)
                return
            yield _Line(f"{self._results(i, step)} = ", expression, comment, step.node)
        results = tuple(self._names[s.inputs["input"][0]] for s in program.outputs)
        yield _Line("return ", Brackets("", results, shares=False, bare=True), "", program.outputs[0].node)

    def _is_returned(self, i: int, step: Step) -> bool:
        last = i == len(self._program.steps) - 1 and len(self._program.outputs) == 1
        return last and len(step.spec.results_with(step.params)) == 1 and self._program.outputs[0].inputs["input"][0].node == step.node

    def _expression(self, step: Step) -> Expression:
        call = step.spec.call
        if call.kind == "operator":
            return Infix(call.target, tuple(operand for name in call.arguments for operand in self._operands(step, str(name))))
        arguments: list[Expression] = []
        for name in call.arguments:
            arguments += self._values(step, name)
        for name in call.keywords:
            arguments += self._keyword(step, name)
        if call.kind == "method":
            return Brackets(f"{arguments[0]}.{call.target}", tuple(arguments[1:]))
        return Brackets(f"self.{step.name}" if call.kind == "module" else call.target, tuple(arguments))

    def _operands(self, step: Step, name: str) -> list[str]:
        """What an operator is written between: tensors, or a number."""
        return [literal(step.params[name])] if name in step.params else [self._names[ref] for ref in step.inputs[name]]

    def _values(self, step: Step, name: str | Names) -> list[Expression]:
        """What is written for one place of the arguments: nothing where nothing is connected, several where a sequence is unpacked."""
        if isinstance(name, tuple):
            parts = [p for n in name for p in self._values(step, n)]
            return [Brackets("", tuple(parts), shares=False)] if parts else []
        if name[1:] in step.inputs:  # a variadic port, unpacked
            return [self._names[ref] for ref in step.inputs[name[1:]]]
        if name.startswith("*"):
            first = next(iter(step.inputs))
            sizes, variable = step.arriving[first][0].shape, self._names[step.inputs[first][0]]
            return [
                Brackets(f"{variable}.size", (str(sizes.index(v)),)) if isinstance(v, str) else literal(v) for v in step.params[name[1:]]
            ]
        if name in step.params:
            return [_text(step.spec.param(name), step.params[name])]
        names = tuple(self._names[ref] for ref in step.inputs[name])
        return [Brackets("", names, "[]", shares=False)] if step.spec.input(name).variadic else list(names)

    def _keyword(self, step: Step, name: str) -> list[Expression]:
        if name in step.params:
            value = step.params[name]
            return [] if value == step.spec.defaults[name] else [f"{name}={_text(step.spec.param(name), value)}"]
        return [f"{name}={self._names[ref]}" for ref in step.inputs[name]]

    def _results(self, i: int, step: Step) -> str:
        """Names the step's outputs, using names again whose value has just died."""
        last_use = self._program.last_use
        dying = [self._names[ref] for refs in step.inputs.values() for ref in refs if last_use[ref] == i and ref not in self._held]
        for name in reversed(dying):
            if name not in self._free and name not in self._arguments:
                self._free.append(name)
        return self._target(step, step.spec.results_with(step.params))

    def _target(self, step: Step, names: Names) -> str:
        parts: list[str] = []
        for name in names:
            if isinstance(name, tuple):
                inner = self._target(step, name)
                parts.append("_" if set(inner) <= set("_, ") else f"({inner})")
            elif (ref := Ref(step.node, name)) in self._program.last_use:
                self._names[ref] = fresh = self._fresh()
                parts.append(fresh)
            else:
                parts.append("_")
        return ", ".join(parts)

    def _fresh(self) -> str:
        if self._free:
            return self._free.pop()
        number = 1
        for name in FRESH:
            if name not in self._used:
                self._used.add(name)
                return name
        while (name := f"h{number}") in self._used:
            number += 1
        self._used.add(name)
        return name

    def _comment(self, step: Step) -> str:
        """The shape of the first used output, where it is news."""
        before = next(iter(step.arriving.values()), ())
        for port, spec in step.outputs.items():
            if (step.node, port) in self._program.last_use:
                return "" if before and before[0].shape == spec.shape else f"  # {shape_text(spec.shape)}"
        return ""


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
            wrapped += textwrap.wrap(line, WIDTH - 4 - len(indent), subsequent_indent=deeper) or [""]
        self.line(f'{indent}"""{wrapped[0]}')
        for line in wrapped[1:]:
            self.line(f"{indent}{line}".rstrip())
        self.line(f'{indent}"""')

    def source(self) -> Source:
        return Source("\n".join(self._lines) + "\n", self._nodes)
