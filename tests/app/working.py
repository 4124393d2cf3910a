"""A person at work in a window, at random: what is done, and what must hold after each step."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPushButton, QToolButton

from app.actions import ACTIONS
from app.canvas.geometry import WIDTH
from app.canvas.glide import Glide
from app.panels.group_pages import ExposedList, GroupWords
from app.panels.inspector_pages import NodePage, SeveralPage
from app.session import Session
from app.widgets.form import Form
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.analysis.check import Checker
from graph_engine.document.write import to_text
from graph_engine.graph.command import Command
from graph_engine.graph.groups import block_id, blocks_for
from graph_engine.templates import templates
from tests.app.canvas.hands import Hands
from tests.app.fields import edit_row, rows_of, write
from tests.app.mirrors import differences, wrong_rows
from tests.engine.group_edits import consistent, plain

SEARCHES = frozenset({"add", "swap", "find", "commands"})
LEFT_OUT = {a.id for a in ACTIONS if a.text.endswith("…")} - SEARCHES | {
    "new", "start_page", "quit", "run", "find_rate", "learn_batch", "blocks", "shortcuts", "about",
}  # fmt: skip
"""Actions that open a dialog, as three dots say where it is no search, end the work or begin a run: none edits the document by itself."""
SELDOM = frozenset({"theme_system", "theme_light", "theme_dark", "reset_panels"})
"""Actions that repaint everything, which takes long."""
MODIFIERS = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)  # fmt: skip
KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Escape, Qt.Key.Key_Space)
SEEDS = st.integers(0, 2**32)
MOST = 60
"""Nodes in a graph beyond which nothing is added, so that a step stays cheap."""


class Working(RuleBasedStateMachine):
    """A person at work in one window.

    Each step is one rule and a seed, so that a failing series shrinks to the steps that it takes. What the document read after each
    command is kept; wherever undo and redo lead, it must read the same again.
    """

    make: ClassVar[Callable[[], MainWindow]]
    folder: ClassVar[Path]
    steps: ClassVar[int] = 0
    raised: ClassVar[list[str]] = []
    played: ClassVar[Counter[str]] = Counter()

    @initialize(number=SEEDS)
    def begin(self, number: int) -> None:
        rng = random.Random(number)
        self.raised.clear()
        QApplication.clipboard().clear()
        self.window = type(self).make()
        self.session: Session = self.window.session
        self.view = self.window.canvas
        self.hands = Hands(self.view, self.session)
        self.actions = [a.id for a in ACTIONS if a.id not in LEFT_OUT | SELDOM]
        self._open(rng.choice(templates()).open() if rng.random() < 0.85 else Graph())

    def teardown(self) -> None:
        if hasattr(self, "window"):
            self.session.new()
            self.window.close()
            self.window.deleteLater()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def _open(self, document: Graph) -> None:
        """Goes on with a document that has a file, so that saving asks nothing."""
        self.session.new(document)
        self.window.show_document()
        self._remember()

    def _remember(self) -> None:
        self.session.save(self.folder / "work.archloom")
        self.commands: list[Command] = []
        self.texts: list[str | None] = [to_text(self.session.document)]

    # what is done

    @rule(number=SEEDS)
    def open_template(self, number: int) -> None:
        rng = random.Random(number)
        if rng.random() < 0.1:
            press("unsaved", QMessageBox.StandardButton.Discard)
            self.window.documents.new_from(rng.choice(self.window._templates))
            self._remember()

    @rule(number=SEEDS)
    def act(self, number: int) -> None:
        rng = random.Random(number)
        self._select(rng)
        self._trigger(rng.choice(self.actions), rng)

    @rule(
        number=SEEDS,
        action=st.sampled_from(
            ("group", "dissolve", "enter", "leave", "expand", "bypass", "mute", "share", "duplicate", "paste", "layout", "layout_down")
        ),
    )
    def act_on_groups(self, number: int, action: str) -> None:
        rng = random.Random(number)
        self._select(rng)
        self._trigger(action, rng)

    @rule(number=SEEDS)
    def act_seldom(self, number: int) -> None:
        rng = random.Random(number)
        if rng.random() < 0.05:
            self._trigger(rng.choice(sorted(SELDOM)), rng)

    @rule(number=SEEDS)
    def add(self, number: int) -> None:
        """From the palette, a search or the clipboard."""
        rng = random.Random(number)
        self._select(rng)
        if len(self.session.graph) > MOST:
            self._trigger("delete", rng)
        elif rng.random() < 0.4:
            self.window.palette_panel.chosen.emit(block_id(rng.choice(blocks_for(self.session.graph))))
        else:
            self._trigger(rng.choice(["add", "swap", "paste", "paste_fed", "duplicate"]), rng)

    @rule(number=SEEDS)
    def drag(self, number: int) -> None:
        """From anywhere to anywhere: cards, ports, edges, frames, nothing; with any keys held."""
        view, rng = self.view, random.Random(number)
        self._select(rng)
        keys = rng.choice(MODIFIERS)
        button = rng.choices([Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton], [9, 1])[0]
        start, end = (QPoint(rng.randrange(4, view.width() - 4), rng.randrange(4, view.height() - 4)) for _ in range(2))
        items = list(view.canvas.nodes.values())
        if items and rng.random() < 0.8:
            item = rng.choice(items)
            view.set_zoom(rng.choice([0.2, 0.5, 1.0]))
            view.centerOn(item.x() + rng.uniform(-300, 300), item.y() + rng.uniform(-200, 200))
            start = self._grip(item.node.id, rng)
            if rng.random() < 0.6:
                end = self._grip(rng.choice(items).node.id, rng)
        self.hands.press(start, keys, button)
        if rng.random() < 0.2:
            for i in range(6):
                self.hands.move(start + QPoint(40 * (i % 2), 0))
        self.hands.move(start + (end - start) / 2)
        if rng.random() < 0.1:
            self.hands.key(Qt.Key.Key_Escape)
        self.hands.move(end)
        self.hands.release(end, keys, button)
        self._answer_search(rng)

    @rule(number=SEEDS)
    def click(self, number: int) -> None:
        rng = random.Random(number)
        items = list(self.view.canvas.nodes.values())
        at = QPoint(rng.randrange(4, self.view.width() - 4), rng.randrange(4, self.view.height() - 4))
        if items and rng.random() < 0.7:
            at = self._grip(rng.choice(items).node.id, rng)
        if rng.random() < 0.3:
            keys = rng.choice(MODIFIERS)
            self.hands.click(at, keys)
            QTest.mouseDClick(self.view.viewport(), Qt.MouseButton.LeftButton, keys, at)
            self.hands.release(at, keys)
        else:
            self.hands.click(at, rng.choice(MODIFIERS))
        self._answer_fields(rng)
        self._answer_search(rng)

    @rule(number=SEEDS)
    def press_keys(self, number: int) -> None:
        """What no action stands for: nudging, Tab into a group, Esc, the tap on Space."""
        rng = random.Random(number)
        self._select(rng)
        self.view.setFocus()
        key = rng.choice(
            [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Escape, Qt.Key.Key_Space]
        )
        for _ in range(rng.choice([1, 1, 3])):
            self.hands.key(key, rng.choice([Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier]))
        self._answer_search(rng)

    @rule(number=SEEDS)
    def edit_parameters(self, number: int) -> None:
        """In the inspector, of one node or of several."""
        rng = random.Random(number)
        graph = self.session.graph
        if not len(graph):
            return
        first = rng.choice(list(graph))
        same = [n.id for n in graph if n.block == first.block and n.id != first.id]
        self.view.select([first.id, *rng.sample(same, min(len(same), rng.choice([0, 0, 0, 1, 2])))])
        page = self.window.inspector.page
        assert isinstance(page, NodePage | SeveralPage)
        self._edit_form(page.form, rng)

    @rule(number=SEEDS)
    def edit_settings(self, number: int) -> None:
        """Of data and training."""
        rng = random.Random(number)
        self._edit_form(rng.choice(list(self.window.training.forms.values())).form, rng)

    @rule(number=SEEDS)
    def edit_words(self, number: int) -> None:
        """Names of nodes, words of groups, exposed parameters."""
        rng = random.Random(number)
        nodes = list(self.session.graph.nodes)
        self.view.select(rng.sample(nodes, min(len(nodes), rng.choice([0, 1, 1]))))
        page = self.window.inspector.page
        fields = [f for holder in (GroupWords, ExposedList) for w in page.findChildren(holder) for f in w.findChildren(QLineEdit)]
        if isinstance(page, NodePage):
            fields.append(page.name)
            if hasattr(page, "expose") and rng.random() < 0.5:
                menu = page.expose.menu()
                menu.aboutToShow.emit()
                rng.choice(menu.actions()).trigger()
                return
        buttons = [b for w in page.findChildren(ExposedList) for b in w.findChildren(QToolButton)]
        if buttons and rng.random() < 0.3:
            rng.choice(buttons).click()
        elif fields:
            write(rng.choice(fields), rng.choice(["first", "second", "class", "x", "Head", "", "ß", "width"]), rng)

    @rule(number=SEEDS)
    def repair(self, number: int) -> None:
        """Takes what the list of problems or the inspector offers."""
        rng = random.Random(number)
        self._select(rng)
        page = rng.choice([self.window.problems, self.window.inspector.page])
        buttons = [b for b in page.findChildren(QPushButton) if b.icon().name() or b.property("role") == "flat"]
        buttons = [b for b in buttons if b.text() and b.menu() is None and not b.text().startswith("Trust")]
        if buttons:
            rng.choice(buttons).click()

    @rule(number=SEEDS)
    def look_around(self, number: int) -> None:
        rng = random.Random(number)
        self.view.set_zoom(rng.choice([0.1, 0.25, 0.35, 0.5, 0.8, 1.0, 2.0]))
        self.view.centerOn(QPointF(rng.uniform(-500, 3000), rng.uniform(-500, 1500)))
        self.view.viewport().repaint()

    @rule(count=st.integers(1, 6))
    def undo(self, count: int) -> None:
        for _ in range(count):
            self.window.actions_["undo"].trigger()
            self.compare_document()

    @rule(count=st.integers(1, 6))
    def redo(self, count: int) -> None:
        for _ in range(count):
            self.window.actions_["redo"].trigger()
            self.compare_document()

    @rule(number=SEEDS)
    def go_to_a_step(self, number: int) -> None:
        """In the history panel."""
        rng = random.Random(number)
        self.window.docks.show("history")
        panel = self.window.history
        if panel.list.count():
            panel.list.itemClicked.emit(panel.list.item(rng.randrange(panel.list.count())))

    @rule()
    def all_the_way_back_and_forth(self) -> None:
        while self.session.history.done:
            self.session.undo()
            self.compare_document()
        while self.session.history.undone:
            self.session.redo()
            self.compare_document()

    # hands

    def _select(self, rng: random.Random) -> None:
        graph, some = self.session.graph, rng.random()
        if some < 0.3:
            return
        nodes = rng.sample(list(graph.nodes), min(len(graph), rng.choice([0, 1, 1, 2, 3, 5])))
        edges = rng.sample(list(graph.edges), min(len(graph.edges), rng.choice([0, 0, 0, 1])))
        notes = rng.sample(list(graph.annotations), min(len(graph.annotations), rng.choice([0, 0, 0, 1])))
        if some < 0.5 and len(graph):
            nodes = [rng.choice(list(graph.nodes))]
            for _ in range(rng.randint(0, 4)):
                nodes += [e.target for e in graph.outgoing(nodes[-1])][:1]
        self.view.canvas.select(nodes, edges, notes)

    def _trigger(self, id: str, rng: random.Random) -> None:
        action = self.window.actions_[id]
        if id in ("duplicate", "paste", "paste_fed") and len(self.session.graph) > MOST:
            return
        if not action.isEnabled():
            return
        self.played[id] += 1
        action.trigger()
        if id == "rename":
            field = QApplication.focusWidget()
            if isinstance(field, QLineEdit):
                write(field, rng.choice(["first", "second", "x", "3"]), rng)
        self._answer_fields(rng)
        self._answer_search(rng)

    def _grip(self, id: str, rng: random.Random) -> QPoint:
        """A port of a card, or a place on its body."""
        item = self.view.canvas.nodes[id]
        if item.layout.ports and rng.random() < 0.5:
            place = rng.choice(item.layout.ports)
            return self.hands.place(item.x() + place.x, item.y() + place.y)
        return self.hands.place(item.x() + WIDTH / 2, item.y() + 12)

    def _answer_fields(self, rng: random.Random) -> None:
        editor = self.view.annotating.editor
        if editor is not None:
            QTest.keyClicks(editor, rng.choice(["", "words", "Encoder"]))
            QTest.keyClick(editor, rng.choice([Qt.Key.Key_Escape, Qt.Key.Key_Return]), Qt.KeyboardModifier.ControlModifier)
        self.view.annotating.finish()

    def _answer_search(self, rng: random.Random) -> None:
        popup = self.window.searches.popup
        if popup is None:
            return
        choices = [c for c in popup.model.found if c.enabled]
        if len(self.session.graph) > MOST or rng.random() < 0.2 or not choices or "actions" in popup.field.placeholderText():
            popup.dismiss()
            return
        QTest.keyClicks(popup.field, rng.choice(choices).text[: rng.randint(1, 8)])
        QTest.keyClick(popup.field, Qt.Key.Key_Return)
        if self.window.searches.popup is not None:
            self.window.searches.popup.dismiss()

    def _edit_form(self, form: Form, rng: random.Random) -> None:
        rows = list(rows_of(form))
        if rows:
            edit_row(rng.choice(rows), rng)

    # what must hold

    @invariant()
    def compare_document(self) -> None:
        """The document reads as it did whenever it was at this step before; nothing but a command has changed it."""
        assert not self.raised, self.raised
        type(self).steps += 1
        history = self.session.history
        commands = [*history.done, *reversed(history.undone)]
        same = next((i for i, (a, b) in enumerate(zip(self.commands, commands, strict=False)) if a is not b), None)
        kept = same if same is not None else min(len(self.commands), len(commands))
        self.texts = [*self.texts[: kept + 1], *[None] * (len(commands) - kept)]
        self.commands = commands
        at, text = len(history.done), to_text(self.session.document)
        if self.texts[at] is None:
            self.texts[at] = text
        assert text == self.texts[at], f"the document is not what it was after {[c.text for c in history.done]}"

    @invariant()
    def compare_check(self) -> None:
        document = self.session.document
        consistent(document)
        ours, fresh = plain(self.session.report), plain(Checker(document, answers=document.answers).check())
        assert ours == fresh, [f"found {a}, anew {b}" for a, b in zip(ours[0], fresh[0], strict=True) if a != b]

    @invariant()
    def compare_canvas(self) -> None:
        for glide in self.view.findChildren(Glide):
            if glide.state() == Glide.State.Running:
                glide.finish()
        wrong = differences(self.window)
        assert not wrong, "\n".join(wrong)

    @invariant()
    def compare_editors(self) -> None:
        page = self.window.inspector.page
        if isinstance(page, NodePage):
            values = self.session.graph[self.view.selected_nodes()[0]].params
            wrong = wrong_rows(page.form, values)
            assert not wrong, "\n".join(wrong)
        for form in self.window.training.forms.values():
            wrong = wrong_rows(form.form, form.values())
            assert not wrong, "\n".join(wrong)


def press(name: str, button: QMessageBox.StandardButton) -> None:
    """Presses a button of the next message box, if it has that name."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.objectName() == name:
            box.button(button).click()

    QTimer.singleShot(0, look)
