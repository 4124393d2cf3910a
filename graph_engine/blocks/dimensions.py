"""Operations that add, drop, swap and repeat dimensions."""

from __future__ import annotations

from math import prod
from typing import Any

from graph_engine.blocks.shape import CATEGORY
from graph_engine.spec.block import BlockSpec, Fitting, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import DtypeParam, IntParam, IntsParam, Param, ShapeParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, expect_given
from graph_engine.spec.tensor import Dim, Size, as_size, shape_text


def unflatten(at: Site) -> Inferred:
    """One dimension becomes several; -1 stands for what is left over."""
    expect_given(at, "dim", "unflattened_size")
    x, wanted = at.input(), at["unflattened_size"]
    dim = axis(at["dim"], len(x.shape))
    names = [s for s in wanted if isinstance(s, str)]
    if names:
        raise Fault(
            "shape.unknown-name", "unflattened_size takes numbers, not names such as {name}; -1 is what is left over.", name=names[0]
        )
    holes = wanted.count(-1)
    if holes > 1:
        raise Fault("param.two-holes", "unflattened_size may leave one dimension open (-1), but leaves {holes}.", holes=holes)
    size, given = x.shape[dim], prod([s for s in wanted if s != -1])
    rest = size.divide(given) if isinstance(size, Dim) else size // given if size % given == 0 else None
    if rest is None or (not holes and rest != 1):
        raise Fault(
            "shape.unflatten",
            "dimension {dim} is {size}, which does not make {wanted}.",
            port="input",
            dim=at["dim"],
            size=size,
            wanted=shape_text(wanted),
        )
    return Inferred((x._replace(shape=(*x.shape[:dim], *(rest if s == -1 else s for s in wanted), *x.shape[dim + 1 :])),))


