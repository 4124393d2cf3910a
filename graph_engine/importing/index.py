"""The declared blocks, found by what torch calls: the classes and functions that their `Call` names, read the other way round.

Also the values of a layer's parameters, read from the layer, and whether they say all there is to say of it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 (everybody's name for it)
from torch import Tensor, nn
from torch.overrides import get_testing_overrides

import graph_engine.modules
from graph_engine.blocks import registry
from graph_engine.errors import ParamError
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.params import BoolParam, DtypeParam

OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul"}
"""What torch calls its operators."""

ALIASES = {
    "radd": "add", "iadd": "add", "subtract": "sub", "isub": "sub", "rmul": "mul", "imul": "mul", "multiply": "mul", "truediv": "div",
    "itruediv": "div", "true_divide": "div", "divide": "div", "ipow": "pow", "negative": "neg", "absolute": "abs", "concat": "cat",
    "concatenate": "cat", "swapaxes": "transpose", "swapdims": "transpose", "clip": "clamp", "bmm": "matmul", "mm": "matmul",
    "type": "to", "and": "bitwise_and", "or": "bitwise_or", "invert": "bitwise_not", "xor": "bitwise_xor", "iand": "bitwise_and",
}  # fmt: skip
"""Several names of one operation, where the arguments are the same."""


def canonical(name: str) -> str:
    """The first of several names of one operation."""
    return ALIASES.get(name, name)


@cache
def resolve(target: str) -> Any:
    """The class or function that the target of a `Call` names."""
    holder: Any = {"nn": nn, "F": F, "torch": torch}.get(target.partition(".")[0])
    if target.startswith("modules."):
        name = target.removeprefix("modules.")
        file = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
        return getattr(importlib.import_module(f"{graph_engine.modules.__name__}.{file}"), name)
    for part in target.split(".")[1:]:
        holder = getattr(holder, part)
    return holder


@cache
def layers() -> Mapping[type[nn.Module], BlockSpec]:
    """The block of each class of layers."""
    return {resolve(s.call.target): s for s in registry() if s.call.kind == "module" and not s.foreign}


@cache
def own_layers() -> Mapping[str, BlockSpec]:
    """The blocks whose layers torch lacks, by the name of their class, under which their source travels."""
    return {s.call.target.removeprefix("modules."): s for s in layers().values() if s.call.target.startswith("modules.")}


@cache
def helpers() -> Mapping[str, str]:
    """The functions that call a layer where a certain port is connected, by name: their source, which travels along."""
    targets = {target for spec in registry() for target in spec.call.through.values()}
    return {target.removeprefix("modules."): inspect.getsource(resolve(target)) for target in targets}


@cache
def functions() -> Mapping[str, tuple[BlockSpec, ...]]:
    """The blocks that stand for each function, method or operator; layers by the function that does the same."""
    found: dict[str, list[BlockSpec]] = {}
    for spec in registry():
        call = spec.call
        if call.kind in ("function", "method", "operator", "subscript"):
            name = OPERATORS.get(call.target, call.target.rpartition(".")[2])
            for one in (name, *call.also):
                found.setdefault(canonical(one), []).append(spec)
        elif call.kind == "module" and not spec.foreign and call.target.startswith("nn.") and not call.inner:
            for one in (*call.also, *_functional(spec.id)):
                found.setdefault(canonical(one), []).append(spec)
    return {name: tuple(specs) for name, specs in found.items()}


def _functional(id: str) -> Iterator[str]:
    """``MaxPool2d`` → ``max_pool2d``: the function that does what the layer does, where torch has one."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", id).lower()
    for name in dict.fromkeys((id.lower(), snake, snake.replace("re_lu", "relu"))):
        if hasattr(F, name) or hasattr(torch, name):
            yield name


def block_of(module: nn.Module) -> BlockSpec | None:
    """The block of a layer, by its class or by the one that it inherits its ``forward`` from."""
    cls: Any = type(module)
    for base in cls.__mro__:
        spec = layers().get(base)
        if spec is not None:
            return spec if cls.forward is base.forward else None
    own = own_layers().get(cls.__name__)
    if own is not None and _source(cls) == _source(resolve(own.call.target)):
        return own
    return registry()["DropPath"] if dropped_share(module) else None


def dropped_share(module: nn.Module) -> float:
    """The probability with which a module zeroes whole samples in training and scales the others, as everybody's own stochastic depth does.

    Nobody agrees on its name, so it is tried: 0 where the module does anything else.
    """
    shares = [v for v in vars(module).values() if isinstance(v, float) and 0 < v < 1]
    if not shares or any(True for _ in (*module.children(), *module.parameters(), *module.buffers())):
        return 0.0
    x, was_training = torch.ones(4096, 1, 1), module.training
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            evaluated, trained = type(module).forward(module.eval(), x), type(module).forward(module.train(), x)
    except Exception:  # whatever it is, it takes other tensors
        return 0.0
    finally:
        module.train(was_training)
    if not isinstance(trained, Tensor) or trained.shape != x.shape or not torch.equal(evaluated, x):
        return 0.0
    kinds = trained.unique().tolist()
    if len(kinds) != 2 or kinds[0] != 0:
        return 0.0
    return next((p for p in shares if abs(kinds[1] * (1 - p) - 1) < 1e-5), 0.0)


