"""Arithmetic on sizes: an expression over names, evaluated, is the same expression over numbers."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph_engine.spec.tensor import Dim, N, Size, TensorSpec, as_size, per_sample, shape_text, size_at

NAMES = ("N", "T", "H")
T, H = Dim.named("T"), Dim.named("H")
VALUES = st.fixed_dictionaries({name: st.integers(1, 60) for name in NAMES})
DIVISORS = st.integers(1, 9)


def expressions() -> st.SearchStrategy[Any]:
    """Nested tuples: an operator and its operands; leaves are names and numbers."""
    leaves = st.sampled_from(NAMES) | st.integers(-9, 9)
    return st.recursive(
        leaves,
        lambda inner: (
            st.tuples(st.sampled_from(["+", "-", "*"]), inner, inner)
            | st.tuples(st.sampled_from(["//", "%"]), inner, DIVISORS)
            | st.tuples(st.just("neg"), inner)
        ),
        max_leaves=8,
    )


OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod, "neg": operator.neg,
}  # fmt: skip


def evaluate(expression: Any, leaf: Any) -> Any:
    if isinstance(expression, tuple):
        return OPERATORS[expression[0]](*(evaluate(e, leaf) for e in expression[1:]))
    return leaf(expression)


@given(expressions(), VALUES)
@example(("//", ("+", ("*", "T", 2), 7), 2), {"N": 1, "T": 3, "H": 1})
@example(("//", ("neg", "T"), 3), {"N": 1, "T": 4, "H": 1})
@example(("-", ("//", "T", 2), ("//", "T", 2)), {"N": 1, "T": 5, "H": 1})
def test_evaluates_as_numbers_do(expression: Any, values: dict[str, int]) -> None:
    symbolic = evaluate(expression, as_size)
    number = evaluate(expression, lambda e: values[e] if isinstance(e, str) else e)
    assert size_at(symbolic, values) == number
    if isinstance(symbolic, Dim):
        assert symbolic.names() <= set(NAMES)
        assert symbolic == str(symbolic)
        assert symbolic.names(), "a size without names is a plain number"


@given(expressions(), VALUES)
def test_prints_what_it_is(expression: Any, values: dict[str, int]) -> None:
    symbolic = evaluate(expression, as_size)
    assert eval(str(symbolic), {"__builtins__": {}}, dict(values)) == size_at(symbolic, values)


@given(expressions(), expressions(), VALUES)
def test_even_division_is_the_inverse_of_multiplication(a: Any, b: Any, values: dict[str, int]) -> None:
    x, y = evaluate(a, as_size), evaluate(b, as_size)
    product = x * y
    if isinstance(product, Dim) and y != 0:
        quotient = product.divide(y)
        if quotient is not None:
            assert size_at(quotient, values) * size_at(y, values) == size_at(product, values)


@given(expressions(), VALUES, st.sets(st.sampled_from(NAMES)))
def test_names_may_be_replaced_one_after_another(expression: Any, values: dict[str, int], first: set[str]) -> None:
    symbolic = evaluate(expression, as_size)
    partly = size_at(symbolic, {k: values[k] for k in first})
    assert size_at(partly, values) == size_at(symbolic, values)


def test_equal_sizes_are_one() -> None:
    assert (T - 1) // 1 + 1 == T
    assert 2 * T // 2 == T
    assert (4 * T + 6) // 4 == T + 1
    assert T * H == H * T and hash(T * H) == hash(H * T)
    assert (T + H) - H == T
    assert T - T == 0 and isinstance(T - T, int)
    assert (T * 6) % 3 == 0


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (T, "T"),
        (32 * T, "32*T"),
        ((T - 3) // 2 + 1, "(T + 1)//2 - 1"),
        (N * T * T - H, "N*T*T - H"),
        (-T, "-T"),
    ],
)
def test_reads_well(size: Size, text: str) -> None:
    assert str(size) == text and size == text


@pytest.mark.parametrize(
    ("size", "by", "quotient"),
    [
        (32 * T, 8, "4*T"),
        (32 * T, T, 32),
        (N * T, N, "T"),
        (N * T + 2 * N, N, "T + 2"),
        (T + 1, 2, None),
        (T, H, None),
        (T + H, T + H, 1),
    ],
)
def test_divides_where_it_comes_out_even(size: Dim, by: Size, quotient: object) -> None:
    assert size.divide(by) == quotient


def test_floor_division_by_a_size_without_closed_form_is_told() -> None:
    with pytest.raises(ArithmeticError, match="no closed form"):
        T // H


def test_one_sample() -> None:
    assert per_sample((N, 3, 4)) == 12
    assert per_sample((N, T, 4)) == "4*T"
    assert per_sample((2 * N, 5)) == 10
    assert TensorSpec((N, 3), "float64").nbytes() == 24


def test_shapes_read_like_torchs() -> None:
    assert shape_text((N, 32, 26)) == "(N, 32, 26)"
    assert shape_text((N,)) == "(N,)"
    assert (N, 32 * T) == ("N", "32*T")
