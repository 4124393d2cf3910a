"""Operations that rearrange dimensions."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import IntParam, IntsParam, ShapeParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, expect_given, volume
from graph_engine.spec.tensor import Dim, Size, as_size, shape_text

CATEGORY = "Shape"


def flatten(at: Site) -> Inferred:
    """Dimensions ``start_dim`` to ``end_dim`` become one."""
    x = at.input()
    rank = len(x.shape)
    start, end = axis(at["start_dim"], rank, "start_dim"), axis(at["end_dim"], rank, "end_dim")
    if start > end:
        raise Fault(
            "param.flatten-order",
            "start_dim {start} comes behind end_dim {end}.",
            fixes=(Fix("Set end_dim to -1", {"end_dim": -1}),),
            start=at["start_dim"],
            end=at["end_dim"],
        )
    return Inferred((x._replace(shape=(*x.shape[:start], volume(x.shape[start : end + 1]), *x.shape[end + 1 :])),))


def reshape(at: Site) -> Inferred:
    """The same elements in another shape; -1 stands for what is left over."""
    expect_given(at, "shape")
    x = at.input()
    wanted = tuple(map(as_size, at["shape"]))
    for size in wanted:
        if isinstance(size, Dim) and size not in x.shape:
            raise Fault(
                "shape.unknown-name",
                "shape names {name}, but the input {received} has no such dimension.",
                name=size,
                received=shape_text(x.shape),
            )
    holes = sum(1 for s in wanted if s == -1)
    if holes > 1:
        named = ("N", *at["shape"][1:])
        fixes = (Fix(f"Set shape to {shape_text(named)}", {"shape": named}),) if at["shape"][0] == -1 else ()
        raise Fault("param.two-holes", "shape may leave one dimension open (-1), but leaves {holes}.", fixes=fixes, holes=holes)
    total, given = volume(x.shape), volume([s for s in wanted if s != -1])
    rest: Size | None
    if isinstance(total, Dim):
        rest = total.divide(given)
    else:
        rest = total // given if not isinstance(given, Dim) and total % given == 0 else None
    if rest is None or (not holes and rest != 1):
        open_ones = [(*wanted[:i], -1, *wanted[i + 1 :]) for i in range(len(wanted) - 1, 0, -1) if not holes]
        raise Fault(
            "shape.reshape",
            "{received} has {total} elements, which do not fill {wanted}.",
            port="input",
            fixes=tuple(Fix(f"Set shape to {shape_text(s)}", {"shape": tuple(map(_plain, s))}) for s in open_ones),
            received=shape_text(x.shape),
            total=total,
            wanted=shape_text(wanted),
        )
    return Inferred((x._replace(shape=tuple(rest if s == -1 else s for s in wanted)),))


def _plain(size: Size) -> int | str:
    return size if isinstance(size, int) else str(size)


def permute(at: Site) -> Inferred:
    """The dimensions in another order."""
    expect_given(at, "dims")
    x = at.input()
    dims = tuple(axis(d, len(x.shape), "dims") for d in at["dims"])
    if sorted(dims) != list(range(len(x.shape))):
        raise Fault(
            "param.permutation",
            "dims is {dims}, but must name each of the {rank} dimensions of {received} once.",
            port="input",
            dims=shape_text(at["dims"]),
            rank=len(x.shape),
            received=shape_text(x.shape),
        )
    return Inferred((x._replace(shape=tuple(x.shape[d] for d in dims)),))


Flatten = BlockSpec(
    id="Flatten",
    category=CATEGORY,
    summary="Makes one dimension of several; all but the batch, if nothing else is said.",
    inputs=(Port("input", "Any shape."),),
    params=(
        IntParam(name="start_dim", default=1, help="First dimension to flatten; 0 is the batch."),
        IntParam(name="end_dim", default=-1, help="Last dimension to flatten; -1 is the last."),
    ),
    infer=flatten,
    call=Call("module", "nn.Flatten"),
    keywords=("vector", "ravel"),
)

Reshape = BlockSpec(
    id="Reshape",
    category=CATEGORY,
    summary="Puts the same elements into another shape.",
    inputs=(Port("input", "Any shape."),),
    params=(
        ShapeParam(
            name="shape",
            minimum=-1,
            help="The new shape, batch included: N for the batch, names for free sizes, -1 once for what is left over.",
        ),
    ),
    infer=reshape,
    call=Call("method", "reshape", arguments=("input", "*shape"), also=("view",)),
    initial={"shape": ("N", -1)},
    keywords=("view",),
)

Permute = BlockSpec(
    id="Permute",
    category=CATEGORY,
    summary="Puts the dimensions into another order.",
    inputs=(Port("input", "Any shape."),),
    params=(IntsParam(name="dims", single=False, help="The old dimensions in their new order; 0 is the batch."),),
    infer=permute,
    call=Call("method", "permute", arguments=("input", "*dims")),
    initial={"dims": (0, 2, 1)},
    keywords=("transpose", "swap axes"),
)
