"""Tables of learned vectors."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_rank
from graph_engine.spec.tensor import TensorSpec, shape_text


def embedding(at: Site) -> Inferred:
    """One vector in place of each token number."""
    expect_given(at, "num_embeddings", "embedding_dim")
    x = at.input()
    expect_dtype(x, ("int64", "int32"))
    rows, width = _table(at)
    return Inferred((TensorSpec((*x.shape, width), "float32"),), {}, {"weight": (rows, width)})


def bag(at: Site) -> Inferred:
    """One vector in place of each row of token numbers."""
    expect_given(at, "num_embeddings", "embedding_dim")
    x, scales, mode = at.input(), at.optional("per_sample_weights"), at["mode"]
    expect_rank(x, (2,), "(N, T)")
    expect_dtype(x, ("int64", "int32"))
    rows, width = _table(at)
    if mode == "max" and (at["scale_grad_by_freq"] or at["sparse"]):
        name = "scale_grad_by_freq" if at["scale_grad_by_freq"] else "sparse"
        raise Fault("param.bag", "{name} does not go with mode max.", fixes=(Fix(f"Turn {name} off", {name: False}),), name=name)
    if scales is not None:
        expect_dtype(scales, ("float32",), "per_sample_weights")
        if mode != "sum":
            raise Fault(
                "param.bag", "weights go with mode sum only.", port="per_sample_weights", fixes=(Fix("Set mode to sum", {"mode": "sum"}),)
            )
        if scales.shape != x.shape:
            raise Fault(
                "shape.bag",
                "per_sample_weights must have the shape of the input, {expected}, but are {received}.",
                port="per_sample_weights",
                expected=shape_text(x.shape),
                received=shape_text(scales.shape),
            )
    return Inferred((TensorSpec((x.shape[0], width), "float32"),), {}, {"weight": (rows, width)})


def _table(at: Site) -> tuple[int, int]:
    """Rows and width of the table."""
    rows, padding = at["num_embeddings"], at["padding_idx"]
    if padding is not None and not -rows <= padding < rows:
        raise Fault(
            "param.padding-idx",
            "padding_idx is {padding}, but the table has rows 0 to {last}.",
            fixes=(Fix("Set padding_idx to 0", {"padding_idx": 0}),),
            padding=padding,
            last=rows - 1,
        )
    return rows, at["embedding_dim"]


_ROWS = IntParam(name="num_embeddings", minimum=1, help="Rows of the table: the size of the vocabulary.")
_WIDTH = IntParam(name="embedding_dim", minimum=1, help="Length of each vector.")
_MAX_NORM = FloatParam(name="max_norm", default=None, minimum=0.0, advanced=True, help="Vectors longer than this are shortened to it.")
_NORM = FloatParam(name="norm_type", default=2.0, minimum=0.0, advanced=True, help="The p of the p-norm that max_norm measures.")
_FREQUENCY = BoolParam(
    name="scale_grad_by_freq", default=False, advanced=True, help="Divide the gradient by how often a token occurs in the batch."
)
_SPARSE = BoolParam(name="sparse", default=False, advanced=True, help="Make the gradient of the table sparse; few optimizers take it.")

Embedding = BlockSpec(
    id="Embedding",
    category="Embedding",
    summary="Looks each token number up in a table of learned vectors.",
    inputs=(Port("input", "Whole numbers of any shape, (N, T) for instance."),),
    outputs=(Port("output", "The shape of the input, with embedding_dim behind it."),),
    params=(
        _ROWS,
        _WIDTH,
        IntParam(name="padding_idx", default=None, help="The row that stands for padding: it stays zero and is not learned."),
        _MAX_NORM,
        _NORM,
        _FREQUENCY,
        _SPARSE,
    ),
    infer=embedding,
    call=Call("module", "nn.Embedding", positional=2, sizes={"num_embeddings": "weight[0]", "embedding_dim": "weight[1]"}),
    initial={"num_embeddings": 1000, "embedding_dim": 64},
    keywords=("token", "word", "vocabulary", "lookup"),
)

EmbeddingBag = BlockSpec(
    id="EmbeddingBag",
    category="Embedding",
    summary="Looks the token numbers of each row up and gives their mean, sum or maximum: a bag of words.",
    inputs=(
        Port("input", "Whole numbers, (N, T)."),
        Port("per_sample_weights", "(N, T): a factor for each token, with mode sum.", optional=True),
    ),
    outputs=(Port("output", "(N, embedding_dim)."),),
    params=(
        _ROWS,
        _WIDTH,
        _MAX_NORM,
        _NORM,
        _FREQUENCY,
        ChoiceParam(name="mode", default="mean", options=("mean", "sum", "max"), help="What is made of the vectors of a row."),
        _SPARSE,
        IntParam(name="padding_idx", default=None, help="The row that stands for padding: it is left out."),
    ),
    infer=bag,
    call=Call("module", "nn.EmbeddingBag", keywords=("per_sample_weights",), positional=2),
    initial={"num_embeddings": 1000, "embedding_dim": 64},
    keywords=("token", "word", "vocabulary", "bag of words", "text"),
)
