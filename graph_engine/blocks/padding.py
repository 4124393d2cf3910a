"""Paddings: layers that put elements around."""

from __future__ import annotations

from graph_engine.blocks.convolution import LAYOUT
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import FloatParam, IntsParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import each, expect_floating, expect_given, expect_holds, expect_rank
from graph_engine.spec.tensor import shape_text

CATEGORY = "Padding"


def padding(n: int, spare: int | None = None, *, copies: bool = True) -> Rule:
    """The rule of paddings over ``n`` dimensions; one that ``copies`` elements can copy at most the size of the input less ``spare``."""

    def infer(at: Site) -> Inferred:
        expect_given(at, *at.params)
        x = at.input()
        expect_rank(x, (n + 2,), LAYOUT[n])
        if copies:
            expect_floating(x)
        elif "value" in at.params:
            expect_holds(x.dtype, "value", at["value"])
        pads = each(at["padding"], 2 * n)
        sizes = list(x.shape)
        for i in range(n):
            before, after, size = pads[2 * i], pads[2 * i + 1], sizes[-1 - i]
            if spare is not None and isinstance(size, int) and max(before, after) > size - spare:
                raise Fault(
                    "shape.padding-too-large",
                    "padding is {padding}, but an input of {size} can be padded by at most {limit} on a side.",
                    port="input",
                    padding=max(before, after),
                    size=size,
                    limit=size - spare,
                )
            sizes[-1 - i] = size + before + after
        return Inferred((x._replace(shape=tuple(sizes)),))

    return infer


def pad(at: Site) -> Inferred:
    """The rule of ``F.pad`` with a number: pairs of sizes, the last dimension first."""
    expect_given(at, "pad")
    x, pads = at.input(), at["pad"]
    expect_holds(x.dtype, "value", at["value"] or 0.0)
    if len(pads) % 2 or len(pads) > 2 * len(x.shape):
        raise Fault(
            "param.pad",
            "pad has {count} numbers, but must have two for each dimension to pad, and {received} has {rank} dimensions.",
            port="input",
            count=len(pads),
            received=shape_text(x.shape),
            rank=len(x.shape),
        )
    sizes = list(x.shape)
    for i in range(len(pads) // 2):
        size, before, behind = sizes[-1 - i], pads[2 * i], pads[2 * i + 1]
        if isinstance(size, int) and (size + before + behind < 1 or min(before, behind) < -size):
            raise Fault(
                "shape.cropped-away",
                "pad cuts {before} and {behind} off a dimension of {size}, which leaves nothing.",
                port="input",
                before=-before,
                behind=-behind,
                size=size,
            )
        sizes[-1 - i] = size + before + behind
    return Inferred((x._replace(shape=tuple(sizes)),))


_SIDES = {1: "left and right", 2: "left, right, top and bottom", 3: "left, right, top, bottom, front and back"}


def _padding(kind: str, n: int, summary: str, infer: Rule, *more: Param, **initial: float) -> BlockSpec:
    return BlockSpec(
        id=f"{kind}Pad{n}d",
        category=CATEGORY,
        summary=summary,
        inputs=(Port("input", f"{LAYOUT[n]}."),),
        outputs=(Port("output", f"{LAYOUT[n]}."),),
        params=(IntsParam(name="padding", length=2 * n, minimum=0, help=f"How much on each side, or {_SIDES[n]}."), *more),
        infer=infer,
        call=Call("module", f"nn.{kind}Pad{n}d", positional=1 + len(more)),
        initial={"padding": 1, **initial},
        keywords=("pad", "border", "margin"),
    )


_VALUE = FloatParam(name="value", help="The number to put there.")

ZeroPad1d, ZeroPad2d, ZeroPad3d = (_padding("Zero", n, "Puts zeros around.", padding(n, copies=False)) for n in (1, 2, 3))
ConstantPad1d, ConstantPad2d, ConstantPad3d = (
    _padding("Constant", n, "Puts a number around.", padding(n, copies=False), _VALUE, value=0.0) for n in (1, 2, 3)
)
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = (
    _padding("Reflection", n, "Puts the mirror image around, the edge itself left out.", padding(n, 1)) for n in (1, 2, 3)
)
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = (
    _padding("Replication", n, "Puts copies of the edge around.", padding(n)) for n in (1, 2, 3)
)
CircularPad1d, CircularPad2d, CircularPad3d = (
    _padding("Circular", n, "Puts the opposite side around, as on a ring.", padding(n, 0)) for n in (1, 2, 3)
)

Pad = BlockSpec(
    id="Pad",
    category=CATEGORY,
    summary="Puts a number before and behind the elements of any dimensions, or cuts elements off.",
    inputs=(Port("input", "Any shape."),),
    params=(
        IntsParam(name="pad", single=False, help="Before and behind, in pairs: the last dimension first. A negative number cuts off."),
        FloatParam(name="value", default=None, help="The number to put there; left empty, 0."),
    ),
    infer=pad,
    call=Call("function", "F.pad", arguments=("input", "pad"), keywords=("value",)),
    initial={"pad": (1, 1)},
    keywords=("border", "margin", "causal", "crop", "negative"),
)
