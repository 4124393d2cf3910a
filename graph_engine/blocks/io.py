"""The two ends of a network."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import ShapeParam, dtype_param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_given
from graph_engine.spec.tensor import N, TensorSpec, as_size

CATEGORY = "Input & output"


def given(at: Site) -> Inferred:
    """What was declared, behind the batch dimension."""
    expect_given(at, "shape")
    if "N" in at["shape"]:
        raise Fault("param.batch-name", "N is the batch, which every shape has in front; give the free size another name.")
    return Inferred((TensorSpec((N, *map(as_size, at["shape"])), at["dtype"]),))


def result(at: Site) -> Inferred:
    """Nothing leaves an output."""
    return Inferred(())


Input = BlockSpec(
    id="Input",
    category=CATEGORY,
    summary="Where a tensor enters the network.",
    inputs=(),
    outputs=(Port("output", "The tensor, with the batch dimension N in front."),),
    params=(
        ShapeParam(name="shape", help="Shape of one sample, without the batch; a name such as T stands for a size that is free."),
        dtype_param("dtype", "Type of the elements; int64 for token numbers."),
    ),
    infer=given,
    call=Call("input", "input", ()),
    initial={"shape": (1, 28, 28)},
    stem="x",
    keywords=("source", "data", "placeholder"),
)

Output = BlockSpec(
    id="Output",
    category=CATEGORY,
    summary="Where a tensor leaves the network.",
    inputs=(Port("input", "What the network returns."),),
    outputs=(),
    infer=result,
    call=Call("output", "output"),
    stem="output",
    keywords=("result", "return", "sink"),
)
