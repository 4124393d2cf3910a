"""Poolings."""

from __future__ import annotations

from graph_engine.blocks.convolution import LAYOUT
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, IntParam, IntsParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import each, expect_floating, expect_given, expect_rank
from graph_engine.spec.tensor import Dim, Size

CATEGORY = "Pooling"


def pooling(n: int, *, dilates: bool) -> Rule:
    """The rule of poolings with a sliding window over ``n`` dimensions, from torch's documentation of MaxPoolNd and AvgPoolNd."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "kernel_size")
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_floating(x)
        kernel = each(at["kernel_size"], n)
        stride = kernel if at["stride"] is None else each(at["stride"], n)
        dilation = each(at["dilation"], n) if dilates else (1,) * n
        sizes = tuple(
            _pooled(size, k, s, p, d, at["ceil_mode"])
            for size, k, s, p, d in zip(x.shape[2:], kernel, stride, each(at["padding"], n), dilation, strict=True)
        )
        return Inferred((x._replace(shape=(*x.shape[:2], *sizes)),))

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
        fixes=(Fix(f"Set kernel_size to {size}", {"kernel_size": size}),) if not padding else (),
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
        return Inferred((x._replace(shape=(*x.shape[:2], *sizes)),))

    return infer


_KERNEL = IntsParam(name="kernel_size", length=2, minimum=1, help="Size of the window.")
_STRIDE = IntsParam(name="stride", default=None, length=2, minimum=1, help="Step of the window; left empty, its size.")
_PADDING = IntsParam(name="padding", default=0, length=2, minimum=0, help="Added on each side; at most half of the window.")
_CEIL = BoolParam(name="ceil_mode", default=False, advanced=True, help="Let a last window hang over the edge.")

MaxPool2d = BlockSpec(
    id="MaxPool2d",
    category=CATEGORY,
    summary="Keeps the largest value of each window.",
    inputs=(Port("input", "(N, C, H, W)."),),
    params=(
        _KERNEL,
        _STRIDE,
        _PADDING,
        IntsParam(name="dilation", default=1, length=2, minimum=1, advanced=True, help="Distance between the elements of a window."),
        _CEIL,
    ),
    infer=pooling(2, dilates=True),
    call=Call("module", "nn.MaxPool2d", positional=1),
    initial={"kernel_size": 2},
    keywords=("downsample", "subsample", "maximum"),
)

AvgPool2d = BlockSpec(
    id="AvgPool2d",
    category=CATEGORY,
    summary="Replaces each window by its mean.",
    inputs=(Port("input", "(N, C, H, W)."),),
    params=(
        _KERNEL,
        _STRIDE,
        _PADDING,
        _CEIL,
        BoolParam(name="count_include_pad", default=True, advanced=True, help="Count the zeros of the padding in the mean."),
        IntParam(
            name="divisor_override", default=None, minimum=1, advanced=True, help="Divide by this in place of the size of the window."
        ),
    ),
    infer=pooling(2, dilates=False),
    call=Call("module", "nn.AvgPool2d", positional=1),
    initial={"kernel_size": 2},
    keywords=("downsample", "subsample", "mean", "average"),
)

AdaptiveAvgPool2d = BlockSpec(
    id="AdaptiveAvgPool2d",
    category=CATEGORY,
    summary="Averages to a given size, whatever the size of the input.",
    inputs=(Port("input", "(N, C, H, W)."),),
    params=(
        IntsParam(
            name="output_size", length=2, minimum=1, holes=True, help="Size of the output; an empty place keeps the size of the input."
        ),
    ),
    infer=adaptive(2),
    call=Call("module", "nn.AdaptiveAvgPool2d", positional=1),
    initial={"output_size": 1},
    keywords=("global average pooling", "gap"),
)
