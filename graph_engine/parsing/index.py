"""The declared blocks by what Python text calls: layers by their class, operations by the names of functions, methods and operators.

It is what `graph_engine.importing.index` is for modules that run, without torch: the window's process reads text as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from graph_engine.blocks import registry
from graph_engine.spec.block import BlockSpec

OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul"}
"""What torch calls its operators."""

ALIASES = {
    "subtract": "sub", "multiply": "mul", "truediv": "div", "true_divide": "div", "divide": "div", "negative": "neg", "absolute": "abs",
    "concat": "cat", "concatenate": "cat", "swapaxes": "transpose", "swapdims": "transpose", "clip": "clamp", "bmm": "matmul",
    "mm": "matmul", "type": "to", "bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_not": "logical_not",
}  # fmt: skip
"""Several names of one operation, where the arguments are the same."""


def canonical(name: str) -> str:
    """The first of several names of one operation; what works in place gives the same."""
    plain = name.rstrip("_") or name
    return ALIASES.get(plain, plain)


@cache
def layers() -> Mapping[str, BlockSpec]:
    """The block of each class of layers, by the target of its `Call`."""
    return {s.call.target: s for s in registry() if s.call.kind == "module" and not s.foreign}


@cache
def functions() -> Mapping[str, tuple[BlockSpec, ...]]:
    """The blocks that stand for each function, method or operator; layers by the function that does the same."""
    found: dict[str, list[BlockSpec]] = {}
    for spec in registry():
        call = spec.call
        if call.kind in ("function", "method", "operator", "subscript"):
            names = (OPERATORS.get(call.target, call.target.rpartition(".")[2]), *call.also)
        elif call.kind == "module" and call.target.startswith("nn.") and not call.inner and not spec.foreign:
            names = (*call.also, *_functional(spec.id))
        else:
            continue
        for name in dict.fromkeys(map(canonical, names)):
            found.setdefault(name, []).append(spec)
    return {name: tuple(specs) for name, specs in found.items()}


def _functional(id: str) -> Iterator[str]:
    """``MaxPool2d`` → ``max_pool2d``: what the function is called that does what a layer does."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", id).lower()
    yield from dict.fromkeys((id.lower(), snake, snake.replace("re_lu", "relu")))


@cache
def helpers() -> Mapping[str, str]:
    """The functions that call a layer where a certain port is connected: their targets, by name."""
    targets = {target for spec in registry() for target in spec.call.through.values()}
    return {target.rpartition(".")[2]: target for target in targets}


@cache
def held() -> Mapping[str, tuple[BlockSpec, ...]]:
    """The blocks that are tensors of the network itself, by the function that makes one."""
    found: dict[str, list[BlockSpec]] = {}
    for spec in registry():
        if spec.call.is_held:
            found.setdefault(spec.call.target, []).append(spec)
    return {name: tuple(specs) for name, specs in found.items()}
