"""Arithmetic on tensors."""

from __future__ import annotations

from typing import Literal

from graph_engine.blocks.activation import squashed
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import FloatParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import broadcast, expect_dtype, expect_floating, expect_given, expect_rank, promote
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


def binary(*, divides: bool = False, subtracts: bool = False) -> Rule:
    """Two inputs broadcast and promote; a division gives floating-point numbers, a difference takes no truth values."""

    def infer(at: Site) -> Inferred:
        xs = (at.input("input"), at.input("other"))
        if subtracts:
            for port, x in zip(("input", "other"), xs, strict=True):
                _expect_number(x, port)
        found = TensorSpec(broadcast([x.shape for x in xs], "other"), promote(xs))
        return Inferred((found._replace(dtype="float32") if divides and not found.is_floating else found,))

    return infer


def with_number(at: Site) -> Inferred:
    """A tensor and a floating-point number: the shape passes, whole numbers become floating-point ones."""
    expect_given(at, *at.params)
    return squashed(at)


def added_product(at: Site) -> Inferred:
    """The rule of ``torch.addmm``: two matrices multiply, and what is added broadcasts to the product."""
    x, a, b = at.input(), at.input("mat1"), at.input("mat2")
    for port, one in (("input", x), ("mat1", a), ("mat2", b)):
        expect_dtype(one, ("float32",), port)
    for port, one in (("mat1", a), ("mat2", b)):
        expect_rank(one, (2,), "(n, m)", port)
    if a.shape[1] != b.shape[0]:
        text = "cannot multiply {a} by {b}: {inner_a} columns meet {inner_b} rows."
        left, right = shape_text(a.shape), shape_text(b.shape)
        raise Fault("shape.matmul", text, port="mat2", a=left, b=right, inner_a=a.shape[1], inner_b=b.shape[0])
    product = matmul(Site({}, {"input": a, "other": b}))
    [found] = product.outputs
    if broadcast([x.shape, found.shape]) != found.shape:
        text = "{received} does not broadcast to the product, {product}."
        raise Fault("shape.broadcast", text, port="input", received=shape_text(x.shape), product=shape_text(found.shape))
    return Inferred((found,), flops=product.flops)


def decided(at: Site) -> Inferred:
    """Truth values broadcast; a number is true unless it is 0."""
    shapes = [at.input(name).shape for name in ("input", "other") if name in at.inputs]
    return Inferred((TensorSpec(broadcast(shapes, "other"), "bool"),))


def clamped(at: Site) -> Inferred:
    """The rule of ``torch.clamp``: at least one bound."""
    if at["min"] is None and at["max"] is None:
        raise Fault("param.no-bound", "neither min nor max is set.", fixes=(Fix("Set min to 0", {"min": 0.0}),))
    return squashed(at)


def number(at: Site) -> Inferred:
    """Shape and dtype pass; truth values have no such operation."""
    _expect_number(at.input())
    return Inferred((at.input(),))


def selected(at: Site) -> Inferred:
    """The rule of ``torch.where``: a condition and two values broadcast."""
    condition, a, b = at.input("condition"), at.input("input"), at.input("other")
    expect_dtype(condition, ("bool",), "condition")
    return Inferred((TensorSpec(broadcast([condition.shape, a.shape, b.shape]), promote((a, b))),))


def masked(at: Site) -> Inferred:
    """The rule of ``masked_fill``: the mask broadcasts to the input."""
    expect_given(at, "value")
    x, mask = at.input(), at.input("mask")
    expect_dtype(x, ("float32", "float64", "bfloat16"))
    expect_dtype(mask, ("bool",), "mask")
    return Inferred((x._replace(shape=broadcast([x.shape, mask.shape], "mask")),))


def _expect_number(x: TensorSpec, port: str = "input") -> None:
    if x.dtype == "bool":
        expect_floating(x, port)


_PAIR = (Port("input", "(N, …, m)."), Port("other", "(N, …, m): broadcast with the input."))


def _binary(id: str, summary: str, call: Call, infer: Rule, *keywords: str) -> BlockSpec:
    return BlockSpec(id=id, category=CATEGORY, summary=summary, inputs=_PAIR, infer=infer, call=call, keywords=keywords)


def _of_two(kind: Literal["operator", "function"], target: str) -> Call:
    return Call(kind, target, arguments=("input", "other"))


Subtract = _binary(
    "Subtract", "Subtracts one tensor from another.", _of_two("operator", "-"), binary(subtracts=True), "minus", "difference"
)
Divide = _binary("Divide", "Divides one tensor by another.", _of_two("operator", "/"), binary(divides=True), "quotient", "ratio")
Minimum = _binary("Minimum", "The lesser of two elements.", _of_two("function", "torch.minimum"), binary(), "min")
Maximum = _binary("Maximum", "The greater of two elements.", _of_two("function", "torch.maximum"), binary(), "max")


def _unary(id: str, summary: str, call: Call, *params: Param, infer: Rule, keywords: tuple[str, ...] = (), **initial: float) -> BlockSpec:
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(Port("input", "Any shape."),),
        outputs=(Port("output", "The shape of the input."),),
        params=params,
        infer=infer,
        call=call,
        initial=initial,
        keywords=keywords,
    )


