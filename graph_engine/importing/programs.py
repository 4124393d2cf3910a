"""A network that is known as a list of operations, made into a module that runs them in the hierarchy that their names tell of.

So what comes from files is imported as any other module is: recorded while it runs.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
"""Classes whose modules only hold others."""


class Ref(NamedTuple):
    """A value by its name."""

    name: str


class Level(NamedTuple):
    """A module in which an operation happens.

    Attributes:
        path: its dotted name in the network.
        kind: the name of its class.
        call: tells one call of it from another.
    """

    path: str
    kind: str
    call: str = ""


class Operation(NamedTuple):
    """One operation.

    Attributes:
        function: what is called.
        args, kwargs: with a `Ref` for each value, however nested.
        results: what its results are called, nested as it returns them; None for what nobody uses.
        label: what messages call it.
        inside: the modules in which it happens, the outermost first.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    results: Any
    label: str
    inside: tuple[Level, ...] = ()


class Part(nn.Module):
    """A module of such a network.

    Attributes:
        bodies: for each call of it what happens: operations, and calls of parts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[list[Operation | tuple[Part, int]]] = []

    @property
    def is_layer(self) -> bool:
        """Whether it is one operation, and no more."""
        return all(len(body) == 1 and isinstance(body[0], Operation) for body in self.bodies)

    def forward(self, *given: Any, **_: Any) -> Any:
        """Carries out a body, with the values so far, which it adds to."""
        values, number = given
        for step in self.bodies[number]:
            if isinstance(step, Operation):
                result = step.function(*_filled(step.args, values), **_filled(step.kwargs, values))
                _store(step.results, result, values)
            else:
                part, call = step
                part(values, call)


class Reference(NamedTuple):
    """What a file gives when something else runs it.

    Attributes:
        by: what ran it.
        inputs: by name.
        outputs: nested as it returned them.
    """

    by: str
    inputs: Mapping[str, Tensor]
    outputs: Any


class Interpreted(Part):
    """The network.

    Args:
        inputs: names of its arguments.
        operations: in order.
        outputs: what it returns, with a `Ref` for each value.
        weights, buffers: tensors by dotted name, which are values of that name.

    Attributes:
        inputs: names of its arguments, as Python takes them.
        expects: the shape of one sample for each, as `graph_engine.importing.source` reads it.
        reference: what the file itself gives: who ran it, on which inputs by name, and the outputs; None where nobody did.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        operations: Sequence[Operation],
        outputs: Any,
        weights: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
    ):
        super().__init__()
        self.expects: dict[str, str] = {}
        self.reference: Reference | None = None
        self.inputs = [_identifier(name) for name in inputs]
        self._values = dict(zip(self.inputs, inputs, strict=True))
        self._outputs = outputs
        self._tensors: dict[str, str] = {}
        self._arrange(operations)
        for name, tensor in weights.items():
            path = self._place(name, nn.Parameter(tensor, requires_grad=tensor.is_floating_point()))
            self._tensors[path] = name
        for name, tensor in buffers.items():
            self._tensors[self._place(name, tensor)] = name

    def forward(self, *given: Any, **inputs: Any) -> Any:
        """Runs the network."""
        inputs = dict(zip(self.inputs, given, strict=False)) | inputs
        values = {self._values[name]: x for name, x in inputs.items()}
        for path, name in self._tensors.items():
            values[name] = self._tensor(path)
        Part.forward(self, values, 0)
        return _filled(self._outputs, values)

    def _tensor(self, path: str) -> Tensor:
        holder, _, name = path.rpartition(".")
        found: Tensor = getattr(self.get_submodule(holder), name)
        return found

    def _arrange(self, operations: Sequence[Operation]) -> None:
        """Puts each operation into the body of its module."""
        self.bodies.append([])
        open_: list[tuple[Level, Part, int]] = []
        for one in operations:
            shared = 0
            while shared < min(len(open_), len(one.inside)) and open_[shared][0] == one.inside[shared]:
                shared += 1
            del open_[shared:]
            for level in one.inside[shared:]:
                part = self._part(level)
                part.bodies.append([])
                _, outer, number = open_[-1] if open_ else (None, self, 0)
                outer.bodies[number].append((part, len(part.bodies) - 1))
                open_.append((level, part, len(part.bodies) - 1))
            _, holder, number = open_[-1] if open_ else (None, self, 0)
            holder.bodies[number].append(one)

    def _part(self, level: Level) -> Part:
        holder: nn.Module = self
        *above, last = level.path.split(".")
        for name in above:
            if name not in holder._modules:
                holder.add_module(name, Part())
            holder = holder._modules[name] or self
        known = holder._modules.get(last)
        if type(known) is Part or known is None:  # one that only led to others until now
            made = _class(level.kind)()
            if known is not None:
                made._modules.update(known._modules)
            holder.add_module(last, made)
            known = made
        assert isinstance(known, Part)
        return known

    def _place(self, name: str, tensor: Tensor) -> str:
        """Where a tensor is held: by its dotted name, or a name like it where that is taken or no name."""
        *above, last = [re.sub(r"\W", "_", part) or "_" for part in name.split(".")]
        holder: nn.Module = self
        path: list[str] = []
        for part in above:
            inner = holder._modules.get(part)
            if inner is None:
                inner = Part()
                holder.add_module(part, inner)
            holder = inner
            path.append(part)
        last = last if not hasattr(holder, last) else f"{last}_tensor"
        if isinstance(tensor, nn.Parameter):
            holder.register_parameter(last, tensor)
        else:
            holder.register_buffer(last, tensor)
        return ".".join([*path, last])


def _class(kind: str) -> type[Part]:
    name = re.sub(r"\W", "_", kind) or "Part"
    bases: tuple[type, ...] = (Part, nn.Sequential) if name == "Sequential" else (Part,)
    return type(name, bases, {"__module__": __name__})


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text).strip("_") or "x"
    name = f"x{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or name in ("self", "input") else name


def _filled(x: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(x, Ref):
        return values[x.name]
    if isinstance(x, tuple | list):
        return type(x)(_filled(i, values) for i in x)
    if isinstance(x, slice):
        return slice(_filled(x.start, values), _filled(x.stop, values), _filled(x.step, values))
    if isinstance(x, Mapping):
        return {k: _filled(v, values) for k, v in x.items()}
    return x


def _store(names: Any, result: Any, values: dict[str, Any]) -> None:
    if isinstance(names, str):
        values[names] = result
    elif names is not None:
        for name, part in zip(names, result, strict=False):
            _store(name, part, values)


def shape_text(tensor: Tensor) -> str:
    """The shape of one of several samples, as `graph_engine.importing.source` reads it; whole numbers stay below the largest there is."""
    sizes = "x".join(map(str, tensor.shape[1:]))
    whole = not tensor.is_floating_point() and tensor.dtype != torch.bool
    below = f"<{int(tensor.max()) + 1}" if whole and tensor.numel() and int(tensor.max()) > 0 else ""
    return f"{sizes}:{str(tensor.dtype).removeprefix('torch.')}{below}"
