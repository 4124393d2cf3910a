"""Operations that take some elements and leave others."""

from __future__ import annotations

from graph_engine.blocks.shape import CATEGORY
from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import IntParam, TextParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, expect_dtype, expect_given
from graph_engine.spec.tensor import Size, shape_text


def selected(at: Site) -> Inferred:
    """One place of a dimension, which goes."""
    expect_given(at, "dim", "index")
    x, index = at.input(), at["index"]
    dim = axis(at["dim"], len(x.shape))
    size = x.shape[dim]
    if isinstance(size, int) and not -size <= index < size:
        raise Fault(
            "shape.index",
            "index is {index}, but dimension {dim} has places {first} to {last}.",
            index=index,
            dim=at["dim"],
            first=-size,
            last=size - 1,
        )
    return Inferred((x._replace(shape=x.shape[:dim] + x.shape[dim + 1 :]),))


def narrowed(at: Site) -> Inferred:
    """``length`` places of a dimension, from ``start`` on."""
    expect_given(at, "dim", "start", "length")
    x, start, length = at.input(), at["start"], at["length"]
    dim = axis(at["dim"], len(x.shape))
    size = x.shape[dim]
    beyond = isinstance(size, int) and (not -size <= start <= size or start % size + length > size if start != size else length > 0)
    if beyond or (start < 0 and start + length > 0):
        raise Fault(
            "shape.narrow",
            "{length} places from {start} on are more than dimension {dim} has, which is {size}.",
            port="input",
            length=length,
            start=start,
            dim=at["dim"],
            size=size,
        )
    return Inferred((x._replace(shape=(*x.shape[:dim], length, *x.shape[dim + 1 :])),))


def gathered(at: Site) -> Inferred:
    """The shape of the index; it is no larger than the input, but along ``dim``."""
    expect_given(at, "dim")
    x, index = at.input(), at.input("index")
    expect_dtype(index, ("int64", "int32"), "index")
    dim = axis(at["dim"], len(x.shape))
    fits = len(x.shape) == len(index.shape) and all(
        i == dim or _within(b, a) for i, (a, b) in enumerate(zip(x.shape, index.shape, strict=True))
    )
    if not fits:
        raise Fault(
            "shape.gather",
            "index {index} does not go with {received}: the dimensions other than {dim} may not be larger.",
            port="index",
            index=shape_text(index.shape),
            received=shape_text(x.shape),
            dim=at["dim"],
        )
    return Inferred((x._replace(shape=index.shape),))


def _within(part: object, whole: object) -> bool:
    return part <= whole if isinstance(part, int) and isinstance(whole, int) else part == whole or part == 1


def sliced(at: Site) -> Inferred:
    """What Python's brackets leave of each dimension; a number takes one place of it, which goes."""
    expect_given(at, "index")
    x, items = at.input(), at["index"].split(", ")
    rank = len(x.shape)
    if len(items) - ("..." in items) > rank or items.count("...") > 1:
        raise Fault(
            "param.index",
            "index has {count} items, more than the {rank} dimensions of {received}; ... may stand once.",
            count=len(items),
            rank=rank,
            received=shape_text(x.shape),
        )
    if "..." not in items:
        items.append("...")
    at_dots = items.index("...")
    items[at_dots : at_dots + 1] = [":"] * (rank - len(items) + 1)
    shape = []
    for dim, (item, size) in enumerate(zip(items, x.shape, strict=True)):
        if ":" in item:
            shape.append(_run(item, size, dim))
        elif isinstance(size, int) and not -size <= int(item) < size:
            raise Fault(
                "shape.index",
                "index is {index}, but dimension {dim} has places {first} to {last}.",
                index=item,
                dim=dim,
                first=-size,
                last=size - 1,
            )
    return Inferred((x._replace(shape=tuple(shape)),))


def _run(item: str, size: Size, dim: int) -> Size:
    """How many places a slice takes; a free size is as large as it must be for the slice to be whole."""
    start, stop, step = (int(number) if number else None for number in (item + "::").split(":")[:3])
    if isinstance(size, int):
        count: Size = len(range(*slice(start, stop, step).indices(size)))
    else:
        ends = [number + size if number is not None and number < 0 else number for number in (start, stop)]
        first, last = ends[0] or 0, size if ends[1] is None else ends[1]
        count = -((first - last) // (step or 1))
        if (start or 0) < 0 <= (stop if stop is not None else -1):
            raise Fault(
                "shape.free-size",
                "how many places {item} takes of dimension {dim} depends on {size}, which is not a fixed number.",
                port="input",
                item=item,
                dim=dim,
                size=size,
            )
    if isinstance(count, int) and count < 1:
        raise Fault(
            "shape.empty-slice", "{item} takes nothing of dimension {dim}, which is {size}.", port="input", item=item, dim=dim, size=size
        )
    return count


_DIM = IntParam(name="dim", help="The dimension; 0 is the batch, -1 the last.")

Select = BlockSpec(
    id="Select",
    category=CATEGORY,
    summary="Takes one place of a dimension: the last step of a sequence, for instance.",
    inputs=(Port("input", "Any shape."),),
    outputs=(Port("output", "The shape of the input without the dimension."),),
    params=(_DIM, IntParam(name="index", help="The place; -1 is the last.")),
    infer=selected,
    call=Call("method", "select", arguments=("input", "dim", "index")),
    initial={"dim": 1, "index": -1},
    keywords=("index", "last step", "pick"),
)

Narrow = BlockSpec(
    id="Narrow",
    category=CATEGORY,
    summary="Takes a run of places of a dimension: a slice.",
    inputs=(Port("input", "Any shape."),),
    params=(
        _DIM,
        IntParam(name="start", help="The first place; -1 is the last of all."),
        IntParam(name="length", minimum=1, help="How many places."),
    ),
    infer=narrowed,
    call=Call("method", "narrow", arguments=("input", "dim", "start", "length")),
    initial={"dim": 1, "start": 0, "length": 1},
    keywords=("slice", "crop", "cut", "split"),
)

_NUMBER = r"(0|-?[1-9]\d*)"
_ITEM = rf"(\.\.\.|{_NUMBER}|{_NUMBER}?:{_NUMBER}?(:[1-9]\d*)?)"

Slice = BlockSpec(
    id="Slice",
    category=CATEGORY,
    summary="Takes places of several dimensions at once, as Python's brackets do.",
    inputs=(Port("input", "Any shape."),),
    params=(
        TextParam(
            name="index",
            form=rf"{_ITEM}(, {_ITEM})*",
            shown="numbers and start:stop:step, one for each dimension, as in :, 1:-1, ::2",
            help="What stands between the brackets: a number or start:stop:step for each dimension, batch first; ... for those between.",
        ),
    ),
    infer=sliced,
    call=Call("subscript", "index"),
    initial={"index": ":, 1:"},
    keywords=("index", "crop", "step", "stride", "brackets", "narrow"),
)

Gather = BlockSpec(
    id="Gather",
    category=CATEGORY,
    summary="Takes along a dimension the elements that an index names.",
    inputs=(Port("input", "(N, k, m)."), Port("index", "Whole numbers, (N, k, m): the places to take.")),
    outputs=(Port("output", "The shape of the index."),),
    params=(_DIM,),
    infer=gathered,
    call=Call("method", "gather", arguments=("input", "dim", "index")),
    initial={"dim": 1},
    keywords=("index", "lookup", "pick"),
)
