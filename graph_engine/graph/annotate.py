"""The command that makes, changes and removes frames and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graph_engine.graph.annotation import Annotation
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Position


class Annotate(Command):
    """Puts annotations in place of those of the same ids; the steps of one drag merge.

    Args:
        annotations: by id; None for one that is to go.
        text: what it does, for the Edit menu.
    """

    def __init__(self, annotations: Mapping[str, Annotation | None], text: str):
        self.annotations = dict(annotations)
        self.before: dict[str, Annotation | None] = {}
        self.order: tuple[str, ...] = ()
        self.text = text

    def do(self, graph: CoreGraph) -> None:
        self.before = {id: graph.annotations.get(id) for id in self.annotations}
        self.order = tuple(graph.annotations)
        for id, annotation in self.annotations.items():
            graph._set_annotation(id, annotation)

    def undo(self, graph: CoreGraph) -> None:
        for id, annotation in self.before.items():
            graph._set_annotation(id, annotation, self.order)

    def merged(self, later: Command) -> Command | None:
        if isinstance(later, Annotate) and later.annotations.keys() == self.annotations.keys():
            both = Annotate(later.annotations, self.text)
            both.before, both.order = self.before, self.order
            return both
        return None


def copies(graph: CoreGraph, annotations: Iterable[Annotation], offset: Position, taken: Iterable[str] = ()) -> dict[str, Annotation]:
    """The same annotations elsewhere, under ids that neither ``graph`` nor ``taken`` has."""
    used = {*graph.annotations, *taken}
    made: dict[str, Annotation] = {}
    for annotation in annotations:
        number = len(used) + 1
        while f"a{number}" in used:
            number += 1
        left, top, width, height = annotation.rect
        id = f"a{number}"
        used.add(id)
        made[id] = annotation._replace(id=id, rect=(left + offset[0], top + offset[1], width, height))
    return made


def new_id(graph: CoreGraph) -> str:
    """An id that no annotation has."""
    number = len(graph.annotations) + 1
    while f"a{number}" in graph.annotations:
        number += 1
    return f"a{number}"
