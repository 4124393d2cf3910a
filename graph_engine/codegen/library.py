"""The layers that torch lacks, as text: their source travels with a network that has one.

A file of `graph_engine.modules` holds one class and imports nothing but the standard library and torch.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources
from typing import NamedTuple

PREFIX = "modules."
"""What the target of a `Call` begins with where it is such a layer."""


class Part(NamedTuple):
    """The source of one class.

    Attributes:
        imports: the import lines that it needs.
        lines: the class itself, and nothing else of its file.
    """

    imports: tuple[str, ...]
    lines: tuple[str, ...]


@cache
def part(target: str) -> Part:
    """The source of a class by the target of a `Call`: ``modules.CausalMask`` lies in ``causal_mask.py``."""
    file = "".join("_" + c.lower() if c.isupper() else c for c in target.removeprefix(PREFIX)).lstrip("_") + ".py"
    text = resources.files("graph_engine").joinpath("modules", file).read_text(encoding="utf-8")
    body = ast.parse(text).body
    imports = tuple(ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    [found] = [node for node in body if isinstance(node, ast.ClassDef)]
    return Part(tuple(i for i in imports if "__future__" not in i), tuple(text.splitlines()[found.lineno - 1 : found.end_lineno]))


@cache
def names() -> frozenset[str]:
    """Names of all such classes."""
    files = (entry.name for entry in resources.files("graph_engine").joinpath("modules").iterdir())
    stems = (file.removesuffix(".py") for file in files if file.endswith(".py") and file != "__init__.py")
    return frozenset("".join(word.capitalize() for word in stem.split("_")) for stem in stems)
