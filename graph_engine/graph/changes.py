"""Change events: what a command did to a graph, in plain data, for whoever mirrors it."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Change(NamedTuple):
    """One thing that changed.

    Attributes:
        kind: what happened. ``node`` is a changed parameter, other ports, another set of silenced findings or that more is known of it,
            ``name`` a new name, ``moved`` a new position, ``look`` another form of the card, ``bend`` other points of an edge,
            ``direction`` that edges go another way, ``mode`` that it was bypassed, muted or switched on, ``settings`` another value in
            the data or training settings, ``definition`` one that came, went or has other ports, parameters or words, ``annotation`` a
            frame or note that came, went or is another one, ``renamed`` another name of the graph itself.
        id: the node, edge, definition or annotation concerned; the name of the part for ``settings``.
        target, source: of an edge, the nodes that it joins, which a removed edge can no longer be asked for.
    """

    kind: Literal[
        "node-added", "node-removed", "node", "name", "moved", "look", "bend", "direction", "mode",
        "edge-added", "edge-removed", "annotation", "settings", "definition", "renamed",
    ]  # fmt: skip
    id: str
    target: str = ""
    source: str = ""


LOOKS = frozenset({"moved", "look", "bend", "direction", "annotation"})
"""Kinds of changes of what is seen only: they do not touch what a network computes."""
