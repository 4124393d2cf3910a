"""Normalizations."""

from __future__ import annotations

from graph_engine.blocks.convolution import LAYOUT
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, FloatParam, IntParam, IntsParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_number, expect_rank, settled
from graph_engine.spec.tensor import TensorSpec, shape_text

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
            raise _one_value(x, "channel")
        size = (features,)
        return Inferred(
            (x,),
            {"num_features": features},
            _scale_and_shift(size, scales=at["affine"], shifts=at["bias"]),
            {"running_mean": size, "running_var": size, "num_batches_tracked": ()} if at["track_running_stats"] else {},
        )

    return infer


def layer_norm(at: Site) -> Inferred:
    """The rule of LayerNorm and RMSNorm: they normalize over the last dimensions, all of ``normalized_shape``."""
    x = at.input()
    expect_dtype(x, ("float32",))
    expect_rank(x, range(1, 100), "(N, …, features)")
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
    weights = _scale_and_shift(shape, scales=at["elementwise_affine"], shifts=at.params.get("bias", False))
    return Inferred((x,), {"normalized_shape": shape[0] if len(shape) == 1 else shape}, weights)


def group_norm(at: Site) -> Inferred:
    """One mean and variance for each group of channels of a sample."""
    expect_given(at, "num_groups")
    x = at.input()
    expect_rank(x, range(2, 100), "(N, C, …)")
    expect_dtype(x, ("float32",))
    channels = settled(at, "num_channels", expect_number(x.shape[1], "the number of channels"), "channels")
    groups = at["num_groups"]
    if channels % groups:
        near = max(g for g in range(1, groups) if channels % g == 0)
        raise Fault(
            "shape.groups",
            "{groups} groups do not divide the {channels} channels.",
            port="input",
            fixes=(Fix(f"Set num_groups to {near}", {"num_groups": near}),),
            groups=groups,
            channels=channels,
        )
    if x.shape[0] == 1 and all(size == 1 for size in x.shape[2:]) and channels == groups:
        raise _one_value(x, "group")
    return Inferred((x,), {"num_channels": channels}, _scale_and_shift((channels,), scales=at["affine"], shifts=at["bias"]))


def instance_norm(n: int) -> Rule:
    """The rule of InstanceNormNd: one mean and variance for each channel of a sample."""

    def infer(at: Site) -> Inferred:
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_dtype(x, ("float32",))
        features = settled(at, "num_features", expect_number(x.shape[1], "the number of channels"), "channels")
        if all(size == 1 for size in x.shape[2:]):
            raise _one_value(x, "channel of a sample")
        size = (features,)
        buffers = {"running_mean": size, "running_var": size, "num_batches_tracked": ()}
        return Inferred(
            (x,),
            {"num_features": features},
            _scale_and_shift(size, scales=at["affine"], shifts=at["bias"]),
            buffers if at["track_running_stats"] else {},
        )

    return infer


def local_response(at: Site) -> Inferred:
    """Shape and dtype pass; there are channels, and places beside them."""
    expect_given(at, "size")
    x = at.input()
    expect_rank(x, range(3, 6), "(N, C, …)")
    expect_dtype(x, ("float32",))
    return Inferred((x,))


def _one_value(x: TensorSpec, of: str) -> Fault:
    return Fault(
        "shape.one-value",
        "receives {received}, one value for each {of}; training needs two or more to have a variance.",
        port="input",
        received=shape_text(x.shape),
        of=of,
    )


def _scale_and_shift(shape: tuple[int, ...], *, scales: bool, shifts: bool) -> dict[str, tuple[int, ...]]:
    return ({"weight": shape, "bias": shape} if shifts else {"weight": shape}) if scales else {}


_STATISTICS = {"affine": "weight", "track_running_stats": "running_mean"}
"""Parameters that say whether there are such tensors."""

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
        call=Call(
            "module",
            f"nn.BatchNorm{n}d",
            positional=1,
            also=("batch_norm",),
            sizes=_STATISTICS,
        ),
        keywords=("bn",),
    )


BatchNorm1d = _batch_norm(1, (2, 3), "(N, C) or (N, C, L)")
BatchNorm2d = _batch_norm(2, (4,), "(N, C, H, W)")
BatchNorm3d = _batch_norm(3, (5,), "(N, C, D, H, W)")


