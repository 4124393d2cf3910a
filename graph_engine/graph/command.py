"""What every undoable edit is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from graph_engine.graph.graph import CoreGraph


class Command(ABC):
    """One undoable edit.

    Attributes:
        text: what it does, for the Edit menu: "Add Conv2d".
    """

    text: str = ""

    @abstractmethod
    def do(self, graph: CoreGraph) -> None:
        """Carries out the edit; again after `undo`, with the same result.

        Raises:
            GraphError: the edit is refused; the graph is as before.
        """

    @abstractmethod
    def undo(self, graph: CoreGraph) -> None:
        """Takes the edit back."""

    def merged(self, later: Command) -> Command | None:
        """One command for this one and ``later``, where both are steps of one gesture; else None."""
        return None
