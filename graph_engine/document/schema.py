"""The form of a document, and of what the clipboard holds, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AllowInfNan, BaseModel, ConfigDict, Field

from graph_engine.document.annotations import AnnotationRecord
from graph_engine.graph.node import Direction, Mode

Finite = Annotated[float, AllowInfNan(False)]


class NodeRecord(BaseModel):
    """One node; what is as by default is left out.

    Attributes:
        definition: id of the definition, of a node that is a group.
        shares: id of the node whose weights it computes with, where they are not its own.
        expanded, collapsed: how its card is shown, where it is not whole.
        silenced: codes of the findings that are not to be told of it.
        mode: whether it is bypassed or muted, where it does not compute.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: str
    block: str
    definition: str = ""
    shares: str = ""
    params: dict[str, Any] = {}
    silenced: list[str] = []
    expanded: bool = False
    collapsed: bool = False
    mode: Mode = "active"
    position: Annotated[list[Finite], Field(min_length=2, max_length=2)] = [0.0, 0.0]


Point = Annotated[list[Finite], Field(min_length=2, max_length=2)]


def _ends_first(record: list[Any]) -> list[Any]:
    if not all(isinstance(end, str) for end in record[:2]) or any(isinstance(rest, str) for rest in record[2:]):
        raise ValueError("an edge is its source, its target and, if it has any, a list of its points")
    return record


EdgeRecord = Annotated[list[str | list[Point]], Field(min_length=2, max_length=3), AfterValidator(_ends_first)]
"""``["node.port", "node.port"]``, source and target; behind them the points that the edge runs through, where there are some."""


class ExposedRecord(BaseModel):
    """A parameter of a node inside a group that each use may set."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    node: str
    param: str


class DefinitionRecord(BaseModel):
    """The content of a group; its direction is left out where edges go across."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: str = ""
    exposed: list[ExposedRecord] = []
    direction: Direction = "across"
    nodes: list[NodeRecord] = []
    edges: list[EdgeRecord] = []
    annotations: list[AnnotationRecord] = []


class ClipRecord(BaseModel):
    """Nodes, the edges between them, the definitions of the groups among them, and frames and notes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["archloom-clip"]
    definitions: list[DefinitionRecord] = []
    nodes: list[NodeRecord] = []
    edges: list[EdgeRecord] = []
    annotations: list[AnnotationRecord] = []


class DocumentRecord(BaseModel):
    """A document; its direction is left out where edges go across."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["archloom"]
    version: int
    name: str
    description: str = ""
    direction: Direction = "across"
    definitions: list[DefinitionRecord] = []
    nodes: list[NodeRecord] = []
    edges: list[EdgeRecord] = []
    annotations: list[AnnotationRecord] = []
    data: dict[str, Any] = {}
    augmentation: dict[str, Any] = {}
    training: dict[str, Any] = {}
    weights: Annotated[str, Field(pattern=r"^[^/\\]+\.safetensors$")] | None = None
    origins: dict[str, Annotated[str, Field(pattern=r"^(\w+\.\d+/)*\w+$")]] = {}
