"""Calls that blocks express in other words: ``1 - x`` is a sign and a sum, ``x.float()`` a cast, ``x[:, None]`` a new dimension.

Each function makes calls of one, with the same results to the bit, or says that there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from graph_engine.errors import ImportModuleError
from graph_engine.importing.index import canonical
from graph_engine.importing.matching import as_number, batch_source
from graph_engine.importing.recording import Call, Value, operation, values_in
from graph_engine.spec.tensor import Dim, N, Size


def rewritten(call: Call) -> list[Call]:
    """The calls that say the same; the call itself where none need be."""
    rule = RULES.get(canonical(operation(call.function))) if call.layer is None else None
    made = rule(call) if rule is not None else None
    return [call] if made is None else [c for one in made for c in ([one] if one is call else rewritten(one))]


def _call(source: Call, function: Any, args: Sequence[Any], result: Any, **kwargs: Any) -> Call:
    made = Call(function, None, "", tuple(args), kwargs, source.place, source.inside)
    made.results = result
    return made


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _sub(call: Call) -> list[Call] | None:
    x, other = call.args[0], as_number(call.args[1])
    if isinstance(x, Value) and _is_number(other) and not call.kwargs:
        return [_call(call, torch.add, (x, -other), call.results)]
    return None


def _rsub(call: Call) -> list[Call] | None:
    x, other = call.args[0], as_number(call.args[1])
    if not isinstance(x, Value) or isinstance(other, Dim) or call.kwargs:
        return None
    if isinstance(other, Value):
        return [_call(call, torch.sub, (other, x), call.results)]
    less = Value.of(x.shape, x.dtype)
    return [_call(call, torch.neg, (x,), less), _call(call, torch.add, (less, other), call.results)]


def _swapped(function: Any) -> Callable[[Call], list[Call] | None]:
    """For ``number op tensor`` where the order does not matter."""

    def rule(call: Call) -> list[Call] | None:
        first, second = call.args[0], call.args[1] if len(call.args) > 1 else None
        if isinstance(second, Value) and not isinstance(as_number(first), Value):
            return [_call(call, function, (second, as_number(first)), call.results)]
        return None

    return rule


def _added(call: Call) -> list[Call] | None:
    alpha = call.kwargs.get("alpha", 1)
    if alpha != 1 and _is_number(alpha) and isinstance(call.args[1], Value):
        scaled = Value.of(call.args[1].shape, call.args[1].dtype)
        return [_call(call, torch.mul, (call.args[1], alpha), scaled), _call(call, torch.add, (call.args[0], scaled), call.results)]
    return _swapped(torch.add)(call)


def _cast(call: Call) -> list[Call] | None:
    """``x.float()``, ``x.type_as(y)``, ``x.to(y)``."""
    x, result = call.args[0], call.results
    if not isinstance(x, Value) or not isinstance(result, Value) or x.shape != result.shape:
        return None
    if len(call.args) == 2 and isinstance(call.args[1], torch.dtype) and not call.kwargs and operation(call.function) == "to":
        return [call]
    return [_call(call, torch.Tensor.to, (x, getattr(torch, result.dtype)), result)]


def _transposed(call: Call) -> list[Call] | None:
    """``x.T``, ``x.mT``, ``x.t()``."""
    x = call.args[0]
    if isinstance(x, Value) and len(x.shape) >= 2 and (len(x.shape) == 2 or operation(call.function) == "mT"):
        return [_call(call, torch.Tensor.transpose, (x, -2, -1) if len(x.shape) > 2 else (x, 0, 1), call.results)]
    return None


def _indexed(call: Call) -> list[Call] | None:
    """Numbers and slices are a ``Slice``, ``None`` is a new dimension."""
    x, index = call.args[0], call.args[1]
    each = _of_each_sample(call, index) or _picked(call, index)
    if each is not None:
        return each
    taken = _taken(call, index[0] if isinstance(index, tuple) and len(index) == 1 else index)
    if taken is not None:
        return taken
    items = [as_number(i) for i in (index if isinstance(index, tuple) else (index,))]
    if not isinstance(x, Value) or not all(
        i is None or i is Ellipsis or (isinstance(i, int | slice) and i is not True and i is not False) for i in items
    ):
        return None
    if Ellipsis not in items:
        items.append(Ellipsis)
    used = sum(1 for i in items if i is not None and i is not Ellipsis)
    at = items.index(Ellipsis)
    items[at : at + 1] = [slice(None)] * (len(x.shape) - used)
    texts: list[str] = []
    new: list[int] = []
    shape: list[Size] = []
    dim = place = 0
    for item in items:
        if item is None:
            new.append(place)
            place += 1
            continue
        if isinstance(item, slice):
            told = _slice(item, x.shape[dim])
            if told is None:
                return None
            texts.append(told)
            place += 1
            shape.append(_length(item, x.shape[dim]))
        else:
            texts.append(str(item))
        dim += 1
    while texts and texts[-1] == ":":
        texts.pop()
    made: list[Call] = []
    inner = x
    if texts:
        inner = Value.of(tuple(shape), x.dtype) if new else call.results
        made.append(_call(call, SLICE, (x, ", ".join(texts)), inner))
    for count, at in enumerate(new):
        shape.insert(at, 1)
        outer = call.results if count == len(new) - 1 else Value.of(tuple(shape), x.dtype)
        made.append(_call(call, torch.unsqueeze, (inner, at), outer))
        inner = outer
    return made or None


def SLICE(x: Any, index: str) -> Any:  # noqa: N802 (it stands for an operation of Python)
    """Stands for Python's brackets with numbers and slices, as text."""


