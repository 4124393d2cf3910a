"""Operations on images: to another size, channels to places and back, windows to columns and back."""

from __future__ import annotations

from math import floor, prod

from graph_engine.blocks.convolution import LAYOUT
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, IntsParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import each, expect_dtype, expect_floating, expect_given, expect_rank
from graph_engine.spec.tensor import Dim, Size, TensorSpec, shape_text

CATEGORY = "Vision"
MODES = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "trilinear": (5,),
    "area": (3, 4, 5),
}
"""Ways to make values between, and the numbers of dimensions that each takes."""


def resized(mode: str = "") -> Rule:
    """The rule of ``F.interpolate``: to a size, or by a factor; ``mode`` where it is fixed."""

    def infer(at: Site) -> Inferred:
        x, way = at.input(), mode or at["mode"]
        expect_rank(x, MODES[way], " or ".join(LAYOUT[rank - 2] for rank in MODES[way]))
        expect_dtype(x, ("float32",))
        size, factor = at["size"], at["scale_factor"]
        if (size is None) == (factor is None):
            raise Fault(
                "param.size-or-factor",
                "set either size or scale_factor.",
                fixes=(Fix("Set scale_factor to 2", {"size": None, "scale_factor": 2.0}),),
            )
        if at.params.get("align_corners") is not None and way in ("nearest", "nearest-exact", "area"):
            raise Fault(
                "param.align-corners",
                "align_corners goes with linear, bilinear, bicubic and trilinear, not with {mode}.",
                fixes=(Fix("Leave align_corners empty", {"align_corners": None}),),
                mode=way,
            )
        if at.params.get("antialias") and way not in ("bilinear", "bicubic"):
            raise Fault(
                "param.antialias",
                "antialias goes with bilinear and bicubic, not with {mode}.",
                fixes=(Fix("Turn antialias off", {"antialias": False}),),
                mode=way,
            )
        if size is not None:
            sizes: tuple[Size, ...] = each(size, len(x.shape) - 2)
            if len(sizes) != len(x.shape) - 2:
                raise Fault(
                    "param.size",
                    "size has {count} numbers, but {received} has {n} dimensions to resize.",
                    port="input",
                    count=len(sizes),
                    received=shape_text(x.shape),
                    n=len(x.shape) - 2,
                )
        else:
            sizes = tuple(_scaled(s, factor) for s in x.shape[2:])
        return Inferred((TensorSpec((*x.shape[:2], *sizes), x.dtype),))

    return infer


def _scaled(size: Size, factor: float) -> Size:
    if not isinstance(size, Dim) or not factor:
        result = 0 if isinstance(size, Dim) else floor(size * factor)
        if result < 1:
            raise Fault(
                "shape.vanishes", "nothing is left of {size} at a scale_factor of {factor}.", port="input", size=size, factor=factor
            )
        return result
    if factor == int(factor):
        return size * int(factor)
    if factor and 1 / factor == int(1 / factor):
        return size // int(1 / factor)
    raise Fault("shape.free-size", "{size} times {factor} cannot be told beforehand.", port="input", size=size, factor=factor)


def shuffled_out(at: Site) -> Inferred:
    """The rule of PixelShuffle: channels become places."""
    expect_given(at, "upscale_factor")
    x, r = at.input(), at["upscale_factor"]
    expect_rank(x, (4,), LAYOUT[2])
    channels = _divided(x.shape[1], r * r, "channels", "upscale_factor²")
    return Inferred((x._replace(shape=(x.shape[0], channels, x.shape[2] * r, x.shape[3] * r)),))


def shuffled_in(at: Site) -> Inferred:
    """The rule of PixelUnshuffle: places become channels."""
    expect_given(at, "downscale_factor")
    x, r = at.input(), at["downscale_factor"]
    expect_rank(x, (4,), LAYOUT[2])
    height, width = (_divided(x.shape[i], r, what, "downscale_factor") for i, what in ((2, "rows"), (3, "columns")))
    return Inferred((x._replace(shape=(x.shape[0], x.shape[1] * r * r, height, width)),))


