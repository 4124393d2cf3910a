"""What screen readers find on the canvas: a list whose items are the nodes, each with its name, block, shape and problems.

Made when something asks for it, which nothing does while no screen reader runs. Qt owns an interface once it is registered and deletes it;
Python would delete it too as soon as nothing refers to it. So every one is kept here until Qt has been told to delete it. That there may
be none of what is asked for, PySide's annotations do not know.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QPoint, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QWindow
from PySide6.QtWidgets import QAccessibleWidget

from app.canvas.wording import mode_word, wording

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

Kept = dict[str, tuple["NodeAccessible", int]]
"""Items by the id of their node, with the number that Qt knows each by."""

_CANVASES: dict[int, CanvasAccessible] = {}


class NodeAccessible(QAccessibleInterface):
    """One node."""

    def __init__(self, canvas: CanvasAccessible, node: str):
        super().__init__()
        self.node = node
        self._canvas = canvas

    def isValid(self) -> bool:
        return self.node in self._canvas.view.canvas.nodes

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return self._canvas.window()

    def parent(self) -> QAccessibleInterface:
        return self._canvas

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def text(self, kind: QAccessible.Text) -> str:
        item = self._canvas.view.canvas.nodes.get(self.node)
        if item is None:
            return ""
        if kind == QAccessible.Text.Name:
            return f"{item.node.name}, {item.node.spec.title}"
        return described(self._canvas.view, self.node) if kind == QAccessible.Text.Description else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Nothing: names are changed in the inspector."""

    def rect(self) -> QRect:
        view = self._canvas.view
        item = view.canvas.nodes.get(self.node)
        if item is None:
            return QRect()
        shown = view.mapFromScene(QRectF(*item.rect)).boundingRect()
        return QRect(view.viewport().mapToGlobal(shown.topLeft()), shown.size())

    def state(self) -> QAccessible.State:
        view, state = self._canvas.view, QAccessible.State()
        item = view.canvas.nodes.get(self.node)
        if item is None:
            state.invalid = True
            return state
        state.focusable = state.selectable = state.multiSelectable = True
        state.selected = item.selected
        state.focused = item.selected and view.hasFocus() and view.selected_nodes()[-1:] == (self.node,)
        state.offscreen = not view.camera.shown().intersects(QRectF(*item.rect))
        return state


class CanvasAccessible(QAccessibleWidget):
    """The canvas.

    Attributes:
        view: the canvas.
    """

    def __init__(self, view: CanvasView):
        super().__init__(view, QAccessible.Role.List)
        self.view = view
        self._kept: Kept = {}
        self._order: tuple[str, ...] | None = None
        self._listens = False
        view.destroyed.connect(partial(_forget, id(view), self._kept))

    def childCount(self) -> int:
        return len(self._nodes())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        nodes = self._nodes()
        return self.item(nodes[index]) if 0 <= index < len(nodes) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        nodes = self._nodes()
        return nodes.index(child.node) if isinstance(child, NodeAccessible) and child.node in nodes else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        hit = self.view.hand.hit(self.view.viewport().mapFromGlobal(QPoint(x, y)).toPointF())
        return self.item(hit.node.node.id) if hit.node is not None else None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        selected = self.view.selected_nodes()
        return self.item(selected[-1]) if selected and self.view.hasFocus() else None

    def item(self, node: str) -> NodeAccessible:
        """The item of a node."""
        if node not in self._kept:
            made = NodeAccessible(self, node)
            self._kept[node] = made, QAccessible.registerAccessibleInterface(made)
        return self._kept[node][0]

    def _nodes(self) -> tuple[str, ...]:
        if not self._listens:
            self._listens = True
            self.view.canvas.content_changed.connect(self._look_again)
        if self._order is None:
            self._order = tuple(self.view.canvas.nodes)
            for gone in self._kept.keys() - self.view.canvas.nodes.keys():
                QAccessible.deleteAccessibleInterface(self._kept[gone][1])
                del self._kept[gone]  # not before: the last reference would delete it a second time
        return self._order

    def _look_again(self) -> None:
        self._order = None


def _forget(view: int, kept: Kept) -> None:
    for _, number in kept.values():
        QAccessible.deleteAccessibleInterface(number)
    kept.clear()
    _CANVASES.pop(view, None)


def described(view: CanvasView, node: str) -> str:
    """A node in a few words: ``32 · 3×3, output 32×26×26, 1 problem``."""
    item = view.canvas.nodes[node]
    said, checked, translate = wording(item.node, item.checked), item.checked, QCoreApplication.translate
    shape = translate("canvas", "output {0}").format(said.shape.replace("×", " × ")) if said.shape and item.node.spec.outputs else ""
    count = len(checked.diagnostics) if checked is not None else 0
    waits = translate("canvas", "waiting") if checked is not None and checked.status == "waiting" else ""
    problems = translate("canvas", "1 problem") if count == 1 else translate("canvas", "{0} problems").format(count) if count else ""
    worst = said.problem if count else ""
    parts = [said.params if not mode_word(item.node) else mode_word(item.node), shape, waits, problems, worst]
    return ", ".join(part for part in parts if part)


@cache
def answer_screen_readers() -> None:
    """Lets Qt ask here for what a canvas is."""
    from app.canvas.view import CanvasView

    def made(_: str, widget: QObject) -> QAccessibleInterface | None:
        if not isinstance(widget, CanvasView):
            return None
        if id(widget) not in _CANVASES:
            _CANVASES[id(widget)] = CanvasAccessible(widget)
        return _CANVASES[id(widget)]

    QAccessible.installFactory(made)


def focus(view: CanvasView, node: str) -> None:
    """Tells a screen reader that the keyboard has come to a node."""
    if QAccessible.isActive():
        found = QAccessible.queryAccessibleInterface(view)
        if isinstance(found, CanvasAccessible):
            QAccessible.updateAccessibility(QAccessibleEvent(found.item(node), QAccessible.Event.Focus))