@cache
def _source(cls: Any) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def params_of(module: nn.Module, spec: BlockSpec) -> dict[str, Any] | None:
    """The parameters that a layer was constructed with; None where they cannot be read or do not say all of it."""
    if spec.id == "DropPath":
        return {"p": dropped_share(module) or float(getattr(module, "p", 0.0))}
    values: dict[str, Any] = {}
    for param in spec.constructed:
        place = spec.call.attributes.get(param.name, param.name)
        try:
            value: Any = _attribute(module, place)
        except (AttributeError, LookupError, TypeError):
            continue
        if isinstance(param, BoolParam) and not isinstance(value, bool):
            value = value is not None
        if isinstance(param, DtypeParam):
            value = str(value).removeprefix("torch.")
        if isinstance(value, nn.Module):
            value = type(value).__name__.lower()
        elif inspect.isroutine(value):
            value = getattr(value, "__name__", "")
        try:
            values[param.name] = param.parse(_tuple(value))
        except ParamError:
            return None
    twin = _made(spec, values)
    if twin is None or _config(twin) != _config(module, twin):
        return None
    for param in spec.constructed:  # what follows from another where it is left out, as a stride from the window, is left out
        if param.default is None and not param.inferred and values.get(param.name) is not None:
            shorter = {n: v for n, v in values.items() if n != param.name}
            other = _made(spec, shorter)
            if other is not None and _config(other) == _config(twin):
                values = shorter
    return values


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | torch.Size) else value


def _attribute(module: Any, place: str) -> Any:
    for part in place.split("."):
        module = module[int(part)] if part.isdecimal() else getattr(module, part)
    return module


def _made(spec: BlockSpec, values: Mapping[str, Any]) -> nn.Module | None:
    """Such a layer, without numbers."""
    given = {spec.call.renamed.get(n, n): getattr(torch, v) if isinstance(spec.param(n), DtypeParam) else v for n, v in values.items()}
    needed = [p.name for p in spec.constructed if (p.required or p.inferred) and p.name not in given]
    if needed:
        return None
    try:
        with torch.device("meta"):
            if spec.call.inner:
                outer = {n: v for n, v in given.items() if n in spec.call.outer}
                inner = resolve(spec.call.inner)(**{n: v for n, v in given.items() if n not in spec.call.outer})
                made = resolve(spec.call.target)(inner, **outer)
            else:
                made = resolve(spec.call.target)(**given)
    except (TypeError, ValueError, RuntimeError, AssertionError):
        return None
    return made if isinstance(made, nn.Module) else None


def _config(module: nn.Module, like: nn.Module | None = None) -> Any:
    """What the attributes and tensors of a layer say, as far as those of another layer go."""
    twins = dict(like.named_modules()) if like is not None else dict(module.named_modules())
    rows: dict[str, Any] = {}
    for name, part in module.named_modules():
        twin = twins.get(name)
        if twin is None:
            return None
        keys = [k for k in vars(twin) if not k.startswith("_") and k != "training"]
        rows[name] = {k: _shown(getattr(part, k, None)) for k in keys}
        rows[name] |= {f"{k}:": None if t is None else (tuple(t.shape), t.dtype) for k, t in part._parameters.items()}
        rows[name] |= {f"{k}:": None if t is None else (tuple(t.shape), t.dtype) for k, t in part._buffers.items()}
    return rows if len(rows) == len(twins) else None


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_shown, value))
    if isinstance(value, int | float | str | bool | type(None)):
        return value
    if inspect.isfunction(value) or inspect.isbuiltin(value):
        return getattr(value, "__name__", "")
    return type(value).__name__


@cache
def _signatures() -> Mapping[Any, Callable[..., Any]]:
    return get_testing_overrides()


@cache
def signature(function: Any) -> inspect.Signature | None:
    """The arguments of a function or method of torch."""
    known = _signatures().get(function)
    for one in (known, function):
        if one is None:
            continue
        try:
            return inspect.signature(one)
        except (TypeError, ValueError):
            continue
    return None


class Bound(NamedTuple):
    """The arguments of a call by name, in order, and those that have their default."""

    given: dict[str, Any]
    defaults: frozenset[str]


def bound(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], order: Sequence[str]) -> Bound:
    """The arguments of a call, told apart by torch's signature.

    Args:
        function: what is called.
        args, kwargs: what it is called with.
        order: names for the places where the signature does not tell.
    """
    form = signature(function)
    if form is None:
        return _by_order(args, kwargs, order)
    for given in (args, (args[0], tuple(args[1:])) if len(args) > 1 else args, (tuple(args),)):
        try:
            found = form.bind(*given, **kwargs)
        except TypeError:
            continue
        passed = set(found.arguments)
        found.apply_defaults()
        names: dict[str, Any] = {}
        for name, value in found.arguments.items():
            kind = form.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                names |= value
            elif kind is inspect.Parameter.VAR_POSITIONAL and len(value) == 1 and isinstance(value[0], tuple | list):
                names[name] = value[0]
            else:
                names[name] = value
        defaults = {n: form.parameters[n].default for n in names if n in form.parameters}
        same = (n for n, d in defaults.items() if n not in passed or names[n] is d or _equal(names[n], d))
        return Bound(names, frozenset(same))
    return _by_order(args, kwargs, order)


def _equal(a: Any, b: Any) -> bool:
    return isinstance(a, bool | int | float | str) and type(a) is type(b) and a == b


def _by_order(args: tuple[Any, ...], kwargs: Mapping[str, Any], order: Sequence[str]) -> Bound:
    """Arguments by the names that the block gives them."""
    names = [*order, *(f"argument{i}" for i in range(len(order), len(args)))]
    return Bound(dict(zip(names, args, strict=False)) | dict(kwargs), frozenset())
