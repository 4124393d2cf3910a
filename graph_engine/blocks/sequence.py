"""Layers for sequences that torch lacks: positions, masks, and one vector of many steps. Their source lies in `graph_engine.modules`."""

from __future__ import annotations

from typing import Any

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import FloatParam, IntParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_floating, expect_given, expect_lengths, expect_number, expect_rank, settled
from graph_engine.spec.tensor import TensorSpec, per_sample, shape_text

CATEGORY = "Sequence"
LAYOUT = "(N, T, features)"


def positions(at: Site) -> Inferred:
    """Shape and dtype of a sequence pass."""
    return Inferred((_sequence(at),))


def learned_positions(at: Site) -> Inferred:
    """Shape and dtype of a sequence pass; there is a learned vector for each step."""
    expect_given(at, "max_length")
    x, features = _features(at)
    length, most = x.shape[1], at["max_length"]
    if isinstance(length, int) and length > most:
        raise Fault(
            "shape.max-length",
            "the sequence has {length} steps, but max_length is {most}.",
            port="input",
            fixes=(Fix(f"Set max_length to {length}", {"max_length": length}),),
            length=length,
            most=most,
        )
    return Inferred((x,), {"features": features}, {"weight": (most, features)})


def rotated(at: Site) -> Inferred:
    """Shape and dtype pass; the features come in pairs."""
    x = at.input()
    expect_rank(x, (3, 4), "(N, T, features) or (N, heads, T, features)")
    expect_dtype(x, ("float32",))
    if expect_number(x.shape[-1], "the number of features") % 2:
        raise Fault("shape.pairs", "the {features} features do not make pairs.", port="input", features=x.shape[-1])
    return Inferred((x,))


def causal(at: Site) -> Inferred:
    """A square of truth values, as long and wide as dimension 1."""
    x = at.input()
    expect_rank(x, (2, 3), "(N, T) or (N, T, features)")
    return Inferred((TensorSpec((x.shape[1], x.shape[1]), "bool"),))


def padded(at: Site) -> Inferred:
    """A truth value for each token."""
    x = at.input()
    expect_dtype(x, ("int64", "int32"))
    return Inferred((x._replace(dtype="bool"),))


def measured(at: Site) -> Inferred:
    """A number for each sequence."""
    x = at.input()
    expect_rank(x, (2,), "(N, T)")
    expect_dtype(x, ("int64", "int32"))
    return Inferred((TensorSpec(x.shape[:1], "int64"),))


def behind_the_end(at: Site) -> Inferred:
    """A truth value for each step."""
    x = at.input()
    expect_rank(x, (2, 3), "(N, T) or (N, T, features)")
    expect_lengths(at, x.shape[0])
    return Inferred((TensorSpec(x.shape[:2], "bool"),))


def last_step(at: Site) -> Inferred:
    """Dimension 1 goes."""
    x = _sequence(at)
    expect_lengths(at, x.shape[0])
    return Inferred((x._replace(shape=(x.shape[0], x.shape[2])),))


def pooled(at: Site) -> Inferred:
    """Dimension 1 goes; a mask has the other two."""
    x = _sequence(at)
    _check_mask(at, x)
    return Inferred((x._replace(shape=(x.shape[0], x.shape[2])),))


def attended(at: Site) -> Inferred:
    """As `pooled`, with a learned score for each step."""
    x, features = _features(at)
    _check_mask(at, x)
    return Inferred(
        (x._replace(shape=(x.shape[0], features)),),
        {"features": features},
        {"score.weight": (1, features), "score.bias": (1,)},
        flops=2 * per_sample(x.shape),
    )


def begun(at: Site) -> Inferred:
    """One step more."""
    x, features = _features(at)
    return Inferred((x._replace(shape=(x.shape[0], x.shape[1] + 1, features)),), {"features": features}, {"token": (features,)})


def _sequence(at: Site) -> TensorSpec:
    x = at.input()
    expect_rank(x, (3,), LAYOUT)
    expect_floating(x)
    return x


def _features(at: Site) -> tuple[TensorSpec, int]:
    x = at.input()
    expect_rank(x, (3,), LAYOUT)
    expect_dtype(x, ("float32",))
    return x, settled(at, "features", expect_number(x.shape[2], "the number of features"), "features")


def _check_mask(at: Site, x: TensorSpec) -> None:
    mask = at.optional("mask")
    if mask is not None:
        expect_dtype(mask, ("bool",), "mask")
        if mask.shape != x.shape[:2]:
            raise Fault(
                "shape.mask",
                "{name} must be {expected}, but is {received}.",
                port="mask",
                name="mask",
                expected=shape_text(x.shape[:2]),
                received=shape_text(mask.shape),
            )


