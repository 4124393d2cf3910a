"""Calls that blocks express in other words: ``1 - x`` is a sign and a sum, ``x.float()`` a cast, ``x[:, None]`` a new dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing.calls import Given
from graph_engine.parsing.drafts import Tensor, Torch
from graph_engine.parsing.index import canonical

Operate = Callable[[str, Sequence[Given], Mapping[str, Given]], Any]
"""Makes a node of a name and arguments, and gives what it returns."""

CASTS = {
    "float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "long": "int64", "int": "int32", "bool": "bool",
}  # fmt: skip
"""Methods that are casts, with the dtype."""


def rewritten(name: str, args: Sequence[Given], kwargs: Mapping[str, Given], operate: Operate, line: int) -> Any:
    """What an operation returns, put into words that blocks have.

    Args:
        name: torch's name of it.
        args, kwargs: with the tensor of a method in front.
        operate: makes the nodes.
        line: where it is called.

    Raises:
        SourceError: no block stands for it.
    """
    plain = canonical(name)
    values = [a.value for a in args]
    first = values[0] if values else None
    if plain in CASTS and len(values) == 1:
        return operate("to", [args[0], Given(Torch(f"torch.{CASTS[plain]}"))], {})
    if plain == "to":
        return _cast(args, kwargs, operate)
    if plain == "type_as" and isinstance(values[1], Tensor) and values[1].spec is not None:
        return operate("to", [args[0], Given(Torch(f"torch.{values[1].spec.dtype}"))], {})
    if plain in ("T", "t", "mT") and isinstance(first, Tensor) and first.spec is not None:
        return operate("transpose", [args[0], Given(-2), Given(-1)] if plain == "mT" else [args[0], Given(0), Given(1)], {})
    if plain == "square":
        return operate("pow", [args[0], Given(2)], kwargs)
    if plain in ("reshape_as", "view_as") and isinstance(values[1], Tensor) and values[1].spec is not None:
        return operate("reshape", [args[0], Given(values[1].spec.shape)], {})
    if plain == "getitem":
        return _indexed(args, operate, line)
    if len(values) == 2 and not kwargs and not isinstance(values[1] if isinstance(first, Tensor) else first, Tensor):
        return _with_number(plain, args, operate)
    return operate(name, args, kwargs)


def _with_number(name: str, args: Sequence[Given], operate: Operate) -> Any:
    """A tensor and a number, in either order."""
    first, second = args
    if isinstance(first.value, Tensor):
        number = second.value
        if name == "sub" and isinstance(number, int | float):
            return operate("add", [first, Given(-number)], {})
        return operate(name, args, {})
    if name in ("add", "mul"):
        return operate(name, [second, first], {})
    if name == "sub":
        return operate("add", [Given(operate("neg", [second], {})), first], {})
    if name == "div":
        over = operate("pow", [second, Given(-1)], {})
        return over if first.value == 1 else operate("mul", [Given(over), first], {})
    return operate(name, args, {})


def _cast(args: Sequence[Given], kwargs: Mapping[str, Given], operate: Operate) -> Any:
    kinds = [g for n, g in (*(("", a) for a in args[1:]), *kwargs.items()) if n != "device" and g.value is not None]
    if not kinds:
        return args[0].value
    return operate("to", [args[0], kinds[0]], {})


def _indexed(args: Sequence[Given], operate: Operate, line: int) -> Any:
    """Numbers and slices are a ``Slice``, ``None`` is a new dimension, a tensor of numbers takes rows of a table."""
    x, index = args[0], args[1].value
    items = list(index) if isinstance(index, tuple) else [index]
    if len(items) == 1 and isinstance(items[0], Tensor):
        return operate("embedding", [Given(items[0]), x], {})
    if not all(i is None or i is Ellipsis or (isinstance(i, int | slice) and not isinstance(i, bool)) for i in items):
        raise SourceError("this index cannot be drawn: numbers, start:stop:step, ... and None can.", line)
    kept = [i for i in items if i is not None]
    result = x.value
    if any(i != slice(None) and i is not Ellipsis for i in kept) or None not in items:
        result = operate("index", [x, Given(", ".join(_text(i, line) for i in kept))], {})
    behind = items[items.index(Ellipsis) + 1 :] if Ellipsis in items else []
    place = 0
    for at, item in enumerate(items):
        if item is Ellipsis:
            place = -sum(1 for i in behind if i is None or isinstance(i, slice)) - 1
        elif item is None:
            result = operate("unsqueeze", [Given(result), Given(place if place >= 0 else _from_behind(items[at + 1 :]))], {})
            place += 1
        elif isinstance(item, slice):
            place += 1
    return result


def _from_behind(rest: Sequence[Any]) -> int:
    """The place of a new dimension counted from the last: those slices that follow stay behind it."""
    return -1 - sum(1 for i in rest if isinstance(i, slice))


def _text(item: Any, line: int) -> str:
    if item is Ellipsis:
        return "..."
    if not isinstance(item, slice):
        return str(item)
    ends = []
    for end in (item.start, item.stop, item.step):
        if end is not None and (not isinstance(end, int) or isinstance(end, bool)):
            raise SourceError("this index follows from a size that is not fixed, which cannot be drawn.", line)
        ends.append("" if end is None else str(end))
    start, stop, step = ends
    return f"{start}:{stop}" + (f":{step}" if step else "")
