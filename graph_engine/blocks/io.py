"""Where tensors come from and go to: the two ends of a network, and tensors that it holds itself."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import DtypeParam, FloatParam, IntParam, IntsParam, ShapeParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_holds
from graph_engine.spec.tensor import N, TensorSpec, as_size

CATEGORY = "Input & output"


def given(at: Site) -> Inferred:
    """What was declared, behind the batch dimension."""
    expect_given(at, "shape")
    if "N" in at["shape"]:
        raise Fault("param.batch-name", "N is the batch, which every shape has in front; give the free size another name.")
    return Inferred((TensorSpec((N, *map(as_size, at["shape"])), at["dtype"]),))


def learned(at: Site) -> Inferred:
    """A tensor that is itself a weight."""
    expect_given(at, "size")
    return Inferred((TensorSpec(at["size"]),), {}, {"": at["size"]})


def constant(at: Site) -> Inferred:
    """A tensor that never changes."""
    expect_given(at, "size", "fill_value")
    expect_holds(at["dtype"], "fill_value", at["fill_value"], (Fix("Set dtype to float32", {"dtype": "float32"}),))
    return Inferred((TensorSpec(at["size"], at["dtype"]),))


def held(at: Site) -> Inferred:
    """A tensor that is saved, but not learned."""
    expect_given(at, "size")
    return Inferred((TensorSpec(at["size"], at["dtype"]),), {}, {}, {"": at["size"]})


def counted(at: Site) -> Inferred:
    """The numbers 0 to ``end`` - 1."""
    expect_given(at, "end")
    return Inferred((TensorSpec((at["end"],), at["dtype"]),))


def result(at: Site) -> Inferred:
    """Nothing leaves an output."""
    return Inferred(())


def term(at: Site) -> Inferred:
    """A mean is taken of numbers."""
    expect_dtype(at.input(), ("float32",))
    return Inferred(())


Input = BlockSpec(
    id="Input",
    category=CATEGORY,
    summary="Where a tensor enters the network.",
    inputs=(),
    outputs=(Port("output", "The tensor, with the batch dimension N in front."),),
    params=(
        ShapeParam(name="shape", help="Shape of one sample, without the batch; a name such as T stands for a size that is free."),
        DtypeParam(name="dtype", default="float32", help="Type of the elements; int64 for token numbers."),
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

LossTerm = BlockSpec(
    id="LossTerm",
    category=CATEGORY,
    summary="An output that no target is compared with: training makes its own mean small, beside the loss.",
    inputs=(Port("input", "Numbers that should be small: a divergence or a penalty, of any shape."),),
    outputs=(),
    params=(FloatParam(name="factor", default=1.0, minimum=0.0, help="How often its mean counts beside the loss."),),
    infer=term,
    call=Call("output", "loss term"),
    stem="term",
    keywords=("penalty", "regularization", "kl", "auxiliary", "vae", "sparsity"),
)

_SIZE = IntsParam(name="size", single=False, minimum=1, lengths=(0, 16), help="The shape, which has no batch: it broadcasts over one.")

Parameter = BlockSpec(
    id="Parameter",
    category=CATEGORY,
    summary="A tensor that is learned: a query, a scale, a starting state.",
    inputs=(),
    outputs=(Port("output", "The tensor."),),
    params=(
        FloatParam(name="mean", default=0.0, help="Mean of the numbers to begin with."),
        FloatParam(name="std", default=0.02, minimum=0.0, help="Their standard deviation; 0 makes all of them the mean."),
        _SIZE,
    ),
    infer=learned,
    call=Call("parameter", "torch.normal", arguments=("mean", "std", "size")),
    initial={"size": (1, 64)},
    keywords=("weight", "learned", "token", "query"),
)

Constant = BlockSpec(
    id="Constant",
    category=CATEGORY,
    summary="A tensor filled with one number.",
    inputs=(),
    outputs=(Port("output", "The tensor."),),
    params=(
        _SIZE,
        FloatParam(name="fill_value", help="The number."),
        DtypeParam(name="dtype", default="float32", help="Type of the elements."),
    ),
    infer=constant,
    call=Call("buffer", "torch.full", arguments=("size", "fill_value"), keywords=("dtype",)),
    initial={"size": (1,), "fill_value": 1.0},
    keywords=("number", "zeros", "ones", "full"),
)

Buffer = BlockSpec(
    id="Buffer",
    category=CATEGORY,
    summary="A tensor whose numbers come with the weights and are not learned: a mask, a table of positions. Without weights it is zero.",
    inputs=(),
    outputs=(Port("output", "The tensor."),),
    params=(_SIZE, DtypeParam(name="dtype", default="float32", help="Type of the elements.")),
    infer=held,
    call=Call("buffer", "torch.zeros", arguments=("size",), keywords=("dtype",), saved=True),
    initial={"size": (1, 64)},
    keywords=("constant", "table", "mask", "saved"),
)

Arange = BlockSpec(
    id="Arange",
    category=CATEGORY,
    summary="The numbers 0, 1, 2 …: positions, for instance.",
    inputs=(),
    outputs=(Port("output", "(end,)."),),
    params=(
        IntParam(name="end", minimum=1, help="How many."),
        DtypeParam(name="dtype", default="int64", options=("int64", "int32", "float32", "float64"), help="Type of the elements."),
    ),
    infer=counted,
    call=Call("buffer", "torch.arange", arguments=("end",), keywords=("dtype",)),
    initial={"end": 16},
    keywords=("positions", "range", "index"),
)
