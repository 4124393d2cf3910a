"""Tables of learned vectors."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, FloatParam, IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given
from graph_engine.spec.tensor import TensorSpec


def embedding(at: Site) -> Inferred:
    """One vector in place of each token number."""
    expect_given(at, "num_embeddings", "embedding_dim")
    x = at.input()
    expect_dtype(x, ("int64", "int32"))
    rows, width, padding = at["num_embeddings"], at["embedding_dim"], at["padding_idx"]
    if padding is not None and not -rows <= padding < rows:
        raise Fault(
            "param.padding-idx",
            "padding_idx is {padding}, but the table has rows 0 to {last}.",
            fixes=(Fix("Set padding_idx to 0", {"padding_idx": 0}),),
            padding=padding,
            last=rows - 1,
        )
    return Inferred((TensorSpec((*x.shape, width), "float32"),), {}, {"weight": (rows, width)})


Embedding = BlockSpec(
    id="Embedding",
    category="Embedding",
    summary="Looks each token number up in a table of learned vectors.",
    inputs=(Port("input", "Whole numbers of any shape, (N, T) for instance."),),
    outputs=(Port("output", "The shape of the input, with embedding_dim behind it."),),
    params=(
        IntParam(name="num_embeddings", minimum=1, help="Rows of the table: the size of the vocabulary."),
        IntParam(name="embedding_dim", minimum=1, help="Length of each vector."),
        IntParam(name="padding_idx", default=None, help="The row that stands for padding: it stays zero and is not learned."),
        FloatParam(name="max_norm", default=None, minimum=0.0, advanced=True, help="Vectors longer than this are shortened to it."),
        FloatParam(name="norm_type", default=2.0, minimum=0.0, advanced=True, help="The p of the p-norm that max_norm measures."),
        BoolParam(
            name="scale_grad_by_freq", default=False, advanced=True, help="Divide the gradient by how often a token occurs in the batch."
        ),
        BoolParam(name="sparse", default=False, advanced=True, help="Make the gradient of the table sparse; few optimizers take it."),
    ),
    infer=embedding,
    call=Call("module", "nn.Embedding", positional=2),
    initial={"num_embeddings": 1000, "embedding_dim": 64},
    keywords=("token", "word", "vocabulary", "lookup"),
)
