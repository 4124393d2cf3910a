"""What a module does with its inputs, recorded while it runs: calls of layers, of functions and of methods, in the modules they happen in.

Layers that have a block are one call each; inside every other module its own calls are recorded. A tensor is a `Value`; what does not
depend on inputs or learned tensors is a constant, whatever made it. Writing in place makes a new value of the same tensor.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from graph_engine.errors import ImportModuleError
from graph_engine.importing.index import helpers
from graph_engine.importing.programs import Operation, Part
from graph_engine.importing.recording import Call, Decision, Place, Recording, Scope, Value, mapped, operation, tensors_in, values_in

Kind = Literal["layer", "plain", "module"]
"""What a call of a module is: one call; the functions that it calls, as if whoever calls it did; or a scope of its own."""

KindOf = Callable[[nn.Module, tuple[Any, ...], Mapping[str, Any]], Kind]

SKIPPED = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
"""Where the code lies whose lines nobody wants to be told."""

DECIDING = frozenset({"bool", "item", "tolist", "int", "float", "index", "equal", "allclose", "numpy", "contains"})
"""What takes numbers out of a tensor, after which Python decides."""


FROM_SHAPES = frozenset(f"{how}_like" for how in ("zeros", "ones", "full", "empty")) | frozenset(
    f"new_{how}" for how in ("zeros", "ones", "full", "empty", "tensor")
)
"""What looks at a tensor's shape alone, so that the result is a constant."""


def record(module: nn.Module, inputs: Mapping[str, Any], positional: int, kind_of: KindOf) -> Recording:
    """Runs a module once and tells what it did.

    Args:
        module: it.
        inputs: its arguments by name; the first ``positional`` of them are passed by position.
        positional: how many.
        kind_of: what a call of a module is.

    Raises:
        ImportModuleError: what it does cannot be told; the message names the line.
    """
    recorder = _Recorder(module, kind_of)
    values = [recorder.enter(name, x) for name, x in inputs.items() if isinstance(x, Tensor)]
    before = torch.random.get_rng_state()
    with torch.no_grad(), recorder.watching():
        arguments = list(inputs.values())
        result = module(*arguments[:positional], **dict(list(inputs.items())[positional:]))
    root = recorder.root
    if root is None:
        raise ImportModuleError(f"{type(module).__name__} is a layer that has a block of its own: add it from the palette.")
    drew = not torch.equal(before, torch.random.get_rng_state())
    return Recording(root, values, recorder.read(result), recorder.decisions, drew)


