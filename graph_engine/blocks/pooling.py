"""Poolings."""

from __future__ import annotations

from graph_engine.blocks.convolution import LAYOUT, OUTPUT_SIZE, expect_size
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, FloatParam, IntParam, IntsParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import each, expect_dtype, expect_floating, expect_given, expect_number, expect_rank
from graph_engine.spec.tensor import Dim, Size, TensorSpec, shape_text

CATEGORY = "Pooling"


def pooling(n: int, *, dilates: bool = False, pads: bool = True, whole: bool = False) -> Rule:
    """The rule of poolings with a sliding window over ``n`` dimensions, from torch's documentation of MaxPoolNd, AvgPoolNd and LPPoolNd.

    Args:
        n: the number of dimensions.
        dilates: there is a dilation.
        pads: there is a padding.
        whole: the input must hold a window even without its padding, and not in half precision: torch's kernel wants it so.
    """

    def infer(at: Site) -> Inferred:
        expect_given(at, "kernel_size")
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_floating(x)
        kernel = each(at["kernel_size"], n)
        stride = kernel if at["stride"] is None else each(at["stride"], n)
        padding = each(at["padding"], n) if pads else (0,) * n
        dilation = each(at["dilation"], n) if dilates else (1,) * n
        sizes = tuple(
            _pooled(size, k, s, p, d, at["ceil_mode"])
            for size, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
        )
        if whole:
            expect_dtype(x, ("float32", "float64"))
            for size, k in zip(x.shape[2:], kernel, strict=True):
                if isinstance(size, int) and size < k:
                    raise _too_large(size, k, 0)
        return _pools(at, x._replace(shape=(*x.shape[:2], *sizes)))

    return infer


