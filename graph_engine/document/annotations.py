"""Frames and notes in a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

from graph_engine.errors import GraphError, quoted
from graph_engine.graph.annotate import Annotate
from graph_engine.graph.annotation import COLOURS, Annotation
from graph_engine.graph.graph import CoreGraph

Coordinate = Annotated[float, AllowInfNan(False)]


class AnnotationRecord(BaseModel):
    """A frame or a note; ``rect`` is left, top, width, height."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["frame", "note"]
    text: Annotated[str, Field(max_length=100_000)] = ""
    colour: str = COLOURS[0]
    rect: Annotated[list[Coordinate], Field(min_length=4, max_length=4)]


def annotation_records(annotations: Iterable[Annotation]) -> list[dict[str, Any]]:
    """Annotations as JSON has them."""
    return [{**a._asdict(), "rect": [int(c) if float(c).is_integer() else c for c in a.rect]} for a in annotations]


def restore(graph: CoreGraph, records: Sequence[AnnotationRecord]) -> None:
    """Puts annotations into a graph that is being opened.

    Raises:
        GraphError: two have one id, or a colour is unknown.
    """
    made = read_annotations(records)
    if made:
        Annotate(made, "Open").do(graph)


def read_annotations(records: Sequence[AnnotationRecord]) -> dict[str, Annotation]:
    """Annotations by id.

    Raises:
        GraphError: two have one id, or a colour is unknown.
    """
    made: dict[str, Annotation] = {}
    for record in records:
        if record.id in made:
            raise GraphError(f"two annotations have the id {quoted(record.id)}.")
        if record.colour not in COLOURS:
            raise GraphError(f"annotation {quoted(record.id)}: there is no colour {quoted(record.colour)}; there are {', '.join(COLOURS)}.")
        left, top, width, height = record.rect
        made[record.id] = Annotation(record.id, record.kind, record.text, record.colour, (left, top, width, height))
    return made