_PLACES = {
    "ClassToken": {"features": "token.shape.0"},
    "AttentionPool": {"features": "score.in_features"},
    "LearnedPositionalEmbedding": {"features": "weight.shape.1", "max_length": "weight.shape.0"},
}
"""Where layers keep parameters that are not attributes of theirs."""


def _layer(
    id: str,
    summary: str,
    gives: str,
    infer: Rule,
    *params: Param,
    takes: str = f"{LAYOUT}.",
    before: tuple[Port, ...] = (),
    more: tuple[Port, ...] = (),
    keywords: tuple[str, ...],
    **initial: Any,
) -> BlockSpec:
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(*before, Port("input", takes), *more),
        outputs=(Port("output", gives),),
        params=params,
        infer=infer,
        call=Call(
            "module",
            f"modules.{id}",
            arguments=(*(p.name for p in before), "input"),
            keywords=tuple(p.name for p in more),
            positional=sum(p.inferred or p.required for p in params),
            attributes=_PLACES.get(id, {}),
        ),
        initial=initial,
        keywords=("sequence", *keywords),
    )


_FEATURES = IntParam(name="features", inferred=True, minimum=1, help="Features of each step.")
_MASK = Port("mask", "(N, T): true where a step is padding and does not count.", optional=True)
_SAME, _ONE = "The shape of the input.", "(N, features)."

SinusoidalPositionalEncoding = _layer(
    "SinusoidalPositionalEncoding",
    "Adds sines and cosines that tell the positions apart (Vaswani et al., 2017).",
    _SAME,
    positions,
    keywords=("position", "transformer", "sine"),
)
LearnedPositionalEmbedding = _layer(
    "LearnedPositionalEmbedding",
    "Adds a learned vector to each position.",
    _SAME,
    learned_positions,
    _FEATURES,
    IntParam(name="max_length", minimum=1, help="The longest sequence."),
    keywords=("position", "transformer", "vit"),
    max_length=512,
)
RotaryEmbedding = _layer(
    "RotaryEmbedding",
    "Turns pairs of features by angles that grow with the position, for queries and keys (Su et al., 2021).",
    _SAME,
    rotated,
    FloatParam(name="base", default=10000.0, minimum=1.0, advanced=True, help="The slowest pair turns once in about 2π · base steps."),
    takes="(N, heads, T, features) or (N, T, features).",
    keywords=("position", "rope", "transformer"),
)
CausalMask = _layer(
    "CausalMask",
    "The mask of a language model: a step may not look at what comes after it.",
    "(T, T): true where a step may not look, as MultiheadAttention and the Transformer layers take it.",
    causal,
    takes="(N, T) or (N, T, features): only its length counts.",
    keywords=("mask", "language model", "triangular", "attention"),
)
PaddingMask = _layer(
    "PaddingMask",
    "The mask of padding: true where a token number is that of padding.",
    "The shape of the input.",
    padded,
    IntParam(name="padding_idx", default=0, help="The token number of padding."),
    takes="Whole numbers, (N, T).",
    keywords=("mask", "variable length", "attention"),
)
Lengths = _layer(
    "Lengths",
    "How long each sequence is without the padding at its end.",
    "(N,): the length of each sequence, as recurrent layers, LastStep and LengthMask take it.",
    measured,
    IntParam(name="padding_idx", default=0, help="The token number of padding."),
    takes="Whole numbers, (N, T).",
    keywords=("variable length", "packed", "count", "tokens"),
)
LengthMask = _layer(
    "LengthMask",
    "The mask of padding from the lengths of sequences.",
    "(N, T): true where a step lies behind the end, as attention and pooling take it.",
    behind_the_end,
    before=(Port("lengths", "Whole numbers (N,): the length of each sequence."),),
    takes="(N, T) or (N, T, features): only its length counts.",
    keywords=("mask", "variable length", "attention", "padding"),
)
LastStep = _layer(
    "LastStep",
    "Takes the last step of a sequence; with lengths, the last one that is no padding.",
    _ONE,
    last_step,
    more=(Port("lengths", "Whole numbers (N,): the length of each sequence.", optional=True),),
    keywords=("final", "many to one", "variable length"),
)
MeanPool = _layer(
    "MeanPool", "The mean over the steps of a sequence.", _ONE, pooled, more=(_MASK,), keywords=("average", "pooling", "many to one")
)
AttentionPool = _layer(
    "AttentionPool",
    "The mean over the steps of a sequence, weighted by learned scores.",
    _ONE,
    attended,
    _FEATURES,
    more=(_MASK,),
    keywords=("pooling", "weighted", "many to one"),
)
ClassToken = _layer(
    "ClassToken",
    "Puts one learned step in front of a sequence, from which a Transformer tells the class.",
    "(N, T + 1, features).",
    begun,
    _FEATURES,
    keywords=("cls", "vision transformer", "bert"),
)
