"""Program → the source of one ``torch.nn.Module``, as a good engineer would write it by hand.

Local names are used again as soon as their value is dead: giving every value a name of its own would keep all of them alive until
``forward`` returns, which costs several times the peak memory of inference.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graph_engine.lowering import Program, Ref, Step
from graph_engine.spec.call import Names
from graph_engine.spec.tensor import shape_text

WIDTH = 88
"""Columns of a line, the default of Black and Ruff."""

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
    return joined if joined and joined.isidentifier() else f"Network{joined}"


def write_module(program: Program) -> Source:
    """The source of a network.

    Returns:
        A module with one class, called after the document; its ``forward`` takes the inputs and returns the outputs in order.
    """
    writer = _Writer()
    body = _Forward(program)
    calls = list(body.write())
    writer.line(f'"""{_harmless(program.name)}: a PyTorch network. Written by Archloom."""')
    writer.line()
    if any(s.spec.call.target.startswith("torch.") for s in program.steps):
        writer.line("import torch")
    writer.line("from torch import Tensor, nn")
    writer.line()
    writer.line()
    writer.line(f"class {class_name(program.name)}(nn.Module):")
    writer.docstring(_docstring(program))
    writer.line()
    writer.line("    def __init__(self) -> None:")
    writer.line("        super().__init__()")
    for step in program.steps:
        if step.spec.call.kind == "module":
            writer.call("        ", f"self.{step.name} = {step.spec.call.target}", _constructor(step), node=step.node)
    writer.line()
    arguments = ["self", *(f"{s.name}: Tensor" for s in program.inputs)]
    result = "Tensor" if len(program.outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(program.outputs))}]"
    writer.call("    ", "def forward", arguments, f" -> {result}:")
    for call in calls:
        writer.call("        ", call.head, call.arguments, call.tail, call.comment, call.node)
    return writer.source()


def _docstring(program: Program) -> list[str]:
    lines = [_harmless(program.description or f"The network {program.name}."), ""]
    lines += ["Shapes:"] + [f"    {s.name}: {_spec_text(s.outputs['output'])}" for s in program.inputs]
    lines += [f"    returns: {', '.join(_spec_text(s.arriving['input'][0]) for s in program.outputs)}"]
    return lines


def _harmless(text: str) -> str:
    """Free text so that it stays inside a docstring and means itself there."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _spec_text(spec: Any) -> str:
    return shape_text(spec.shape) + ("" if spec.dtype == "float32" else f" {spec.dtype}")


def _constructor(step: Step) -> list[str]:
    call = step.spec.call
    declared = step.spec.constructed
    arguments = [literal(step.params[p.name]) for p in declared[: call.positional]]
    for param in declared[call.positional :]:
        value = step.params[param.name]
        if value != (None if param.required else param.default):
            arguments.append(f"{param.name}={literal(value)}")
    return arguments


