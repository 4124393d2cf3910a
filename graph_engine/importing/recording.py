"""What a recording is made of: values, calls and scopes; and how to walk through the containers in which they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from graph_engine.spec.tensor import Shape


class Value:
    """A tensor as one moment of the run has it.

    Attributes:
        origin: ``input``, ``weight``, ``buffer``, ``constant`` or ``call``.
        shape, dtype: as in this run.
        name: of an input the argument; of weights and buffers their name in the ``state_dict``.
        tensor: the numbers, of what no call made.
        maker: the call that made it.
    """

    __slots__ = ("dtype", "maker", "name", "origin", "shape", "tensor")

    shape: Shape
    tensor: Tensor | None
    maker: Call | None

    def __init__(self, origin: str, tensor: Tensor, name: str = "", *, keep: bool = False, maker: Call | None = None):
        self.origin = origin
        self.shape = tuple(tensor.shape)
        self.dtype = str(tensor.dtype).removeprefix("torch.")
        self.name = name
        self.tensor = tensor if keep else None
        self.maker = maker

    @classmethod
    def of(cls, shape: tuple[Any, ...], dtype: str) -> Value:
        """A value that no run made, of a shape that is known."""
        value = cls.__new__(cls)
        value.origin, value.shape, value.dtype, value.name, value.tensor, value.maker = "call", shape, dtype, "", None, None
        return value

    def __repr__(self) -> str:
        return f"<{self.origin} {self.name} {self.shape} {self.dtype}>"


class Place(NamedTuple):
    """A line of somebody's source; or, with the line 0, an operation that a file names."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}, line {self.line}" if self.line else self.file


class Call:
    """One call.

    Attributes:
        function: what is called: a function or method of torch; of a layer, its class.
        layer: the layer, or None.
        path: where the layer lies in the module, or what stands for one.
        args, kwargs: with a `Value` for each tensor.
        results: the values that it gave, nested as it gave them.
        place: the line that calls.
        inside: the module in whose ``forward`` it happens.
    """

    __slots__ = ("args", "function", "inside", "kwargs", "layer", "path", "place", "results", "writes")

    def __init__(self, function: Any, layer: nn.Module | None, path: str, args: Any, kwargs: Any, place: Place, inside: Scope):
        self.function = function
        self.layer = layer
        self.path = path
        self.args = args
        self.kwargs = kwargs
        self.place = place
        self.inside = inside
        self.results: Any = None
        self.writes = False


class Scope:
    """One call of a module whose own calls are recorded.

    Attributes:
        module: it; of the outermost scope what is imported.
        path: where it lies.
        parent: the scope that calls it.
        steps: its calls and scopes, in order.
        given: the values of its arguments by name.
        returned: what it returned, with a `Value` for each tensor.
    """

    __slots__ = ("given", "module", "parent", "path", "returned", "steps")

    def __init__(self, module: nn.Module, path: str, parent: Scope | None):
        self.module = module
        self.path = path
        self.parent = parent
        self.steps: list[Call | Scope] = []
        self.given: dict[str, Any] = {}
        self.returned: Any = None

    def chain(self) -> list[Scope]:
        """The scopes from the outermost to this one."""
        found: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            found.append(scope)
            scope = scope.parent
        return found[::-1]


class Decision(NamedTuple):
    """Python looked at numbers that follow from the inputs."""

    place: Place
    what: str


class Recording(NamedTuple):
    """One run.

    Attributes:
        root: the outermost scope.
        inputs: the values of the inputs.
        result: what the module returned, with a `Value` for each tensor.
        decisions: where Python looked at numbers that follow from inputs.
        draws: whether random numbers were drawn.
    """

    root: Scope
    inputs: list[Value]
    result: Any
    decisions: list[Decision]
    draws: bool


def operation(function: Any) -> str:
    """What a function or method of torch is called, whichever way it is reached: ``add`` for ``x + y``, ``torch.add`` and ``x.add_``."""
    name: str = getattr(function, "__name__", "")
    if name in ("__get__", "__set__"):
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    if name.startswith("__") and name.endswith("__"):
        return name[2:-2]
    return name[:-1] if name.endswith("_") and not name.startswith("_") else name


def mapped(x: Any, change: Callable[[Tensor], Any]) -> Any:
    """Nested containers with something in place of each tensor; what has named fields becomes a dictionary."""
    if isinstance(x, Tensor):
        return change(x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return {name: mapped(i, change) for name, i in zip(x._fields, x, strict=True)}
    if isinstance(x, tuple | list):
        items = [mapped(i, change) for i in x]
        return items if isinstance(x, list) else tuple(items)
    if isinstance(x, Mapping):
        return {k: mapped(v, change) for k, v in x.items()}
    if is_dataclass(x) and not isinstance(x, type):
        return {f.name: mapped(getattr(x, f.name), change) for f in fields(x)}
    if isinstance(x, slice):
        return slice(mapped(x.start, change), mapped(x.stop, change), mapped(x.step, change))
    return x


def tensors_in(x: Any) -> Iterator[Tensor]:
    if isinstance(x, Tensor):
        yield x
    elif isinstance(x, tuple | list):
        for i in x:
            yield from tensors_in(i)
    elif isinstance(x, Mapping):
        for i in x.values():
            yield from tensors_in(i)
    elif isinstance(x, slice):
        yield from tensors_in((x.start, x.stop, x.step))


def values_in(x: Any) -> list[Value]:
    """All values in nested containers, in order."""
    if isinstance(x, Value):
        return [x]
    if isinstance(x, tuple | list):
        return [v for i in x for v in values_in(i)]
    if isinstance(x, Mapping):
        return [v for i in x.values() for v in values_in(i)]
    if isinstance(x, slice):
        return values_in((x.start, x.stop, x.step))
    return []
