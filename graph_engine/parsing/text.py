"""Python text as it stands: its classes and functions, what its names mean, and what its docstrings tell of shapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graph_engine.codegen.library import PREFIX, part
from graph_engine.codegen.module import class_name
from graph_engine.errors import SourceError
from graph_engine.spec.tensor import ITEM_SIZES

USUAL = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "Tensor": "torch.Tensor", "math": "math"}
"""What names mean that a pasted piece uses without their import."""

LONGEST = 2_000_000
"""Characters of a text at most."""


class Told(NamedTuple):
    """What a docstring says of an input or a result.

    Attributes:
        name: what it is called; "" where that is not said.
        shape: the sizes, the batch included: numbers and names.
        dtype: of the elements.
        factor: of a term of the loss, how often it counts; None for other results.
    """

    name: str
    shape: tuple[int | str, ...] | None
    dtype: str
    factor: float | None = None


class Documented(NamedTuple):
    """What the docstring of a class says.

    Attributes:
        description: its first paragraph.
        inputs: what is said of each argument of ``forward``.
        outputs: what is said of what it returns, in order.
    """

    description: str = ""
    inputs: Mapping[str, Told] = {}
    outputs: tuple[Told, ...] = ()


class Text:
    """A parsed Python text, of which nothing is ever executed.

    Attributes:
        tree: its syntax.
        names: for each imported name what it means, dotted.
        classes, functions: those of the module.
        values: what is assigned to names of the module.
        layers: the classes among them that are layers of the program's own whose source travels along, with their targets.

    Raises:
        SourceError: it is no Python.
    """

    def __init__(self, text: str):
        if len(text) > LONGEST:
            raise SourceError("the text is too long to be a network.", 1)
        try:
            self.tree = ast.parse(text)
        except SyntaxError as error:
            raise SourceError(f"this is no Python: {error.msg}.", error.lineno or 1) from None
        except (ValueError, RecursionError, MemoryError):
            raise SourceError("this is no Python: it cannot be parsed.", 1) from None
        self.names: dict[str, str] = dict(USUAL)
        self.classes: dict[str, ast.ClassDef] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.values: dict[str, ast.expr] = {}
        self.layers: dict[str, str] = {}
        self._calls: dict[str, ast.Call] = {}
        for node in _statements(self.tree.body):
            self._take(node)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import):
            for name in node.names:
                self.names[name.asname or name.name.partition(".")[0]] = name.name if name.asname else name.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                self.names[name.asname or name.name] = f"{'.' * node.level}{node.module or ''}.{name.name}"
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            target = PREFIX + node.name
            if is_own(node):
                self.layers[node.name] = target
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
            else:
                self.functions[node.name] = node
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self.values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            self.values[node.target.id] = node.value
        for call in ast.walk(node) if isinstance(node, ast.Assign | ast.Expr) else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                self._calls.setdefault(call.func.id, call)

    @property
    def name(self) -> str:
        """The document's name, where the text is one that the program has written; else ""."""
        first = " ".join((ast.get_docstring(self.tree) or "").split())
        found = re.fullmatch(r"(.*): a PyTorch network\. Written by Archloom\.", first)
        return found[1] if found is not None else ""

    @property
    def networks(self) -> list[str]:
        """The classes that may be meant: modules that no other uses, or all where each is used; the last one in front."""
        modules = [name for name, node in self.classes.items() if self.is_module(node)]
        used = {n.id for name in modules for n in ast.walk(self.classes[name]) if isinstance(n, ast.Name) and n.id != name}
        found = [*reversed(modules)]
        return [n for n in found if n not in used] or found

    def is_module(self, node: ast.ClassDef) -> bool:
        """Whether a class is one of modules."""
        bases = [self.dotted(base) for base in node.bases]
        if any(base in ("torch.nn.Module", "torch.nn.Sequential") or base.rpartition(".")[2] == "Module" for base in bases):
            return True
        return any(self.is_module(self.classes[base]) for base in bases if base in self.classes and self.classes[base] is not node)

    def made(self, name: str) -> ast.Call | None:
        """A call outside all classes that makes an object of a class."""
        return self._calls.get(name)

    def dotted(self, node: ast.expr) -> str:
        """The full name of what an expression names; "" where it names nothing."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, with those behind ``if __name__ == "__main__"``."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements(node.body)


def is_own(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether a class or function is one of the program's own that travel along, word for word."""
    try:
        text = "\n".join(part(PREFIX + node.name).lines)
    except FileNotFoundError:
        return False
    return ast.dump(ast.parse(text).body[0]) == ast.dump(node)


def documented(node: ast.ClassDef, word: str) -> tuple[str, Documented]:
    """What the docstring of a class says, and what the class is called there.

    Args:
        node: the class.
        word: ``network`` or ``group``.
    """
    lines = (ast.get_docstring(node) or "").splitlines()
    paragraph = " ".join(" ".join(lines).split()) if not lines else " ".join(_first_paragraph(lines))
    title = node.name
    standing = re.fullmatch(rf"The {word} (.*)\.", paragraph)
    if standing is not None and class_name(standing[1]) == node.name:
        title, paragraph = standing[1], ""
    inputs: dict[str, Told] = {}
    outputs: list[Told] = []
    for name, text in _rows(lines):
        found = [_told(match) for match in _TENSOR.finditer(text)]
        if name == "returns":
            outputs = found
        elif found:
            inputs[name] = found[0]._replace(name=name)
    return title, Documented(paragraph, inputs, tuple(outputs))


def _first_paragraph(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            return
        yield line.strip()


def _rows(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The rows below ``Shapes:``, lines that go on joined to those that they belong to."""
    heads = [i for i, line in enumerate(lines) if re.fullmatch(r"Shapes?( of its first use)?:", line.strip())]
    rows: list[str] = []
    for line in lines[heads[0] + 1 :] if heads else ():
        if not line.startswith("    "):
            break
        if line.startswith("        ") and rows:
            rows[-1] += f" {line.strip()}"
        else:
            rows.append(line.strip())
    for row in rows:
        name, _, text = row.partition(":")
        yield name, text


_TENSOR = re.compile(
    rf"(?:(?P<name>[^\W\d]\w*) )?\((?P<shape>[^()]*(?:\([^()]*\)[^()]*)*)\)(?: (?P<dtype>{'|'.join(ITEM_SIZES)})\b)?"
    r"(?P<term>,? as a term of the loss(?: × (?P<factor>[-+\d.e]+))?)?"
)


def _told(match: re.Match[str]) -> Told:
    sizes: list[Any] = [s.strip() for s in match["shape"].split(",") if s.strip()]
    plain = all(re.fullmatch(r"\d+|[^\W\d]\w*", s) for s in sizes)
    shape = tuple(int(s) if s.isdecimal() else s for s in sizes) if plain else None
    factor = None if not match["term"] else float(match["factor"] or 1)
    return Told(match["name"] or "", shape, match["dtype"] or "float32", factor)
