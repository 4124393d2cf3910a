"""The body of ``forward``: gives the values names and writes the calls.

Local names are used again as soon as their value is dead: giving every value a name of its own would keep all of them alive until
``forward`` returns, which costs several times the peak memory of inference.

Layers return anything, as far as types tell. What is returned has a name of which the type is known, an argument's or one that is
annotated, so that the source passes ``mypy --strict``.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graph_engine.codegen.layout import INDENT, Brackets, Expression, Infix
from graph_engine.codegen.library import PREFIX
from graph_engine.codegen.values import Values, is_chain, literal
from graph_engine.lowering import Program, Ref, Step
from graph_engine.lowering.program import Slot
from graph_engine.spec.call import Names

FRESH = ("x", "y", "z", "u", "v", "w")
"""What values are called that have no name of their own."""


def helper(step: Step) -> str:
    """The function that calls the layer, where the layer does not take all that is connected; or nothing."""
    through = step.spec.call.through
    return next((function for port, function in through.items() if step.inputs[port]), "") if through else ""


class Line(NamedTuple):
    prefix: str
    expression: Expression
    suffix: str
    node: str
    indent: str = ""


class Forward:
    """Gives the values names and writes the body of ``forward``."""

    def __init__(self, program: Program, values: Values):
        self._program = program
        self._values_of = values
        self._names: dict[Ref, str] = {Ref(s.node, "output"): s.name for s in program.inputs}
        self._used = set(self._names.values())
        self._held = {Ref(s.node, "output"): f"self.{s.name}" for s in program.steps if s.spec.call.is_held}
        self._names |= self._held
        self._arguments = self._used - set(FRESH)  # the caller keeps their values alive anyway, so their names keep their meaning
        self._free: list[str] = []
        self._declared = set(self._names.values())
        self._tensors = dict.fromkeys(self._declared, True)  # of each name, whether types tell that what it stands for now is a tensor
        ends = [s.inputs["input"][0] for s in program.outputs]
        self._returned = ends[0] if len(ends) == 1 else None

    def write(self) -> Iterator[Line]:
        program = self._program
        last = len(program.steps) - 1
        for i, step in enumerate(program.steps):
            if step.spec.call.is_held:
                continue
            if step.turns and step.times > 1 and (step.tied or not is_chain(step)):
                yield from self._loop(i, step)
                continue
            expression = self._expression(step)
            comment = self._comment(step)
            is_tensor = self._gives_tensor(step)
            if i == last and is_tensor and self._is_returned(step):
                yield Line("return ", expression, comment, step.node)
                return
            results = self._results(i, step, is_tensor)
            name = self._names.get(self._returned) if self._returned is not None and self._returned.node == step.node else None
            if name is not None and not is_tensor and name not in self._declared:
                self._declared.add(name)
                if results != name:
                    yield Line(f"{name}: Tensor", "", "", step.node)
                else:
                    results = f"{name}: Tensor"
            yield Line(f"{results} = ", expression, comment, step.node)
        ends = tuple(self._names[s.inputs["input"][0]] for s in program.outputs)
        yield Line("return ", Brackets("", ends, shares=False, bare=True), "", program.outputs[0].node)

    def _loop(self, i: int, step: Step) -> Iterator[Line]:
        """The repetitions of a group, what leaves one going into the next."""
        given = [self._names[refs[0]] for refs in step.inputs.values()]
        comment = self._comment(step)
        self._let_go(i, step)
        carried: list[str] = []
        for port in step.spec.output_names:
            ref = Ref(step.node, port)
            self._names[ref] = fresh = self._fresh(keep=given[len(carried) + 1 :], tensor=ref == self._returned)
            carried.append(fresh)
        begin = given[: len(carried)]
        if begin != carried:
            is_returned = len(carried) == 1 and Ref(step.node, step.spec.output_names[0]) == self._returned
            kind = ": Tensor" if is_returned and carried[0] not in self._declared else ""
            self._declared |= {carried[0]} if kind else set()
            yield Line(f"{', '.join(carried)}{kind} = ", ", ".join(begin), "", step.node)
        self._tensors |= dict.fromkeys(carried, False)
        layer = next(name for name in ("layer", "part", "turn", "repetition") if name not in self._used)
        head, called = (
            (f"for _ in range({step.times})", f"self.{step.layer}") if step.tied else (f"for {layer} in self.{step.layer}", layer)
        )
        yield Line(head, "", ":", step.node)
        arguments = (*carried, *given[len(carried) :])
        yield Line(f"{', '.join(carried)} = ", Brackets(called, arguments), comment, step.node, INDENT)
        for port, name in zip(step.spec.output_names, carried, strict=True):
            if Ref(step.node, port) not in self._program.last_use:
                self._free.append(name)

    def _is_returned(self, step: Step) -> bool:
        """Whether what the last step gives is the result."""
        outputs = self._program.outputs
        alone = len(outputs) == 1 and len(step.spec.results_with(step.params)) == 1
        return alone and outputs[0].inputs["input"][0].node == step.node

    def _gives_tensor(self, step: Step) -> bool:
        """Whether types tell that what a step gives is a tensor.

        Functions of torch itself and of ``F`` say so; layers and deeper modules do not; an operator does as far as its operands do.
        """
        kind = step.spec.call.kind
        if kind in ("module", "written"):
            return False
        if kind == "function":
            return step.spec.call.target.count(".") == 1
        names = [self._names[ref] for refs in step.inputs.values() for ref in refs]
        known = [name in self._declared or self._tensors.get(name, name.startswith("self.")) for name in names]
        return all(known if kind == "operator" else known[:1])

    def _expression(self, step: Step) -> Expression:
        call = step.spec.call
        if call.kind == "operator":
            return Infix(call.target, tuple(operand for name in call.arguments for operand in self._operands(step, str(name))))
        if call.kind == "written":
            return self._written(step)
        if call.kind == "subscript":
            [operand] = [self._names[ref] for refs in step.inputs.values() for ref in refs]
            return f"{operand}[{step.params[call.target]}]"
        arguments: list[Expression] = []
        for name in call.arguments:
            arguments += self._values(step, name)
        for name in call.keywords:
            arguments += self._keyword(step, name)
        if call.kind == "method":
            return Brackets(f"{arguments[0]}.{call.target}", tuple(arguments[1:]))
        if function := helper(step):
            return Brackets(function.removeprefix(PREFIX), (f"self.{step.layer}", *arguments))
        return Brackets(f"self.{step.layer}" if call.kind == "module" else call.target, tuple(arguments))

    def _written(self, step: Step) -> Expression:
        """A call whose arguments are written out, with the variables in the places of the ports."""
        variables = {port: self._names[refs[0]] for port, refs in step.inputs.items()}
        items = tuple(str(argument).format_map(variables) for argument in step.spec.call.arguments)
        if step.spec.call.target.endswith("[]"):
            return f"{step.spec.call.target[:-2].format_map(variables)}[{', '.join(items)}]"
        return Brackets(step.spec.call.target.format_map(variables), items)

    def _operands(self, step: Step, name: str) -> list[str]:
        """What an operator is written between: tensors, or a number."""
        return [self._param(step, name)] if name in step.params else [self._names[ref] for ref in step.inputs[name]]

    def _values(self, step: Step, name: str | Names) -> list[Expression]:
        """What is written for one place of the arguments: nothing where nothing is connected, several where a sequence is unpacked."""
        if isinstance(name, tuple):
            parts = [p for n in name for p in self._values(step, n)]
            return [Brackets("", tuple(parts), shares=False)] if parts else []
        if name in step.inputs:
            names: list[Expression] = [self._names[ref] for ref in step.inputs[name]]
            return [Brackets("", tuple(names), "[]", shares=False)] if step.spec.input(name).variadic else names
        if name[1:] in step.inputs:  # a variadic port, unpacked
            return [self._names[ref] for ref in step.inputs[name[1:]]]
        if name.startswith("*"):
            if Slot(step.node, -1, name[1:]) in self._values_of.written:
                return [f"*{self._param(step, name[1:])}"]
            return [self._size_of(step, v) if isinstance(v, str) else literal(v) for v in step.params[name[1:]]]
        return [self._param(step, name)]

    def _size_of(self, step: Step, size: str) -> Expression:
        """A named size, asked of the first tensor that has it."""
        arriving = ((ref, spec) for port in step.inputs for ref, spec in zip(step.inputs[port], step.arriving[port], strict=True))
        variable, dim = next((self._names[ref], spec.shape.index(size)) for ref, spec in arriving if size in spec.shape)
        return Brackets(f"{variable}.size", (str(dim),))

    def _param(self, step: Step, name: str) -> str:
        return self._values_of.text_in_forward(step, step.spec.param(name))

    def _keyword(self, step: Step, name: str) -> list[Expression]:
        own = step.spec.call.renamed.get(name, name)
        if name in step.params:
            return [] if self._values_of.is_default(step, step.spec.param(name)) else [f"{own}={self._param(step, name)}"]
        return [f"{own}={self._names[ref]}" for ref in step.inputs[name]]

    def _results(self, i: int, step: Step, is_tensor: bool) -> str:
        """Names the step's outputs, using names again whose value has just died."""
        self._let_go(i, step)
        return self._target(step, step.spec.results_with(step.params), is_tensor)

    def _let_go(self, i: int, step: Step) -> None:
        last_use = self._program.last_use
        dying = [self._names[ref] for refs in step.inputs.values() for ref in refs if last_use[ref] == i and ref not in self._held]
        for name in reversed(dying):
            if name not in self._free and name not in self._arguments:
                self._free.append(name)

    def _target(self, step: Step, names: Names, is_tensor: bool) -> str:
        parts: list[str] = []
        for name in names:
            if isinstance(name, tuple):
                inner = self._target(step, name, is_tensor)
                parts.append("_" if set(inner) <= set("_, ") else f"({inner})")
            elif (step.node, name) in self._program.last_use:
                self._names[Ref(step.node, name)] = fresh = self._fresh(tensor=not is_tensor and (step.node, name) == self._returned)
                self._tensors[fresh] = is_tensor
                parts.append(fresh)
            else:
                parts.append("_")
        return ", ".join(parts)

    def _fresh(self, keep: Sequence[str] = (), *, tensor: bool = False) -> str:
        """A name that is free and not in ``keep``; with ``tensor``, one that is known to be a tensor, or a new one."""
        for place in reversed(range(len(self._free))):
            if self._free[place] not in keep and (not tensor or self._free[place] in self._declared):
                return self._free.pop(place)
        if tensor and (end := self._program.outputs[0].name) not in self._used and not hasattr(builtins, end):
            self._used.add(end)
            return end
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
                if before and before[0].shape == spec.shape:
                    return ""
                text = self._values_of.shape(Ref(step.node, port), spec)
                return "" if text is None else f"  # {text}"
        return ""