def channel_shuffled(at: Site) -> Inferred:
    """The rule of ChannelShuffle: the shape passes."""
    expect_given(at, "groups")
    x = at.input()
    expect_rank(x, range(3, 100), "(N, C, …)")
    _divided(x.shape[1], at["groups"], "channels", "groups")
    return Inferred((x,))


def _divided(size: Size, divisor: int, what: str, param: str) -> Size:
    result = size.divide(divisor) if isinstance(size, Dim) else size // divisor if size % divisor == 0 else None
    if result is None:
        raise Fault(
            "shape.divides",
            "{param} ({divisor}) does not divide the {size} {what}.",
            port="input",
            param=param,
            divisor=divisor,
            size=size,
            what=what,
        )
    return result


def unfolded(at: Site) -> Inferred:
    """The rule of Unfold: each window becomes a column."""
    expect_given(at, "kernel_size")
    x = at.input()
    expect_rank(x, (4,), LAYOUT[2])
    expect_floating(x)
    kernel = each(at["kernel_size"], 2)
    return Inferred((x._replace(shape=(x.shape[0], x.shape[1] * prod(kernel), _windows(at, x.shape[2:]))),))


def folded(at: Site) -> Inferred:
    """The rule of Fold: columns are added up where their windows overlap."""
    expect_given(at, "output_size", "kernel_size")
    x = at.input()
    expect_rank(x, (3,), "(N, C · kernel, L)")
    expect_floating(x)
    size = each(at["output_size"], 2)
    channels = _divided(x.shape[1], prod(each(at["kernel_size"], 2)), "channels", "kernel_size")
    windows = _windows(at, size)
    if x.shape[2] != windows:
        raise Fault(
            "shape.fold",
            "an image of {size} has {windows} windows, but the input has {columns} columns.",
            port="input",
            size=shape_text(size),
            windows=windows,
            columns=x.shape[2],
        )
    return Inferred((x._replace(shape=(x.shape[0], channels, *size)),))


def _windows(at: Site, sizes: tuple[Size, ...]) -> Size:
    counts: list[Size] = []
    for size, kernel, dilation, padding, stride in zip(
        sizes, *(each(at[name], 2) for name in ("kernel_size", "dilation", "padding", "stride")), strict=True
    ):
        room = size + 2 * padding - dilation * (kernel - 1) - 1
        if not isinstance(room, Dim) and room < 0:
            raise Fault(
                "shape.kernel-too-large",
                "the window spans {span}, but the image is only {size} wide.",
                span=dilation * (kernel - 1) + 1,
                size=size,
            )
        counts.append(room // stride + 1)
    return counts[0] * counts[1]


def _sized(n: int | None = None) -> tuple[Param, Param]:
    return (
        IntsParam(name="size", default=None, length=n, minimum=1, help="The size to go to; set this or scale_factor."),
        FloatParam(name="scale_factor", default=None, minimum=0.0, help="The factor to resize by; set this or size."),
    )


_ALIGN = BoolParam(
    name="align_corners", default=None, optional=True, advanced=True, help="Let the corners keep their values; linear modes only."
)
_ANY_LAYOUT = Port("input", " or ".join(LAYOUT.values()) + ".")

Upsample = BlockSpec(
    id="Upsample",
    category=CATEGORY,
    summary="Resizes a sequence, image or volume.",
    inputs=(_ANY_LAYOUT,),
    params=(
        *_sized(),
        ChoiceParam(name="mode", default="nearest", options=tuple(MODES), help="How values between are made."),
        _ALIGN,
    ),
    infer=resized(),
    call=Call("module", "nn.Upsample"),
    initial={"scale_factor": 2.0},
    keywords=("resize", "enlarge", "decoder", "unet"),
)


def _upsampling(id: str, summary: str, mode: str) -> BlockSpec:
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(Port("input", f"{LAYOUT[2]}."),),
        params=_sized(2),
        infer=resized(mode),
        call=Call("module", f"nn.{id}"),
        initial={"scale_factor": 2.0},
        keywords=("resize", "enlarge"),
    )


UpsamplingNearest2d = _upsampling("UpsamplingNearest2d", "Resizes an image by repeating the nearest element.", "nearest")
UpsamplingBilinear2d = _upsampling("UpsamplingBilinear2d", "Resizes an image by bilinear interpolation, corners aligned.", "bilinear")

