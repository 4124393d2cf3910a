"""What can be imported from a file of Python, read from its text: nothing in it is run."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

from graph_engine.errors import ImportModuleError

PYTHON = ".py"
"""The suffix of a file of Python."""

TRUSTED = (".pt2",)
"""Suffixes of files that hold one network, and may hold code."""

NETWORKS = (*TRUSTED, ".onnx")
"""Suffixes of files that hold one network, with its weights."""

CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""Suffixes of files that hold tensors by name, and no more."""


class Offer(NamedTuple):
    """Something that is a network, or most likely gives one when it is called.

    Attributes:
        name: of the class or function.
        arguments: what it is called with, as its definition says: ``depth, width=64``.
        needs: whether one of them has no default.
        summary: the first line of its documentation.
    """

    name: str
    arguments: str
    needs: bool
    summary: str


def offers(path: Path) -> list[Offer]:
    """What a file offers: classes with a ``forward``, and functions; those first that nothing else in the file uses.

    Raises:
        ImportModuleError: it cannot be read, or is no Python.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImportModuleError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (SyntaxError, ValueError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ImportModuleError(f"{path.name} is no Python that can be read: there is a mistake{line}.") from None
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and _method(n, "forward") is not None]
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
    used: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            used |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id != node.name}
    networks = [_class_offer(n) for n in classes]
    makers = [_offer(n.name, n.args, 0, n) for n in functions]
    return sorted((*networks, *makers), key=lambda one: (one.name in used, one.needs))


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == name), None)


def _class_offer(node: ast.ClassDef) -> Offer:
    init = _method(node, "__init__")
    return _offer(node.name, init.args, 1, node) if init is not None else Offer(node.name, "", False, _summary(node))


def _offer(name: str, args: ast.arguments, skip: int, node: ast.ClassDef | ast.FunctionDef) -> Offer:
    places = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(places) - len(args.defaults))
    defaults += args.defaults
    both = [*zip(places[skip:], defaults[skip:], strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    texts = [a.arg + (f"={ast.unparse(d)}" if d is not None else "") for a, d in both]
    return Offer(name, ", ".join(texts), any(d is None for _, d in both), _summary(node))


def _summary(node: ast.ClassDef | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").strip().partition("\n")[0]
