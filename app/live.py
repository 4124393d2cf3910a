"""Live samples: what each node makes of one sample of the data, asked of the training process and kept for whoever shows it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.pictures import Shown
from app.run import Run
from app.session import Session
from graph_engine.errors import ArchloomError
from graph_engine.graph.definition import REPEAT
from graph_engine.graph.graph import CoreGraph
from graph_engine.training.events import Event, Looked
from graph_engine.training.live.request import describe, newest_weights
from graph_engine.training.live.value import NodeValue

if TYPE_CHECKING:
    from app.canvas.view import CanvasView
    from app.preferences import Preferences

EDIT_MS = 150
"""How long edits and moves of the view are gathered before the values are asked for anew."""

PATIENCE_MS = 30_000
"""How long one answer may take; then its process is ended, and started again."""

MOST = 300
"""Nodes of which values are asked for at once."""

PARTS = ("validation", "train", "test")


class Live(QObject):
    """The live sample of a window.

    Attributes:
        is_on: whether values are shown.
        part, sample: which sample was chosen last.
        answer: what is known of it; None while nothing is.
        message: why there are no values, in a sentence, or empty.

    Signals:
        changed: one of these differs, or `is_waiting`.
    """

    changed = Signal()

    def __init__(self, session: Session, run: Run, canvas: CanvasView, preferences: Preferences, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._run = run
        self._canvas = canvas
        self._preferences = preferences
        self.is_on = False
        self.part = PARTS[0]
        self.sample = 0
        self.answer: Looked | None = None
        self.message = ""
        self._chosen_turns: dict[str, int] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._number = 0
        self._waits_for: int | None = None
        self._is_edited = False
        self._network: dict[str, Any] | None = None
        self._asked: tuple[tuple[str, ...], frozenset[str], str | None] | None = None
        self._was_active = False
        self._was_far = False
        self._trained: Path | None = None
        self._late = _timer(self, EDIT_MS, self._ask)
        self._patience = _timer(self, PATIENCE_MS, self._give_up)
        session.checked_changed.connect(self._on_edit)
        session.replaced.connect(self._on_replaced)
        session.place_changed.connect(self._on_view)
        session.place_changed.connect(self.changed)
        canvas.camera.moved.connect(self._on_view)
        canvas.camera.zoomed.connect(self._on_view)
        canvas.selection_changed.connect(self._on_view)
        run.began.connect(self._on_began)
        run.state_changed.connect(self._on_run)
        run.worker.events.connect(self._take)
        run.worker.ready.connect(self._on_ready)
        run.worker.died.connect(self._on_died)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self._waits_for is not None or (self.is_on and self._late.isActive())

    @property
    def is_far(self) -> bool:
        """Whether the cards are too small for values to be seen."""
        return self._canvas.zoom < self._canvas.canvas.near

    def toggle(self) -> None:
        """Shows the values, or hides them; remembered."""
        self.set_on(not self.is_on)
        self._preferences.live = self.is_on

    def set_on(self, on: bool) -> None:
        """Shows the values from now on, or hides them."""
        if on == self.is_on:
            return
        self.is_on = on
        if on:
            self._run.worker.start()
            self.message = self._run.worker.problem
            self._again()
        else:
            self._forget()
            self._run.worker.send({"do": "look", "number": None})
        self._show()

    def step(self, by: int) -> None:
        """Goes to a sample so many further on."""
        self._go(self.part, self.sample + by)

    def draw(self) -> None:
        """Goes to some sample."""
        self._go(self.part, random.randrange(max(1, self.answer.samples if self.answer is not None else 1)))

    def go_to(self, sample: int) -> None:
        """Goes to the sample of that number, counted from 0."""
        self._go(self.part, sample)

    def choose(self, part: str) -> None:
        """Goes on with another part of the data."""
        self._go(part, 0)

    def other_part(self) -> None:
        """Goes from the validation part of the data to the training part, then to the test part, and around."""
        self.choose(PARTS[(PARTS.index(self.part) + 1) % len(PARTS)])

    def show(self, part: str, sample: int) -> None:
        """Shows the values for a sample of a part of the data, whatever was shown before."""
        self._go(part, sample)
        if not self.is_on:
            self.toggle()

    def values(self, node: str) -> list[NodeValue]:
        """What is known of the outputs of a node of the shown graph."""
        place = self._session.place
        return [v for v in self.answer.values if v.node == node and v.place == place] if self.answer is not None else []

    @property
    def turn(self) -> tuple[int, int]:
        """Which turn of the group that is shown the values are of, from 0, and how many it has; one where it is not repeated."""
        turns = self._turns()
        return turns[-1] if turns else (0, 1)

    def choose_turn(self, turn: int) -> None:
        """Goes to another turn of the group that is shown."""
        self._chosen_turns[self._session.place[-1]] = turn
        self._again(0)
        self.changed.emit()

    def _turns(self) -> list[tuple[int, int]]:
        """For each group of the way to the shown graph which turn is shown, the last one where none was chosen, and how many there are."""
        found: list[tuple[int, int]] = []
        graph: CoreGraph = self._session.document
        for id in self._session.place:
            node = graph[id]
            count = int(node.params[REPEAT.name])
            found.append((min(self._chosen_turns.get(id, count - 1), count - 1), count))
            graph = graph.definitions[graph.groups[id]]
        return found

    def close(self) -> None:
        """Removes what was written for the other process."""
        self._late.stop()
        self._patience.stop()
        if self._folder is not None:
            self._folder.cleanup()

    # asking

    def _go(self, part: str, sample: int) -> None:
        count = self.answer.samples if self.answer is not None and part == self.part else 0
        self.part, self.sample = part, sample % count if count else max(0, sample)
        self._again(0)
        self.changed.emit()

    def _again(self, ms: int = EDIT_MS) -> None:
        """What is known is out of date."""
        self._asked = None
        if self.is_on:
            self._late.start(ms)

    def _wanted(self) -> tuple[tuple[str, ...], frozenset[str], str | None]:
        selected = self._canvas.selected_nodes()
        nodes = self._canvas.nodes_in_view()[:MOST]
        return self._session.place, frozenset(nodes), selected[0] if len(selected) == 1 else None

    def _ask(self) -> None:
        if not self.is_on:
            return
        if self._waits_for is not None and not self._is_edited:
            self._asked = None  # what is on its way is of this network: it is shown first, so that who leafs through samples sees them
            return
        self._is_edited = False
        if self._run.state.is_active and not self._run.is_of(self._session.document):
            self._say_nothing(self.tr("Another network trains. Stop its run, or wait for its end, to see what this one does."))
            return
        wanted = self._wanted()
        place, nodes, detail = wanted
        request = {
            "do": "look",
            "number": self._number + 1,
            "part": self.part,
            "sample": self.sample,
            "view": {"place": list(place), "nodes": sorted(nodes), "detail": detail, "turns": [turn for turn, _ in self._turns()]},
            "network": None,
            "weights": None,
        }
        try:
            if not self._run.state.is_active:
                if self._folder is None:
                    self._folder = tempfile.TemporaryDirectory(prefix="archloom-")
                if self._network is None:
                    self._network = describe(self._session.document, Path(self._folder.name))
                request["network"] = self._network
                weights = newest_weights(self._trained) if self._trained is not None else None
                request["weights"] = str(weights) if weights is not None else None
        except ArchloomError as error:
            self._say_nothing(str(error))
            return
        self._number += 1
        self._asked = wanted
        self._run.worker.send(request)
        if not self._run.is_busy:
            self._waits_for = self._number
            if self._run.worker.is_ready:  # one that loads torch yet may take its time
                self._patience.start()
        self.changed.emit()

    def _take(self, events: Iterable[Event]) -> None:
        looked = [event for event in events if isinstance(event, Looked) and event.number == self._number]
        if not looked or not self.is_on:
            return
        self._waits_for = None
        self._patience.stop()
        self.answer = looked[-1]
        self.message = self._complaint(self.answer)
        if self._asked is None:
            self._late.start(0)
        elif self.answer.message is None:
            self.sample = self.answer.sample
        self._show()

    def _complaint(self, answer: Looked) -> str:
        """Why a network gives nothing, with the name of the node that fails."""
        holder = self._session.document.holder(answer.node) if answer.node is not None else None
        if holder is None or answer.node is None:
            return answer.message or ""
        return self.tr("{0} fails: {1}").format(holder[answer.node].name, answer.message)

    def _give_up(self) -> None:
        if self._waits_for is not None:
            self._patience.start()  # so that its end is known to be the network's fault
            self._run.worker.kill()

    def _on_ready(self) -> None:
        if self._waits_for is not None:
            self._patience.start()

    def _on_died(self) -> None:
        if not self.is_on:
            return
        if not self._patience.isActive():
            self._waits_for = None
            self.message = self._run.worker.problem
            self._again()
            return
        self._forget()  # the next edit asks again; at once, the same would end the next process too
        self.message = self.tr("The network ended the process that computed it. It is tried again after the next edit.")
        self._show()

    # following

    def _on_edit(self) -> None:
        self._is_edited, self._network = True, None
        self._again()
        if self.is_on:
            self._show()

    def _on_replaced(self) -> None:
        self._trained = None
        self.sample = 0
        self._is_edited, self._network = True, None
        self._forget()
        self._again()
        self._show()

    def _on_view(self) -> None:
        if self.is_on and self.is_far != self._was_far:
            self._was_far = self.is_far
            self.changed.emit()
        if self.is_on and not self._late.isActive():
            place, nodes, detail = self._wanted()
            known = self._asked
            if known is None or place != known[0] or not nodes <= known[1] or (detail is not None and detail != known[2]):
                self._late.start(EDIT_MS)
        if self.is_on and self._asked is not None and self._asked[0] != self._session.place:
            self._show()

    def _on_began(self) -> None:
        self._trained = self._run.folder

    def _on_run(self) -> None:
        active = self._run.state.is_active
        if active != self._was_active:
            self._was_active = active
            self._is_edited = True
            self._again()

    # showing

    def _say_nothing(self, why: str) -> None:
        self._forget()
        self.message = why
        self._run.worker.send({"do": "look", "number": None})
        self._show()

    def _forget(self) -> None:
        self.answer, self.message, self._asked, self._waits_for = None, "", None, None
        self._number += 1  # an answer that is on its way is of what was shown before
        self._patience.stop()

    def _show(self) -> None:
        self._canvas.canvas.strips.show(self._shown() if self.is_on else {})
        self.changed.emit()

    def _shown(self) -> Mapping[str, Shown]:
        """What the cards of the shown graph show: of nodes that are wrong or wait, nothing."""
        answer, nodes = self.answer, self._session.checked.nodes
        if answer is None:
            return {}
        place = self._session.place
        shown: dict[str, Shown] = {}
        for value in answer.values:
            found = nodes.get(value.node)
            if value.place == place and value.node not in shown and found is not None and found.status == "ok":
                shown[value.node] = Shown(value)
        if answer.message is not None and answer.node is not None:
            way = (*answer.place, answer.node)
            if way[: len(place)] == place and len(way) > len(place):
                shown[way[len(place)]] = Shown(None, answer.message)
        return shown


def _timer(parent: QObject, ms: int, then: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(ms)
    timer.timeout.connect(then)
    return timer
