"""Operations that make one element of many."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import BoolParam, FloatParam, IntParam, IntsParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, expect_floating, expect_given
from graph_engine.spec.tensor import TensorSpec

CATEGORY = "Reduction"


def reduced(kind: str = "any") -> Rule:
    """Dimensions ``dim`` go, or become 1.

    Args:
        kind: ``floating`` takes floating-point numbers only; ``sum`` and ``exp`` give others for whole numbers; ``index`` gives places.
    """

    def infer(at: Site) -> Inferred:
        expect_given(at, "dim")
        x = at.input()
        rank = len(x.shape)
        dims = [axis(d, rank) for d in ((at["dim"],) if isinstance(at["dim"], int) else at["dim"])]
        if len(set(dims)) != len(dims):
            raise Fault("param.dims-twice", "dim names a dimension twice.")
        if kind == "floating" or (kind == "index" and x.dtype == "bool"):
            expect_floating(x)
        shape = tuple(1 if i in dims else size for i, size in enumerate(x.shape) if at["keepdim"] or i not in dims)
        return Inferred((TensorSpec(shape, _dtype(kind, x)),))

    return infer


def _dtype(kind: str, x: TensorSpec) -> str:
    if kind == "index":
        return "int64"
    if x.is_floating or kind not in ("sum", "exp"):
        return x.dtype
    return "int64" if kind == "sum" else "float32"


def cumulative(at: Site) -> Inferred:
    """The shape passes; whole numbers become int64."""
    expect_given(at, "dim")
    x = at.input()
    axis(at["dim"], len(x.shape))
    return Inferred((x._replace(dtype=_dtype("sum", x)),))


_KEEP = BoolParam(name="keepdim", default=False, help="Keep the dimension, with size 1.")
_DIMS = IntsParam(name="dim", help="The dimension, or several; 0 is the batch, -1 the last.")
_DIM = IntParam(name="dim", help="The dimension; 0 is the batch, -1 the last.")


def _reduction(
    id: str, summary: str, target: str, kind: str, *more: Param, keywords: tuple[str, ...] = (), dim: Param = _DIMS
) -> BlockSpec:
    params = (*(p for p in more if p.name == "ord"), dim, *(p for p in more if p.name != "ord"), _KEEP)
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(Port("input", "Any shape."),),
        outputs=(Port("output", "The shape of the input without the dimension."),),
        params=params,
        infer=reduced(kind),
        call=Call("function", target, keywords=tuple(p.name for p in params)),
        initial={"dim": -1},
        keywords=("reduce", "aggregate", *keywords),
    )


_CORRECTION = IntParam(
    name="correction", default=1, minimum=0, advanced=True, help="Subtracted from the count; 1 is the unbiased estimate."
)

Sum = _reduction("Sum", "Adds up along dimensions.", "torch.sum", "sum", keywords=("total",))
Mean = _reduction("Mean", "The mean along dimensions.", "torch.mean", "floating", keywords=("average", "pool"))
Max = _reduction("Max", "The greatest along dimensions.", "torch.amax", "any", keywords=("maximum", "pool"))
Min = _reduction("Min", "The least along dimensions.", "torch.amin", "any", keywords=("minimum",))
Std = _reduction("Std", "The standard deviation along dimensions.", "torch.std", "floating", _CORRECTION, keywords=("deviation", "spread"))
Var = _reduction("Var", "The variance along dimensions.", "torch.var", "floating", _CORRECTION, keywords=("variance", "spread"))
LogSumExp = _reduction("LogSumExp", "The logarithm of the summed exponentials, a smooth maximum.", "torch.logsumexp", "exp")
Norm = _reduction(
    "Norm",
    "The p-norm along dimensions; 2 is the length.",
    "torch.linalg.vector_norm",
    "floating",
    FloatParam(name="ord", default=2.0, help="The p of the norm."),
    keywords=("length", "euclidean"),
)
ArgMax = _reduction(
    "ArgMax", "The place of the greatest along a dimension.", "torch.argmax", "index", keywords=("class", "prediction"), dim=_DIM
)
ArgMin = _reduction("ArgMin", "The place of the least along a dimension.", "torch.argmin", "index", keywords=("nearest",), dim=_DIM)

Cumsum = BlockSpec(
    id="Cumsum",
    category=CATEGORY,
    summary="The running total along a dimension.",
    inputs=(Port("input", "Any shape."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(_DIM,),
    infer=cumulative,
    call=Call("function", "torch.cumsum", keywords=("dim",)),
    initial={"dim": -1},
    keywords=("cumulative", "running total"),
)
