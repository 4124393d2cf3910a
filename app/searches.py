"""The searches that float above the window: blocks to add, actions to carry out, nodes to find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QKeySequence

from app.actions import ACTIONS, MENUS, Act, Actions, plain, translated
from app.canvas.wish import Wish
from app.theme.style import current
from app.theme.tokens import category_icon
from app.widgets.search import Choice, SearchPopup
from graph_engine.analysis.habits import Habits, fitting
from graph_engine.graph.groups import block_id, blocks_for
from graph_engine.spec.block import BlockSpec

if TYPE_CHECKING:
    from app.window import MainWindow


class Searches(QObject):
    """Opens one search at a time.

    Args:
        window: what they float above.
        actions: what can be done.
        habits: what usually comes next.
    """

    def __init__(self, window: MainWindow, actions: Actions, habits: Habits):
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._habits = habits
        self.popup: SearchPopup | None = None

    def add_block(self, wish: Wish) -> None:
        """Searches for a block and adds it where it is wanted, joined to what it is held at or to the one selected node."""
        window, view = self._window, self._window.canvas
        held = wish.held
        graph = window.session.graph
        if held is not None:
            node, (side, port) = held
            specs = fitting(graph, window.session.checked, node, side, port, self._habits)
            hint = self.tr("Add a block behind {0}") if side == "output" else self.tr("Add a block in front of {0}")
            hint = hint.format(graph[node].name)
        else:
            selected = view.selected_nodes()
            specs = self._habits.order(blocks_for(graph), graph[selected[0]].block if len(selected) == 1 else "")
            hint = self.tr("Add a block")

        def add(block: str) -> None:
            window.edits.add(block, wish)

        self._open(_blocks(specs), hint, add, view.viewport().mapTo(window, view.mapFromScene(wish.at)), view.wishes.forget)

    def swap(self) -> None:
        """Searches for a block that takes the place of the one selected node: first those of its own category."""
        [id] = self._window.canvas.selected_nodes()
        node = self._window.session.graph[id]
        fits = [
            s
            for s in blocks_for(self._window.session.graph)
            if s != node.spec and bool(s.inputs) == bool(node.spec.inputs) and bool(s.outputs) == bool(node.spec.outputs)
        ]
        fits.sort(key=lambda s: s.category != node.spec.category)
        self._open(_blocks(fits), self.tr("Replace {0} by").format(node.name), self._window.edits.swap)

    def show_commands(self) -> None:
        """Searches everything that can be done, and does it; what cannot be done now is shown as such."""

        def choice(act: Act) -> Choice:
            keys = self._actions[act.id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            menu = " › ".join(plain(translated(MENUS[path])) for path in _paths(act.menu))
            name = plain(self._actions[act.id].text())
            return Choice(
                act.id,
                name,
                keys or menu,
                f"{menu} {translated(act.tip)}".lower(),
                act.icon or "circle",
                "",
                self._actions[act.id].isEnabled(),
            )

        choices = [choice(a) for a in ACTIONS if a.id != "commands"]
        self._open(choices, self.tr("Search actions"), lambda id: self._actions[id].trigger())

    def find_node(self) -> None:
        """Searches the nodes of the network and goes to one."""
        graph = self._window.session.graph
        colours = current().category
        choices = [
            Choice(
                n.id,
                n.name,
                n.spec.title,
                f"{n.spec.title} {n.spec.category}".lower(),
                category_icon(n.spec.category),
                colours[n.spec.category],
            )
            for n in graph
        ]
        self._open(choices, self.tr("Find a node"), self._window.canvas.reveal)

    def _open(
        self,
        choices: Sequence[Choice],
        hint: str,
        then: Callable[[Any], object],
        place: QPoint | None = None,
        closed: Callable[[], object] | None = None,
    ) -> None:
        if self.popup is not None:
            self.popup.dismiss()
        popup = self.popup = SearchPopup(self._window, choices, hint)
        popup.closed.connect(self._forget)
        if closed is not None:
            popup.closed.connect(closed)
        popup.chosen.connect(then)
        if place is None:
            popup.open_on_top()
        else:
            popup.open_at(place)

    def _forget(self) -> None:
        self.popup = None


def _paths(menu: str) -> list[str]:
    """``file/export`` → ``file``, ``file/export``."""
    parts = menu.split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _blocks(specs: Iterable[BlockSpec]) -> list[Choice]:
    colours = current().category
    return [
        Choice(
            block_id(s),
            s.title,
            s.category,
            " ".join((s.summary, s.category, *s.keywords)).lower(),
            category_icon(s.category),
            colours[s.category],
        )
        for s in specs
    ]