def transposed(at: Site) -> Inferred:
    """Two dimensions change places."""
    expect_given(at, "dim0", "dim1")
    x = at.input()
    a, b = (axis(at[name], len(x.shape), name) for name in ("dim0", "dim1"))
    shape = list(x.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return Inferred((x._replace(shape=tuple(shape)),))


def squeezed(at: Site) -> Inferred:
    """A dimension of size 1 goes."""
    expect_given(at, "dim")
    x = at.input()
    dim = axis(at["dim"], len(x.shape))
    if x.shape[dim] != 1:
        raise Fault(
            "shape.squeeze", "dimension {dim} is {size}; only one of size 1 can go.", port="input", dim=at["dim"], size=x.shape[dim]
        )
    return Inferred((x._replace(shape=x.shape[:dim] + x.shape[dim + 1 :]),))


def unsqueezed(at: Site) -> Inferred:
    """A dimension of size 1 comes."""
    expect_given(at, "dim")
    x = at.input()
    dim = axis(at["dim"], len(x.shape) + 1)
    return Inferred((x._replace(shape=(*x.shape[:dim], 1, *x.shape[dim:])),))


def expanded(at: Site) -> Inferred:
    """Dimensions of size 1 are repeated; -1 keeps a dimension."""
    expect_given(at, "sizes")
    x, like, wanted = at.input(), at.optional("like"), tuple(map(as_size, at["sizes"]))
    known = (*x.shape, *(like.shape if like is not None else ()))
    new = len(wanted) - len(x.shape)
    if new < 0:
        raise Fault(
            "shape.expand",
            "sizes has {count} numbers, but {received} has {rank} dimensions.",
            port="input",
            count=len(wanted),
            received=shape_text(x.shape),
            rank=len(x.shape),
        )
    sizes: list[Size] = []
    for i, size in enumerate(wanted):
        old = x.shape[i - new] if i >= new else None
        if isinstance(size, Dim) and size not in known:
            raise Fault(
                "shape.unknown-name",
                "sizes names {name}, but {received} has no such dimension.",
                name=size,
                received=shape_text(known),
            )
        if (size == -1 and old is None) or (size != -1 and old not in (None, 1, size)):
            raise Fault(
                "shape.expand",
                "cannot expand {received} to {wanted}.",
                port="input",
                received=shape_text(x.shape),
                wanted=shape_text(wanted),
            )
        sizes.append(old if size == -1 and old is not None else size)
    return Inferred((x._replace(shape=tuple(sizes)),))


def expanded_as(at: Site) -> Inferred:
    """Dimensions of size 1 are repeated until the shape is that of another tensor."""
    x, other = at.input(), at.input("other")
    fits = len(x.shape) <= len(other.shape) and all(a in (1, b) for a, b in zip(reversed(x.shape), reversed(other.shape), strict=False))
    if not fits:
        raise Fault(
            "shape.expand",
            "cannot expand {received} to {wanted}.",
            port="input",
            received=shape_text(x.shape),
            wanted=shape_text(other.shape),
        )
    return Inferred((x._replace(shape=other.shape),))


def repeated(at: Site) -> Inferred:
    """Each dimension is repeated so many times; new ones come in front."""
    expect_given(at, "repeats")
    x, times = at.input(), at["repeats"]
    new = len(times) - len(x.shape)
    if new < 0:
        raise Fault(
            "shape.repeat",
            "repeats has {count} numbers, but needs one for each of the {rank} dimensions of {received}.",
            port="input",
            count=len(times),
            rank=len(x.shape),
            received=shape_text(x.shape),
        )
    return Inferred((x._replace(shape=tuple(t * s for t, s in zip(times, (1,) * new + x.shape, strict=True))),))


def kept(*dims: str) -> Rule:
    """The shape passes; the dimensions that the parameters ``dims`` name exist, each once."""

    def infer(at: Site) -> Inferred:
        expect_given(at, *at.params)
        x = at.input()
        for name in dims:
            given = (at[name],) if isinstance(at[name], int) else at[name]
            if len({axis(d, len(x.shape), name) for d in given}) != len(given):
                raise Fault("param.dims-twice", "{name} names a dimension twice.", name=name)
        return Inferred((x,))

    return infer


def rolled(at: Site) -> Inferred:
    """The shape passes; there is a number of places for each dimension."""
    expect_given(at, *at.params)
    x, (shifts, dims) = at.input(), ((v,) if isinstance(v, int) else v for v in (at["shifts"], at["dims"]))
    if len(shifts) != len(dims):
        raise Fault("param.roll", "shifts has {a} numbers and dims {b}; each dimension needs one.", a=len(shifts), b=len(dims))
    for dim in dims:
        axis(dim, len(x.shape), "dims")
    return Inferred((x,))


def unbound(at: Site) -> Inferred:
    """The places of a dimension, which goes."""
    expect_given(at, "count")
    x, count = at.input(), at["count"]
    dim = axis(at["dim"], len(x.shape))
    size = x.shape[dim]
    if size != count:
        fits = isinstance(size, int) and 2 <= size <= MOST
        raise Fault(
            "shape.unbind",
            "dimension {dim} is {size}, but the node has {count} outputs.",
            port="input",
            fixes=(Fix(f"Set count to {size}", {"count": size}),) if fits else (),
            dim=at["dim"],
            size=size,
            count=count,
        )
    return Inferred((x._replace(shape=x.shape[:dim] + x.shape[dim + 1 :]),) * count)


def converted(at: Site) -> Inferred:
    """The shape passes."""
    return Inferred((at.input()._replace(dtype=at["dtype"]),))


def chunked(at: Site) -> Inferred:
    """Equal parts of a dimension."""
    x, count = at.input(), at["chunks"]
    dim = axis(at["dim"], len(x.shape))
    size = x.shape[dim]
    part = size.divide(count) if isinstance(size, Dim) else size // count if size % count == 0 else None
    if part is None:
        near = sorted(range(2, MOST + 1), key=lambda n: abs(n - count))
        divisors = [n for n in near if isinstance(size, int) and size % n == 0]
        raise Fault(
            "shape.chunks",
            "dimension {dim} is {size}, which has no {count} equal parts.",
            port="input",
            fixes=tuple(Fix(f"Set chunks to {n}", {"chunks": n}) for n in divisors[:3]),
            dim=at["dim"],
            size=size,
            count=count,
        )
    return Inferred((x._replace(shape=(*x.shape[:dim], part, *x.shape[dim + 1 :])),) * count)


def split(at: Site) -> Inferred:
    """Parts of a dimension whose sizes together are its own."""
    expect_given(at, "split_size_or_sections")
    x, sizes = at.input(), at["split_size_or_sections"]
    dim = axis(at["dim"], len(x.shape))
    size = x.shape[dim]
    if sum(sizes) != size:
        rest = size - sum(sizes[:-1])
        fits = isinstance(rest, int) and rest > 0
        raise Fault(
            "shape.split",
            "the sizes {sizes} are {sum} together, but dimension {dim} is {size}.",
            port="input",
            fixes=(Fix(f"Set the last size to {rest}", {"split_size_or_sections": (*sizes[:-1], rest)}),) if fits else (),
            sizes=", ".join(map(str, sizes)),
            sum=sum(sizes),
            dim=at["dim"],
            size=size,
        )
    return Inferred(tuple(x._replace(shape=(*x.shape[:dim], part, *x.shape[dim + 1 :])) for part in sizes))


MOST = 64
"""Outputs of a Chunk or Split at most."""


def _operation(
    id: str,
    summary: str,
    call: Call,
    infer: Rule,
    *params: Param,
    keywords: tuple[str, ...] = (),
    inputs: tuple[Port, ...] = (),
    **initial: object,
) -> BlockSpec:
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=inputs or (Port("input", "Any shape."),),
        params=params,
        infer=infer,
        call=call,
        initial=initial,
        keywords=keywords,
    )


