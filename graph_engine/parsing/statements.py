"""Statements of Python, followed one by one."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing import constants
from graph_engine.parsing.calls import (
    TRAINING,
)
from graph_engine.parsing.drafts import (
    Function,
    Row,
    Tensor,
)
from graph_engine.parsing.walking import Frame, Leave, Return, Walk, words_of
from graph_engine.spec.tensor import Dim


class Statements(Walk):
    """Statements of Python, followed one by one."""

    number = 0

    def run(self, body: Sequence[ast.stmt], frame: Frame) -> None:
        for node in body:
            self.step(node)
            self.statement(node, frame)

    def statement(self, node: ast.stmt, frame: Frame) -> None:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=parts) | ast.List(elts=parts)]):
                self.parts = len(parts)
                value = self.value(node.value, frame)
                self.parts = 0
                self.assign(node.targets[0], value, frame, node)
            case ast.Assign():
                value, origin = self.value(node.value, frame), self.origin(node.value, frame)
                for target in node.targets:
                    self.assign(target, value, frame, node, origin)
            case ast.AnnAssign(value=None):
                pass
            case ast.AnnAssign():
                assert node.value is not None
                self.assign(node.target, self.value(node.value, frame), frame, node, self.origin(node.value, frame))
            case ast.AugAssign():
                before = self.value(node.target, frame)
                after = self.binary(node.op, before, self.value(node.value, frame), frame, node)
                self.assign(node.target, after, frame, node)
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr():
                self.value(node.value, frame)
            case ast.Return():
                raise Return(self.value(node.value, frame) if node.value is not None else None)
            case ast.If():
                self.run(node.body if self.decided(node.test, frame) else node.orelse, frame)
            case ast.For():
                self.loop(node, frame)
            case ast.Break():
                raise Leave(goes_on=False)
            case ast.Continue():
                raise Leave(goes_on=True)
            case ast.Pass() | ast.Assert() | ast.Import() | ast.ImportFrom():
                pass
            case ast.FunctionDef():
                frame.names[node.name] = Function(node, frame.instance if frame.content is not None else None, frame)
            case ast.Raise():
                raise SourceError("the text raises an error here, with the values that it has.", node.lineno)
            case _:
                raise SourceError(f"a {words_of(node)} cannot be drawn.", node.lineno)

    def decided(self, node: ast.expr, frame: Frame) -> bool:
        value = self.value(node, frame)
        if value is TRAINING or (isinstance(value, tuple) and TRAINING in value):
            raise SourceError("what is done only in training cannot be drawn.", node.lineno)
        if isinstance(value, Tensor | Dim):
            raise SourceError("a condition on the numbers of a tensor cannot be drawn.", node.lineno)
        return bool(value)

    def loop(self, node: ast.For, frame: Frame) -> None:
        over = self.items(self.value(node.iter, frame), node.iter)
        number = self.number = self.number + 1
        for turn, item in enumerate(over):
            frame.loops.append((number, turn))
            try:
                self.assign(node.target, item, frame, node)
                self.run(node.body, frame)
            except Leave as leave:
                if not leave.goes_on:
                    return
            finally:
                frame.loops.pop()
        self.run(node.orelse, frame)

    def items(self, value: Any, node: ast.expr | ast.stmt) -> list[Any]:
        if isinstance(value, Row):
            found = list(value.items) if value.kind == "ModuleDict" else list(value.items.values())
        elif isinstance(value, tuple | list | range | str | dict):
            if len(value) > constants.MOST:
                raise SourceError("this loop goes on for too long to be drawn.", node.lineno)
            found = list(value)
        elif isinstance(value, Tensor):
            raise SourceError("a loop over the elements of a tensor cannot be drawn.", node.lineno)
        elif isinstance(value, Dim):
            raise SourceError(f"a loop over {value} steps, a number that is not fixed, cannot be drawn.", node.lineno)
        else:
            raise SourceError("this loop goes over something that cannot be drawn.", node.lineno)
        return found

    def assign(self, target: ast.expr, value: Any, frame: Frame, node: ast.stmt, origin: str | None = None) -> None:
        match target:
            case ast.Name():
                frame.names[target.id] = value
                frame.origins.pop(target.id, None)
                if origin is not None and not origin.startswith("*"):
                    frame.origins[target.id] = origin
            case ast.Tuple() | ast.List():
                items = list(value.items.values()) if isinstance(value, Row) else value
                stars = [i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)]
                if not isinstance(items, tuple | list) or (len(items) != len(target.elts) and not stars):
                    count = len(items) if isinstance(items, tuple | list) else 1
                    raise SourceError(f"{len(target.elts)} names are to take {count} value{'s' if count > 1 else ''}.", node.lineno)
                if stars:
                    behind = len(target.elts) - stars[0] - 1
                    middle = list(items[stars[0] : len(items) - behind])
                    items = [*items[: stars[0]], middle, *items[len(items) - behind :]]
                for part, one in zip(target.elts, items, strict=True):
                    self.assign(part.value if isinstance(part, ast.Starred) else part, one, frame, node)
            case ast.Attribute():
                self.set_attribute(self.value(target.value, frame), target.attr, value, frame, node, origin)
            case ast.Subscript():
                owner, key = self.value(target.value, frame), self.value(target.slice, frame)
                if not isinstance(owner, dict | list | Row):
                    raise SourceError("an assignment to a part of a tensor cannot be drawn.", node.lineno)
                (owner.items if isinstance(owner, Row) else owner)[key] = value
            case _:
                raise SourceError("this assignment cannot be drawn.", node.lineno)
