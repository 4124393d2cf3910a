"""What a rule says when a block cannot work on what it receives, and how that could be mended.

Both are plain data, so that a rule can live beside its block without knowing graphs; `graph_engine.analysis` turns a fault into a
diagnostic on a node, and a fix into commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Fix(NamedTuple):
    """One repair that is certain to make the fault go away.

    Attributes:
        title: what it does, as an imperative: "Set padding to 1".
        params: hyper-parameters to set on the node, by name.
        insert: id of a block to put in front of the faulty port, with its parameters in ``params``.
        remove: take the node out and join its neighbours.
    """

    title: str
    params: Mapping[str, Any] = {}
    insert: str | None = None
    remove: bool = False


class Fault(Exception):  # noqa: N818 (it is what a rule found, not a failure of the program)
    """A block cannot work on what it receives.

    Args:
        code: stable, dotted name of the kind of fault.
        template: the message, with ``{named}`` places for ``values``: a translation replaces the template only.
        port: the port concerned, or None for the node as a whole.
        fixes: repairs, the likeliest first.
        values: what goes into the places of the template.
    """

    def __init__(self, code: str, template: str, *, port: str | None = None, fixes: tuple[Fix, ...] = (), **values: object):
        super().__init__(template.format(**values))
        self.code = code
        self.template = template
        self.values = values
        self.port = port
        self.fixes = fixes

    @property
    def message(self) -> str:
        return str(self)
