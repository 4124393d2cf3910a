"""Fully connected layers."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix, Insert
from graph_engine.spec.params import BoolParam, IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_number, settled, volume
from graph_engine.spec.tensor import TensorSpec, per_sample, shape_text


def linear(at: Site) -> Inferred:
    """``in_features`` is the last dimension of the input; the others pass."""
    expect_given(at, "out_features")
    x = at.input()
    expect_dtype(x, ("float32",))
    flattens = len(x.shape) > 2 and volume(x.shape[1:]) == at["in_features"]
    fixes = (Fix("Insert Flatten before it", insert=(Insert("Flatten"),)),) if flattens else ()
    features = settled(
        at, "in_features", expect_number(x.shape[-1], "the number of features"), "features in its last dimension", fixes=fixes
    )
    out = at["out_features"]
    return Inferred(
        (TensorSpec((*x.shape[:-1], out), x.dtype),),
        {"in_features": features},
        {"weight": (out, features), "bias": (out,)} if at["bias"] else {"weight": (out, features)},
        flops=2 * per_sample(x.shape) * out,
    )


def bilinear(at: Site) -> Inferred:
    """Both inputs agree in all but their last dimension."""
    expect_given(at, "out_features")
    a, b, out = at.input("input1"), at.input("input2"), at["out_features"]
    for port, x in (("input1", a), ("input2", b)):
        expect_dtype(x, ("float32",), port)
    if a.shape[:-1] != b.shape[:-1]:
        raise Fault(
            "shape.bilinear",
            "cannot pair {a} with {b}: all but the last dimension must agree.",
            port="input2",
            a=shape_text(a.shape),
            b=shape_text(b.shape),
        )
    first, second = (
        settled(at, name, expect_number(x.shape[-1], "the number of features", port), "features in its last dimension", port)
        for name, x, port in (("in1_features", a, "input1"), ("in2_features", b, "input2"))
    )
    weight = (out, first, second)
    return Inferred(
        (TensorSpec((*a.shape[:-1], out), a.dtype),),
        {"in1_features": first, "in2_features": second},
        {"weight": weight, "bias": (out,)} if at["bias"] else {"weight": weight},
    )


def passed(at: Site) -> Inferred:
    """What arrives."""
    return Inferred((at.input(),))


Linear = BlockSpec(
    id="Linear",
    category="Linear",
    summary="Multiplies by a learned matrix and adds a learned bias.",
    inputs=(Port("input", "(N, …, in_features)."),),
    outputs=(Port("output", "(N, …, out_features)."),),
    params=(
        IntParam(name="in_features", inferred=True, minimum=1, help="Size of the last dimension of the input."),
        IntParam(name="out_features", minimum=1, help="Size of the last dimension of the output."),
        BoolParam(name="bias", default=True, help="Add a learned bias."),
    ),
    infer=linear,
    call=Call("module", "nn.Linear", positional=2, sizes={"out_features": "weight[0]"}),
    initial={"out_features": 64},
    keywords=("dense", "fully connected", "perceptron", "projection"),
)

Bilinear = BlockSpec(
    id="Bilinear",
    category="Linear",
    summary="Weighs every product of an element of one input with one of the other.",
    inputs=(Port("input1", "(N, …, in1_features)."), Port("input2", "(N, …, in2_features).")),
    outputs=(Port("output", "(N, …, out_features)."),),
    params=(
        IntParam(name="in1_features", inferred=True, minimum=1, help="Size of the last dimension of input1."),
        IntParam(name="in2_features", inferred=True, minimum=1, help="Size of the last dimension of input2."),
        IntParam(name="out_features", minimum=1, help="Size of the last dimension of the output."),
        BoolParam(name="bias", default=True, help="Add a learned bias."),
    ),
    infer=bilinear,
    call=Call("module", "nn.Bilinear", arguments=("input1", "input2"), positional=3),
    initial={"out_features": 64},
    keywords=("pair", "product", "siamese"),
)

Identity = BlockSpec(
    id="Identity",
    category="Linear",
    summary="Gives what it receives: a place to name a value.",
    inputs=(Port("input", "Any shape."),),
    outputs=(Port("output", "The shape of the input."),),
    infer=passed,
    call=Call("module", "nn.Identity"),
    keywords=("pass", "nothing", "skip"),
)
