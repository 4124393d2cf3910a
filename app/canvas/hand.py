"""What mouse and keys do on the canvas: hands them to the gestures, of which one goes on at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent

from app.canvas.bends import with_bend, without_bends
from app.canvas.interactions import GESTURES, Interaction, Pointer
from app.canvas.interactions.connect_keys import ConnectByKeys
from app.canvas.interactions.nudge import Nudge
from app.canvas.item_scene import Hit
from app.canvas.wish import Wish

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

REACH = 11.0
"""Pixels within which a port or an edge is hit."""
TAP = 350
"""Milliseconds within which Space goes down and up without a drag to be a tap."""

BORDER, PUSH, FASTEST, TICK = 28, 0.5, 24.0, 16
"""Pixels from the border within which a drag moves the canvas; pixels for each of them and tick, and at most; milliseconds of a tick."""


class Hand:
    """The user's hand on one view.

    Attributes:
        gesture: the one that is going on.
        is_space_held: whether a drag moves the canvas itself.
    """

    def __init__(self, view: CanvasView):
        self.gesture: Interaction | None = None
        self.is_space_held = False
        self._view = view
        self._nudge = Nudge(view)
        self._space_down = QElapsedTimer()
        self._last: tuple[QPointF, Qt.KeyboardModifier] = (QPointF(), Qt.KeyboardModifier.NoModifier)
        self._border = QTimer(view)
        self._border.setInterval(TICK)
        self._border.timeout.connect(self._reach_out)

    # the mouse

    def press(self, event: QMouseEvent) -> None:
        """A button has gone down: the first gesture that wants it begins."""
        view = self._view
        view.camera.stop()
        self._space_down.invalidate()
        if self.gesture is not None:
            return
        pointer = self._pointer(event)
        if pointer.button == Qt.MouseButton.RightButton:
            self._select_for_menu(pointer.hit)
            return
        wanted = next((g for g in GESTURES if g.wants(view, pointer)), None)
        if wanted is None:
            return
        self.gesture = wanted(view)
        self.gesture.begin(pointer)
        self._show_cursor(pointer.hit)

    def move(self, event: QMouseEvent) -> None:
        """The pointer has moved."""
        pointer = self._pointer(event)
        if self.gesture is not None:
            self.gesture.move(pointer)
            self._last = event.position(), event.modifiers()
            if self.gesture.reaches_out and not self._push().isNull():
                self._border.start()
        else:
            self._hover(pointer.hit)
        self._show_cursor(pointer.hit)

    def release(self, event: QMouseEvent) -> None:
        """A button has come up."""
        if self.gesture is None:
            return
        gesture, self.gesture = self.gesture, None
        self._border.stop()
        pointer = self._pointer(event)
        gesture.end(pointer)
        self._show_cursor(pointer.hit)

    def double_click(self, event: QMouseEvent) -> None:
        """Activates a node; adds a point to an edge, or takes it away; on nothing, asks for a block there."""
        pointer = self._pointer(event)
        hit = pointer.hit
        if event.button() != Qt.MouseButton.LeftButton or hit.port is not None or event.modifiers():
            self.press(event)
        elif hit.edge is not None:
            self._bend(hit, event)
        elif hit.node is not None:
            self._view.node_activated.emit(hit.node.node.id)
        elif hit.grip is not None:
            self._view.annotating.edit(hit.grip.item.annotation.id)
        else:
            self._view.wishes.ask(Wish(pointer.at))

    def _bend(self, hit: Hit, event: QMouseEvent) -> None:
        """Takes a point of an edge away, or adds one, which is held then."""
        assert hit.edge is not None
        scene = self._view.canvas
        if hit.bend is not None:
            scene.session.execute(without_bends([hit.edge], [(hit.edge.edge.id, hit.bend)]))
        else:
            at = self._pointer(event).at
            command, place = with_bend(hit.edge, (at.x(), at.y()))
            scene.session.execute(command)
            scene.select((), (), (), [place])
            self.press(event)

    def leave(self) -> None:
        """The pointer is no longer on the canvas."""
        self._hover(Hit())

    def cancel(self) -> bool:
        """Takes back the gesture that is going on; false where there is none."""
        if self.gesture is None:
            return False
        gesture, self.gesture = self.gesture, None
        self._border.stop()
        gesture.cancel()
        self._show_cursor(Hit())
        return True

    def hit(self, place: QPointF) -> Hit:
        """What lies at a place of the viewport."""
        view = self._view
        return view.canvas.hit(view.camera.scene_point(place), REACH / view.zoom, ports=view.zoom >= view.canvas.near)

    # the keyboard

    def key_press(self, event: QKeyEvent) -> bool:
        """A key has gone down; false where it means nothing here."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if self.gesture is not None and self.gesture.key(event):
            return True
        if key == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self.is_space_held = True
                self._space_down.start()
                self._show_cursor(Hit())
            return True
        return self.gesture is None and self._nudge.press(key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def connect_by_keys(self) -> None:
        """Begins to draw an edge from the selected node by keys."""
        view = self._view
        nodes = view.selected_nodes()
        if self.gesture is None and len(nodes) == 1 and view.canvas.nodes[nodes[0]].layout.ports:
            self.gesture = ConnectByKeys(view, nodes[0])

    def key_release(self, event: QKeyEvent) -> bool:
        """A key has come up; false where it means nothing here."""
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            return False
        self.is_space_held = False
        self._show_cursor(Hit())
        if self._space_down.isValid() and self._space_down.elapsed() < TAP and self.gesture is None:
            self._view.wishes.ask_here()
        self._space_down.invalidate()
        return True

    def let_go(self) -> None:
        """The keyboard has gone elsewhere."""
        self.is_space_held = False
        if self.gesture is not None and self.gesture.by_keys:
            self.cancel()

    def place_in_view(self) -> QPointF:
        """Where the pointer is, in pixels of the viewport; the middle where it is not above it."""
        viewport = self._view.viewport()
        place = viewport.mapFromGlobal(QCursor.pos())
        return QPointF(place if viewport.rect().contains(place) else viewport.rect().center())

    def _push(self) -> QPoint:
        """How far the canvas moves in a tick, because the pointer is near its border or beyond."""
        place, room = self._last[0], self._view.viewport().rect()
        x = max(0.0, BORDER - place.x()) - max(0.0, place.x() - room.right() + BORDER)
        y = max(0.0, BORDER - place.y()) - max(0.0, place.y() - room.bottom() + BORDER)
        return QPointF(max(-FASTEST, min(FASTEST, x * PUSH)), max(-FASTEST, min(FASTEST, y * PUSH))).toPoint()

    def _reach_out(self) -> None:
        push = self._push()
        if self.gesture is None or push.isNull():
            self._border.stop()
            return
        self._view.camera.pan_by(push)
        place, modifiers = self._last
        at = self._view.camera.scene_point(place)
        self.gesture.move(Pointer(at, place.toPoint(), Qt.MouseButton.NoButton, modifiers, self.hit(place)))

    def _escape(self) -> bool:
        if self.cancel():
            return True
        view = self._view
        session = view.canvas.session
        if view.selected_nodes() or view.selected_edges() or view.selected_annotations() or view.canvas.bends.selected:
            view.canvas.select(())
            return True
        inside = bool(session.place)
        session.go(session.place[:-1])
        return inside

    def _hover(self, hit: Hit) -> None:
        view = self._view
        if view.canvas.hover(hit) and view.zoom < view.canvas.near:
            view.viewport().update()

    def _pointer(self, event: QMouseEvent) -> Pointer:
        place = event.position()
        return Pointer(self._view.camera.scene_point(place), place.toPoint(), event.button(), event.modifiers(), self.hit(place))

    def _select_for_menu(self, hit: Hit) -> None:
        scene = self._view.canvas
        if hit.node is not None and not hit.node.selected:
            scene.select([hit.node.node.id])
        elif hit.edge is not None and not hit.edge.selected:
            scene.select((), [hit.edge.edge.id])
        elif hit.grip is not None and not hit.grip.item.selected:
            scene.select((), (), [hit.grip.item.annotation.id])

    def _show_cursor(self, hit: Hit) -> None:
        if self.gesture is not None and self.gesture.cursor is not None:
            shape = self.gesture.cursor
        elif self.is_space_held:
            shape = Qt.CursorShape.OpenHandCursor
        elif hit.port is not None:
            shape = Qt.CursorShape.CrossCursor
        elif hit.grip is not None and hit.grip.part == "corner":
            shape = Qt.CursorShape.SizeFDiagCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        viewport = self._view.viewport()
        if viewport.cursor().shape() != shape:
            viewport.setCursor(shape)
