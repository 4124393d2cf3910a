"""What all parts of following a text have in common: its frames, its limits, and what one part asks of another."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing.calls import Given
from graph_engine.parsing.drafts import Content, Function, Instance, Layer
from graph_engine.parsing.text import Text

STEPS = 200_000
"""Statements and expressions that are followed at most."""

DEEPEST = 60
"""Calls within calls at most."""


class Return(Exception):  # noqa: N818 (it leaves a function)
    """What a function of the text returns."""

    def __init__(self, value: Any):
        super().__init__()
        self.value = value


class Leave(Exception):  # noqa: N818 (it leaves a loop)
    """The end of a loop of the text, or of a turn of it."""

    def __init__(self, *, goes_on: bool):
        super().__init__()
        self.goes_on = goes_on


class Frame:
    """What names mean in a function.

    Attributes:
        instance: what ``self`` is.
        content: where nodes go; None outside of ``forward``.
        outer: the function around it.
        names: its variables.
        origins: those that are an argument of the class of ``self``, with its name.
        loops: the loops that are under way, with the number of the turn.
    """

    def __init__(self, instance: Instance | None, content: Content | None, outer: Frame | None = None):
        self.instance = instance
        self.content = content
        self.outer = outer
        self.names: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.loops: list[tuple[int, int]] = [] if outer is None else list(outer.loops)

    def find(self, name: str) -> tuple[bool, Any]:
        """Whether a variable is known, and what it is."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return True, frame.names[name]
            frame = frame.outer
        return False, None

    def origin(self, name: str) -> str | None:
        """The argument of the class of ``self`` that a variable is."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.origins.get(name)
            frame = frame.outer
        return None


class Walk(ABC):
    """Follows one text: what the parts of it share.

    Args:
        text: it.

    Attributes:
        notes: what of the text has no place in a graph, line by line.
        layers: all layers that were constructed.
        depth: how many calls of functions and modules of the text lie in each other.
        parts: into how many names the result of the call is taken apart that comes next.
        globals: the frame around all functions.
    """

    def __init__(self, text: Text):
        self.text = text
        self.notes: dict[int, str] = {}
        self.layers: list[Layer] = []
        self.depth = 0
        self.parts = 0
        self.globals = Frame(None, None)
        self._steps = 0

    def step(self, node: ast.AST) -> None:
        """Counts one step.

        Raises:
            SourceError: there were too many.
        """
        self._steps += 1
        if self._steps > STEPS:
            raise SourceError("this goes on for too long to be drawn.", getattr(node, "lineno", 1))

    def note(self, line: int, text: str) -> None:
        """Tells what of a line has no place in a graph."""
        self.notes.setdefault(line, text)

    @abstractmethod
    def use(self, value: Any, frame: Frame, line: int) -> Any:
        """What a name stands for where it is used: of a tensor that the network holds, the node that gives it."""

    @abstractmethod
    def value(self, node: ast.expr, frame: Frame) -> Any:
        """What an expression gives."""

    @abstractmethod
    def evaluated(self, node: ast.expr, frame: Frame) -> Any:
        """As `value`, before it is used."""

    @abstractmethod
    def binary(
        self,
        op: ast.operator,
        left: Any,
        right: Any,
        frame: Frame,
        node: ast.stmt | ast.expr,
        origins: tuple[str | None, str | None] = (None, None),
    ) -> Any:
        """An operator between two values."""

    @abstractmethod
    def subscript(self, owner: Any, node: ast.Subscript, frame: Frame) -> Any:
        """What stands in brackets behind a value, taken from it."""

    @abstractmethod
    def run(self, body: Sequence[ast.stmt], frame: Frame) -> None:
        """Statements, one after the other."""

    @abstractmethod
    def items(self, value: Any, node: ast.expr | ast.stmt) -> list[Any]:
        """What a loop goes over."""

    @abstractmethod
    def decided(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a condition holds."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Any, frame: Frame, node: ast.stmt, origin: str | None = None) -> None:
        """Gives a value to what stands in front of an equals sign."""

    @abstractmethod
    def call(self, node: ast.Call, frame: Frame) -> Any:
        """What a call gives."""

    @abstractmethod
    def arguments(self, node: ast.Call, frame: Frame) -> tuple[list[Given], dict[str, Given]]:
        """The arguments of a call."""

    @abstractmethod
    def operation(self, name: str, args: Sequence[Given], kwargs: Mapping[str, Given], frame: Frame, node: ast.expr | ast.stmt) -> Any:
        """A function, method or operator on tensors."""

    @abstractmethod
    def call_part(
        self, part: Any, args: Sequence[Given], kwargs: Mapping[str, Given], frame: Frame, line: int, name: str = "", row: Any = None
    ) -> Any:
        """What a module returns that is called in a ``forward``."""

    @abstractmethod
    def made(self, cls: ast.ClassDef, args: Sequence[Given], kwargs: Mapping[str, Given], where: ast.AST) -> Instance:
        """An object of a class of the text."""

    @abstractmethod
    def bind(
        self, node: ast.FunctionDef | ast.Lambda, frame: Frame, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, what: str
    ) -> None:
        """Gives the arguments of a function their values."""

    @abstractmethod
    def body(self, node: ast.FunctionDef, frame: Frame) -> Any:
        """What a function returns."""

    @abstractmethod
    def run_function(self, function: Function, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, frame: Frame | None) -> Any:
        """A function of the text, followed where it is called."""

    @abstractmethod
    def above(self, name: str, node: ast.Call, frame: Frame) -> Any:
        """A method of the class that the one of ``self`` inherits from, where the text has it."""

    @abstractmethod
    def default(self, node: ast.FunctionDef, name: str) -> Any:
        """What an argument of a function is by default."""

    @abstractmethod
    def defaulted(self, node: ast.FunctionDef) -> set[str]:
        """The arguments of a function that have a default."""

    @abstractmethod
    def set_attribute(self, owner: Any, name: str, value: Any, frame: Frame, node: ast.stmt, origin: str | None) -> None:
        """Gives a value to an attribute of an object."""

    @abstractmethod
    def method(self, cls: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        """A method of a class of the text, its own or one that it inherits."""

    @abstractmethod
    def named(self, node: ast.Name, frame: Frame) -> Any:
        """What a name stands for."""

    @abstractmethod
    def attribute(self, owner: Any, name: str, node: ast.expr, frame: Frame) -> Any:
        """What an attribute of something is."""

    @abstractmethod
    def asked(self, tensor: Any, name: str, node: ast.expr) -> Any:
        """What is known of a tensor: its shape, its dtype."""

    @abstractmethod
    def origin(self, node: ast.expr, frame: Frame) -> str | None:
        """The argument of the class of ``self`` that an expression is, and nothing else."""


def words_of(node: ast.AST) -> str:
    """What a kind of statement or expression is called."""
    words = {"With": "with block", "While": "while loop", "Try": "try block", "Delete": "del", "ClassDef": "class in a function"}
    return words.get(type(node).__name__, type(node).__name__.lower())