SLICE.__name__ = "index"


def _slice(item: slice, size: Size) -> str | None:
    ends = []
    for end, default in ((item.start, 0), (item.stop, size)):
        if end is None or end == default:
            ends.append("")
        elif isinstance(end, int) and not isinstance(end, bool):
            ends.append("" if isinstance(size, int) and default is size and end >= size else str(end))
        else:
            return None
    if item.step is not None and not isinstance(item.step, int):
        return None
    return ":".join(ends) + (f":{item.step}" if item.step not in (None, 1) else "")


def _length(item: slice, size: Size) -> Size:
    if isinstance(size, int):
        return len(range(*item.indices(size)))
    return size


def _split(call: Call) -> list[Call] | None:
    """``split`` by one size: the sizes of the parts."""
    if not isinstance(call.results, tuple | list) or not all(isinstance(v, Value) for v in call.results):
        return None
    dim = call.kwargs.get("dim", call.args[2] if len(call.args) > 2 else 0)
    given = call.args[1] if len(call.args) > 1 else next(iter(call.kwargs.values()))
    sizes = tuple(v.shape[dim] for v in call.results)
    if isinstance(given, int) and all(isinstance(s, int) for s in sizes):
        return [_call(call, torch.Tensor.split, (call.args[0], sizes, dim), call.results)]
    return None


def _squared(call: Call) -> list[Call] | None:
    return [_call(call, torch.pow, (call.args[0], 2), call.results)]


def _expanded(call: Call) -> list[Call] | None:
    """Where the batch is none of the tensor's own dimensions, it is asked of another tensor."""
    x = call.args[0]
    sizes = call.args[1:] if len(call.args) > 2 else call.args[1]
    if "like" in call.kwargs or not isinstance(x, Value) or not isinstance(sizes, tuple | list):
        return None
    if N in sizes and N not in x.shape:
        like = batch_source(call)
        return [_call(call, torch.Tensor.expand, (x, tuple(sizes)), call.results, like=like)] if like is not None else None
    return None


def _repeated(call: Call) -> list[Call] | None:
    """A dimension of size 1 that is repeated for each sample."""
    x = call.args[0]
    times = call.args[1:] if len(call.args) > 2 else call.args[1]
    if not isinstance(x, Value) or not isinstance(times, tuple | list) or N not in times or len(times) != len(x.shape):
        return None
    if any(t != 1 and not (t == N and size == 1) for t, size in zip(times, x.shape, strict=True)):
        return None
    return [_call(call, torch.Tensor.expand, (x, tuple(-1 if t == 1 else t for t in times)), call.results)]


def _like_another(call: Call) -> list[Call] | None:
    """``x.reshape_as(y)``: to a shape that is known."""
    return [_call(call, torch.Tensor.reshape, (call.args[0], call.results.shape), call.results)]


def _of_each_sample(call: Call, index: Any) -> list[Call] | None:
    """``x[samples, places]``, where the first index numbers the samples: the same places of each."""
    x = call.args[0]
    if not isinstance(index, tuple) or len(index) != 2 or not all(isinstance(i, Value) for i in index) or len(x.shape) != 2:
        return None
    samples, places = index
    if samples.origin != "samples" or places.origin != "constant" or x.shape[0] != N or places.tensor is None:
        return None
    if call.results.shape[0] != N or samples.shape[:1] != (N,) or (len(places.shape) == len(samples.shape) and places.shape[0] != 1):
        return None
    flat = Value("constant", places.tensor.flatten(), keep=True)
    taken = Value.of((N, *flat.shape), x.dtype)
    made = [_call(call, torch.index_select, (x, 1, flat), taken)]
    if torch.equal(flat.tensor, torch.arange(x.shape[1])) if isinstance(x.shape[1], int) and flat.tensor is not None else False:
        made, taken = [], x
    return [*made, _call(call, torch.Tensor.reshape, (taken, call.results.shape), call.results)]


def _logic(function: Any) -> Callable[[Call], list[Call] | None]:
    """Operations on bits are logical ones where the bits are truth values."""

    def rule(call: Call) -> list[Call] | None:
        if all(isinstance(v, Value) and v.dtype == "bool" for v in call.args):
            return [_call(call, function, call.args, call.results)]
        return None

    return rule


