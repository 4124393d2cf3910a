"""Scopes → plans: which nodes the graph of each module has, what they are called, and what is connected to what.

Every module whose calls were recorded becomes a group. What it uses of outside becomes its inputs, what outside uses of it its outputs,
whatever its ``forward`` takes and returns. Learned tensors and constants become nodes in the innermost module that holds all their uses.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from graph_engine.blocks import registry
from graph_engine.graph.names import RESERVED
from graph_engine.importing.matching import Match
from graph_engine.importing.recording import Call, Recording, Scope, Value, values_in
from graph_engine.spec.tensor import Dim

End = tuple["PlanNode", str]
"""A node and one of its outputs."""


class PlanNode:
    """A node to be.

    Attributes:
        name: a Python identifier, unique in its plan.
        match: block, parameters and tensors of a node that is no group.
        content: of a group what is inside.
        sources: for each input what arrives, in order.
        params: values of parameters; of a group those that it exposes, and how often it is repeated.
        layer: what nodes have in common that compute with the same weights.
        turns: of a repeated group the contents of all its repetitions.
        path: where in the module it comes from.
        inlined: it stood for a container of what it is now.
    """

    def __init__(self, name: str, match: Match | None, content: Plan | None, path: str):
        self.name = name
        self.match = match
        self.content = content
        self.path = path
        self.sources: dict[str, list[End]] = {}
        self.params: dict[str, Any] = dict(match.params) if match is not None else {}
        self.layer: Any = match.layer if match is not None else None
        self.inlined = False
        self.turns: list[Plan] = [content] if content is not None else []

    @property
    def outputs(self) -> list[str]:
        """Names of its outputs."""
        return [n.name for n in self.content.outputs] if self.content is not None else list(self.match.outputs) if self.match else []


class Plan:
    """The content of a graph.

    Attributes:
        scope: the call of the module that it tells of.
        title: what the group is called.
        inputs, nodes, outputs: its nodes, each behind what it needs.
        values: of the parameters that it exposes.
    """

    def __init__(self, scope: Scope, title: str):
        self.scope = scope
        self.title = title
        self.inputs: list[PlanNode] = []
        self.nodes: list[PlanNode] = []
        self.outputs: list[PlanNode] = []
        self.values: dict[str, Any] = {}
        self._names: set[str] = set()

    def free(self, stem: str, *, numbered: bool = False) -> str:
        """A name that no node of the plan has."""
        stem = identifier(stem)
        name = f"{stem}1" if numbered else stem
        number = 2
        while name in self._names:
            name, number = f"{stem}{'_' if stem[-1].isdigit() else ''}{number}", number + 1
        self._names.add(name)
        return name


def identifier(text: str) -> str:
    """The nearest text that can name a node."""
    name = re.sub(r"\W", "_", text).strip("_") or "node"
    name = f"m{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED else name


def plan(recording: Recording, matches: Mapping[Call, list[Match]]) -> Plan:
    """The plan of a recorded module, with those of its groups inside."""
    return _Planner(recording, matches).build(recording.root)


class _Planner:
    def __init__(self, recording: Recording, matches: Mapping[Call, list[Match]]):
        self._matches = matches
        self._root = recording.root
        self._inputs = recording.inputs
        self._home: dict[Value, Scope] = dict.fromkeys(recording.inputs, recording.root)
        self._users: dict[Value, dict[Scope, None]] = {}
        self._order: dict[Value, int] = {}
        self._depth: dict[Scope, list[Scope]] = {}
        for scope in self._scopes(recording.root):
            self._depth[scope] = scope.chain()
            for call in scope.steps:
                if isinstance(call, Call):
                    for match in matches[call]:
                        for value in (v for vs in match.inputs.values() for v in vs):
                            self._users.setdefault(value, {})[scope] = None
                        for value in match.outputs.values():
                            self._home[value] = scope
                            self._order[value] = len(self._order)
        for value in values_in(recording.root.returned):
            self._users.setdefault(value, {})[recording.root] = None
        for value in self._users:
            if value not in self._home:
                self._home[value] = self._owner(value)
        self._free: dict[Scope, dict[Value, None]] = {}
        self._exports: dict[Scope, dict[Value, None]] = {}
        for value, users in self._users.items():
            home = self._depth[self._home[value]]
            for user in users:
                chain = self._depth[user]
                shared = sum(1 for a, b in zip(home, chain, strict=False) if a is b)
                for scope in chain[shared:]:
                    self._free.setdefault(scope, {})[value] = None
                for scope in home[shared:]:
                    self._exports.setdefault(scope, {})[value] = None

    def _scopes(self, scope: Scope) -> Iterator[Scope]:
        yield scope
        for step in scope.steps:
            if isinstance(step, Scope):
                yield from self._scopes(step)

    def _owner(self, value: Value) -> Scope:
        """The innermost scope around all uses; for a tensor of a module, one of that module where there is one."""
        chains = [self._depth[user] for user in self._users[value]]
        common = [scopes[0] for scopes in zip(*chains, strict=False) if all(s is scopes[0] for s in scopes)]
        for scope in reversed(common):
            if value.name and value.name.rpartition(".")[0] == scope.path:
                return scope
        return common[-1]

    def build(self, scope: Scope) -> Plan:
        found = Plan(scope, _title(scope))
        where: dict[Value, End] = {}
        given = {v: name for name, x in scope.given.items() for v in values_in(x)}
        entering = self._inputs if scope is self._root else self._ordered(self._free.get(scope, {}), given)
        for value in entering:
            spec = registry()["Input"]
            stem = value.name if scope is self._root else given.get(value) or "x"
            inside = Match(spec, dict(spec.defaults), {}, {"output": value})  # what arrives there, its uses decide
            node = PlanNode(found.free(stem), _held(spec, value) if scope is self._root else inside, None, "")
            found.inputs.append(node)
            where[value] = (node, "output")
        for step in scope.steps:
            if isinstance(step, Call):
                for match in self._matches[step]:
                    self._add(found, scope, step, match, where)
            elif self._has_nodes(step):
                self._group(found, scope, step, where)
        leaving = values_in(scope.returned) if scope is self._root else self._leaving(scope)
        names = _result_names(scope.returned) if scope is self._root else []
        for i, value in enumerate(leaving):
            stem = names[i] if names else "output" if len(leaving) == 1 or not i else f"output{i + 1}"
            spec = registry()["Output"]
            node = PlanNode(found.free(stem), Match(spec, dict(spec.defaults), {}, {}), None, "")
            node.sources = {"input": [self._source(found, scope, value, where)]}
            found.outputs.append(node)
        return found

    def _ordered(self, values: Mapping[Value, None], given: Mapping[Value, str]) -> list[Value]:
        order = {v: i for i, v in enumerate(given)}
        return sorted(values, key=lambda v: order.get(v, len(order)))

    def _leaving(self, scope: Scope) -> list[Value]:
        told = {v: i for i, v in enumerate(values_in(scope.returned))}
        return sorted(self._exports.get(scope, {}), key=lambda v: (told.get(v, len(told)), self._order.get(v, 0)))

    def _has_nodes(self, scope: Scope) -> bool:
        return any(bool(self._matches[s]) if isinstance(s, Call) else self._has_nodes(s) for s in scope.steps)

    def _add(self, found: Plan, scope: Scope, call: Call, match: Match, where: dict[Value, End]) -> None:
        path = call.path if call.layer is not None or len(self._matches[call]) == 1 else ""
        name = self._name(found, scope, path, match.spec.stem) if path else found.free(match.spec.stem, numbered=True)
        node = PlanNode(name, match, None, path)
        for port, values in match.inputs.items():
            node.sources[port] = [self._source(found, scope, v, where) for v in values]
        found.nodes.append(node)
        for port, value in match.outputs.items():
            where[value] = (node, port)

    def _group(self, found: Plan, scope: Scope, inner: Scope, where: dict[Value, End]) -> None:
        content = self.build(inner)
        node = PlanNode(self._name(found, scope, inner.path, _snake(content.title)), None, content, inner.path)
        given = {v: name for name, x in inner.given.items() for v in values_in(x)}
        for port, value in zip(content.inputs, self._ordered(self._free.get(inner, {}), given), strict=True):
            node.sources[port.name] = [self._source(found, scope, value, where)]
        if any(n.layer is not None for n in _all(content)):
            node.layer = ("group", inner.path)
        found.nodes.append(node)
        for port, value in zip(content.outputs, self._leaving(inner), strict=True):
            where[value] = (node, port.name)

    def _name(self, found: Plan, scope: Scope, path: str, stem: str) -> str:
        inside = path[len(scope.path) + 1 :] if scope.path and path.startswith(f"{scope.path}.") else path
        if inside.isdecimal():
            return found.free(f"{stem}{inside}")
        return found.free(inside.replace(".", "_")) if inside else found.free(stem)

    def _source(self, found: Plan, scope: Scope, value: Value, where: dict[Value, End]) -> End:
        if value not in where:  # a tensor that lives here
            inside = value.name[len(scope.path) + 1 :] if scope.path and value.name.startswith(f"{scope.path}.") else value.name
            spec = registry()["Parameter" if value.origin == "weight" else "Buffer"]
            stem = inside.replace(".", "_") if inside else "constant"
            node = PlanNode(found.free(stem, numbered=not inside), _held(spec, value), None, value.name)
            found.nodes.insert(sum(1 for n in found.nodes if n.match is not None and n.match.spec.call.is_held), node)
            where[value] = (node, "output")
        return where[value]


def _all(content: Plan) -> Iterator[PlanNode]:
    for node in content.nodes:
        yield node
        if node.content is not None:
            yield from _all(node.content)


def _held(spec: Any, value: Value) -> Match:
    """A node that gives a tensor: an input, a learned tensor, a constant."""
    if spec.id == "Input":
        shape = tuple(s if isinstance(s, int) else str(s) for s in value.shape[1:])
        return Match(spec, {**spec.defaults, "shape": shape, "dtype": value.dtype}, {}, {"output": value})
    params = {**spec.defaults, "size": tuple(1 if isinstance(s, Dim) else s for s in value.shape)}
    if spec.id == "Parameter":
        assert value.tensor is not None
        first = value.tensor.flatten()[:1]
        if value.tensor.numel() and bool((value.tensor == first).all()):
            params |= {"mean": float(first.detach()), "std": 0.0}
    else:
        params["dtype"] = value.dtype
    return Match(spec, params, {}, {"output": value}, state={"": value.name}, layer=("tensor", value.name or id(value)))


def _result_names(result: Any) -> list[str]:
    """Names for the outputs of the network, from what it returns."""
    if isinstance(result, Value):
        return ["output"]
    if isinstance(result, Mapping):
        named = [(str(k), v) for k, v in result.items()]
    elif isinstance(result, tuple | list):
        named = [("output" if not i else f"output{i + 1}", v) for i, v in enumerate(result)]
    else:
        return []
    return [name if isinstance(v, Value) else f"{name}_{i + 1}" for name, v in named for i, _ in enumerate(values_in(v))]


def _title(scope: Scope) -> str:
    """What the group of a module is called: as its class; a container as where it stands."""
    cls = type(scope.module)
    if cls in (nn.Sequential, nn.ModuleList, nn.ModuleDict) and scope.path:
        words = [w for w in re.split(r"[._]", scope.path) if not w.isdigit()]
        last = re.sub(r"\d+$", "", words[-1] if words else "") or "Part"
        return last[0].upper() + last[1:]
    return cls.__name__


def _snake(text: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub(r"\W", "_", text)).lower()
