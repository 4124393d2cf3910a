"""Lets somebody look at what every node gives, without a trace in the files that are trained.

The text of ``model.py`` is compiled a second time, with each result in ``forward`` handed to a function on its way. These methods stand
in the classes only while somebody looks, so that all other steps run exactly what the file says.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, nn

Look = Callable[[str, str, Tensor], None]
"""Receives the path of the object that computes, the id of the node, and what the node gives."""

_HANDED = "_archloom_look"


class Tracing:
    """The places of one network.

    Args:
        module: ``model.py`` of a run, as it was imported.
        model: the network, of a class that the module defines.
        lines: node id by line of the module.
    """

    def __init__(self, module: ModuleType, model: nn.Module, lines: Mapping[int, str]):
        path = Path(str(module.__file__))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self._module = module
        self._layers: dict[type, dict[str, str]] = {}
        self._forwards: dict[type, tuple[Any, Any]] = {}
        for definition in tree.body:
            if not isinstance(definition, ast.ClassDef):
                continue
            cls = getattr(module, definition.name)
            methods = {m.name: m for m in definition.body if isinstance(m, ast.FunctionDef)}
            layers = dict(_layers(methods["__init__"], lines)) if "__init__" in methods else {}
            if _hand_over(methods["forward"], lines):
                self._layers[cls] = layers
                self._forwards[cls] = cls.forward, _compiled(methods["forward"], module, path)
        self._paths = {id(part): name for name, part in model.named_modules() if type(part) in self._layers}
        owners = sorted(((name, type(part)) for name, part in model.named_modules() if type(part) in self._layers), key=lambda o: len(o[0]))
        self.weights = {name: place for name, _ in model.named_parameters() if (place := self._owner(name, owners)) is not None}
        """Path and node of each learned tensor, by its name."""

    @contextmanager
    def looking(self, look: Look) -> Iterator[None]:
        """While it lasts, ``look`` receives what every node gives."""
        self.begin(look)
        try:
            yield
        finally:
            self.end()

    def begin(self, look: Look) -> None:
        """From now on ``look`` receives what every node gives."""

        def hand(part: nn.Module, node: str, value: Any) -> Any:
            tensor = _first_tensor(value)
            if tensor is not None:
                look(self._paths.get(id(part), ""), node, tensor)
            return value

        setattr(self._module, _HANDED, hand)
        for cls, (_, traced) in self._forwards.items():
            cls.forward = traced  # type: ignore[attr-defined]

    def end(self) -> None:
        """Nobody looks any more."""
        for cls, (plain, _) in self._forwards.items():
            cls.forward = plain  # type: ignore[attr-defined]

    def _owner(self, name: str, owners: list[tuple[str, type]]) -> tuple[str, str] | None:
        """The place whose layer a learned tensor is part of."""
        for path, cls in reversed(owners):
            prefix = f"{path}." if path else ""
            if name.startswith(prefix):
                node = self._layers[cls].get(name.removeprefix(prefix).partition(".")[0])
                if node is not None:
                    return path, node
        return None


def _layers(method: ast.FunctionDef, lines: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """The attributes that a constructor sets for a node, each with the node's id."""
    for statement in method.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute) and statement.lineno in lines:
            yield statement.targets[0].attr, lines[statement.lineno]


def _hand_over(method: ast.FunctionDef, lines: Mapping[int, str]) -> bool:
    """Has each result that belongs to a node handed over; whether there is one."""
    found = False
    for statement in ast.walk(method):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name | ast.Tuple):
            continue  # it has been handed over where it was computed
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return)) and statement.value is not None and statement.lineno in lines:
            part, node = ast.Name("self", ast.Load()), ast.Constant(lines[statement.lineno])
            call = ast.Call(ast.Name(_HANDED, ast.Load()), [part, node, statement.value], [])
            statement.value = ast.fix_missing_locations(ast.copy_location(call, statement.value))
            found = True
    return found


def _compiled(method: ast.FunctionDef, module: ModuleType, path: Path) -> Any:
    made: dict[str, Any] = {}
    exec(compile(ast.Module([method], []), str(path), "exec"), module.__dict__, made)
    return made["forward"]


def _first_tensor(value: Any) -> Tensor | None:
    """What a node gives first, where that is a tensor of floating-point numbers."""
    while isinstance(value, (tuple, list)) and value:
        value = value[0]
    return value if isinstance(value, Tensor) and value.is_floating_point() else None
