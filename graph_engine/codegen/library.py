"""The layers that torch lacks, as text: their source travels with a network that has one.

A file of `graph_engine.modules` holds one class, or one function, and imports nothing but the standard library and torch.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources
from typing import NamedTuple

PREFIX = "modules."
"""What the target of a `Call` begins with where it is one of them."""


class Part(NamedTuple):
    """The source of one class or function.

    Attributes:
        imports: the import lines that it needs.
        lines: the class or function itself, and nothing else of its file.
    """

    imports: tuple[str, ...]
    lines: tuple[str, ...]


@cache
def part(target: str) -> Part:
    """The source of a class by the target of a `Call`: ``modules.CausalMask`` lies in ``causal_mask.py``."""
    file = "".join("_" + c.lower() if c.isupper() else c for c in target.removeprefix(PREFIX)).lstrip("_") + ".py"
    text = _read(file)
    body = ast.parse(text).body
    imports = tuple(ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    [found] = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return Part(tuple(i for i in imports if "__future__" not in i), tuple(text.splitlines()[found.lineno - 1 : found.end_lineno]))


@cache
def names() -> frozenset[str]:
    """Names of all of them."""
    files = (entry.name for entry in resources.files("graph_engine").joinpath("modules").iterdir())
    trees = (ast.parse(_read(file)) for file in files if file.endswith(".py"))
    return frozenset(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef))


def _read(file: str) -> str:
    return resources.files("graph_engine").joinpath("modules", file).read_text(encoding="utf-8")
