"""Distances between vectors."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.params import BoolParam, FloatParam, IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, broadcast, expect_dtype
from graph_engine.spec.tensor import Shape, TensorSpec

CATEGORY = "Arithmetic"


def cosine(at: Site) -> Inferred:
    """The inputs broadcast; ``dim`` goes."""
    shape = _together(at)
    dim = axis(at["dim"], len(shape))
    return Inferred((TensorSpec(shape[:dim] + shape[dim + 1 :], "float32"),))


def pairwise(at: Site) -> Inferred:
    """The inputs broadcast; the last dimension goes, or becomes 1."""
    shape = _together(at)
    return Inferred((TensorSpec(shape[:-1] + ((1,) if at["keepdim"] else ()), "float32"),))


def _together(at: Site) -> Shape:
    for port in ("x1", "x2"):
        expect_dtype(at.input(port), ("float32",), port)
    return broadcast([at.input("x1").shape, at.input("x2").shape], "x2")


_INPUTS = (Port("x1", "(N, …, features)."), Port("x2", "(N, …, features)."))

CosineSimilarity = BlockSpec(
    id="CosineSimilarity",
    category=CATEGORY,
    summary="The cosine of the angle between two vectors.",
    inputs=_INPUTS,
    params=(
        IntParam(name="dim", default=1, help="The dimension along which the vectors lie; -1 is the last."),
        FloatParam(name="eps", default=1e-8, minimum=0.0, advanced=True, help="The least product of lengths to divide by."),
    ),
    infer=cosine,
    call=Call("module", "nn.CosineSimilarity", arguments=("x1", "x2")),
    keywords=("distance", "siamese", "angle"),
)

PairwiseDistance = BlockSpec(
    id="PairwiseDistance",
    category=CATEGORY,
    summary="The p-norm of the difference of two vectors.",
    inputs=_INPUTS,
    params=(
        FloatParam(name="p", default=2.0, help="The p of the norm; 2 is the length."),
        FloatParam(name="eps", default=1e-6, minimum=0.0, advanced=True, help="Added to the difference."),
        BoolParam(name="keepdim", default=False, help="Keep the last dimension, with size 1."),
    ),
    infer=pairwise,
    call=Call("module", "nn.PairwiseDistance", arguments=("x1", "x2")),
    keywords=("euclidean", "siamese", "metric"),
)
