"""Arithmetic on tensors."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import broadcast, promote
from graph_engine.spec.tensor import Shape, TensorSpec, per_sample, shape_text

CATEGORY = "Arithmetic"


def elementwise(at: Site) -> Inferred:
    """Shapes broadcast, dtypes promote."""
    xs = at.many()
    return Inferred((TensorSpec(broadcast([x.shape for x in xs]), promote(xs)),))


def matmul(at: Site) -> Inferred:
    """The rule of ``torch.matmul``: the last two dimensions multiply, those before them broadcast."""
    a, b = at.input("input"), at.input("other")
    if a.dtype != b.dtype:
        raise Fault("dtype.mismatch", "multiplies {a} by {b}; both must be of one dtype.", port="other", a=a.dtype, b=b.dtype)
    left: Shape = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right: Shape = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if left[-1] != right[-2]:
        raise Fault(
            "shape.matmul",
            "cannot multiply {a} by {b}: {inner_a} columns meet {inner_b} rows.",
            port="other",
            a=shape_text(a.shape),
            b=shape_text(b.shape),
            inner_a=left[-1],
            inner_b=right[-2],
        )
    outer = broadcast([left[:-2], right[:-2]], "other") if len(left) > 2 or len(right) > 2 else ()
    shape = outer + (left[-2:-1] if len(a.shape) > 1 else ()) + (right[-1:] if len(b.shape) > 1 else ())
    return Inferred((TensorSpec(shape, a.dtype),), flops=2 * per_sample((*outer, left[-2], left[-1], right[-1])))


_MANY = Port("input", "Two or more tensors whose shapes broadcast.", variadic=True)

Add = BlockSpec(
    id="Add",
    category=CATEGORY,
    summary="Adds tensors element by element: a residual connection, for instance.",
    inputs=(_MANY,),
    infer=elementwise,
    call=Call("operator", "+"),
    minimum_inputs=2,
    keywords=("sum", "plus", "residual", "skip"),
)

Multiply = BlockSpec(
    id="Multiply",
    category=CATEGORY,
    summary="Multiplies tensors element by element: a gate, for instance.",
    inputs=(_MANY,),
    infer=elementwise,
    call=Call("operator", "*"),
    minimum_inputs=2,
    keywords=("times", "product", "gate", "mul"),
)

MatMul = BlockSpec(
    id="MatMul",
    category=CATEGORY,
    summary="Multiplies matrices: the last two dimensions of both inputs.",
    inputs=(Port("input", "(…, n, k)."), Port("other", "(…, k, m).")),
    outputs=(Port("output", "(…, n, m)."),),
    infer=matmul,
    call=Call("operator", "@", arguments=("input", "other")),
    stem="matmul",
    keywords=("matrix product", "dot", "attention", "bmm"),
)