def _instance_norm(n: int) -> BlockSpec:
    return BlockSpec(
        id=f"InstanceNorm{n}d",
        category=CATEGORY,
        summary="Normalizes each channel of each sample; with affine, then scales and shifts it.",
        inputs=(Port("input", f"{LAYOUT[n]}."),),
        outputs=(Port("output", "The shape of the input."),),
        params=(
            IntParam(name="num_features", inferred=True, minimum=1, help="Channels of the input."),
            _EPS,
            FloatParam(
                name="momentum",
                default=0.1,
                minimum=0.0,
                maximum=1.0,
                advanced=True,
                help="Weight of the newest in the running statistics.",
            ),
            BoolParam(name="affine", default=False, help="Learn a scale and a shift for each channel."),
            BoolParam(
                name="track_running_stats", default=False, advanced=True, help="Keep running statistics and use them when evaluating."
            ),
            BoolParam(name="bias", default=True, advanced=True, help="Learn the shift; without effect unless affine is on."),
        ),
        infer=instance_norm(n),
        call=Call("module", f"nn.InstanceNorm{n}d", positional=1, sizes=_STATISTICS),
        keywords=("style transfer", "contrast"),
    )


InstanceNorm1d, InstanceNorm2d, InstanceNorm3d = map(_instance_norm, (1, 2, 3))

GroupNorm = BlockSpec(
    id="GroupNorm",
    category=CATEGORY,
    summary="Normalizes each sample by groups of channels, whatever the size of the batch.",
    inputs=(Port("input", "(N, num_channels) or (N, num_channels, L) or (N, num_channels, H, W)."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(
        IntParam(name="num_groups", minimum=1, help="Groups; they divide the channels among them."),
        IntParam(name="num_channels", inferred=True, minimum=1, help="Channels of the input."),
        _EPS,
        BoolParam(name="affine", default=True, help="Learn a scale and a shift for each channel."),
        BoolParam(name="bias", default=True, advanced=True, help="Learn the shift; without effect unless affine is on."),
    ),
    infer=group_norm,
    call=Call("module", "nn.GroupNorm", positional=2, sizes={"affine": "weight"}),
    initial={"num_groups": 8},
    keywords=("gn", "small batch"),
)

LocalResponseNorm = BlockSpec(
    id="LocalResponseNorm",
    category=CATEGORY,
    summary="Damps a channel where its neighbours are active (Krizhevsky et al., 2012).",
    inputs=(Port("input", "(N, C, L) or (N, C, H, W)."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(
        IntParam(name="size", minimum=1, help="Neighbouring channels that are summed."),
        FloatParam(name="alpha", default=1e-4, advanced=True, help="Factor of the sum."),
        FloatParam(name="beta", default=0.75, advanced=True, help="Exponent of the sum."),
        FloatParam(name="k", default=1.0, advanced=True, help="Added to the sum."),
    ),
    infer=local_response,
    call=Call("module", "nn.LocalResponseNorm", positional=1),
    initial={"size": 5},
    keywords=("lrn", "alexnet"),
)

_SHAPE = IntsParam(name="normalized_shape", inferred=True, minimum=1, help="The dimensions to normalize over; left out, the last one.")

LayerNorm = BlockSpec(
    id="LayerNorm",
    category=CATEGORY,
    summary="Normalizes each sample over its last dimensions, then scales and shifts it.",
    inputs=(Port("input", "(N, …, normalized_shape)."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(
        _SHAPE,
        _EPS,
        BoolParam(name="elementwise_affine", default=True, help="Learn a scale and a shift for each element."),
        BoolParam(name="bias", default=True, advanced=True, help="Learn the shift; without effect unless elementwise_affine is on."),
    ),
    infer=layer_norm,
    call=Call("module", "nn.LayerNorm", positional=1, sizes={"elementwise_affine": "weight"}),
    keywords=("ln", "transformer"),
)

RMSNorm = BlockSpec(
    id="RMSNorm",
    category=CATEGORY,
    summary="Divides each sample by the root mean square of its last dimensions, then scales it (Zhang and Sennrich, 2019).",
    inputs=(Port("input", "(N, …, normalized_shape)."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(
        _SHAPE,
        FloatParam(
            name="eps", default=None, minimum=0.0, advanced=True, help="Added to the mean square; left empty, the least for the dtype."
        ),
        BoolParam(name="elementwise_affine", default=True, help="Learn a scale for each element."),
    ),
    infer=layer_norm,
    call=Call("module", "nn.RMSNorm", positional=1, sizes={"elementwise_affine": "weight"}),
    keywords=("transformer", "llama", "root mean square"),
)
