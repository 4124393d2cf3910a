"""Sums of products, written as an equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import TextParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_given
from graph_engine.spec.tensor import Size, TensorSpec, per_sample, shape_text


def einsum(at: Site) -> Inferred:
    """The rule of ``torch.einsum``: one letter, one size; a letter that the result lacks is summed over."""
    expect_given(at, "equation")
    xs = at.many()
    left, _, right = at["equation"].replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(xs):
        raise Fault(
            "param.einsum-terms",
            "the equation has {terms} terms, but {count} tensors arrive.",
            port="input",
            terms=len(terms),
            count=len(xs),
        )
    sizes: dict[str, Size] = {}
    for term, x in zip(terms, xs, strict=True):
        if x.dtype != xs[0].dtype:
            raise Fault("dtype.mismatch", "multiplies {a} by {b}; all must be of one dtype.", port="input", a=xs[0].dtype, b=x.dtype)
        _read(term, x, sizes)
    for letter in right:
        if letter not in sizes or right.count(letter) > 1:
            raise Fault(
                "param.einsum-result", "{letter} stands in the result, but must be in the terms, and in the result once.", letter=letter
            )
    return Inferred((TensorSpec(tuple(sizes[letter] for letter in right), xs[0].dtype),), flops=_flops(terms, right, sizes))


def _read(term: str, x: TensorSpec, sizes: dict[str, Size]) -> None:
    """Takes note of the sizes that the letters of a term stand for."""
    if len(term) != len(x.shape):
        raise Fault(
            "shape.einsum",
            "{term} names {count} dimensions, but the tensor is {received}.",
            port="input",
            term=term or "the term",
            count=len(term),
            received=shape_text(x.shape),
        )
    for letter, size in zip(term, x.shape, strict=True):
        if sizes.setdefault(letter, size) != size:
            raise Fault("shape.einsum-sizes", "{letter} is both {a} and {b}.", port="input", letter=letter, a=sizes[letter], b=size)


def _flops(terms: Sequence[str], right: str, sizes: Mapping[str, Size]) -> Size:
    """Products of two terms at a time, from the left; one that sums over nothing is no matrix product."""
    flops: Size = 0
    done = terms[0]
    for i, term in enumerate(terms[1:], 1):
        later = set(right).union(*terms[i + 1 :])
        first, second = {c for c in done if c in later or c in term}, {c for c in term if c in later or c in done}
        if any(per_sample((sizes[c],)) != 1 for c in (first & second) - later):
            flops = flops + 2 * per_sample((prod(sizes[c] for c in sorted(first | second)),))
        done = "".join(sorted((first | second) & later))
    return flops


Einsum = BlockSpec(
    id="Einsum",
    category="Arithmetic",
    summary="Multiplies tensors and sums over dimensions, as an equation says.",
    inputs=(Port("input", "The tensors, in the order of the terms.", variadic=True),),
    params=(
        TextParam(
            name="equation",
            form=r"[a-zA-Z ]*(,[a-zA-Z ]*)*->[a-zA-Z ]*",
            shown="letters for the dimensions of each tensor, an arrow, and those of the result, as in bij,bjk->bik",
            help="Letters for the dimensions of each tensor, an arrow, and those of the result.",
        ),
    ),
    infer=einsum,
    call=Call("function", "torch.einsum", arguments=("equation", "*input")),
    initial={"equation": "bij,bjk->bik"},
    keywords=("einstein", "contraction", "attention", "matmul", "outer product"),
)