_DIM = IntParam(name="dim", help="The dimension; 0 is the batch, -1 the last.")

Unflatten = _operation(
    "Unflatten",
    "Makes several dimensions of one.",
    Call("module", "nn.Unflatten", positional=2),
    unflatten,
    _DIM,
    ShapeParam(name="unflattened_size", minimum=-1, help="The sizes; -1 once for what is left over."),
    keywords=("view", "reshape", "heads"),
    dim=1,
    unflattened_size=(1, -1),
)
Transpose = _operation(
    "Transpose",
    "Swaps two dimensions.",
    Call("method", "transpose", arguments=("input", "dim0", "dim1")),
    transposed,
    IntParam(name="dim0", help="One dimension; 0 is the batch."),
    IntParam(name="dim1", help="The other dimension; -1 is the last."),
    keywords=("swap", "permute"),
    dim0=1,
    dim1=2,
)
Squeeze = _operation(
    "Squeeze",
    "Drops a dimension of size 1.",
    Call("method", "squeeze", arguments=("input", "dim")),
    squeezed,
    _DIM,
    keywords=("remove",),
    dim=-1,
)
Unsqueeze = _operation(
    "Unsqueeze",
    "Adds a dimension of size 1.",
    Call("method", "unsqueeze", arguments=("input", "dim")),
    unsqueezed,
    IntParam(name="dim", help="Where it goes; -1 is behind the last."),
    keywords=("add", "channel"),
    dim=1,
)
Expand = _operation(
    "Expand",
    "Repeats dimensions of size 1 without copying.",
    Call("method", "expand", arguments=("input", "*sizes")),
    expanded,
    ShapeParam(name="sizes", minimum=-1, help="The new sizes, batch included; -1 keeps one, more of them than before come in front."),
    inputs=(Port("input", "Any shape."), Port("like", "Any shape: where a named size comes from that the input has not.", optional=True)),
    keywords=("broadcast", "repeat"),
    sizes=(-1, 1),
)
ExpandAs = _operation(
    "ExpandAs",
    "Repeats dimensions of size 1 until the shape is that of another tensor.",
    Call("method", "expand_as", arguments=("input", "other")),
    expanded_as,
    inputs=(Port("input", "(1, …, m)."), Port("other", "(N, …, m): its shape is taken.")),
    keywords=("broadcast", "batch"),
)
Repeat = _operation(
    "Repeat",
    "Repeats a tensor along its dimensions.",
    Call("method", "repeat", arguments=("input", "*repeats")),
    repeated,
    IntsParam(name="repeats", single=False, minimum=1, help="How often along each dimension; the batch is the first."),
    keywords=("tile", "copy"),
    repeats=(1, 2),
)
Flip = _operation(
    "Flip",
    "Turns dimensions round.",
    Call("function", "torch.flip", arguments=("input", "dims")),
    kept("dims"),
    IntsParam(name="dims", single=False, help="The dimensions; 0 is the batch, -1 the last."),
    keywords=("reverse", "mirror"),
    dims=(-1,),
)
Roll = _operation(
    "Roll",
    "Moves elements along a dimension; what falls off comes back at the other end.",
    Call("function", "torch.roll", arguments=("input", "shifts", "dims")),
    rolled,
    IntsParam(name="shifts", help="How many places; one number for each dimension."),
    IntsParam(name="dims", help="The dimension or dimensions; 0 is the batch, -1 the last."),
    keywords=("shift", "circular", "swin"),
    shifts=1,
    dims=-1,
)
Cast = _operation(
    "Cast",
    "Converts the elements to another type.",
    Call("method", "to", arguments=("input", "dtype")),
    converted,
    DtypeParam(name="dtype", default="float32", help="The type."),
    keywords=("dtype", "convert", "float", "int"),
)


