"""Expressions of Python, evaluated with plain values, and with tensors of which only shapes are known."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing import constants
from graph_engine.parsing.calls import (
    TRAINING,
    Given,
    Refused,
)
from graph_engine.parsing.drafts import (
    Function,
    Made,
    Row,
    Tensor,
)
from graph_engine.parsing.walking import Frame, Walk, words_of
from graph_engine.spec.tensor import Dim


class Expressions(Walk):
    """Expressions of Python, evaluated with plain values, and with tensors of which only shapes are known."""

    def value(self, node: ast.expr, frame: Frame) -> Any:
        self.step(node)
        try:
            return self.use(self.evaluated(node, frame), frame, node.lineno)
        except Refused as error:
            raise SourceError(str(error), node.lineno) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise SourceError(f"this cannot be followed: {error}.", node.lineno) from None
        except RecursionError:
            raise SourceError("this is nested too deeply.", node.lineno) from None

    def evaluated(self, node: ast.expr, frame: Frame) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self.named(node, frame)
            case ast.Attribute():
                return self.attribute(self.evaluated(node.value, frame), node.attr, node, frame)
            case ast.Call():
                return self.call(node, frame)
            case ast.BinOp():
                return self.infix(node, frame)
            case ast.UnaryOp(op=op):
                return self.unary(op, self.value(node.operand, frame), frame, node)
            case ast.Tuple() | ast.List():
                items = [v for e in node.elts for v in self.spread(e, frame)]
                return tuple(items) if isinstance(node, ast.Tuple) else items
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                return {self.value(k, frame): self.value(v, frame) for k, v in pairs if k is not None}
            case ast.Subscript():
                return self.subscript(self.value(node.value, frame), node, frame)
            case ast.IfExp():
                return self.value(node.body if self.decided(node.test, frame) else node.orelse, frame)
            case ast.BoolOp():
                return self.logic(node, frame)
            case ast.Compare():
                return self.compared(node, frame)
            case ast.ListComp() | ast.GeneratorExp():
                return list(self.comprehended(node.elt, node.generators, frame))
            case ast.DictComp():
                pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node)
                return dict(self.comprehended(pair, node.generators, frame))
            case ast.JoinedStr():
                return "".join(str(self.value(v.value if isinstance(v, ast.FormattedValue) else v, frame)) for v in node.values)
            case ast.Slice():
                ends = [self.value(e, frame) if e is not None else None for e in (node.lower, node.upper, node.step)]
                return slice(*ends)
            case ast.Lambda():
                return Function(node, None, frame)
            case ast.Starred():
                raise SourceError("a star cannot stand here.", node.lineno)
            case _:
                raise SourceError(f"a {words_of(node)} cannot be drawn.", node.lineno)

    def spread(self, node: ast.expr, frame: Frame) -> list[Any]:
        if isinstance(node, ast.Starred):
            return self.items(self.value(node.value, frame), node.value)
        return [self.value(node, frame)]

    def comprehended(self, element: ast.expr, generators: Sequence[ast.comprehension], frame: Frame) -> Iterator[Any]:
        first, *others = generators
        for item in self.items(self.value(first.iter, frame), first.iter):
            inner = Frame(frame.instance, frame.content, frame)
            self.assign(first.target, item, inner, ast.copy_location(ast.Pass(), first.iter))
            if not all(self.decided(test, inner) for test in first.ifs):
                continue
            if others:
                yield from self.comprehended(element, others, inner)
            else:
                yield self.value(element, inner)

    def logic(self, node: ast.BoolOp, frame: Frame) -> Any:
        value: Any = None
        for part in node.values:
            value = self.value(part, frame)
            if value is TRAINING or isinstance(value, Tensor):
                raise SourceError("a condition on training or on the numbers of a tensor cannot be drawn.", node.lineno)
            if bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def compared(self, node: ast.Compare, frame: Frame) -> Any:
        left = self.value(node.left, frame)
        for op, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part, frame)
            identity = isinstance(op, ast.Is | ast.IsNot)
            if not identity and any(isinstance(v, Tensor) for v in (left, right)):
                raise SourceError("there is no block that compares numbers of tensors.", node.lineno)
            if not identity and any(isinstance(v, Dim) for v in (left, right)) and not isinstance(op, ast.Eq | ast.NotEq):
                # a size that is free is told with the least that it can be
                raise SourceError("a condition on a size that is not fixed cannot be drawn.", node.lineno)
            if not constants.COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def infix(self, node: ast.BinOp, frame: Frame) -> Any:
        """An operator; several of one kind between tensors are one node with as many inputs."""
        operands: list[ast.expr] = [node.right]
        rest = node.left
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, type(node.op)) and isinstance(node.op, ast.Add | ast.Mult):
            operands.append(rest.right)
            rest = rest.left
        values = [self.value(e, frame) for e in (rest, *reversed(operands))]
        if len(values) > 2 and all(isinstance(v, Tensor) for v in values):
            return self.operation(constants.ON_TENSORS[type(node.op)], [Given(v) for v in values], {}, frame, node)
        exprs = [rest, *reversed(operands)]
        result = values[0]
        for i, value in enumerate(values[1:], 1):
            origins = (self.origin(exprs[0], frame) if i == 1 else None, self.origin(exprs[i], frame))
            result = self.binary(node.op, result, value, frame, node, origins)
        return result

    def binary(
        self,
        op: ast.operator,
        left: Any,
        right: Any,
        frame: Frame,
        node: ast.stmt | ast.expr,
        origins: tuple[str | None, str | None] = (None, None),
    ) -> Any:
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            name = constants.ON_TENSORS.get(type(op))
            if name is None:
                raise SourceError("there is no block for this operator.", node.lineno)
            return self.operation(name, [Given(left, origins[0]), Given(right, origins[1])], {}, frame, node)
        if isinstance(left, Made) and isinstance(right, int | float) and isinstance(op, ast.Mult):
            left, right = right, left
        if isinstance(right, Made) and isinstance(left, int | float) and isinstance(op, ast.Mult) and "std" in right.params:
            return right._replace(params={**right.params, "mean": right.params["mean"] * left, "std": right.params["std"] * abs(left)})
        if type(op) not in constants.BINARY or isinstance(left, Made) or isinstance(right, Made):
            raise SourceError("these numbers cannot be drawn.", node.lineno)
        if isinstance(op, ast.Pow) and isinstance(right, int | float) and abs(right) > 1000:
            raise SourceError("this number is too large.", node.lineno)
        if isinstance(op, ast.Mult) and isinstance(left, list | tuple | str) and isinstance(right, int) and right > constants.MOST:
            raise SourceError("this list is too long to be drawn.", node.lineno)
        if isinstance(op, ast.Div) and isinstance(left, Dim | int) and isinstance(right, Dim):
            raise SourceError("a number that follows from a size that is not fixed cannot be drawn.", node.lineno)
        return constants.BINARY[type(op)](left, right)

    def unary(self, op: ast.unaryop, value: Any, frame: Frame, node: ast.expr) -> Any:
        if isinstance(value, Tensor):
            name = {ast.USub: "neg", ast.Invert: "logical_not"}.get(type(op))
            if name is None:
                raise SourceError("a condition on the numbers of a tensor cannot be drawn.", node.lineno)
            return self.operation(name, [Given(value)], {}, frame, node)
        if value is TRAINING:
            raise SourceError("what is done only in training cannot be drawn.", node.lineno)
        return constants.UNARY[type(op)](value)

    def subscript(self, owner: Any, node: ast.Subscript, frame: Frame) -> Any:
        index = self.value(node.slice, frame)
        if isinstance(owner, Tensor):
            return self.operation("getitem", [Given(owner), Given(index)], {}, frame, node)
        if isinstance(owner, Row):
            keys = list(owner.items)
            if isinstance(index, slice):
                kept = keys[index]
                cut = Row(owner.kind, {i: owner.items[k] for i, k in enumerate(kept)}, node, owner.line)
                cut.name = owner.name
                return cut
            return owner.items[keys[index] if isinstance(index, int) else index]
        return owner[index]
