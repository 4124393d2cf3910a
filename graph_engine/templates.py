"""The documents that come with the program to start from."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

from graph_engine.api import Graph
from graph_engine.document.read import from_text
from graph_engine.errors import DocumentError


class Template(NamedTuple):
    """A document to start from.

    Attributes:
        id: name of its file.
        graph: the network; a fresh one each time that the templates are listed.
    """

    id: str
    graph: Graph

    @property
    def title(self) -> str:
        return self.graph.name

    @property
    def summary(self) -> str:
        return self.graph.description

    def open(self) -> Graph:
        """A graph of one's own to work on."""
        return template(self.id).graph


def templates() -> list[Template]:
    """All templates, small networks first."""
    folder = files("assets") / "templates"
    ids = sorted(entry.name.removesuffix(".archloom") for entry in folder.iterdir() if entry.name.endswith(".archloom"))
    return sorted((template(id) for id in ids), key=lambda t: len(t.graph))


def template(id: str) -> Template:
    """The template of that id.

    Raises:
        DocumentError: there is none.
    """
    entry = files("assets") / "templates" / f"{id}.archloom"
    if not entry.is_file():
        raise DocumentError(f"There is no template {id!r}; archloom templates lists them.")
    return Template(id, from_text(entry.read_text(encoding="utf-8"), Graph, f"The template {id}"))
