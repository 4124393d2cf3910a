"""Layers that act in training only."""

from __future__ import annotations

from graph_engine.blocks.activation import same
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.call import Call
from graph_engine.spec.params import BoolParam, FloatParam
from graph_engine.spec.ports import Port

Dropout = BlockSpec(
    id="Dropout",
    category="Regularization",
    summary="Zeroes random elements in training, so that the network relies on none of them.",
    inputs=(Port("input", "Any shape."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(
        FloatParam(name="p", default=0.5, minimum=0.0, maximum=1.0, help="Probability of an element to be zeroed."),
        BoolParam(name="inplace", default=False, advanced=True, help="Overwrite the input to save memory."),
    ),
    infer=same,
    call=Call("module", "nn.Dropout", positional=1),
    keywords=("overfitting",),
)
