"""Element-wise activations, and softmax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site, unbounded
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, expect_dtype, expect_floating, expect_given, expect_rank
from graph_engine.spec.tensor import Dim

CATEGORY = "Activation"


def same(at: Site) -> Inferred:
    """Shape and dtype pass."""
    x = at.input()
    expect_floating(x)
    return Inferred((x,))


def rectified(at: Site) -> Inferred:
    """Shape and dtype pass, whole numbers too."""
    x = at.input()
    if x.dtype == "bool":
        expect_floating(x)
    return Inferred((x,))


def squashed(at: Site) -> Inferred:
    """The shape passes; the result is a floating-point number, whatever the input."""
    x = at.input()
    return Inferred((x if x.is_floating else x._replace(dtype="float32"),))


def along_dim(at: Site) -> Inferred:
    """Shape and dtype pass; ``dim`` is one of the dimensions."""
    x = at.input()
    expect_floating(x)
    if at["dim"] is not None:
        axis(at["dim"], len(x.shape))
    return Inferred((x,))


def bounded(low: str, high: str, *, touching: bool = False) -> Rule:
    """As `same`, for an activation whose parameter ``low`` must be below ``high``; ``touching`` allows that they are equal."""

    def infer(at: Site) -> Inferred:
        found = same(at)
        if at[low] > at[high] or (at[low] == at[high] and not touching):
            raise Fault("param.order", "{low} is {a}, but must be below {high}, which is {b}.", low=low, a=at[low], high=high, b=at[high])
        return found

    return infer


def randomized(at: Site) -> Inferred:
    """The rule of RReLU: as `bounded`, but half precision has no kernel on the CPU."""
    expect_dtype(at.input(), ("float32", "float64", "bfloat16"))
    return bounded("lower", "upper", touching=True)(at)


def celu(at: Site) -> Inferred:
    """As `same`; the function divides by ``alpha``."""
    found = same(at)
    if at["alpha"] == 0:
        raise Fault("param.alpha", "alpha is 0, but divides.", fixes=(Fix("Set alpha to 1", {"alpha": 1.0}),))
    return found


def threshold(at: Site) -> Inferred:
    """As `same`; both numbers must be set."""
    expect_given(at, "threshold", "value")
    return same(at)


def per_channel(at: Site) -> Inferred:
    """The rule of PReLU: one slope, or one for each channel."""
    x, count = at.input(), at["num_parameters"]
    expect_dtype(x, ("float32",))
    channels = x.shape[1] if len(x.shape) > 1 else 1
    if count not in (1, channels):
        fixes = () if isinstance(channels, Dim) else (Fix(f"Set num_parameters to {channels}", {"num_parameters": channels}),)
        raise Fault(
            "shape.num-parameters",
            "num_parameters is {count}, but must be 1 or the number of channels, {channels}.",
            port="input",
            fixes=fixes,
            count=count,
            channels=channels,
        )
    return Inferred((x,), {}, {"weight": (count,)})


def over_channels(at: Site) -> Inferred:
    """The rule of Softmax2d: an image."""
    expect_rank(at.input(), (4,), "(N, C, H, W)")
    return same(at)


def halved(at: Site) -> Inferred:
    """The rule of GLU: one half of a dimension gates the other."""
    x = at.input()
    expect_floating(x)
    dim = axis(at["dim"], len(x.shape))
    size = x.shape[dim]
    half = size.divide(2) if isinstance(size, Dim) else size // 2 if size % 2 == 0 else None
    if half is None:
        raise Fault("shape.halves", "dimension {dim} is {size}, which has no two halves.", port="input", dim=at["dim"], size=size)
    return Inferred((x._replace(shape=(*x.shape[:dim], half, *x.shape[dim + 1 :])),))


_INPLACE = BoolParam(name="inplace", default=False, advanced=True, help="Overwrite the input to save memory.")


def _activation(
    id: str,
    summary: str,
    *params: Param,
    infer: Rule = same,
    initial: dict | None = None,
    keywords: tuple[str, ...] = (),
    bounds: Callable[[Mapping[str, Any]], tuple[float, float] | None] = unbounded,
) -> BlockSpec:
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(Port("input", "Any shape."),),
        outputs=(Port("output", "The shape of the input."),),
        params=params,
        infer=infer,
        call=Call("module", f"nn.{id}"),
        initial=initial or {},
        stem=id.lower(),
        keywords=("nonlinearity", *keywords),
        bounds=bounds,
    )


def within(low: float, high: float) -> Callable[[Mapping[str, Any]], tuple[float, float]]:
    """The bounds of an activation that are the same for all its uses."""
    return lambda params: (low, high)


ReLU = _activation("ReLU", "Sets negative values to zero.", _INPLACE, infer=rectified, keywords=("rectifier",))
GELU = _activation(
    "GELU",
    "A smooth rectifier, x·Φ(x), usual in Transformers.",
    ChoiceParam(name="approximate", default="none", options=("none", "tanh"), help="Use the faster tanh approximation."),
)
Sigmoid = _activation("Sigmoid", "Squashes each value into 0 … 1.", infer=squashed, keywords=("logistic",), bounds=within(0, 1))
Tanh = _activation("Tanh", "Squashes each value into -1 … 1.", infer=squashed, keywords=("hyperbolic tangent",), bounds=within(-1, 1))
Softmax = _activation(
    "Softmax",
    "Turns scores along a dimension into probabilities that sum to 1.",
    IntParam(name="dim", default=None, help="The dimension that sums to 1; -1 is the last."),
    infer=along_dim,
    initial={"dim": -1},
    keywords=("probability", "classification"),
)
LogSoftmax = _activation(
    "LogSoftmax",
    "The logarithm of Softmax, computed so that it stays exact.",
    IntParam(name="dim", default=None, help="The dimension whose exponentials sum to 1; -1 is the last."),
    infer=along_dim,
    initial={"dim": -1},
    keywords=("log probability", "classification", "nll"),
)
Softmin = _activation(
    "Softmin",
    "Softmax of the negated scores: the smallest gets the greatest share.",
    IntParam(name="dim", default=None, help="The dimension that sums to 1; -1 is the last."),
    infer=along_dim,
    initial={"dim": -1},
    keywords=("probability",),
)
Softmax2d = _activation(
    "Softmax2d", "Softmax over the channels at each place of an image.", infer=over_channels, keywords=("segmentation",)
)
LeakyReLU = _activation(
    "LeakyReLU",
    "Lets a small part of negative values through.",
    FloatParam(name="negative_slope", default=0.01, minimum=0.0, help="Factor for negative values."),
    _INPLACE,
)
PReLU = _activation(
    "PReLU",
    "A leaky rectifier that learns its slope for negative values.",
    IntParam(name="num_parameters", default=1, minimum=1, help="Slopes to learn: 1, or one for each channel."),
    FloatParam(name="init", default=0.25, advanced=True, help="The slope to begin with."),
    infer=per_channel,
    keywords=("parametric",),
)
RReLU = _activation(
    "RReLU",
    "A leaky rectifier whose slope is drawn at random in training.",
    FloatParam(name="lower", default=1 / 8, minimum=0.0, help="The least slope."),
    FloatParam(name="upper", default=1 / 3, minimum=0.0, help="The greatest slope."),
    _INPLACE,
    infer=randomized,
    keywords=("randomized",),
)
ReLU6 = _activation("ReLU6", "Sets negative values to zero and cuts off at 6.", _INPLACE, keywords=("mobilenet", "clipped"))
ELU = _activation(
    "ELU",
    "A rectifier that runs smoothly into -alpha for negative values.",
    FloatParam(name="alpha", default=1.0, minimum=0.0, help="How far below zero it runs."),
    _INPLACE,
    keywords=("exponential linear unit",),
)
SELU = _activation(
    "SELU", "A scaled ELU that keeps mean and variance of the activations by itself.", _INPLACE, keywords=("self-normalizing",)
)
CELU = _activation(
    "CELU",
    "An ELU whose slope is continuous for every alpha.",
    FloatParam(name="alpha", default=1.0, minimum=0.0, help="How far below zero it runs; above 0."),
    _INPLACE,
    infer=celu,
)
SiLU = _activation("SiLU", "x·sigmoid(x), a smooth rectifier.", _INPLACE, keywords=("swish", "efficientnet"))
Mish = _activation("Mish", "x·tanh(softplus(x)), a smooth rectifier.", _INPLACE)
Softplus = _activation(
    "Softplus",
    "A smooth rectifier that is positive everywhere.",
    FloatParam(name="beta", default=1.0, help="How sharp the bend is."),
    FloatParam(name="threshold", default=20.0, advanced=True, help="From here on it is taken as the identity."),
    keywords=("variance", "positive"),
)
Softsign = _activation("Softsign", "Squashes each value into -1 … 1, more gently than Tanh.", bounds=within(-1, 1))
Softshrink = _activation(
    "Softshrink",
    "Moves every value towards zero by lambd.",
    FloatParam(name="lambd", default=0.5, minimum=0.0, help="How far."),
    keywords=("sparse", "threshold"),
)
Hardshrink = _activation(
    "Hardshrink",
    "Sets values between -lambd and lambd to zero.",
    FloatParam(name="lambd", default=0.5, minimum=0.0, help="The bound."),
    keywords=("sparse", "threshold"),
)
Tanhshrink = _activation("Tanhshrink", "x - tanh(x): takes out what is near zero.")
LogSigmoid = _activation("LogSigmoid", "The logarithm of Sigmoid, computed so that it stays exact.", keywords=("log probability",))
Hardsigmoid = _activation("Hardsigmoid", "Sigmoid made of three straight pieces.", _INPLACE, keywords=("mobilenet",), bounds=within(0, 1))
Hardswish = _activation("Hardswish", "SiLU made of straight and square pieces.", _INPLACE, keywords=("mobilenet",))
Hardtanh = _activation(
    "Hardtanh",
    "Cuts off below min_val and above max_val.",
    FloatParam(name="min_val", default=-1.0, help="The least value."),
    FloatParam(name="max_val", default=1.0, help="The greatest value."),
    _INPLACE,
    infer=bounded("min_val", "max_val"),
    keywords=("clip", "clamp"),
    bounds=lambda params: (params["min_val"], params["max_val"]),
)
Threshold = _activation(
    "Threshold",
    "Puts a number in place of every value that is not above a threshold.",
    FloatParam(name="threshold", help="Values above this pass."),
    FloatParam(name="value", help="What takes the place of the others."),
    _INPLACE,
    infer=threshold,
    initial={"threshold": 0.0, "value": 0.0},
)
GLU = _activation(
    "GLU",
    "Halves a dimension: the sigmoid of the second half gates the first.",
    IntParam(name="dim", default=-1, help="The dimension to halve; -1 is the last."),
    infer=halved,
    keywords=("gate", "gated linear unit"),
)