def _chosen(call: Call) -> list[Call] | None:
    """``where`` with a number: what is true, or is not, is filled with it."""
    if len(call.args) != 3 or call.kwargs:
        return None
    condition, a, b = call.args[0], as_number(call.args[1]), as_number(call.args[2])
    if isinstance(a, Value) == isinstance(b, Value) or not isinstance(condition, Value) or call.results.dtype != "float32":
        return None
    x, number = (a, b) if isinstance(a, Value) else (b, a)
    if x.dtype != "float32" or not _is_number(number) or abs(number) == float("inf"):
        return None
    if x is a:
        turned = Value.of(condition.shape, "bool")
        return [_call(call, torch.logical_not, (condition,), turned), _call(call, torch.masked_fill, (x, turned, number), call.results)]
    return [_call(call, torch.masked_fill, (x, condition, number), call.results)]


def _picked(call: Call, index: Any) -> list[Call] | None:
    """``x[samples, places]`` of (N, T, features), one place of each sample: gathered."""
    x = call.args[0]
    if not isinstance(index, tuple) or len(index) != 2 or not all(isinstance(i, Value) for i in index) or len(x.shape) != 3:
        return None
    samples, places = index
    if samples.origin != "samples" or samples.shape != (N,) or places.shape != (N,) or places.origin not in ("call", "input"):
        return None
    shapes = [(N, 1, 1), (N, 1, x.shape[2])]
    wide, full, taken = Value.of(shapes[0], places.dtype), Value.of(shapes[1], places.dtype), Value.of(shapes[1], x.dtype)
    return [
        _call(call, torch.Tensor.reshape, (places, shapes[0]), wide),
        _call(call, torch.Tensor.expand, (wide, (-1, -1, x.shape[2])), full),
        _call(call, torch.gather, (x, 1, full), taken),
        _call(call, torch.squeeze, (taken, 1), call.results),
    ]


def _taken(call: Call, index: Any) -> list[Call] | None:
    """Rows of a table by their numbers."""
    x = call.args[0]
    is_table = isinstance(x, Value) and len(x.shape) == 2 and x.dtype == "float32"
    if is_table and isinstance(index, Value) and index.dtype in ("int64", "int32"):
        return [_call(call, torch.nn.functional.embedding, (index, x), call.results)]
    return None


def with_constants_expanded(call: Call) -> list[Call]:
    """The call, behind what repeats along the batch each constant that it takes."""
    made: list[Call] = []
    replaced: dict[Value, Value] = {}
    for value in values_in((call.args, call.kwargs)):
        if value.origin not in ("constant", "buffer") or not any(isinstance(s, Dim) for s in value.shape) or value in replaced:
            continue
        like = batch_source(call)
        assert value.tensor is not None
        period = value.shape[0].divide(N) if isinstance(value.shape[0], Dim) else 1
        if like is None or not isinstance(period, int) or any(isinstance(s, Dim) and s != N for s in value.shape[1:]):
            raise ImportModuleError(f"{call.place}: a constant has a size that follows from the batch in a way that cannot be drawn.")
        base = Value(value.origin, value.tensor, value.name, keep=True)
        result = Value.of(value.shape, value.dtype)
        if period == 1:
            made.append(_call(call, torch.Tensor.expand, (base, value.shape), result, like=like))
        else:  # it repeats itself for each sample
            each = Value.of((N, period, *value.shape[1:]), value.dtype)
            made.append(_call(call, torch.Tensor.expand, (base, each.shape), each, like=like))
            made.append(_call(call, torch.Tensor.reshape, (each, (-1, *value.shape[1:])), result))
        replaced[value] = result

    def swap(x: Any) -> Any:
        if isinstance(x, Value):
            return replaced.get(x, x)
        if isinstance(x, tuple | list):
            return type(x)(map(swap, x))
        return {k: swap(v) for k, v in x.items()} if isinstance(x, dict) else x

    if made:
        call.args, call.kwargs = swap(call.args), swap(call.kwargs)
    return [*made, call]


RULES: Mapping[str, Callable[[Call], list[Call] | None]] = {
    "sub": _sub,
    "rsub": _rsub,
    "add": _added,
    "mul": _swapped(torch.mul),
    "to": _cast,
    "float": _cast,
    "long": _cast,
    "int": _cast,
    "bool": _cast,
    "double": _cast,
    "half": _cast,
    "bfloat16": _cast,
    "type_as": _cast,
    "T": _transposed,
    "mT": _transposed,
    "t": _transposed,
    "getitem": _indexed,
    "split": _split,
    "square": _squared,
    "expand": _expanded,
    "repeat": _repeated,
    "bitwise_and": _logic(torch.logical_and),
    "bitwise_or": _logic(torch.logical_or),
    "bitwise_not": _logic(torch.logical_not),
    "where": _chosen,
    "reshape_as": _like_another,
    "view_as": _like_another,
    "unflatten": _like_another,
}
