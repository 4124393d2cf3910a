"""Operations that join tensors end to end."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, promote
from graph_engine.spec.tensor import Size, TensorSpec, shape_text


def concat(at: Site) -> Inferred:
    """Sizes add up along ``dim`` and agree everywhere else."""
    xs = at.many()
    rank = len(xs[0].shape)
    dim = axis(at["dim"], rank)
    for x in xs[1:]:
        if len(x.shape) != rank or any(a != b for i, (a, b) in enumerate(zip(xs[0].shape, x.shape, strict=True)) if i != dim):
            raise Fault(
                "shape.concat",
                "cannot join {first} and {second} along dimension {dim}: all other dimensions must agree.",
                port="input",
                first=shape_text(xs[0].shape),
                second=shape_text(x.shape),
                dim=at["dim"],
            )
    total: Size = 0
    for x in xs:
        total = total + x.shape[dim]
    shape = (*xs[0].shape[:dim], total, *xs[0].shape[dim + 1 :])
    return Inferred((TensorSpec(shape, promote(xs)),))


def stacked(at: Site) -> Inferred:
    """A new dimension, as long as there are tensors; all have one shape."""
    xs = at.many()
    first = xs[0].shape
    for x in xs[1:]:
        if x.shape != first:
            raise Fault(
                "shape.stack",
                "cannot stack {first} and {second}: the shapes must agree.",
                port="input",
                first=shape_text(first),
                second=shape_text(x.shape),
            )
    dim = axis(at["dim"], len(first) + 1)
    return Inferred((TensorSpec((*first[:dim], len(xs), *first[dim:]), promote(xs)),))


Concat = BlockSpec(
    id="Concat",
    category="Merge",
    summary="Joins tensors along a dimension.",
    inputs=(Port("input", "Two or more tensors, alike in all other dimensions.", variadic=True),),
    params=(IntParam(name="dim", default=0, help="The dimension to join along; 0 is the batch, 1 the channels."),),
    infer=concat,
    call=Call("function", "torch.cat", keywords=("dim",)),
    initial={"dim": 1},
    minimum_inputs=2,
    keywords=("cat", "concatenate", "join", "skip"),
)

Stack = BlockSpec(
    id="Stack",
    category="Merge",
    summary="Puts tensors of one shape on top of each other, along a new dimension.",
    inputs=(Port("input", "Two or more tensors of one shape.", variadic=True),),
    params=(IntParam(name="dim", default=0, help="Where the new dimension goes; 0 is the batch, -1 behind the last."),),
    infer=stacked,
    call=Call("function", "torch.stack", keywords=("dim",)),
    initial={"dim": 1},
    minimum_inputs=2,
    keywords=("new dimension", "join"),
)
