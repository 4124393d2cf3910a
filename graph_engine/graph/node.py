"""Nodes and edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from graph_engine.spec.block import BlockSpec

Position = tuple[float, float]

Bends = tuple[Position, ...]
"""The points that an edge runs through, from its source to its target."""

Form = Literal["whole", "collapsed", "expanded"]
"""How the card of a node is shown: whole, as its title only, or, of a group, with what is inside."""

Mode = Literal["active", "bypassed", "muted"]
"""Whether a node computes; passes on what arrives, as if it were not there; or gives nothing, as if nothing were connected to it."""

Direction = Literal["across", "down"]
"""Where edges go on the canvas: from left to right, or top down."""

COLUMN = 272.0
"""From one node to the next behind it, in scene units, where edges go across."""

STEPS: dict[Direction, Position] = {"across": (COLUMN, 0.0), "down": (0.0, 144.0)}
"""From one node to the next behind it."""


def ahead(position: Position, direction: Direction, steps: float) -> Position:
    """The place so many steps further along edges."""
    dx, dy = STEPS[direction]
    return position[0] + steps * dx, position[1] + steps * dy


@dataclass(frozen=True, kw_only=True)
class GroupSpec(BlockSpec):
    """What a group looks like from outside, as a block: its ports and exposed parameters. Shapes come from checking its content.

    Attributes:
        definition: id of the definition.
        name: what the group is called.
    """

    definition: str
    name: str

    @property
    def title(self) -> str:
        return self.name


class Node:
    """One use of a block. Only its graph changes it.

    Attributes:
        id: stable, unique in the graph.
    """

    __slots__ = ("_form", "_mode", "_name", "_params", "_position", "_silenced", "_spec", "id")

    def __init__(
        self,
        id: str,
        spec: BlockSpec,
        name: str,
        params: Mapping[str, Any],
        position: Position,
        silenced: frozenset[str] = frozenset(),
        form: Form = "whole",
        mode: Mode = "active",
    ):
        self.id = id
        self._spec = spec
        self._name = name
        self._params = dict(params)
        self._position = position
        self._silenced = silenced
        self._form: Form = form
        self._mode: Mode = mode

    @property
    def spec(self) -> BlockSpec:
        """The block's declaration, fitted to the node's parameters."""
        return self._spec

    @property
    def block(self) -> str:
        """Id of the block."""
        return self._spec.id

    @property
    def name(self) -> str:
        """A Python identifier, unique in the graph: the attribute in the generated class."""
        return self._name

    @property
    def params(self) -> MappingProxyType[str, Any]:
        """Value of every declared parameter, defaults included; None where it is inferred or not set."""
        return MappingProxyType(self._params)

    @property
    def position(self) -> Position:
        """Place of the top left corner on the canvas, in scene units."""
        return self._position

    @property
    def silenced(self) -> frozenset[str]:
        """Codes of the warnings and hints that are not to be told of this node."""
        return self._silenced

    @property
    def form(self) -> Form:
        """How its card is shown."""
        return self._form

    @property
    def mode(self) -> Mode:
        """Whether it computes, is bypassed or muted."""
        return self._mode

    def __repr__(self) -> str:
        return f"<{self.block} {self.name!r} ({self.id})>"


class Edge(NamedTuple):
    """A directed connection, output port to input port.

    Attributes:
        id: unique in the graph while the edge lives; documents do not store it.
        source, source_port: where the tensor comes from.
        target, target_port: where it goes.
    """

    id: str
    source: str
    source_port: str
    target: str
    target_port: str
