"""Random work in the window, through its own actions and gestures: every undo and redo brings back the document to the letter."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from app.canvas.scene import CanvasScene
from app.canvas.wish import Wish
from app.session import Session
from app.theme.tokens import LIGHT
from app.window import MainWindow
from graph_engine.blocks import registry
from graph_engine.document.write import to_text
from tests.app.canvas.hands import Hands

STEPS = 60
ACTIONS = (
    "duplicate", "delete", "copy", "cut", "paste", "connect", "straighten", "align_left", "align_middle", "distribute_across", "layout",
    "frame", "note", "colour_teal", "group", "dissolve", "select_all", "select_down", "share", "unshare",
    "bypass", "mute", "expand",
)  # fmt: skip


class Worker:
    """Does things at random, as a user could."""

    def __init__(self, window: MainWindow, rng: random.Random):
        self.window = window
        self.rng = rng
        self.hands = Hands(window.canvas, window.session)

    def select(self) -> None:
        graph, rng = self.window.session.graph, self.rng
        nodes = rng.sample(list(graph.nodes), min(len(graph), rng.randint(0, 4)))
        edges = rng.sample(list(graph.edges), min(len(graph.edges), rng.randint(0, 1)))
        notes = rng.sample(list(graph.annotations), min(len(graph.annotations), rng.randint(0, 1)))
        self.window.canvas.canvas.select(nodes, edges, notes)

    def act(self) -> None:
        action = self.window.actions_[self.rng.choice(ACTIONS)]
        if action.isEnabled():
            action.trigger()
        self.window.canvas.annotating.finish()

    def add(self) -> None:
        at = self.window.canvas.camera.shown().center()
        held = None
        outputs = [n for n in self.window.session.graph if n.spec.outputs]
        if outputs and self.rng.random() < 0.5:
            node = self.rng.choice(outputs)
            held = node.id, ("output", node.spec.outputs[0].name)
        self.window.edits.add(self.rng.choice(list(registry())).id, Wish(at, held))  # type: ignore[arg-type]

    def swap(self) -> None:
        if self.window.actions_["swap"].isEnabled():
            self.window.edits.swap(self.rng.choice(list(registry())).id)

    def drag(self) -> None:
        """From anywhere to anywhere: cards, ports, edges, frames, nothing; with any keys held."""
        view, rng = self.window.canvas, self.rng
        keys = rng.choice([Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier])
        start, end = (QPoint(rng.randrange(40, view.width() - 40), rng.randrange(40, view.height() - 40)) for _ in range(2))
        items = list(view.canvas.nodes.values())
        if items and rng.random() < 0.7:
            item = rng.choice(items)
            place = rng.choice(item.layout.ports)
            view.centerOn(item.x(), item.y())
            start = self.hands.place(item.x() + (place.x if rng.random() < 0.5 else 88), item.y() + (place.y if rng.random() < 0.5 else 12))
        self.hands.drag(start, end, keys)
        if self.window.searches.popup is not None:
            self.window.searches.popup.dismiss()


@pytest.mark.parametrize("seed", range(2))
def test_random_work_is_undone_to_the_letter(window: MainWindow, seed: int) -> None:
    rng = random.Random(seed)
    work = Worker(window, rng)
    session = window.session
    texts = [to_text(session.document)]
    does: list[Callable[[], None]] = [work.act, work.act, work.act, work.add, work.swap, work.drag, work.drag]
    for _ in range(STEPS):
        work.select()
        depth = len(session.history.done)
        rng.choice(does)()
        new = len(session.history.done) - depth
        assert new >= 0
        if new or to_text(session.document) != texts[-1]:
            del texts[depth + 1 :]
            while len(texts) <= len(session.history.done):
                texts.append(to_text(session.document) if len(texts) == len(session.history.done) else "")
        for _ in range(rng.choice([0, 0, 0, 1, 2, 5])):
            session.undo() if rng.random() < 0.6 else session.redo()
            at = len(session.history.done)
            assert texts[at] in ("", to_text(session.document))
            assert differences(window, session) == []
        while len(session.history.undone):
            session.redo()
    while session.history.done:
        session.undo()
        assert texts[len(session.history.done)] in ("", to_text(session.document))
    assert to_text(session.document) == texts[0]
    assert differences(window, session) == []
    QApplication.processEvents()


def differences(window: MainWindow, session: Session) -> list[str]:
    """Where the canvas shows something else than one that is made anew would."""
    ours, fresh = window.canvas.canvas, CanvasScene(session, LIGHT)
    pairs = {
        "nodes": ({i: (n.pos(), n.layout) for i, n in s.nodes.items()} for s in (ours, fresh)),
        "edges": ({i: e.curve for i, e in s.edges.items()} for s in (ours, fresh)),
        "annotations": ({i: a.rect for i, a in s.annotations.items.items()} for s in (ours, fresh)),
    }
    found = []
    for what, (a, b) in pairs.items():
        found += [f"{what} {id}: {a.get(id)}, not {b.get(id)}" for id in a.keys() | b.keys() if a.get(id) != b.get(id)]
    if ours.drafts:
        found.append("a gesture's shape is left")
    return found + [f"edge {id} is hidden" for id, e in ours.edges.items() if not e.isVisible()]
