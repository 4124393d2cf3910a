"""The vocabulary that shape rules are written in: what a block expects of an input, and how sizes combine."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from graph_engine.spec.block import Site
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.tensor import FLOATING, ITEM_SIZES, Dim, Shape, Size, TensorSpec, shape_text


def expect_rank(x: TensorSpec, ranks: Sequence[int], layout: str, port: str = "input", fixes: tuple[Fix, ...] = ()) -> None:
    """Raises a `Fault` unless ``x`` has one of the numbers of dimensions; ``layout`` names them: ``(N, C, H, W)``."""
    if len(x.shape) not in ranks:
        raise Fault(
            "shape.rank",
            "expects {layout}, but receives {received}, which has {rank} dimensions.",
            port=port,
            fixes=fixes,
            layout=layout,
            received=shape_text(x.shape),
            rank=len(x.shape),
        )


def expect_dtype(x: TensorSpec, dtypes: Sequence[str], port: str = "input") -> None:
    """Raises a `Fault` unless ``x`` has one of the dtypes."""
    if x.dtype not in dtypes:
        raise Fault(
            "dtype.mismatch",
            "expects {expected} numbers, but receives {received}. {advice}",
            port=port,
            expected=" or ".join(dtypes),
            received=x.dtype,
            advice="Token numbers go through an Embedding first."
            if "float32" in dtypes and x.dtype not in FLOATING and x.dtype != "bool"
            else f"Set the dtype of the Input to {dtypes[0]}.",
        )


def expect_floating(x: TensorSpec, port: str = "input") -> None:
    """Raises a `Fault` unless ``x`` holds floating-point numbers."""
    if x.dtype not in FLOATING:
        expect_dtype(x, ("float32",), port)


def expect_lengths(at: Site, batch: Size) -> None:
    """Raises a `Fault` unless the port ``lengths`` has one whole number for each sequence, where it is connected."""
    lengths = at.optional("lengths")
    if lengths is None:
        return
    expect_dtype(lengths, ("int64", "int32"), "lengths")
    if lengths.shape != (batch,):
        raise Fault(
            "shape.lengths",
            "lengths must be {expected}, but are {received}.",
            port="lengths",
            expected=shape_text((batch,)),
            received=shape_text(lengths.shape),
        )


def expect_holds(dtype: str, name: str, value: float, fixes: tuple[Fix, ...] = ()) -> None:
    """Raises a `Fault` unless elements of a dtype can be the number that the parameter ``name`` gives."""
    if dtype in FLOATING:
        return
    bits = 8 * ITEM_SIZES[dtype]
    low, high = {"bool": (0, 1), "uint8": (0, 255)}.get(dtype, (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
    if not float(value).is_integer() or not low <= value <= high:
        raise Fault(
            "param.no-such-number", "{param} is {value}, which {dtype} cannot hold.", fixes=fixes, param=name, value=value, dtype=dtype
        )


def expect_given(at: Site, *names: str) -> None:
    """Raises a `Fault` unless the required hyper-parameters are set."""
    for name in names:
        if at[name] is None:
            raise Fault("param.missing", "{param} is not set; it has no default.", param=name)


def settled(at: Site, name: str, value: Any, meaning: str, port: str = "input", fixes: tuple[Fix, ...] = ()) -> Any:
    """The value of an inferred hyper-parameter: what follows from the input, or what was set if that agrees.

    Raises:
        Fault: the set value contradicts the input.
    """
    given = at[name]
    if given is None or given == value:
        return value
    raise Fault(
        f"shape.{name.replace('_', '-')}",
        "{param} is {given}, but the input has {value} {meaning}.",
        port=port,
        fixes=(*fixes, Fix(f"Let {name} follow the input ({value})", {name: None})),
        param=name,
        given=given,
        value=value,
        meaning=meaning,
    )


def expect_number(size: Size, what: str, port: str = "input") -> int:
    """The size as a plain number; weights cannot depend on a free one.

    Raises:
        Fault: it is symbolic.
    """
    if isinstance(size, Dim):
        raise Fault(
            "shape.free-size",
            "{what} is {size}, which is not a fixed number, so the size of the weights would change from batch to batch.",
            port=port,
            what=what,
            size=size,
        )
    return size


def each(value: Any, n: int) -> tuple[int, ...]:
    """One number for each of ``n`` dimensions."""
    return (value,) * n if isinstance(value, int) else value


def volume(sizes: Sequence[Size]) -> Size:
    """Product of sizes."""
    return prod(sizes)


def axis(dim: int, rank: int, param: str = "dim") -> int:
    """A dimension counted from 0, from one that may be counted from the end.

    Raises:
        Fault: there is no such dimension.
    """
    if not -rank <= dim < rank:
        raise Fault(
            "shape.no-such-dim",
            "{param} is {dim}, but the input has dimensions {first} to {last}.",
            port=None,
            param=param,
            dim=dim,
            first=-rank,
            last=rank - 1,
        )
    return dim % rank


def broadcast(shapes: Sequence[Shape], port: str = "input") -> Shape:
    """The shape that element-wise operations give, by torch's broadcasting rules.

    Raises:
        Fault: two of the shapes do not fit.
    """
    if all(s == shapes[0] for s in shapes):
        return shapes[0]
    rank = max(map(len, shapes))
    result: list[Size] = []
    for i in range(-rank, 0):
        sizes = [s[i] for s in shapes if len(s) >= -i]
        wide = [s for s in sizes if s != 1] or [1]
        if any(s != wide[0] for s in wide):
            raise Fault(
                "shape.broadcast",
                "cannot combine {shapes}: dimension {dim} is {sizes}.",
                port=port,
                shapes=" and ".join(map(shape_text, shapes)),
                dim=i,
                sizes=" and ".join(map(str, sizes)),
            )
        result.append(wide[0])
    return tuple(result)


_CATEGORY = ({"bool"}, {"uint8", "int8", "int16", "int32", "int64"}, FLOATING)


def promote(xs: Sequence[TensorSpec]) -> str:
    """The dtype that an operation on those tensors gives, by torch's promotion rules."""
    result = xs[0]
    if all(x.dtype == result.dtype for x in xs):
        return result.dtype
    for x in xs[1:]:
        result = TensorSpec(max(result.shape, x.shape, key=len), _promoted(result, x))
    return result.dtype


def _promoted(a: TensorSpec, b: TensorSpec) -> str:
    """For two tensors: the higher category wins; within one, a tensor without dimensions gives way, then the smaller dtype."""
    top = max(i for i, kinds in enumerate(_CATEGORY) if a.dtype in kinds or b.dtype in kinds)
    inside = [x for x in (a, b) if x.dtype in _CATEGORY[top]]
    present = {x.dtype for x in [x for x in inside if x.shape] or inside}
    if present == {"int8", "uint8"}:
        return "int16"
    if present == {"float16", "bfloat16"}:
        return "float32"
    return max(present, key=lambda d: ITEM_SIZES[d])
