"""Unlimited undo of one graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph


class Step(NamedTuple):
    """A command that was carried out, and the gesture that it was part of."""

    command: Command
    gesture: object


class History:
    """Carries out commands on a graph and takes them back.

    Steps of one gesture (the moves of a drag, the keystrokes in one field) share a gesture token and merge into one step.
    """

    def __init__(self, graph: CoreGraph):
        self.graph = graph
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._saved: object = None

    @property
    def done(self) -> Sequence[Command]:
        """Commands that `undo` would take back, the last one last."""
        return [s.command for s in self._done]

    @property
    def undone(self) -> Sequence[Command]:
        """Commands that `redo` would carry out again, the next one last."""
        return [s.command for s in self._undone]

    @property
    def is_saved(self) -> bool:
        """Whether the graph is as it was at the last `mark_saved`."""
        return self._saved is (self._done[-1].command if self._done else None)

    def mark_saved(self) -> None:
        self._saved = self._done[-1].command if self._done else None
        if self._done:  # what comes next must not merge into the saved step
            self._done[-1] = self._done[-1]._replace(gesture=None)

    def mark_unsaved(self) -> None:
        """The graph is not as in any file, and undoing will not make it so."""
        self._saved = self

    def execute(self, command: Command, gesture: object = None) -> None:
        """Carries out a command.

        Args:
            command: what to do.
            gesture: commands with the same token, not None, merge where they can.

        Raises:
            GraphError: the command was refused; graph and history are as before.
        """
        with self.graph.edit():  # at its end listeners are told, who may look here, or carry out what follows from it
            command.do(self.graph)
            self._undone.clear()
            last = self._done[-1] if self._done else None
            both = last.command.merged(command) if last is not None and gesture is not None and last.gesture == gesture else None
            if both is not None:
                self._done[-1] = Step(both, gesture)
            else:
                self._done.append(Step(command, gesture))

    def undo(self) -> Command | None:
        """Takes the last step back; returns it, or None where there is none."""
        if not self._done:
            return None
        with self.graph.edit():
            step = self._done.pop()
            step.command.undo(self.graph)
            self._undone.append(step._replace(gesture=None))
        return step.command

    def redo(self) -> Command | None:
        """Carries the next undone step out again; returns it, or None where there is none."""
        if not self._undone:
            return None
        with self.graph.edit():
            step = self._undone.pop()
            step.command.do(self.graph)
            self._done.append(step)
        return step.command