def _parts(call: Call, count: int) -> dict[str, Any]:
    """The declaration of an operation that gives ``count`` tensors."""
    names = tuple(f"part{i}" for i in range(1, count + 1))
    outputs = tuple(Port(name, f"Part {i}.") for i, name in enumerate(names, start=1))
    return {"outputs": outputs, "call": call._replace(returns=names)}


_CHUNK = Call("function", "torch.chunk", ("input", "chunks"), keywords=("dim",))
_SPLIT = Call("method", "split", ("input", "split_size_or_sections"), keywords=("dim",))

Chunk = BlockSpec(
    id="Chunk",
    category=CATEGORY,
    summary="Cuts a dimension into equal parts: query, key and value of one projection, for instance.",
    inputs=(Port("input", "Any shape."),),
    params=(
        IntParam(name="chunks", default=2, minimum=2, maximum=MOST, help="How many parts."),
        IntParam(name="dim", default=0, help="The dimension to cut; 0 is the batch, -1 the last."),
    ),
    infer=chunked,
    fitting=Fitting(("chunks",), lambda chunks: _parts(_CHUNK, chunks)),
    initial={"dim": -1},
    keywords=("split", "halves", "qkv"),
    **_parts(_CHUNK, 2),
)
_UNBIND = Call("function", "torch.unbind", ("input",), keywords=("dim",), sizes={"count": "results"})

Unbind = BlockSpec(
    id="Unbind",
    category=CATEGORY,
    summary="Takes a dimension apart: query, key and value that lie behind each other, for instance.",
    inputs=(Port("input", "Any shape."),),
    params=(
        IntParam(name="count", default=3, minimum=2, maximum=MOST, help="How many places the dimension has: one output for each."),
        IntParam(name="dim", default=0, help="The dimension that goes; 0 is the batch, -1 the last."),
    ),
    infer=unbound,
    fitting=Fitting(("count",), lambda count: _parts(_UNBIND, count)),
    initial={"dim": 1},
    keywords=("split", "select", "qkv", "unstack"),
    **_parts(_UNBIND, 3),
)
Split = BlockSpec(
    id="Split",
    category=CATEGORY,
    summary="Cuts a dimension into parts of given sizes.",
    inputs=(Port("input", "Any shape."),),
    params=(
        IntsParam(name="split_size_or_sections", single=False, minimum=1, lengths=(2, MOST), help="The size of each part."),
        IntParam(name="dim", default=0, help="The dimension to cut; 0 is the batch, -1 the last."),
    ),
    infer=split,
    fitting=Fitting(("split_size_or_sections",), lambda sizes: _parts(_SPLIT, len(sizes)) if sizes else {}),
    initial={"split_size_or_sections": (1, 1), "dim": -1},
    keywords=("sections", "parts", "slice"),
    **_parts(_SPLIT, 2),
)