class _Recorder(TorchFunctionMode):
    def __init__(self, module: nn.Module, kind_of: KindOf):
        super().__init__()
        self.root: Scope | None = None
        self.decisions: list[Decision] = []
        self._module = module
        self._kind_of = kind_of
        self._plain = ""
        self._scope: Scope | None = None
        self._known: dict[int, Value] = {}
        self._kept: list[Tensor] = []
        self._constants: dict[int, tuple[int, Value]] = {}
        self._storages: dict[int, set[int]] = {}
        self._stale: dict[int, Place] = {}
        self._asleep = False
        self._names = {id(m): name for name, m in module.named_modules()}
        self._tensors: dict[int, tuple[str, str]] = {}
        self._tensors |= {id(tensor): ("buffer", name) for name, tensor in module.named_buffers()}
        self._tensors |= {id(tensor): ("weight", name) for name, tensor in module.named_parameters()}

    def enter(self, name: str, x: Tensor) -> Value:
        value = Value("input", x, name)
        self._bind(x, value)
        return value

    @contextmanager
    def watching(self) -> Iterator[None]:
        original = nn.Module.__call__
        recorder = self

        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            return recorder._module_called(original, module, args, kwargs)

        helpers = list(self._helpers())
        nn.Module.__call__ = call  # type: ignore[method-assign]
        for holder, name, function in helpers:
            setattr(holder, name, self._helping(function))
        try:
            with self:
                yield
        finally:
            nn.Module.__call__ = original  # type: ignore[method-assign]
            for holder, name, function in helpers:
                setattr(holder, name, function)

    def _helpers(self) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
        """The functions of the program's own, in the files of the module's classes, that call a layer in another way than alone."""
        for file in {type(m).__module__ for m in self._module.modules()}:
            for name, source in helpers().items():
                function = getattr(sys.modules.get(file), name, None)
                if inspect.isfunction(function) and inspect.getsource(function) == source:
                    yield sys.modules[file], name, function

    def _helping(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def helping(layer: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self._asleep or id(layer) not in self._names:
                return function(layer, *args, **kwargs)
            return self._called(type(layer), lambda: function(layer, *args, **kwargs), args, kwargs, layer, self._names[id(layer)])

        return helping

    def _module_called(self, original: Any, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if self._asleep or id(module) not in self._names:
            return original(module, *args, **kwargs)
        path = self._names[id(module)]
        kind = self._kind_of(module, args, kwargs) if self._scope is not None else "module"
        if kind == "layer":
            return self._called(type(module), lambda: original(module, *args, **kwargs), args, kwargs, module, path)
        if kind == "plain":
            self._plain = path
            try:
                return original(module, *args, **kwargs)
            finally:
                self._plain = ""
        scope = Scope(module, path, self._scope)
        if self._scope is None:
            self.root = scope
        else:
            self._scope.steps.append(scope)
        scope.given = self._named(module, args, kwargs)
        outer, self._scope = self._scope, scope
        try:
            result = original(module, *args, **kwargs)
        finally:
            self._scope = outer
        scope.returned = self.read(result)
        return result

    def _named(self, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        names = list(type(module).forward.__code__.co_varnames[1:]) if hasattr(type(module).forward, "__code__") else []
        given = dict(zip([*names, *(f"x{i}" for i in range(len(names), len(args)))], args, strict=False)) | dict(kwargs)
        return {name: self.read(x) for name, x in given.items() if isinstance(x, Tensor)}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._asleep or self._scope is None:
            return func(*args, **kwargs)
        return self._called(func, lambda: func(*args, **kwargs), args, kwargs, None, self._plain)

    def _called(self, function: Any, run: Callable[[], Any], args: Any, kwargs: Any, layer: nn.Module | None, path: str) -> Any:
        tensors = list(tensors_in((args, kwargs)))
        live = [t for t in tensors if self._is_live(t)] if operation(function) not in FROM_SHAPES else []
        versions = [t._version for t in tensors]
        call: Call | None = None
        if (live or layer is not None) and self._scope is not None:
            call = Call(function, layer, path, self.read(args), self.read(kwargs), _place(), self._scope)
        self._asleep = True
        try:
            result = run()
        finally:
            self._asleep = False
        if call is None:
            return result
        name = operation(function)
        made = list(tensors_in(result))
        if not made and name != "setitem":
            if name in DECIDING and layer is None and any(self._is_driven(t) for t in live):
                self.decisions.append(Decision(call.place, name.strip("_")))
            return result
        written = [t for t, version in zip(tensors, versions, strict=True) if t._version != version]
        if written and name == "setitem":
            result_seen: Any = written[0]
        elif not written:
            result = result_seen = _apart(result, {id(t) for t in tensors})
        else:
            result_seen = result
        for t in written:
            self._outdate(t, call.place)
            if not any(t is other for other in tensors_in(result_seen)) and self._is_live(t):
                raise ImportModuleError(f"{call.place}: {name} writes into a tensor that it does not return, which cannot be drawn.")
        call.writes = bool(written)
        if layer is None and not written and _is_the_same(name, call, result_seen):
            self._alias(call, result_seen)
            return result
        call.results = mapped(result_seen, lambda t: self._bind(t, Value("call", t, maker=call)))
        if self._scope is not None:
            self._scope.steps.append(call)
        return result

    def _alias(self, call: Call, result: Tensor) -> None:
        """Lets what changes nothing, such as ``contiguous``, stand for what it was given."""
        self._bind(result, values_in(call.args)[0])

    def _is_live(self, t: Tensor) -> bool:
        return id(t) in self._known or self._tensors.get(id(t), ("",))[0] == "weight"

    def _is_driven(self, t: Tensor) -> bool:
        """Whether a tensor follows from the inputs."""
        value = self._known.get(id(t))
        return value is not None and value.origin in ("call", "input") and _driven(value)

    def _bind(self, t: Tensor, value: Value) -> Value:
        self._known[id(t)] = value
        self._kept.append(t)
        self._stale.pop(id(t), None)
        self._storages.setdefault(t.untyped_storage().data_ptr(), set()).add(id(t))
        return value

    def _outdate(self, written: Tensor, place: Place) -> None:
        for other in self._storages.get(written.untyped_storage().data_ptr(), ()):
            if other != id(written):
                self._stale[other] = place

    def read(self, x: Any) -> Any:
        """``x`` with a `Value` for each tensor."""
        return mapped(x, self._value)

    def _value(self, t: Tensor) -> Value:
        if id(t) in self._stale:
            raise ImportModuleError(f"{self._stale[id(t)]}: a tensor is written to in place that is also seen through another one.")
        if id(t) in self._known:
            return self._known[id(t)]
        kind, name = self._tensors.get(id(t), ("constant", ""))
        if kind != "constant":
            return self._bind(t, Value(kind, t, name, keep=True)) if kind == "weight" else self._held(t, kind, name)
        return self._held(t, kind, "")

    def _held(self, t: Tensor, kind: str, name: str) -> Value:
        version, value = self._constants.get(id(t), (-1, None))
        if value is None or version != t._version:
            value = Value(kind, t.detach().clone(), name, keep=True)
            self._constants[id(t)] = (t._version, value)
            self._kept.append(t)
        return value


def _driven(value: Value) -> bool:
    seen: set[int] = set()
    stack = [value]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.origin == "input":
            return True
        if one.maker is not None:
            stack += values_in((one.maker.args, one.maker.kwargs))
    return False


SAME = frozenset(
    {
        "contiguous", "clone", "detach", "alias", "requires_grad_", "cpu", "cuda", "to", "float", "type_as", "type", "long", "int", "bool",
        "half", "double", "expand", "expand_as", "broadcast_to", "reshape", "view", "view_as", "reshape_as", "flatten", "data", "real",
        "positive", "getitem",
    }
)  # fmt: skip
"""What may give back what it was given."""


def _is_the_same(name: str, call: Call, result: Any) -> bool:
    """Whether a call gave what it was given, in the same shape and type, by its nature."""
    if name in ("cat", "concat") and call.args and isinstance(call.args[0], tuple | list) and len(call.args[0]) == 1:
        return True
    if name not in SAME or not isinstance(result, Tensor) or not call.args or not isinstance(call.args[0], Value):
        return False
    given = call.args[0]
    if (tuple(result.shape), str(result.dtype).removeprefix("torch.")) != (given.shape, given.dtype):
        return False
    items = call.args[1] if name == "getitem" else ()
    return all(i is Ellipsis or (isinstance(i, slice) and i.step in (None, 1)) for i in (items if isinstance(items, tuple) else (items,)))


def _apart(result: Any, given: set[int]) -> Any:
    """The result with new tensors for those that were given: each value has a tensor of its own."""
    if isinstance(result, Tensor):
        return result.view(result.shape) if id(result) in given else result
    if type(result) in (tuple, list) and any(id(t) in given for t in result):
        return type(result)(_apart(part, given) for part in result)
    return result


def _place() -> Place:
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if frame.f_code is Part.forward.__code__ and isinstance(step := frame.f_locals.get("step"), Operation):
            return Place(step.label, 0)
        if not file.startswith(SKIPPED):
            return Place(file, frame.f_lineno)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return Place("<unknown>", 0)
