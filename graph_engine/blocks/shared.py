"""Layers whose weights arrive along an edge, because something else uses them as well: an embedding that is also the output layer."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_floating, expect_rank
from graph_engine.spec.tensor import TensorSpec, per_sample, shape_text


def looked_up(at: Site) -> Inferred:
    """A row of the table in place of each number."""
    x, table = at.input(), at.input("weight")
    expect_dtype(x, ("int64", "int32"))
    expect_rank(table, (2,), "(rows, features)", "weight")
    expect_floating(table, "weight")
    rows, padding = table.shape[0], at["padding_idx"]
    if padding is not None and isinstance(rows, int) and not -rows <= padding < rows:
        text = "padding_idx is {index}, but the table has rows {first} to {last}."
        raise Fault("param.padding-idx", text, index=padding, first=-rows, last=rows - 1)
    return Inferred((TensorSpec((*x.shape, table.shape[1]), table.dtype),))


def projected(at: Site) -> Inferred:
    """The rule of ``F.linear``."""
    x, weight, bias = at.input(), at.input("weight"), at.optional("bias")
    expect_rank(x, range(1, 100), "(N, …, in)")
    expect_rank(weight, (2,), "(out, in)", "weight")
    for port, one in (("input", x), ("weight", weight), *([("bias", bias)] if bias is not None else [])):
        expect_dtype(one, ("float32",), port)
    if x.shape[-1] != weight.shape[1]:
        raise Fault(
            "shape.in-features",
            "the input {received} ends in {got} features, but the weight {weight} takes {wanted}.",
            port="weight",
            received=shape_text(x.shape),
            got=x.shape[-1],
            weight=shape_text(weight.shape),
            wanted=weight.shape[1],
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise Fault(
            "shape.bias",
            "bias must be {expected}, but is {received}.",
            port="bias",
            expected=shape_text(weight.shape[:1]),
            received=shape_text(bias.shape),
        )
    shape = (*x.shape[:-1], weight.shape[0])
    return Inferred((TensorSpec(shape),), flops=2 * per_sample(shape) * per_sample(weight.shape[1:]))


Lookup = BlockSpec(
    id="Lookup",
    category="Embedding",
    summary="Takes the rows of a table that arrives: an Embedding whose table something else uses as well.",
    inputs=(Port("input", "Whole numbers, (N, T): the rows to take."), Port("weight", "(rows, features): the table.")),
    outputs=(Port("output", "(N, T, features)."),),
    params=(IntParam(name="padding_idx", default=None, help="The row that stands for padding: it is not learned."),),
    infer=looked_up,
    call=Call("function", "F.embedding", arguments=("input", "weight"), keywords=("padding_idx",)),
    keywords=("embedding", "tied", "shared", "table", "index"),
)

Project = BlockSpec(
    id="Project",
    category="Linear",
    summary="A Linear layer whose weights arrive: those of an Embedding, for instance, in a language model.",
    inputs=(
        Port("input", "(N, T, in)."),
        Port("weight", "(out, in): the weights."),
        Port("bias", "(out,): added to the result.", optional=True),
    ),
    outputs=(Port("output", "(N, T, out)."),),
    infer=projected,
    call=Call("function", "F.linear", arguments=("input", "weight"), keywords=("bias",)),
    keywords=("linear", "tied", "shared", "dense", "language model"),
)