def literal(value: Any) -> str:
    """A hyper-parameter's value as Python text."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


class _Call(NamedTuple):
    head: str
    arguments: list[str] | None
    tail: str
    comment: str
    node: str | None


class _Forward:
    """Gives the values names and writes the body of ``forward``."""

    def __init__(self, program: Program):
        self._program = program
        self._names: dict[Ref, str] = {Ref(s.node, "output"): s.name for s in program.inputs}
        self._free: list[str] = [n for r, n in self._names.items() if r not in program.last_use]
        self._used = set(self._names.values())

    def write(self) -> Iterator[_Call]:
        program = self._program
        for i, step in enumerate(program.steps):
            head, arguments, tail = self._expression(step)
            comment = self._comment(step)
            if self._is_returned(i, step):
                yield _Call(f"return {head}", arguments, tail, comment, step.node)
                return
            yield _Call(f"{self._results(i, step)} = {head}", arguments, tail, comment, step.node)
        results = [self._names[s.inputs["input"][0]] for s in program.outputs]
        yield _Call(f"return {', '.join(results)}", None, "", "", program.outputs[0].node)

    def _is_returned(self, i: int, step: Step) -> bool:
        last = i == len(self._program.steps) - 1 and len(self._program.outputs) == 1
        return last and not step.spec.call.returns and self._program.outputs[0].inputs["input"][0].node == step.node

    def _expression(self, step: Step) -> tuple[str, list[str] | None, str]:
        call = step.spec.call
        values = [self._value(step, name) for name in call.arguments]
        arguments = [v for v in values if v is not None]
        if call.kind == "operator":
            return f" {call.target} ".join(a for a in self._operands(step)), None, ""
        for name in call.keywords:
            keyword = self._keyword(step, name)
            if keyword is not None:
                arguments.append(keyword)
        if call.kind == "method":
            return f"{arguments[0]}.{call.target}", arguments[1:], ""
        return (f"self.{step.name}" if call.kind == "module" else call.target), arguments, ""

    def _operands(self, step: Step) -> list[str]:
        return [self._names[ref] for name in step.spec.call.arguments for ref in step.inputs[str(name)]]

    def _value(self, step: Step, name: str | Names) -> str | None:
        """What is written for one place of the arguments; None where nothing is connected."""
        if isinstance(name, tuple):
            parts = [p for p in (self._value(step, n) for n in name) if p is not None]
            return f"({', '.join(parts)})" if parts else None
        if name.startswith("*"):
            first = next(iter(step.inputs))
            sizes = step.arriving[first][0].shape
            variable = self._names[step.inputs[first][0]]
            return ", ".join(f"{variable}.size({sizes.index(v)})" if isinstance(v, str) else literal(v) for v in step.params[name[1:]])
        if name in step.params:
            return literal(step.params[name])
        names = [self._names[ref] for ref in step.inputs[name]]
        if step.spec.input(name).variadic:
            return f"[{', '.join(names)}]"
        return names[0] if names else None

    def _keyword(self, step: Step, name: str) -> str | None:
        if name in step.params:
            param = step.spec.param(name)
            value = step.params[name]
            return None if value == (None if param.required else param.default) else f"{name}={literal(value)}"
        value = self._value(step, name)
        return None if value is None else f"{name}={value}"

    def _results(self, i: int, step: Step) -> str:
        """Names the step's outputs, using names again whose value has just died."""
        last_use = self._program.last_use
        arriving = dict.fromkeys(ref for refs in step.inputs.values() for ref in refs)
        dying = [self._names[ref] for ref in arriving if last_use[ref] == i]
        self._free += [n for n in reversed(dying) if n not in self._free]

        def target(names: Names) -> str:
            parts: list[str] = []
            for name in names:
                if isinstance(name, tuple):
                    inner = target(name)
                    parts.append("_" if set(inner) <= set("_, ") else f"({inner})")
                elif Ref(step.node, name) in last_use:
                    self._names[Ref(step.node, name)] = fresh = self._fresh()
                    parts.append(fresh)
                else:
                    parts.append("_")
            return ", ".join(parts)

        return target(step.spec.results)

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
        before = [s.shape for specs in step.arriving.values() for s in specs]
        used = [p for p in step.outputs if Ref(step.node, p) in self._program.last_use]
        shape = step.outputs[used[0]].shape
        return "" if before and shape == before[0] else f"  # {shape_text(shape)}"


class _Writer:
    """Lines of source, broken as Black breaks them, and the node of each."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._nodes: dict[int, str] = {}

    def line(self, text: str = "", node: str | None = None) -> None:
        self._lines.append(text)
        if node is not None:
            self._nodes[len(self._lines)] = node

    def call(self, indent: str, head: str, arguments: list[str] | None, tail: str = "", comment: str = "", node: str | None = None) -> None:
        flat = f"{indent}{head}" + ("" if arguments is None else f"({', '.join(arguments)})") + tail
        if arguments is None or len(flat) <= WIDTH:
            self.line(flat + comment, node)
            return
        self.line(f"{indent}{head}(", node)
        joined = f"{indent}    {', '.join(arguments)}"
        if len(joined) <= WIDTH and not head.startswith("def "):
            self.line(joined, node)
        else:
            for argument in arguments:
                self.line(f"{indent}    {argument},", node)
        self.line(f"{indent}){tail}{comment}", node)

    def docstring(self, lines: list[str]) -> None:
        wrapped = []
        for line in lines:
            deeper = "        " if line.startswith(" ") else ""
            wrapped += textwrap.wrap(line, WIDTH - 8, subsequent_indent=deeper) or [""]
        self.line(f'    """{wrapped[0]}')
        for line in wrapped[1:]:
            self.line(f"    {line}".rstrip())
        self.line('    """')

    def source(self) -> Source:
        return Source("\n".join(self._lines) + "\n", self._nodes)
