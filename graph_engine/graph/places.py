"""Where the layers of a network lie: in terms of nodes, which stay what they are when a person renames, groups or dissolves them.

A place is the way from the document's graph to a layer: each group with the number of its repetition, then the node. In text:
``n4.0/n7``. The generated class calls the same layer by names, ``blocks.0.conv1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graph_engine.graph.graph import CoreGraph

Place = tuple[tuple[str, int], ...]
"""Ids of nodes, from the document's graph inwards, each with the number of the repetition; 0 for what is no group."""


def places(graph: CoreGraph, prefix: str = "", around: Place = ()) -> Iterator[tuple[str, Place]]:
    """What the generated class calls each layer, and its place; a layer that computes with another's weights is left out."""
    for node in graph:
        if graph.owner(node.id) != node.id:
            continue
        if node.id not in graph.groups:
            yield f"{prefix}{node.name}", (*around, (node.id, 0))
            continue
        definition = graph.definitions[graph.groups[node.id]]
        times = 1 if node.params["share_weights"] else node.params["repeat"]
        for turn in range(times):
            name = f"{prefix}{node.name}.{turn}." if times > 1 else f"{prefix}{node.name}."
            yield from places(definition, name, (*around, (node.id, turn)))


def to_text(place: Place) -> str:
    """``(("n4", 0), ("n7", 0))`` → ``n4.0/n7``."""
    return "/".join([*(f"{id}.{turn}" for id, turn in place[:-1]), place[-1][0]])


def from_text(text: str) -> Place:
    """The place that `to_text` wrote.

    Raises:
        ValueError: it is none.
    """
    *groups, leaf = text.split("/")
    parts = [group.rpartition(".") for group in groups]
    return (*((id, int(turn)) for id, _, turn in parts), (leaf, 0))


class Known:
    """Places that something is known of, found again after edits.

    Args:
        texts: the places.
        origins: for nodes that were made of others, by copying or by dissolving a group, the way to what they were made of.
    """

    def __init__(self, texts: Iterable[str], origins: Mapping[str, Place]):
        self._origins = origins
        self._exact = {from_text(text): text for text in texts}
        self._ending: dict[str, list[Place]] = {}
        for place in self._exact:
            self._ending.setdefault(place[-1][0], []).append(place)

    def find(self, place: Place) -> str | None:
        """The known place that a place was once; None for a new one.

        Groups that were made since around it are no hindrance; a place in another use of a group, or in another repetition, is another.
        """
        if place in self._exact:
            return self._exact[place]
        born = tuple(step for id, turn in place for step in origin(self._origins, id, turn))
        candidates = [known for known in self._ending.get(born[-1][0], ()) if _is_part(known, born)]
        return self._exact[max(candidates, key=len)] if candidates else None


def origin(origins: Mapping[str, Place], id: str, turn: int = 0) -> Place:
    """The way to what a node was made of, or to itself."""
    way = origins.get(id, ((id, 0),))
    return (*way[:-1], (way[-1][0], turn))


def _is_part(some: Place, whole: Place) -> bool:
    """Whether the steps of one way stand in another, in order."""
    rest = iter(whole)
    return all(step in rest for step in some)
