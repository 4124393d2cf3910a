"""Normalizations."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, FloatParam, IntParam, IntsParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_number, expect_rank, settled
from graph_engine.spec.tensor import shape_text

CATEGORY = "Normalization"


def batch_norm(ranks: tuple[int, ...], layout: str) -> Rule:
    """The rule of BatchNormNd: one mean, variance, scale and shift for each channel."""

    def infer(at: Site) -> Inferred:
        x = at.input()
        expect_rank(x, ranks, layout)
        expect_dtype(x, ("float32",))
        features = settled(at, "num_features", expect_number(x.shape[1], "the number of channels"), "channels")
        if at["eps"] == 0:
            raise Fault("param.eps", "eps is 0, but training needs it above 0.", fixes=(Fix("Set eps to 1e-05", {"eps": 1e-5}),))
        if all(size == 1 for size in (x.shape[0], *x.shape[2:])):
            raise Fault(
                "shape.one-value",
                "receives {received}, one value for each channel; training needs two or more to have a variance.",
                port="input",
                received=shape_text(x.shape),
            )
        size = (features,)
        return Inferred(
            (x,),
            {"num_features": features},
            _scale_and_shift(size, scales=at["affine"], shifts=at["bias"]),
            {"running_mean": size, "running_var": size, "num_batches_tracked": ()} if at["track_running_stats"] else {},
        )

    return infer


def layer_norm(at: Site) -> Inferred:
    """Normalizes over the last dimensions, all of ``normalized_shape``."""
    x = at.input()
    expect_dtype(x, ("float32",))
    given = at["normalized_shape"]
    if given is None:
        shape = (expect_number(x.shape[-1], "the last dimension"),)
    else:
        shape = (given,) if isinstance(given, int) else given
        if len(shape) > len(x.shape) or x.shape[len(x.shape) - len(shape) :] != shape:
            trailing = x.shape[-len(shape) :]
            raise Fault(
                "shape.normalized-shape",
                "normalized_shape is {given}, but the input ends in {trailing}.",
                port="input",
                fixes=(Fix("Let normalized_shape follow the input", {"normalized_shape": None}),),
                given=shape_text(shape),
                trailing=shape_text(trailing),
            )
    weights = _scale_and_shift(shape, scales=at["elementwise_affine"], shifts=at["bias"])
    return Inferred((x,), {"normalized_shape": shape[0] if len(shape) == 1 else shape}, weights)


def _scale_and_shift(shape: tuple[int, ...], *, scales: bool, shifts: bool) -> dict[str, tuple[int, ...]]:
    return ({"weight": shape, "bias": shape} if shifts else {"weight": shape}) if scales else {}


_EPS = FloatParam(name="eps", default=1e-5, minimum=0.0, advanced=True, help="Added to the variance for numerical stability.")


def _batch_norm(n: int, ranks: tuple[int, ...], layout: str) -> BlockSpec:
    return BlockSpec(
        id=f"BatchNorm{n}d",
        category=CATEGORY,
        summary="Normalizes each channel over the batch, then scales and shifts it.",
        inputs=(Port("input", f"{layout}."),),
        outputs=(Port("output", "The shape of the input."),),
        params=(
            IntParam(name="num_features", inferred=True, minimum=1, help="Channels of the input."),
            _EPS,
            FloatParam(
                name="momentum",
                default=0.1,
                minimum=0.0,
                maximum=1.0,
                optional=True,
                advanced=True,
                help="Weight of the newest batch in the running statistics; empty means a plain average.",
            ),
            BoolParam(name="affine", default=True, help="Learn a scale and a shift for each channel."),
            BoolParam(
                name="track_running_stats", default=True, advanced=True, help="Keep running statistics and use them when evaluating."
            ),
            BoolParam(name="bias", default=True, advanced=True, help="Learn the shift; without effect unless affine is on."),
        ),
        infer=batch_norm(ranks, layout),
        call=Call("module", f"nn.BatchNorm{n}d", positional=1),
        keywords=("bn",),
    )


BatchNorm1d = _batch_norm(1, (2, 3), "(N, C) or (N, C, L)")
BatchNorm2d = _batch_norm(2, (4,), "(N, C, H, W)")

LayerNorm = BlockSpec(
    id="LayerNorm",
    category=CATEGORY,
    summary="Normalizes each sample over its last dimensions, then scales and shifts it.",
    inputs=(Port("input", "(N, …, normalized_shape)."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(
        IntsParam(name="normalized_shape", inferred=True, minimum=1, help="The dimensions to normalize over; left out, the last one."),
        _EPS,
        BoolParam(name="elementwise_affine", default=True, help="Learn a scale and a shift for each element."),
        BoolParam(name="bias", default=True, advanced=True, help="Learn the shift; without effect unless elementwise_affine is on."),
    ),
    infer=layer_norm,
    call=Call("module", "nn.LayerNorm", positional=1),
    keywords=("ln", "transformer"),
)
