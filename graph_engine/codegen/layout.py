"""Statements as lines of source, broken where they are too long exactly as Black and Ruff break them."""

from __future__ import annotations

from typing import NamedTuple, Union

WIDTH = 88
"""Columns of a line, the default of Black and Ruff."""
INDENT = "    "


class Brackets(NamedTuple):
    """Something in brackets: a call, a list, a tuple.

    Attributes:
        head: what stands before the opening bracket.
        items: what stands inside.
        pair: the brackets.
        shares: whether the items may share a line of their own, as arguments may; those of a list or tuple get one each.
        bare: whether the brackets are left out where all is on one line, as around what is returned.
    """

    head: str
    items: tuple[Expression, ...]
    pair: str = "()"
    shares: bool = True
    bare: bool = False


class Infix(NamedTuple):
    """Operands with one operator between them."""

    operator: str
    operands: tuple[str, ...]


Expression = Union[str, Brackets, Infix]


def flat(expression: Expression) -> str:
    """An expression on one line."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, Infix):
        return f" {expression.operator} ".join(expression.operands)
    inside = ", ".join([item if isinstance(item, str) else flat(item) for item in expression.items])
    return inside if expression.bare else f"{expression.head}{expression.pair[0]}{inside}{expression.pair[1]}"


def statement(indent: str, prefix: str, expression: Expression, suffix: str = "") -> list[str]:
    """The lines of ``prefix expression suffix``."""
    line = f"{indent}{prefix}{flat(expression)}{suffix}"
    if len(line) <= WIDTH or isinstance(expression, str):
        return [line]
    wraps = bool(prefix) and len(f"{indent}{prefix}(") <= WIDTH
    if isinstance(expression, Brackets) and expression.items:
        head = len(f"{indent}{expression.head}(")
        if head + len(prefix) <= WIDTH or not wraps or head + len(INDENT) > WIDTH:
            return _opened(indent, prefix, expression, suffix)
    if not wraps:
        return [line]
    return [f"{indent}{prefix}(", *_continued(indent + INDENT, expression), f"{indent}){suffix}"]


def _opened(indent: str, prefix: str, brackets: Brackets, suffix: str) -> list[str]:
    inner, items = indent + INDENT, brackets.items
    together = inner + ", ".join(map(flat, items))
    if brackets.shares and len(together) <= WIDTH:
        body = [together]
    elif brackets.shares and len(items) == 1:
        body = statement(inner, "", items[0])
    else:
        body = [line for item in items for line in statement(inner, "", item, ",")]
    return [f"{indent}{prefix}{brackets.head}{brackets.pair[0]}", *body, f"{indent}{brackets.pair[1]}{suffix}"]


def _continued(indent: str, expression: Expression) -> list[str]:
    line = indent + flat(expression)
    if isinstance(expression, Infix) and len(line) > WIDTH:
        first, *others = expression.operands
        return [indent + first, *(f"{indent}{expression.operator} {operand}" for operand in others)]
    return statement(indent, "", expression)
