"""The form of a document, and of what the clipboard holds, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

Finite = Annotated[float, AllowInfNan(False)]


class NodeRecord(BaseModel):
    """One node; parameters that have their default are left out, and ``silenced`` where it is empty."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: str
    block: str
    params: dict[str, Any] = {}
    silenced: list[str] = []
    position: Annotated[list[Finite], Field(min_length=2, max_length=2)] = [0.0, 0.0]


EdgeRecord = Annotated[list[str], Field(min_length=2, max_length=2)]
"""``["node.port", "node.port"]``, source and target."""


class ClipRecord(BaseModel):
    """Nodes and the edges between them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["archloom-clip"]
    nodes: list[NodeRecord] = []
    edges: list[EdgeRecord] = []


class DocumentRecord(BaseModel):
    """A document."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["archloom"]
    version: int
    name: str
    description: str = ""
    nodes: list[NodeRecord] = []
    edges: list[EdgeRecord] = []
    data: dict[str, Any] = {}
    training: dict[str, Any] = {}
