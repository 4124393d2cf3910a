"""What Python computes with plain values while a text is followed: operators, and the few functions that need no running of code."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
}  # fmt: skip

UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}

COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip

ON_TENSORS: Mapping[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.MatMult: "matmul", ast.Pow: "pow", ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
}  # fmt: skip
"""What operators are called where an operand is a tensor."""


def _count(*bounds: int) -> range:
    return range(*bounds)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len, "int": int, "float": float, "bool": bool, "str": str, "list": list, "tuple": tuple, "dict": dict, "max": max, "min": min,
    "sum": sum, "abs": abs, "round": round, "range": _count, "zip": lambda *rows: list(zip(*rows)),  # noqa: B905 (Python's own default)
    "enumerate": lambda row, start=0: list(enumerate(row, start)), "reversed": lambda row: list(reversed(list(row))),
    "sorted": sorted, "any": any, "all": all,
}  # fmt: skip
"""Functions of Python that compute plain values from plain values."""

MATHS = frozenset({"sqrt", "log", "log2", "exp", "floor", "ceil", "pi", "prod", "inf", "e", "pow", "cos", "sin"})

MOST = 10_000
"""Items of a row at most: more are no network that can be drawn."""


def maths(name: str) -> Any:
    """A function or number of Python's ``math``; None where it is none of those."""
    return getattr(math, name) if name in MATHS else None
