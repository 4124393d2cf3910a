"""What is made of a text before it is a graph: nodes to be, and the values that Python's names stand for while the text is followed."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from graph_engine.graph.names import RESERVED
from graph_engine.parsing.text import Documented
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.tensor import TensorSpec


class Draft:
    """A node to be.

    Attributes:
        name: a Python identifier, unique in its content.
        spec: its block, fitted; None for a group.
        content: of a group what is inside, else None.
        params: the parameters that are given, in stored form; of a group, by the arguments of its class.
        origins: the parameters that are an argument of the class around them, and nothing else, with its name.
        sources: for each input what arrives, in order.
        outputs: what is known of each output.
        layer: what it computes with; two of one layer share weights. None for an operation.
        row: the loop or container that it is an item of; None where it stands alone.
        inferred: the parameters that follow from what arrives just as they are given.
        line: where it is called, and where it is constructed.
        row_name: what that container is called.
        turns, layers: of a repeated group, the contents of all its repetitions, and what each computes with.
    """

    def __init__(self, name: str, spec: BlockSpec | None, content: Content | None, line: int):
        self.name = name
        self.spec = spec
        self.content = content
        self.params: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.sources: dict[str, list[End]] = {}
        self.outputs: dict[str, TensorSpec | None] = {}
        self.layer: object = None
        self.row: Hashable = None
        self.row_name = ""
        self.inferred: frozenset[str] = frozenset()
        self.line = line
        self.layers: list[object] = []
        self.turns: list[Content] = [content] if content is not None else []


class End(NamedTuple):
    """An output of a node to be."""

    draft: Draft
    port: str


class Content:
    """A graph to be: the network, or what is inside of a group.

    Attributes:
        key: what it has in common with others that the same text tells of: a class, the place of a container.
        title: what it is called.
        documented: what its class says of itself.
        defaults: of the arguments of its class that have one, what it is.
        arguments: the names of all its arguments, in order.
        inputs, nodes, outputs: its nodes, in the order of the text.
    """

    def __init__(self, key: Hashable, title: str, documented: Documented, line: int):
        self.key = key
        self.title = title
        self.documented = documented
        self.line = line
        self.defaults: Mapping[str, Any] = {}
        self.arguments: tuple[str, ...] = ()
        self.inputs: list[Draft] = []
        self.nodes: list[Draft] = []
        self.outputs: list[Draft] = []
        self._names: set[str] = set()
        self._kept: set[str] = set()

    def keep(self, names: set[str]) -> None:
        """Names that only those take that are called so in the text."""
        self._kept = names

    def free(self, stem: str, *, numbered: bool = False) -> str:
        """A name that no node has, made from ``stem``."""
        stem = identifier(stem)
        taken = self._names | self._kept
        name, number = f"{stem}1" if numbered else stem, 2
        while name in taken:
            name, number = f"{stem}{'_' if stem[-1].isdigit() else ''}{number}", number + 1
        self._names.add(name)
        return name

    def named(self, name: str) -> str:
        """The name of an attribute, or, where a node has it already, one like it."""
        if name in self._names or identifier(name) != name:
            return self.free(name)
        self._names.add(name)
        return name


def identifier(text: str) -> str:
    """The nearest text that can name a node."""
    name = re.sub(r"\W", "_", text).strip("_") or "node"
    name = f"m{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED else name


def snake(text: str) -> str:
    """``ResidualBlock`` → ``residual_block``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub(r"\W", "_", text)).lower()


# what Python's names stand for


class Tensor:
    """A tensor that flows: an output of a node to be, in the content in which it was made or arrived."""

    __slots__ = ("content", "end", "spec")

    def __init__(self, content: Content, end: End, spec: TensorSpec | None):
        self.content = content
        self.end = end
        self.spec = spec


class Part:
    """What a module has as an attribute.

    Attributes:
        name: the attribute; "" before it is one.
        home: the object whose ``forward`` calls it; None before.
        line: where it is constructed.
    """

    def __init__(self, line: int):
        self.name = ""
        self.home: object = None
        self.line = line


class Layer(Part):
    """A layer that has a block.

    Attributes:
        spec: the block.
        params: what it is constructed with.
        origins: as of a `Draft`.
    """

    def __init__(self, spec: BlockSpec, params: dict[str, Any], origins: dict[str, str], line: int):
        super().__init__(line)
        self.spec = spec
        self.params = params
        self.origins = origins


class Held(Layer):
    """A tensor that the network holds itself."""


class Instance(Part):
    """An object of a class of the text.

    Attributes:
        cls: the class.
        given: what it is constructed with, by argument.
        given_origins: the arguments that are themselves an argument of the class around it, with its name.
        attributes: what is assigned to ``self``.
        origins: the attributes that are an argument of its own class, with its name.
    """

    def __init__(self, cls: ast.ClassDef, line: int):
        super().__init__(line)
        self.cls = cls
        self.given: dict[str, Any] = {}
        self.given_origins: dict[str, str] = {}
        self.attributes: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.is_module = True


class Row(Part):
    """A container of modules.

    Attributes:
        kind: ``Sequential``, ``ModuleList`` or ``ModuleDict``.
        items: by key; numbers but for a ``ModuleDict``.
        place: the call that constructs it: what it has in common with others made there.
    """

    def __init__(self, kind: str, items: dict[Any, Any], place: ast.AST | None, line: int):
        super().__init__(line)
        self.kind = kind
        self.items = items
        self.place = place

    def entitle(self, name: str) -> None:
        """Gives it a name, and with it what is inside."""
        self.name = name
        for key, item in self.items.items():
            if isinstance(item, Row):
                item.entitle(f"{name}_{key}")
            elif isinstance(item, Part) and not item.name:
                item.name = f"{name}_{key}"


class Made(NamedTuple):
    """A tensor that is made of numbers: what `Held` is constructed from.

    Attributes:
        target: the function that makes it.
        params: its arguments, by the names of the block.
        origins: as of a `Draft`.
    """

    target: str
    params: dict[str, Any]
    origins: dict[str, str]


class Torch(NamedTuple):
    """Something of another package, by its dotted name."""

    path: str


class Method(NamedTuple):
    """A method of a tensor, or of another value."""

    owner: Any
    name: str


class Function(NamedTuple):
    """A function of the text, bound to its object where it has one."""

    node: ast.FunctionDef | ast.Lambda
    owner: Instance | None
    frame: Any