Interpolate = BlockSpec(
    id="Interpolate",
    category=CATEGORY,
    summary="Resizes a sequence, image or volume, with antialiasing where it is asked for.",
    inputs=(_ANY_LAYOUT,),
    params=(
        *_sized(),
        ChoiceParam(name="mode", default="nearest", options=tuple(MODES), help="How values between are made."),
        _ALIGN,
        BoolParam(name="antialias", default=False, advanced=True, help="Smooth while shrinking; bilinear and bicubic only."),
    ),
    infer=resized(),
    call=Call("function", "F.interpolate", keywords=("size", "scale_factor", "mode", "align_corners", "antialias")),
    initial={"scale_factor": 0.5, "mode": "bilinear"},
    keywords=("resize", "shrink", "scale"),
)

PixelShuffle = BlockSpec(
    id="PixelShuffle",
    category=CATEGORY,
    summary="Spreads channels over places: (N, C·r², H, W) becomes (N, C, H·r, W·r).",
    inputs=(Port("input", f"{LAYOUT[2]}."),),
    params=(IntParam(name="upscale_factor", minimum=1, help="The factor r."),),
    infer=shuffled_out,
    call=Call("module", "nn.PixelShuffle", positional=1),
    initial={"upscale_factor": 2},
    keywords=("super-resolution", "sub-pixel", "depth to space"),
)

PixelUnshuffle = BlockSpec(
    id="PixelUnshuffle",
    category=CATEGORY,
    summary="Gathers places into channels: (N, C, H·r, W·r) becomes (N, C·r², H, W).",
    inputs=(Port("input", f"{LAYOUT[2]}."),),
    params=(IntParam(name="downscale_factor", minimum=1, help="The factor r."),),
    infer=shuffled_in,
    call=Call("module", "nn.PixelUnshuffle", positional=1),
    initial={"downscale_factor": 2},
    keywords=("space to depth",),
)

ChannelShuffle = BlockSpec(
    id="ChannelShuffle",
    category=CATEGORY,
    summary="Mixes the channels of groups, so that grouped convolutions exchange what they know.",
    inputs=(Port("input", "(N, C, L) or (N, C, H, W)."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(IntParam(name="groups", minimum=1, help="Groups; they divide the channels among them."),),
    infer=channel_shuffled,
    call=Call("module", "nn.ChannelShuffle", positional=1),
    initial={"groups": 2},
    keywords=("shufflenet",),
)

_WINDOW: tuple[Param, ...] = (
    IntsParam(name="kernel_size", length=2, minimum=1, help="Size of the window."),
    IntsParam(name="dilation", default=1, length=2, minimum=1, advanced=True, help="Distance between the elements of a window."),
    IntsParam(name="padding", default=0, length=2, minimum=0, help="Added on each side of the image."),
    IntsParam(name="stride", default=1, length=2, minimum=1, help="Step of the window."),
)

Unfold = BlockSpec(
    id="Unfold",
    category=CATEGORY,
    summary="Makes a column of each window of an image: the patches of a vision transformer, for instance.",
    inputs=(Port("input", f"{LAYOUT[2]}."),),
    outputs=(Port("output", "(N, C · window, L): a column for each of L windows."),),
    params=_WINDOW,
    infer=unfolded,
    call=Call("module", "nn.Unfold", positional=1),
    initial={"kernel_size": 4, "stride": 4},
    keywords=("patches", "im2col", "vision transformer"),
)

Fold = BlockSpec(
    id="Fold",
    category=CATEGORY,
    summary="Puts the columns of an Unfold back into an image, added up where windows overlap.",
    inputs=(Port("input", "(N, C · window, L): a column for each of L windows."),),
    outputs=(Port("output", f"{LAYOUT[2]}."),),
    params=(IntsParam(name="output_size", length=2, minimum=1, help="Size of the image."), *_WINDOW),
    infer=folded,
    call=Call("module", "nn.Fold", positional=2),
    initial={"output_size": 28, "kernel_size": 4, "stride": 4},
    keywords=("patches", "col2im"),
)