def _number(name: str, help: str) -> FloatParam:
    return FloatParam(name=name, help=help)


Scale = _unary(
    "Scale",
    "Multiplies by a number.",
    Call("operator", "*", arguments=("input", "factor")),
    _number("factor", "The number."),
    infer=with_number,
    keywords=("times", "multiply", "scalar"),
    factor=2.0,
)
AddScalar = _unary(
    "AddScalar",
    "Adds a number.",
    Call("operator", "+", arguments=("input", "amount")),
    _number("amount", "The number."),
    infer=with_number,
    keywords=("plus", "shift", "offset"),
    amount=1.0,
)
DivideScalar = _unary(
    "DivideScalar",
    "Divides by a number.",
    Call("operator", "/", arguments=("input", "divisor")),
    _number("divisor", "The number."),
    infer=with_number,
    keywords=("quotient", "scalar", "over"),
    divisor=2.0,
)
Power = _unary(
    "Power",
    "Raises to a power.",
    Call("function", "torch.pow", arguments=("input", "exponent")),
    _number("exponent", "The exponent: 2 squares, 0.5 takes the root, -1 the reciprocal."),
    infer=with_number,
    keywords=("square", "root", "reciprocal"),
    exponent=2.0,
)
Negate = _unary("Negate", "Changes the sign.", Call("function", "torch.neg"), infer=number, keywords=("minus", "opposite"))
Abs = _unary("Abs", "The absolute value.", Call("function", "torch.abs"), infer=number, keywords=("magnitude",))
Exp = _unary("Exp", "The exponential function.", Call("function", "torch.exp"), infer=squashed, keywords=("variance", "vae"))
Log = _unary("Log", "The natural logarithm.", Call("function", "torch.log"), infer=squashed)
Sqrt = _unary("Sqrt", "The square root.", Call("function", "torch.sqrt"), infer=squashed, keywords=("root",))
Rsqrt = _unary("Rsqrt", "One divided by the square root.", Call("function", "torch.rsqrt"), infer=squashed, keywords=("root", "norm"))
Sin = _unary("Sin", "The sine.", Call("function", "torch.sin"), infer=squashed, keywords=("periodic",))
Cos = _unary("Cos", "The cosine.", Call("function", "torch.cos"), infer=squashed, keywords=("periodic",))
Clamp = _unary(
    "Clamp",
    "Cuts off below min and above max.",
    Call("function", "torch.clamp", keywords=("min", "max")),
    FloatParam(name="min", default=None, help="The least value; left empty, there is none."),
    FloatParam(name="max", default=None, help="The greatest value; left empty, there is none."),
    infer=clamped,
    keywords=("clip", "limit"),
    min=0.0,
    max=1.0,
)

Where = BlockSpec(
    id="Where",
    category=CATEGORY,
    summary="Takes each element from one tensor where a condition is true, and from another where it is not.",
    inputs=(
        Port("condition", "(N, …, m): true where the input is taken."),
        Port("input", "(N, …, m): taken where the condition is true."),
        Port("other", "(N, …, m): taken elsewhere."),
    ),
    infer=selected,
    call=Call("function", "torch.where", arguments=("condition", "input", "other")),
    keywords=("mask", "if", "choose"),
)

MaskedFill = BlockSpec(
    id="MaskedFill",
    category=CATEGORY,
    summary="Puts a number where a mask is true: scores that attention may not see, for instance.",
    inputs=(Port("input", "(N, …, m)."), Port("mask", "(N, …, m): true where the number goes.")),
    params=(FloatParam(name="value", help="The number; -1e9 takes a score out of a softmax."),),
    infer=masked,
    call=Call("method", "masked_fill", arguments=("input", "mask", "value")),
    initial={"value": -1e9},
    keywords=("mask", "attention", "padding"),
)

AddMM = BlockSpec(
    id="AddMM",
    category=CATEGORY,
    summary="Multiplies two matrices and adds a third, in one step.",
    inputs=(Port("input", "(N, m): what is added."), Port("mat1", "(N, k)."), Port("mat2", "(k, m).")),
    outputs=(Port("output", "(N, m)."),),
    infer=added_product,
    call=Call("function", "torch.addmm", arguments=("input", "mat1", "mat2")),
    stem="addmm",
    keywords=("linear", "matrix product", "bias"),
)

_TRUTHS = (Port("input", "(N, …, m): true where the one holds."), Port("other", "(N, …, m): true where the other holds."))


def _logical(id: str, summary: str, target: str, keyword: str) -> BlockSpec:
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=_TRUTHS,
        infer=decided,
        call=_of_two("function", target),
        keywords=("mask", keyword),
    )


LogicalAnd = _logical("LogicalAnd", "True where both are.", "torch.logical_and", "both")
LogicalOr = _logical("LogicalOr", "True where one of two is.", "torch.logical_or", "either")
LogicalNot = BlockSpec(
    id="LogicalNot",
    category=CATEGORY,
    summary="True where the input is not.",
    inputs=(Port("input", "(N, …, m): true where it holds."),),
    outputs=(Port("output", "The shape of the input."),),
    infer=decided,
    call=Call("function", "torch.logical_not"),
    keywords=("mask", "invert"),
)
