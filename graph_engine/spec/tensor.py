"""Shapes and dtypes that are known before anything runs.

A dimension is an ``int`` or a `Dim`: a polynomial with integer coefficients over named sizes (``N``, the batch; ``T``, a free
length) and floor divisions of such polynomials by integers. That is the smallest arithmetic closed under what convolution, pooling,
reshape and concatenation do to a size. Named sizes are positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Union

Monomial = tuple["Atom", ...]
Size = Union[int, "Dim"]
Shape = tuple[Size, ...]


class Floor(NamedTuple):
    """``numerator // divisor``, kept symbolic because it does not come out even."""

    numerator: Dim
    divisor: int

    def __str__(self) -> str:
        return f"({self.numerator})//{self.divisor}" if len(self.numerator.terms) > 1 else f"{self.numerator}//{self.divisor}"


Atom = Union[str, Floor]


class Dim:
    """A size that is not a plain number: ``N``, ``32*T``, ``(T - 1)//2 + 1``.

    Arithmetic with ints and other dims (``+ - * // %``) gives an ``int`` whenever the result is one. A dim equals the
    string that it prints, so ``shape == ("N", 32, 26, 26)`` reads as it looks.
    """

    __slots__ = ("terms", "text")

    terms: tuple[tuple[Monomial, int], ...]
    text: str

    def __init__(self, terms: Mapping[Monomial, int]):
        self.terms = tuple(sorted(((m, c) for m, c in terms.items() if c), key=_term_order))
        self.text = _print(self.terms)

    @staticmethod
    @lru_cache(maxsize=4096)
    def named(name: str) -> Dim:
        """The dimension that is called ``name``."""
        return Dim({(name,): 1})

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Dim):
            return self.terms == other.terms
        return isinstance(other, str) and self.text == other

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def __add__(self, other: Size) -> Size:
        return _sum(self, other)

    __radd__ = __add__

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return self + other * -1

    def __rsub__(self, other: Size) -> Size:
        return self * -1 + other

    def __mul__(self, other: Size) -> Size:
        return _product(self, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Size) -> Size:
        if isinstance(other, Dim):
            quotient = self.divide(other)
            if quotient is None:
                raise ArithmeticError(f"{self} // {other} has no closed form")
            return quotient
        return _quotient(self, other)

    def __mod__(self, other: int) -> Size:
        return self - (self // other) * other

    def divide(self, other: Size) -> Size | None:
        """``self / other`` where it comes out even for every value of the names, else None."""
        if isinstance(other, int):
            if other and all(c % other == 0 for _, c in self.terms):
                return _simplest({m: c // other for m, c in self.terms})
            return None
        if len(other.terms) != 1:
            return 1 if self == other else None
        (divisor, scale), result = other.terms[0], {}
        for monomial, coefficient in self.terms:
            left = list(monomial)
            for atom in divisor:
                if atom not in left:
                    return None
                left.remove(atom)
            if coefficient % scale:
                return None
            result[tuple(left)] = coefficient // scale
        return _simplest(result)

    def at(self, values: Mapping[str, int]) -> Size:
        """This size with the names in ``values`` replaced by numbers."""
        total: Size = 0
        for monomial, coefficient in self.terms:
            term: Size = coefficient
            for atom in monomial:
                term = term * _atom_at(atom, values)
            total = total + term
        return total

    def names(self) -> frozenset[str]:
        """The named sizes that this one depends on."""
        found: set[str] = set()
        for monomial, _ in self.terms:
            for atom in monomial:
                found |= {atom} if isinstance(atom, str) else atom.numerator.names()
        return frozenset(found)


@lru_cache(maxsize=1 << 14)
def _sum(size: Dim, other: Size) -> Size:
    terms = dict(size.terms)
    for monomial, coefficient in _terms(other):
        terms[monomial] = terms.get(monomial, 0) + coefficient
    return _simplest(terms)


@lru_cache(maxsize=1 << 14)
def _product(size: Dim, other: Size) -> Size:
    terms: dict[Monomial, int] = {}
    for m1, c1 in size.terms:
        for m2, c2 in _terms(other):
            monomial = tuple(sorted(m1 + m2, key=str))
            terms[monomial] = terms.get(monomial, 0) + c1 * c2
    return _simplest(terms)


@lru_cache(maxsize=1 << 14)
def _quotient(size: Dim, divisor: int) -> Size:
    if divisor == 1:
        return size
    # (k·a + r) // k = a + r // k: whatever divides evenly moves out of the floor
    even = {m: c // divisor for m, c in size.terms if c % divisor == 0}
    rest = {m: c for m, c in size.terms if c % divisor}
    if () in rest:  # keep the constant's remainder only, in 0 … divisor - 1
        constant = rest.pop(())
        even[()] = even.get((), 0) + constant // divisor
        if rest:
            rest[()] = constant % divisor
    if not rest:
        return _simplest(even)
    return _simplest(even) + Dim({(Floor(Dim(rest), divisor),): 1})


def _terms(size: Size) -> Iterable[tuple[Monomial, int]]:
    return size.terms if isinstance(size, Dim) else (((), size),)


def _simplest(terms: dict[Monomial, int]) -> Size:
    terms = {m: c for m, c in terms.items() if c}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    return Dim(terms)


def _term_order(term: tuple[Monomial, int]) -> tuple[bool, int, str]:
    monomial = term[0]
    return (not monomial, -len(monomial), "*".join(map(str, monomial)))


def _print(terms: tuple[tuple[Monomial, int], ...]) -> str:
    text = ""
    for monomial, coefficient in terms:
        sign = (" - " if coefficient < 0 else " + ") if text else ("-" if coefficient < 0 else "")
        numbers = [str(abs(coefficient))] if abs(coefficient) != 1 or not monomial else []
        alone = not numbers and len(monomial) == 1 and sign != "-"
        factors = numbers + [f"({a})" if isinstance(a, Floor) and not alone else str(a) for a in monomial]
        text += sign + "*".join(factors)
    return text


def _atom_at(atom: Atom, values: Mapping[str, int]) -> Size:
    if isinstance(atom, str):
        return values.get(atom, Dim.named(atom))
    return size_at(atom.numerator, values) // atom.divisor


def total(sizes: Iterable[Size]) -> Size:
    """The sum of many sizes, much faster than adding one by one where they are not plain numbers."""
    number, terms = 0, dict[Monomial, int]()
    for size in sizes:
        if isinstance(size, int):
            number += size
        else:
            for monomial, coefficient in size.terms:
                terms[monomial] = terms.get(monomial, 0) + coefficient
    return _simplest(terms) + number if terms else number


def size_at(size: Size, values: Mapping[str, int]) -> Size:
    """``size`` with the names in ``values`` replaced by numbers."""
    return size.at(values) if isinstance(size, Dim) else size


def as_size(value: int | str | Dim) -> Size:
    """A size from a number or from the name of a free dimension."""
    return Dim.named(value) if isinstance(value, str) else value


N = Dim.named("N")
"""The batch dimension."""


def per_sample(shape: Shape) -> Size:
    """Number of elements that belong to one sample: the product of the dimensions with `N` taken as 1."""
    count: Size = 1
    for size in shape:
        if isinstance(size, int):
            count *= size
        elif size is not N:
            count = count * size.at({"N": 1})
    return count


ITEM_SIZES = {
    "float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
"""Bytes of an element of each dtype, by torch's name of it."""

COMPLEX = {"complex64": 8, "complex128": 16}
"""The same of dtypes that no block takes: they pass between operations that were imported."""

FLOATING = frozenset({"float16", "bfloat16", "float32", "float64"})


class TensorSpec(NamedTuple):
    """Shape and dtype of a tensor, known before running.

    Attributes:
        shape: the dimensions, outermost first; `N` where the batch is.
        dtype: torch's name of the element type, ``float32`` for instance.
    """

    shape: Shape
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{shape_text(self.shape)} {self.dtype}"

    @property
    def is_floating(self) -> bool:
        return self.dtype in FLOATING

    def nbytes(self) -> Size:
        """Bytes of one sample's elements."""
        return per_sample(self.shape) * (ITEM_SIZES.get(self.dtype) or COMPLEX[self.dtype])


def shape_text(shape: Sequence[Size | str]) -> str:
    """A shape as torch prints one: ``(N, 32, 26, 26)``."""
    return "(" + ", ".join(map(str, shape)) + (",)" if len(shape) == 1 else ")")
