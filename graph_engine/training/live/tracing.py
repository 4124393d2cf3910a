"""Looks on while generated source runs, and tells what each node gives.

Nothing of the network is changed for it: no hook, no other code. Python itself tells when another line of the source begins
(`sys.settrace`); what the line before has left in its variables is the output of its node.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from graph_engine.spec.call import Names
from graph_engine.training.live.outline import Outline

Place = tuple[str, ...]
"""Ids of the group nodes that lead to a node, from the network inwards."""
Take = Callable[[Place, str, str, Any], None]
"""Receives a value: its place, node, port, and what it is. The tensor may change afterwards, where a later node works in place."""


class Superseded(Exception):  # noqa: N818 (not a failure)
    """Nobody waits for the values any more."""


class Statement(NamedTuple):
    """A statement of a ``forward``.

    Attributes:
        node: id of the node that it computes.
        targets: names of the variables that it assigns, nested as it unpacks them.
        computes: whether it does more than to give values other names.
        returns: whether it is a return.
    """

    node: str
    targets: Names
    computes: bool
    returns: bool


class _Running:
    """A ``forward`` that is running."""

    def __init__(self, place: Place, group: str, is_told: bool):
        self.place = place
        self.group = group
        self.is_told = is_told
        self.calls: Counter[str] = Counter()
        self.statement: Statement | None = None
        self.failed = False


class Tracer:
    """Tells what the nodes of one network give while it runs.

    Args:
        path: the file of its source, as Python knows it.
        text: the source.
        outline: of it.
        take: receives the values; of a group that is repeated, one turn after the other.
        stopped: asked before each line; where it is true, the network ends with `Superseded`.
        turns: of repeated groups, by their place, the turn, from 0, whose values alone are told; of others, all are.
    """

    def __init__(
        self,
        path: str,
        text: str,
        outline: Outline,
        take: Take,
        stopped: Callable[[], bool] = lambda: False,
        turns: Mapping[Place, int] | None = None,
    ):
        self._path = path
        self._outline = outline
        self._take = take
        self._stopped = stopped
        self._turns = turns or {}
        self._statements, self._functions = _read(text, outline)
        self._running: list[_Running] = []

    @property
    def at(self) -> tuple[Place, str] | None:
        """Place and id of the node that is being computed."""
        if not self._running or self._running[-1].statement is None or not self._running[-1].is_told:
            return None
        return self._running[-1].place, self._running[-1].statement.node

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Looks on at what this thread runs meanwhile."""
        before = sys.gettrace()
        self._running.clear()
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _on_call(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if code.co_filename != self._path or code.co_firstlineno not in self._functions:
            return None
        around = self._running[-1] if self._running else None
        node = around.statement.node if around is not None and around.statement is not None else ""
        place = (*around.place, node) if around is not None else ()
        is_told = around is None or (around.is_told and self._turns.get(place, around.calls[node]) == around.calls[node])
        if around is not None:
            around.calls[node] += 1
        running = _Running(place, node, is_told)
        self._running.append(running)
        if not is_told:
            return self._on_line
        body = self._outline.bodies[node]
        for name, id in body.inputs:
            self._take(place, id, "output", frame.f_locals[name])
        for name, id in body.held:
            self._take(place, id, "output", getattr(frame.f_locals["self"], name))
        return self._on_line

    def _on_line(self, frame: FrameType, event: str, arg: Any) -> Any:
        running = self._running[-1]
        if event == "line":
            running.failed = False
            found = self._statements.get(frame.f_lineno)
            if found is not running.statement:
                self._finish(running, frame)
                running.statement = found
                if self._stopped():
                    raise Superseded
        elif event == "exception":
            running.failed = True
        elif event == "return":
            if not running.failed:
                self._return(running, arg)
            self._running.pop()
        return self._on_line

    def _finish(self, running: _Running, frame: FrameType) -> None:
        """Tells what the last statement has assigned."""
        done = running.statement
        if done is not None and done.computes and not done.returns and done.targets and running.is_told:
            self._tell(running.place, done.node, done.targets, self._outline.results.get(done.node, ()), frame.f_locals)

    def _tell(self, place: Place, node: str, targets: Names, ports: Names, values: dict[str, Any]) -> None:
        for target, port in zip(targets, ports, strict=False):
            if isinstance(target, tuple):
                if isinstance(port, tuple):
                    self._tell(place, node, target, port, values)
            elif target != "_" and isinstance(port, str):
                self._take(place, node, port, values[target])

    def _return(self, running: _Running, result: Any) -> None:
        if not running.is_told:
            return
        outputs, done = self._outline.bodies[running.group].outputs, running.statement
        if done is not None and done.computes and done.node not in outputs:
            self._take(running.place, done.node, str(self._outline.results[done.node][0]), result)
        for node, value in zip(outputs, result if len(outputs) > 1 else (result,), strict=True):
            port = str(self._outline.results[node][0]) if node in self._outline.results else "input"
            self._take(running.place, node, port, value)


def _read(text: str, outline: Outline) -> tuple[dict[int, Statement], set[int]]:
    """The statements by line, and the lines at which the functions begin that hold them."""
    statements: dict[int, Statement] = {}
    functions: set[int] = set()
    for cls in ast.parse(text).body:
        for function in cls.body if isinstance(cls, ast.ClassDef) else ():
            if isinstance(function, ast.FunctionDef) and function.name == "forward":
                for part in (one for outer in function.body for one in (outer, *(outer.body if isinstance(outer, ast.For) else ()))):
                    if part.lineno in outline.lines:
                        functions.add(function.lineno)
                        last = part.lineno if isinstance(part, ast.For) else part.end_lineno or part.lineno
                        statement = _statement(part, outline.lines[part.lineno])
                        statements.update(dict.fromkeys(range(part.lineno, last + 1), statement))
    return statements, functions


def _statement(part: ast.stmt, node: str) -> Statement:
    if isinstance(part, ast.Return):
        return Statement(node, (), not isinstance(part.value, ast.Name | ast.Tuple), True)
    if isinstance(part, ast.Assign) or (isinstance(part, ast.AnnAssign) and part.value is not None):
        target = part.targets[0] if isinstance(part, ast.Assign) else part.target
        names = _targets(target)
        return Statement(node, names if isinstance(names, tuple) else (names,), not isinstance(part.value, ast.Name | ast.Tuple), False)
    return Statement(node, (), False, False)


def _targets(target: ast.expr) -> str | Names:
    if isinstance(target, ast.Name):
        return target.id
    assert isinstance(target, ast.Tuple)
    return tuple(_targets(part) for part in target.elts)
