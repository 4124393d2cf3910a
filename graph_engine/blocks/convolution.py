"""Convolutions."""

from __future__ import annotations

from math import prod

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, ChoiceParam, IntParam, IntsParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import each, expect_dtype, expect_given, expect_number, expect_rank, settled
from graph_engine.spec.tensor import Dim, Size, TensorSpec, per_sample

CATEGORY = "Convolution"
LAYOUT = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


def convolution(n: int) -> Rule:
    """The rule of convolutions over ``n`` dimensions, from torch's documentation of ConvNd."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "out_channels", "kernel_size")
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_dtype(x, ("float32",))
        kernel, stride, dilation = each(at["kernel_size"], n), each(at["stride"], n), each(at["dilation"], n)
        channels = settled(at, "in_channels", expect_number(x.shape[1], "the number of channels"), "channels")
        out, groups = at["out_channels"], at["groups"]
        _expect_groups(channels, out, groups)
        padding = at["padding"]
        if padding == "same":
            if any(s != 1 for s in stride):
                raise Fault(
                    "param.same-stride",
                    "padding='same' needs stride 1, but stride is {stride}.",
                    fixes=(Fix("Set stride to 1", {"stride": 1}),),
                    stride=at["stride"],
                )
            pads = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        else:
            pads = [2 * p for p in each(0 if padding == "valid" else padding, n)]
        mode = at["padding_mode"]
        sizes = [_slid(x.shape[2 + i], kernel[i], stride[i], dilation[i], pads[i], mode) for i in range(n)]
        weight = (out, channels // groups, *kernel)
        return Inferred(
            (TensorSpec((x.shape[0], out, *sizes), x.dtype),),
            {"in_channels": channels},
            {"weight": weight, "bias": (out,)} if at["bias"] else {"weight": weight},
            flops=2 * per_sample((x.shape[0], *sizes)) * prod(weight),
        )

    return infer


def _expect_groups(channels: int, out: int, groups: int) -> None:
    for name, count in (("in_channels", channels), ("out_channels", out)):
        if count % groups:
            raise Fault(
                "shape.groups",
                "{name} is {count}, which groups={groups} does not divide.",
                fixes=(Fix("Set groups to 1", {"groups": 1}),),
                name=name,
                count=count,
                groups=groups,
            )


def _slid(size: Size, kernel: int, stride: int, dilation: int, pad: int, mode: str) -> Size:
    span = dilation * (kernel - 1) + 1
    if not isinstance(size, Dim):
        if size + pad < span:
            raise Fault(
                "shape.kernel-too-large",
                "the kernel spans {span}, but the input is only {size} wide{padded}.",
                port="input",
                span=span,
                size=size,
                padded=f", {size + pad} with its padding" if pad else "",
            )
        limit = {"reflect": size - 1, "circular": size}.get(mode)
        if limit is not None and (pad + 1) // 2 > limit:
            raise Fault(
                "shape.padding-too-large",
                "padding_mode={mode!r} can pad an input of {size} by at most {limit} on a side.",
                port="input",
                fixes=(Fix("Set padding_mode to zeros", {"padding_mode": "zeros"}),),
                mode=mode,
                size=size,
                limit=limit,
            )
    return (size + pad - span) // stride + 1


def _conv(n: int, what: str, keywords: tuple[str, ...] = ()) -> BlockSpec:
    params: tuple[Param, ...] = (
        IntParam(name="in_channels", inferred=True, minimum=1, help="Channels of the input."),
        IntParam(name="out_channels", minimum=1, help="Channels of the output: the number of filters."),
        IntsParam(name="kernel_size", length=n, minimum=1, help="Size of the filters."),
        IntsParam(name="stride", default=1, length=n, minimum=1, help="Step from one place of the filter to the next."),
        IntsParam(
            name="padding",
            default=0,
            length=n,
            minimum=0,
            words=("same", "valid"),
            help="Added on each side; same keeps the size of the input.",
        ),
        IntsParam(name="dilation", default=1, length=n, minimum=1, advanced=True, help="Distance between the elements of a filter."),
        IntParam(name="groups", default=1, minimum=1, advanced=True, help="Blocks of channels that are convolved apart."),
        BoolParam(name="bias", default=True, help="Add a learned bias to the output."),
        ChoiceParam(
            name="padding_mode",
            default="zeros",
            options=("zeros", "reflect", "replicate", "circular"),
            advanced=True,
            help="What the padding is filled with.",
        ),
    )
    return BlockSpec(
        id=f"Conv{n}d",
        category=CATEGORY,
        summary=f"Slides learned filters over {what}.",
        inputs=(Port("input", f"{LAYOUT[n]}."),),
        outputs=(Port("output", f"{LAYOUT[n]} with out_channels channels."),),
        params=params,
        infer=convolution(n),
        call=Call("module", f"nn.Conv{n}d", positional=2, sizes={"out_channels": "weight[0]", "kernel_size": "weight[2:]"}),
        initial={"out_channels": 32, "kernel_size": 3, "padding": 1},
        keywords=("convolution", "filter", *keywords),
    )


Conv1d = _conv(1, "a sequence", ("temporal",))
Conv2d = _conv(2, "an image", ("picture",))
Conv3d = _conv(3, "a volume", ("video", "volume"))


OUTPUT_SIZE = {
    n: IntsParam(
        name="output_size",
        default=None,
        length=n,
        minimum=1,
        single=False,
        advanced=True,
        help="Size of the output, where several are possible; left empty, the other parameters decide.",
    )
    for n in (1, 2, 3)
}


def expect_size(asked: int, least: int, most: int) -> None:
    """Raises a `Fault` unless a size of the output that is asked for is possible."""
    if not least <= asked <= most:
        raise Fault(
            "shape.output-size",
            "output_size asks for {asked}, but from {least} to {most} is possible.",
            port="input",
            fixes=(Fix("Leave output_size empty", {"output_size": None}),),
            asked=asked,
            least=least,
            most=most,
        )


def transposed(n: int) -> Rule:
    """The rule of transposed convolutions over ``n`` dimensions, from torch's documentation of ConvTransposeNd."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "out_channels", "kernel_size")
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        expect_dtype(x, ("float32",))
        channels = settled(at, "in_channels", expect_number(x.shape[1], "the number of channels"), "channels")
        out, groups = at["out_channels"], at["groups"]
        _expect_groups(channels, out, groups)
        names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
        asked = at["output_size"] or (None,) * n
        sizes = [_spread(*a) for a in zip(x.shape[2:], *(each(at[name], n) for name in names), asked, strict=True)]
        weight = (channels, out // groups, *each(at["kernel_size"], n))
        return Inferred(
            (TensorSpec((x.shape[0], out, *sizes), x.dtype),),
            {"in_channels": channels},
            {"weight": weight, "bias": (out,)} if at["bias"] else {"weight": weight},
            flops=2 * per_sample((x.shape[0], *x.shape[2:])) * prod(weight),
        )

    return infer


def _spread(size: Size, kernel: int, stride: int, padding: int, extra: int, dilation: int, asked: int | None) -> Size:
    if asked is not None:
        least = (expect_number(size, "the size of the input") - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
        expect_size(asked, least, least + stride - 1)
        return asked
    if extra >= max(stride, dilation):
        raise Fault(
            "param.output-padding",
            "output_padding is {extra}, but must be less than the stride ({stride}) or the dilation ({dilation}).",
            fixes=(Fix("Set output_padding to 0", {"output_padding": 0}),),
            extra=extra,
            stride=stride,
            dilation=dilation,
        )
    result = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
    if not isinstance(result, Dim) and result < 1:
        raise Fault(
            "shape.padding-too-large",
            "padding={padding} takes away all that comes of an input of {size}.",
            port="input",
            fixes=(Fix("Set padding to 0", {"padding": 0}),),
            padding=padding,
            size=size,
        )
    return result


def _transposed(n: int, what: str) -> BlockSpec:
    return BlockSpec(
        id=f"ConvTranspose{n}d",
        category=CATEGORY,
        summary=f"Spreads each element of {what} by learned filters: a convolution run backwards, which enlarges.",
        inputs=(Port("input", f"{LAYOUT[n]}."),),
        outputs=(Port("output", f"{LAYOUT[n]} with out_channels channels."),),
        params=(
            IntParam(name="in_channels", inferred=True, minimum=1, help="Channels of the input."),
            IntParam(name="out_channels", minimum=1, help="Channels of the output: the number of filters."),
            IntsParam(name="kernel_size", length=n, minimum=1, help="Size of the filters."),
            IntsParam(name="stride", default=1, length=n, minimum=1, help="Factor by which the output is larger."),
            IntsParam(name="padding", default=0, length=n, minimum=0, help="Taken away from each side of the output."),
            IntsParam(name="output_padding", default=0, length=n, minimum=0, advanced=True, help="Added to one side of the output."),
            IntParam(name="groups", default=1, minimum=1, advanced=True, help="Blocks of channels that are convolved apart."),
            BoolParam(name="bias", default=True, help="Add a learned bias to the output."),
            IntsParam(name="dilation", default=1, length=n, minimum=1, advanced=True, help="Distance between the elements of a filter."),
            OUTPUT_SIZE[n],
        ),
        infer=transposed(n),
        call=Call("module", f"nn.ConvTranspose{n}d", keywords=("output_size",), positional=2),
        initial={"out_channels": 32, "kernel_size": 2, "stride": 2},
        keywords=("deconvolution", "upsample", "decoder", "unet"),
    )


ConvTranspose1d = _transposed(1, "a sequence")
ConvTranspose2d = _transposed(2, "an image")
ConvTranspose3d = _transposed(3, "a volume")