def _pooled(size: Size, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> Size:
    span = dilation * (kernel - 1) + 1
    if padding > kernel // 2:
        raise Fault(
            "param.padding-over-half",
            "padding is {padding}, but a window of {kernel} allows at most half of it, {half}.",
            fixes=(Fix(f"Set padding to {kernel // 2}", {"padding": kernel // 2}),),
            padding=padding,
            kernel=kernel,
            half=kernel // 2,
        )
    room = size + 2 * padding - span
    if not ceil:
        if not isinstance(room, Dim) and room < 0:
            raise _too_large(size, span, padding)
        return room // stride + 1
    result = (room + stride - 1) // stride + 1
    if isinstance(size, Dim) or isinstance(result, Dim):
        if stride + padding > span:
            raise Fault(
                "shape.free-size",
                "with ceil_mode the number of windows over a free length ({size}) cannot be told beforehand.",
                port="input",
                fixes=(Fix("Turn ceil_mode off", {"ceil_mode": False}),),
                size=size,
            )
        return result
    if (result - 1) * stride >= size + padding:  # the last window would begin in the padding
        result -= 1
    if result < 1:
        raise _too_large(size, span, padding)
    return result


def _too_large(size: Size, span: int, padding: int) -> Fault:
    return Fault(
        "shape.kernel-too-large",
        "the window spans {span}, but the input is only {size} wide{padded}.",
        port="input",
        span=span,
        size=size,
        padded=f", {size + 2 * padding} with its padding" if padding else "",
    )


def adaptive(n: int) -> Rule:
    """The rule of poolings to a given size."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "output_size")
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_floating(x)
        target = each(at["output_size"], n)
        sizes = tuple(size if t is None else t for size, t in zip(x.shape[2:], target, strict=True))
        return _pools(at, x._replace(shape=(*x.shape[:2], *sizes)))

    return infer


def _pools(at: Site, result: TensorSpec) -> Inferred:
    """The result, with the places of the maxima where the block has a parameter that asks for them."""
    return Inferred((result, result._replace(dtype="int64")) if "return_indices" in at.params else (result,))


def power_average(n: int) -> Rule:
    """The rule of LPPoolNd: ``norm_type`` divides, so it is not 0."""
    windows = pooling(n, pads=False, whole=n == 3)

    def infer(at: Site) -> Inferred:
        expect_given(at, "norm_type")
        if at["norm_type"] == 0:
            raise Fault("param.norm-type", "norm_type is 0, but divides.", fixes=(Fix("Set norm_type to 2", {"norm_type": 2.0}),))
        return windows(at)

    return infer


def unpooling(n: int) -> Rule:
    """The rule of MaxUnpoolNd: the values go back to where they came from."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "kernel_size")
        x, indices = at.input(), at.input("indices")
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_floating(x)
        expect_dtype(indices, ("int64",), "indices")
        if indices.shape != x.shape:
            raise Fault(
                "shape.indices",
                "indices must have the shape of the input, {expected}, but are {received}.",
                port="indices",
                expected=shape_text(x.shape),
                received=shape_text(indices.shape),
            )
        kernel = each(at["kernel_size"], n)
        stride = kernel if at["stride"] is None else each(at["stride"], n)
        sizes = tuple((size - 1) * s - 2 * p + k for size, k, s, p in zip(x.shape[2:], kernel, stride, each(at["padding"], n), strict=True))
        if at["output_size"] is not None:
            for size, asked, s in zip(sizes, at["output_size"], stride, strict=True):
                known = expect_number(size, "the size of the output")
                expect_size(asked, known - s + 1, known + s - 1)
            sizes = at["output_size"]
        if any(size < 1 for size in sizes if isinstance(size, int)):
            raise Fault("shape.padding-too-large", "padding={padding} takes away all that comes of the input.", padding=at["padding"])
        return Inferred((x._replace(shape=(*x.shape[:2], *sizes)),))

    return infer


_CEIL = BoolParam(name="ceil_mode", default=False, advanced=True, help="Let a last window hang over the edge.")
_INDICES = BoolParam(name="return_indices", default=False, advanced=True, help="Give the places of the maxima too, for an unpooling.")
_WHAT = {1: "sequence", 2: "image", 3: "volume"}


def _window(n: int, *, pads: bool = True) -> tuple[Param, ...]:
    padding = IntsParam(name="padding", default=0, length=n, minimum=0, help="Added on each side; at most half of the window.")
    return (
        IntsParam(name="kernel_size", length=n, minimum=1, help="Size of the window."),
        IntsParam(name="stride", default=None, length=n, minimum=1, help="Step of the window; left empty, its size."),
        *((padding,) if pads else ()),
    )


def _pool(id: str, n: int, summary: str, params: tuple[Param, ...], infer: Rule, *keywords: str, **initial: object) -> BlockSpec:
    """A pooling; one that can tell the places of the maxima has a port for them."""
    indices = _INDICES in params
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(Port("input", f"{LAYOUT[n]}."),),
        outputs=(
            Port("output", f"{LAYOUT[n]}."),
            *((Port("indices", "The place of each maximum in the input, for an unpooling.", needs="return_indices"),) if indices else ()),
        ),
        params=params,
        infer=infer,
        call=Call("module", f"nn.{id}", positional=2 if params[0].name == "norm_type" else 1, shrinks=indices),
        initial=initial or {"kernel_size": 2},
        keywords=keywords,
    )


def _max_pool(n: int) -> BlockSpec:
    dilation = IntsParam(name="dilation", default=1, length=n, minimum=1, advanced=True, help="Distance between the elements of a window.")
    params = (*_window(n), dilation, _INDICES, _CEIL)
    summary = "Keeps the largest value of each window."
    return _pool(f"MaxPool{n}d", n, summary, params, pooling(n, dilates=True), "downsample", "subsample", "maximum", _WHAT[n])


def _avg_pool(n: int) -> BlockSpec:
    divisor = IntParam(
        name="divisor_override", default=None, minimum=1, advanced=True, help="Divide by this in place of the size of the window."
    )
    counts = BoolParam(name="count_include_pad", default=True, advanced=True, help="Count the zeros of the padding in the mean.")
    params = (*_window(n), _CEIL, counts, *((divisor,) if n > 1 else ()))
    summary = "Replaces each window by its mean."
    return _pool(f"AvgPool{n}d", n, summary, params, pooling(n, whole=n == 3), "downsample", "subsample", "mean", "average", _WHAT[n])


def _lp_pool(n: int) -> BlockSpec:
    norm = FloatParam(name="norm_type", minimum=0.0, help="The power: 1 gives the sum, a large one the maximum.")
    kernel, stride = _window(n, pads=False)
    if n == 1:  # torch multiplies by it as it is
        kernel = IntParam(name="kernel_size", minimum=1, help=kernel.help)
    summary = "Replaces each window by its p-norm."
    params = (norm, kernel, stride, _CEIL)
    return _pool(f"LPPool{n}d", n, summary, params, power_average(n), "norm", "power", norm_type=2.0, kernel_size=2)


def _adaptive(kind: str, n: int, summary: str, *keywords: str) -> BlockSpec:
    holes = n > 1
    keeps = "; an empty place keeps the size of the input" if holes else ""
    size = IntsParam(name="output_size", length=n, minimum=1, holes=holes, help=f"Size of the output{keeps}.")
    params: tuple[Param, ...] = (size, _INDICES) if kind == "Max" else (size,)
    return _pool(f"Adaptive{kind}Pool{n}d", n, summary, params, adaptive(n), *keywords, output_size=1)


def _unpool(n: int) -> BlockSpec:
    return BlockSpec(
        id=f"MaxUnpool{n}d",
        category=CATEGORY,
        summary="Puts values back to where a max pooling took them from, and zeros everywhere else.",
        inputs=(
            Port("input", f"{LAYOUT[n]}."),
            Port("indices", f"Whole numbers, {LAYOUT[n]}: the indices of the pooling."),
        ),
        outputs=(Port("output", f"{LAYOUT[n]}."),),
        params=(*_window(n), OUTPUT_SIZE[n]),
        infer=unpooling(n),
        call=Call("module", f"nn.MaxUnpool{n}d", arguments=("input", "indices"), keywords=("output_size",), positional=1),
        initial={"kernel_size": 2},
        keywords=("upsample", "unpooling", "decoder"),
    )


MaxPool1d, MaxPool2d, MaxPool3d = map(_max_pool, (1, 2, 3))
AvgPool1d, AvgPool2d, AvgPool3d = map(_avg_pool, (1, 2, 3))
LPPool1d, LPPool2d, LPPool3d = map(_lp_pool, (1, 2, 3))
MaxUnpool1d, MaxUnpool2d, MaxUnpool3d = map(_unpool, (1, 2, 3))
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = (
    _adaptive("Avg", n, "Averages to a given size, whatever the size of the input.", "global average pooling", "gap") for n in (1, 2, 3)
)
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = (
    _adaptive("Max", n, "Keeps maxima, as many as a given size asks for.", "global max pooling") for n in (1, 2, 3)
)
