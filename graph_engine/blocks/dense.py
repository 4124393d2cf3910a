"""Fully connected layers."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fix
from graph_engine.spec.params import BoolParam, IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_number, settled, volume
from graph_engine.spec.tensor import TensorSpec, per_sample


def linear(at: Site) -> Inferred:
    """``in_features`` is the last dimension of the input; the others pass."""
    expect_given(at, "out_features")
    x = at.input()
    expect_dtype(x, ("float32",))
    flattens = len(x.shape) > 2 and volume(x.shape[1:]) == at["in_features"]
    fixes = (Fix("Insert Flatten before it", insert="Flatten"),) if flattens else ()
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
    call=Call("module", "nn.Linear", positional=2),
    initial={"out_features": 64},
    keywords=("dense", "fully connected", "perceptron", "projection"),
)
