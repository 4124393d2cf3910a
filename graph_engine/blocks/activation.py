"""Element-wise activations, and softmax."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.params import BoolParam, ChoiceParam, IntParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import axis, expect_floating

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


_INPLACE = BoolParam(name="inplace", default=False, advanced=True, help="Overwrite the input to save memory.")


def _activation(
    id: str, summary: str, *params: Param, infer: Rule = same, initial: dict | None = None, keywords: tuple[str, ...] = ()
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
    )


ReLU = _activation("ReLU", "Sets negative values to zero.", _INPLACE, infer=rectified, keywords=("rectifier",))
GELU = _activation(
    "GELU",
    "A smooth rectifier, x·Φ(x), usual in Transformers.",
    ChoiceParam(name="approximate", default="none", options=("none", "tanh"), help="Use the faster tanh approximation."),
)
Sigmoid = _activation("Sigmoid", "Squashes each value into 0 … 1.", infer=squashed, keywords=("logistic",))
Tanh = _activation("Tanh", "Squashes each value into -1 … 1.", infer=squashed, keywords=("hyperbolic tangent",))
Softmax = _activation(
    "Softmax",
    "Turns scores along a dimension into probabilities that sum to 1.",
    IntParam(name="dim", default=None, help="The dimension that sums to 1; -1 is the last."),
    infer=along_dim,
    initial={"dim": -1},
    keywords=("probability", "classification"),
)
