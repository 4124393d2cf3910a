"""What a rule says when a block cannot work on what it receives, and how that could be mended.

Both are plain data, so that a rule can live beside its block without knowing graphs; `graph_engine.analysis` turns a fault into a
diagnostic on a node, and a fix into commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple


class Insert(NamedTuple):
    """A block to put onto an edge.

    Attributes:
        block: its id; the edge goes through its first input and first output.
        params: hyper-parameters by name; torch's defaults hold for the others.
    """

    block: str
    params: Mapping[str, Any] = {}


class Fix(NamedTuple):
    """One repair that is certain to make the fault go away. Its parts are carried out together, as one step.

    Attributes:
        title: what it does, as an imperative: "Set padding to 1".
        params: hyper-parameters to set on the node, by name.
        insert: blocks to put in front of the faulty port, in the order in which the tensor passes them. Where the node receives the
            same tensor at several ports, all of them receive the new one.
        edge: which edge of a variadic port to put them onto.
        replace: id of a block to put in the node's place, with the parameters that both have.
        remove: take the node out and join its neighbours.
        mode: whether the node computes from then on, is bypassed or muted; empty as before.
        connect: ports to connect, each with the id of a node and its output.
        settings: settings of the document, by their dotted names.
        node: id of the node to mend, where it is not the one that is blamed.
        port: the port to mend, where it is not the one that is blamed.
        action: what is not an edit but for whoever shows the finding to do: ``trust`` the document, ``ask`` again.
    """

    title: str
    params: Mapping[str, Any] = {}
    insert: tuple[Insert, ...] = ()
    edge: int = 0
    replace: str | None = None
    remove: bool = False
    mode: Literal["", "active", "bypassed", "muted"] = ""
    connect: Mapping[str, tuple[str, str]] = {}
    settings: Mapping[str, Any] = {}
    node: str | None = None
    port: str | None = None
    action: Literal["", "trust", "ask"] = ""


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
