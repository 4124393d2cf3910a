"""Draws an edge by keys alone: the arrows choose the port that it leaves and the one where it ends, Enter draws it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPointF, Qt
from PySide6.QtGui import QKeyEvent

from app.canvas.geometry import PortKey
from app.canvas.interactions.base import Pointer
from app.canvas.interactions.connect import DrawEdge, best_end
from app.canvas.speech import announce

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

PAUSE = 1000
"""Milliseconds without a letter after which the next one begins another name."""

_AHEAD = {"across": (Qt.Key.Key_Right, Qt.Key.Key_Tab), "down": (Qt.Key.Key_Down, Qt.Key.Key_Tab)}
_BACK = {"across": (Qt.Key.Key_Left, Qt.Key.Key_Backtab), "down": (Qt.Key.Key_Up, Qt.Key.Key_Backtab)}
_ASIDE = {"across": (Qt.Key.Key_Up, Qt.Key.Key_Down), "down": (Qt.Key.Key_Left, Qt.Key.Key_Right)}


class ConnectByKeys(DrawEdge):
    """Goes on until Enter or Esc.

    The arrows that lie along the side of a card with its ports choose the one that it begins at, the other two one of those that fit,
    the nearest first; letters go to the node of that name, and where nothing there fits, the reason is told.

    Args:
        view: the canvas.
        node: id of the node.
    """

    reaches_out = False
    by_keys = True

    def __init__(self, view: CanvasView, node: str):
        super().__init__(view)
        self._node = self.scene.nodes[node]
        layout = self._node.layout
        self._ports = (*layout.outputs, *layout.inputs)
        self._found: list[tuple[str, PortKey]] = []
        self._at = -1
        self._refused = ""
        self._typed = ""
        self._since = QElapsedTimer()
        self._port = self._ports[0]
        self._draft = self.scene.add_draft(self.scene.stage.look.draft)
        self._choose(0)

    def begin(self, pointer: Pointer) -> None:
        """Nothing: it begins with a key."""

    def move(self, pointer: Pointer) -> None:
        """Nothing: the mouse has no part in it."""

    def end(self, pointer: Pointer) -> None:
        self.cancel()

    def key(self, event: QKeyEvent) -> bool:
        key, direction = Qt.Key(event.key()), self.scene.stage.graph.direction
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._draw_edge()
        elif key in _ASIDE[direction]:
            step = 1 if key == _ASIDE[direction][1] else -1
            self._choose((self._ports.index(self._port) + step) % len(self._ports))
        elif key in (*_AHEAD[direction], *_BACK[direction]):
            if self._found:
                self._at = (self._at + (1 if key in _AHEAD[direction] else -1)) % len(self._found)
            self._show()
        elif event.text().isidentifier() or (self._typed and event.text().isdigit()):
            self._go_to(event.text())
        return True

    def _choose(self, number: int) -> None:
        self._port = self._ports[number]
        self._light()
        here, axis = self._node.rect, 0 if self.scene.stage.graph.direction == "across" else 1

        def far(id: str) -> float:
            there = self.scene.nodes[id].rect
            ahead = (there[axis] - here[axis]) * (1 if self._port.side == "output" else -1)
            return abs(ahead) + 2 * abs(there[1 - axis] - here[1 - axis]) + (4000 if ahead < 0 else 0)

        ends = self._ends
        ordered = ([p for p in self.scene.nodes[id].layout.ports if (p.side, p.name) in ends[id]] for id in sorted(ends, key=far))
        names = sorted(ends, key=far)
        self._found = list(chain.from_iterable(((id, (p.side, p.name)) for p in ports) for id, ports in zip(names, ordered, strict=True)))
        self._at = 0 if self._found else -1
        self._show()

    def _go_to(self, letter: str) -> None:
        if not self._since.isValid() or self._since.elapsed() > PAUSE:
            self._typed = ""
        self._since.start()
        self._typed += letter.lower()
        graph = self.scene.stage.graph
        others = [n for n in graph if n.id != self._node.node.id and n.name.lower().startswith(self._typed)]
        fits = next((n for n in others if n.id in self._ends), None)
        if fits is not None:
            end = best_end(graph, fits.id, self._ends)
            assert end is not None
            self._at = self._found.index((fits.id, end))
            self._show()
        elif others:
            item = self.scene.nodes[others[0].id]
            opposite = item.layout.inputs if self._port.side == "output" else item.layout.outputs
            self._at = -1
            self._show(self._reason(item, opposite[0] if opposite else None), others[0].id)

    def _show(self, refused: str = "", refusing: str = "") -> None:
        """Shows where the edge would end, and says it."""
        self._refused = refused
        end = self._found[self._at] if self._at >= 0 else None
        shown = end[0] if end is not None else refusing or self._node.node.id
        self.view.keep_in_view(shown)
        fixed = self._point(self._node, self._port)
        self._draw(end, self._place_of(*end) if end is not None else fixed)
        here = f"{self._node.node.name}.{self._port.name}"
        if refused:
            text = refused
        elif end is None:
            text = self.view.tr("{0}: nothing fits here.").format(here)
        else:
            there = f"{self.scene.nodes[end[0]].node.name}.{end[1][1]}"
            first, last = (here, there) if self._port.side == "output" else (there, here)
            text = self.view.tr("{0} → {1}   Enter connects").format(first, last)
        item = self.scene.nodes[shown]
        self.view.bubble.setText(text)
        self.view.bubble.show_at(self.view.mapFromScene(QPointF(item.x() + 16, item.y() + item.layout.height)))
        announce(self.view, text)

    def _draw_edge(self) -> None:
        if self._at < 0:
            announce(self.view, self.view.bubble.text())
            return
        command = self._command(self._found[self._at])
        hand, node = self.view.hand, self._found[self._at][0]
        hand.cancel()
        if command is not None:
            self.scene.session.execute(command)
            self.view.select([node])
