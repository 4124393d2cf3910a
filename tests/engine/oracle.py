"""Torch's own word on a case: the operator that a block declares, run on the meta device or on the CPU."""

from __future__ import annotations

import importlib
import operator
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial, reduce
from typing import Any, NamedTuple

import torch
from torch import nn

from graph_engine.spec.params import DtypeParam
from graph_engine.spec.tensor import Size, TensorSpec, size_at
from tests.engine.cases import Arriving, Case

FLOATING = {torch.float16, torch.bfloat16, torch.float32, torch.float64}


class Answer(NamedTuple):
    """What torch made of a case.

    Attributes:
        outputs: shape and dtype of each output; None for one that torch leaves out.
        weights, buffers: shape of each tensor of the layer, by name.
        flops: as torch's own counter has them.
    """

    outputs: tuple[TensorSpec | None, ...]
    weights: Mapping[str, tuple[int, ...]]
    buffers: Mapping[str, tuple[int, ...]]


class Operator:
    """The torch operator of a case, constructed once and run as often as one likes.

    Raises:
        Exception: torch's own, where it refuses the parameters.
    """

    def __init__(self, case: Case, device: str = "meta"):
        self.case, self.call, self.device = case, case.spec.call, device
        self.module: nn.Module | None = None
        if any(p.required and case.params[p.name] is None for p in case.spec.params):
            raise TypeError("a required parameter is missing")
        if self.call.kind == "module":
            declared = {p.name: case.params[p.name] for p in case.spec.params if p.name not in self.call.keywords}
            with quiet(), torch.device(device):
                inner = {k: v for k, v in declared.items() if self.call.inner and k not in self.call.outer}
                first = [resolve(self.call.inner)(**inner)] if inner else []
                self.module = resolve(self.call.target)(*first, **{k: v for k, v in declared.items() if k not in inner})

    def run(self, values: Mapping[str, int]) -> Any:
        """The result, with the free sizes that ``values`` gives."""
        inputs = {port: _tensors(x, values, self.device) for port, x in self.case.inputs.items()}
        arguments: list[Any] = []
        for name in self.call.arguments:
            value = self._value(name, inputs)
            arguments += value if str(name).startswith("*") else [value]
        keywords = {name: self._value(name, inputs) for name in self.call.keywords}
        keywords = {k: v for k, v in keywords.items() if k in inputs or v != self.case.spec.defaults[k]}
        with quiet():
            if self.call.kind == "operator":
                operands = [x for a in arguments for x in (a if isinstance(a, list) else [a])]
                return reduce(_OPERATORS[self.call.target], operands)
            if self.call.kind == "subscript":
                return eval(f"x[{self.case.params[self.call.target]}]", {"x": arguments[0]})
            if self.call.kind == "method":
                return getattr(arguments[0], self.call.target)(*arguments[1:], **keywords)
            function = self.module if self.module is not None else resolve(self.call.target)
            while arguments and arguments[-1] is None:
                arguments.pop()
            for port, helper in self.call.through.items():
                if keywords[port] is None:
                    del keywords[port]
                else:
                    function = partial(resolve(helper), self.module)
            return function(*arguments, **keywords)

    def answer(self, values: Mapping[str, int]) -> Answer:
        """Shapes and dtypes of the result."""
        result = self.run(values)
        names = self.case.spec.results_with(self.case.params)
        flat = iter(_flat(result, names if len(names) > 1 else None))
        present = [not (self.call.shrinks and port.is_off(self.case.params)) for port in self.case.spec.outputs]
        found = [next(flat) if is_there else None for is_there in present]
        if next(flat, None) is not None:
            raise TypeError("it returns more than the block has outputs")
        specs = tuple(None if t is None else TensorSpec(tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in found)
        weights: dict[str, Any] = {}
        buffers: dict[str, Any] = {}
        if self.call.kind == "parameter":
            weights = {"": tuple(result.shape)}
        if self.call.saved:
            buffers = {"": tuple(result.shape)}
        if self.module is not None:
            weights = {name: tuple(p.shape) for name, p in self.module.named_parameters()}
            buffers = {name: tuple(t.shape) for name, t in self.module.state_dict().items() if name not in weights}
        return Answer(specs, weights, buffers)

    def _value(self, name: Any, inputs: Mapping[str, Any]) -> Any:
        if isinstance(name, tuple):
            parts = tuple(p for p in (self._value(n, inputs) for n in name) if p is not None)
            return parts or None
        if name.startswith("*") and name[1:] not in inputs:
            return [self._number(v, inputs) for v in self.case.params[name[1:]]]
        name = name.removeprefix("*")
        if name in inputs:
            return inputs[name]
        value = self.case.params[name]
        return getattr(torch, value) if isinstance(self.case.spec.param(name), DtypeParam) and value is not None else value

    def _number(self, value: int | str, inputs: Mapping[str, Any]) -> int:
        """A size that a parameter names is read off the tensor, as generated code does."""
        if isinstance(value, int):
            return value
        given = [(inputs[port], x) for port, x in self.case.inputs.items() if isinstance(x, TensorSpec)]
        sizes = [tensor.shape[x.shape.index(value)] for tensor, x in given if value in x.shape]
        if not sizes:
            raise TypeError(f"no input has a size {value}")
        return sizes[0]


@contextmanager
def quiet() -> Iterator[None]:
    """Without torch's advice on unusual but legal use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "@": operator.matmul,
}  # fmt: skip


def resolve(target: str) -> Any:
    """What the target of a call names."""
    root, _, path = target.partition(".")
    if root == "modules":
        file = "".join("_" + c.lower() if c.isupper() else c for c in path).lstrip("_")
        return getattr(importlib.import_module(f"graph_engine.modules.{file}"), path)
    return operator.attrgetter(path)({"torch": torch, "nn": nn, "F": nn.functional}[root])


def _tensors(x: Arriving, values: Mapping[str, int], device: str) -> Any:
    if x is None:
        return None
    if not isinstance(x, TensorSpec):
        return [_tensors(one, values, device) for one in x]
    shape = [number(size, values) for size in x.shape]
    dtype = getattr(torch, x.dtype)
    if device == "meta" or dtype not in FLOATING:
        return torch.zeros(shape, dtype=dtype, device=device)
    return torch.randn(shape, dtype=dtype, device=device)


def number(size: Size, values: Mapping[str, int]) -> int:
    """A size with all names replaced."""
    found = size_at(size, values)
    assert isinstance(found, int), found
    return found


def _flat(result: Any, names: Any) -> Iterator[Any]:
    if names is None or isinstance(names, str):
        yield result
        return
    for part, name in zip(result, names, strict=True):
        yield from _flat(part, name)
