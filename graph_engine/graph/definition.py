"""The content of a group: a graph of its own, used by any number of nodes.

Its ports are its Input and Output nodes, called as these are. What arrives at an Input comes from the node that uses the group, so its
own shape says nothing there. Parameters of nodes inside can be exposed: each use may then give them another value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn

from graph_engine.errors import GraphError, quoted
from graph_engine.graph.changes import Change
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.names import check_identifier
from graph_engine.graph.node import GroupSpec
from graph_engine.spec.call import Call
from graph_engine.spec.params import BoolParam, IntParam, Param
from graph_engine.spec.ports import Port

GROUP = "Group"
"""Block id and category of every node that is a group."""

DEEPEST = 50
"""Groups may lie in groups so many times."""

REPEAT = IntParam(
    name="repeat",
    default=1,
    minimum=1,
    maximum=1000,
    help="How many times in a row, each with weights of its own; the outputs go into the first inputs of the next.",
)
TIED = BoolParam(name="share_weights", default=False, help="All repetitions use the same weights.", advanced=True)


class Exposed(NamedTuple):
    """A parameter of a node inside that each use of the group may set.

    Attributes:
        name: what it is called outside; one name may set several of one kind.
        node: id of the node.
        param: what it is called there.
    """

    name: str
    node: str
    param: str


class Shown(NamedTuple):
    """A group from outside.

    Attributes:
        spec: the group as a block.
        ports: names of the ports by the id of their Input or Output node.
    """

    spec: GroupSpec
    ports: Mapping[str, str]


class Definition(CoreGraph):
    """The content of a group.

    Attributes:
        id: unique in the document.
    """

    def __init__(self, root: CoreGraph, id: str, name: str, description: str = "", exposed: Iterable[Exposed] = ()):
        super().__init__(name, description, root)
        self.id = id
        self._exposed = tuple(exposed)
        self._shown: Shown | None = None

    @property
    def exposed(self) -> tuple[Exposed, ...]:
        """The parameters that each use may set."""
        return self._exposed

    @property
    def shown(self) -> Shown:
        """What the nodes that use the group know of it."""
        if self._shown is None:
            self._shown = self.current()
        return self._shown

    @property
    def spec(self) -> GroupSpec:
        """The group as a block."""
        return self.shown.spec

    def values_inside(self, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """What the parameters of a use mean inside: values by node and parameter; those that share weights share them too."""
        inside: dict[str, dict[str, Any]] = {}
        for name, node, param in self._exposed:
            for id in self.sharing(node):
                inside.setdefault(id, {})[param] = params[name]
        return inside

    def current(self) -> Shown:
        """What there is to know now, which may be more than the uses have been told.

        Raises:
            GraphError: two of its ports and parameters have one name, one of its parameters has two, or one name stands for parameters
                of different kinds.
            NodeNameError: the name of a parameter is no identifier.
        """
        told: dict[tuple[str, str], str] = {}
        outside: dict[str, Param] = {}
        for exposed in self._exposed:
            name, node, param = exposed
            check_identifier(name, "parameter")
            if self[node].spec.call.kind in ("input", "output"):
                raise GraphError(
                    f"{param} of {self[node].name} says nothing in a group, whose uses decide what arrives; it cannot be exposed."
                )
            if (node, param) in told:
                raise GraphError(f"{param} of {self[node].name} is exposed as {told[node, param]} already.")
            told[node, param] = name
            if _limits(outside.setdefault(name, self._outside(exposed))) != _limits(self._outside(exposed)):
                raise GraphError(f"{name} cannot set {param} of {self[node].name} as well, which has other limits; choose another name.")
        inputs = tuple(Port(n.name, "An input of the group.") for n in self if n.spec.call.kind == "input")
        outputs = tuple(Port(n.name, "An output of the group.") for n in self if n.spec.call.kind == "output")
        params = (*outside.values(), REPEAT, TIED)
        names = [*(p.name for p in (*inputs, *outputs)), *(p.name for p in params)]
        for name in names:
            if names.count(name) > 1:
                raise GraphError(f"Two of the ports and parameters of {self.name} are called {name}; choose another name for one.")
        spec = GroupSpec(
            id=GROUP,
            category=GROUP,
            summary=self.description or f"The group {self.name}.",
            inputs=inputs,
            outputs=outputs,
            params=params,
            infer=_by_its_content,
            call=Call("module", "", tuple(p.name for p in inputs), returns=tuple(p.name for p in outputs) if len(outputs) > 1 else ()),
            stem=_stem(self.name),
            definition=self.id,
            name=self.name,
        )
        return Shown(spec, {n.id: n.name for n in self if n.spec.call.kind in ("input", "output")})

    def _outside(self, exposed: Exposed) -> Param:
        node = self[exposed.node]
        if node.spec.fitting is not None and exposed.param in node.spec.fitting.on:
            raise GraphError(f"{exposed.param} of {node.name} cannot be exposed: the ports of {node.name} follow from it.")
        param, value = node.spec.param(exposed.param), node.params[exposed.param]
        if param.inferred:
            return replace(param, name=exposed.name) if value is None else replace(param, name=exposed.name, inferred=False, default=value)
        return replace(param, name=exposed.name) if value is None and param.required else replace(param, name=exposed.name, default=value)

    # primitives, for commands only

    def _set_exposed(self, exposed: Iterable[Exposed]) -> None:
        self._exposed = tuple(exposed)
        self._note(Change("definition", self.id))

    def _set_words(self, name: str, description: str) -> None:
        self._name, self._description = name, description
        self._note(Change("definition", self.id))

    def _set_shown(self, shown: Shown) -> None:
        self._shown = shown
        self._root._note(Change("definition", self.id))


def check_use(graph: CoreGraph, definitions: Iterable[str]) -> None:
    """Raises `GraphError` where some groups cannot be used in a graph: it would contain itself, or be nested too deeply."""
    known, deepest = graph.definitions, 0
    below: dict[str, int] = {}
    for id in dict.fromkeys(definitions):
        if id not in known:
            raise GraphError(f"The document has no group {quoted(id)}.")
        deepest = max(deepest, _levels(id, lambda used: known[used].groups.values(), below))
    if not deepest:
        return
    if isinstance(graph, Definition):
        if graph.id in below and known.get(graph.id) is graph:
            raise GraphError(f"{graph.name} cannot be used inside itself.")
        holders: dict[str, list[str]] = {}
        for holder in known.values():
            for used in set(holder.groups.values()):
                holders.setdefault(used, []).append(holder.id)
        deepest += _levels(graph.id, lambda used: holders.get(used, ()), {})
    if deepest > DEEPEST:
        raise GraphError(f"Groups can be nested {DEEPEST} deep, and no deeper.")


def _levels(id: str, following: Callable[[str], Iterable[str]], seen: dict[str, int]) -> int:
    """How many definitions lie on the longest way that begins with one."""
    if id not in seen:
        seen[id] = 1 + max((_levels(other, following, seen) for other in set(following(id))), default=0)
    return seen[id]


def new_definition_id(root: CoreGraph, taken: Iterable[str] = ()) -> str:
    """An id that no definition of the document has."""
    used = {*root.definitions, *taken}
    return next(id for number in range(1, len(used) + 2) if (id := f"g{number}") not in used)


def free_title(root: CoreGraph, name: str) -> str:
    """A name for a group that no other has."""
    taken = {d.name for d in root.definitions.values()}
    return next(title for number in range(1, len(taken) + 2) if (title := name if number == 1 else f"{name} {number}") not in taken)


def _limits(param: Param) -> Param:
    """A parameter without its words and its default: what is left decides which values it takes."""
    return replace(param, name="", help="", default=None, inferred=False, advanced=False)


def _by_its_content(_: object) -> NoReturn:
    raise TypeError("what leaves a group is found by checking its content")


def _stem(name: str) -> str:
    """``Residual block`` → ``residual_block``."""
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    stem = "_".join(re.findall(r"[A-Za-z0-9]+", words)).lower()
    return stem if stem.isidentifier() else "group"
