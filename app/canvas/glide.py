"""Cards on their way to new places: the network is there already, the eye follows for a moment. Any key or button ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QVariantAnimation
from PySide6.QtWidgets import QStyle

from app.canvas.geometry import Rect
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

DURATION = 220
MANY = 1500
"""With more nodes than this they are set down at once: a frame would take too long."""

_ENDING = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.Hide)


class Glide(QVariantAnimation):
    """Shows cards and frames on their way from where they were to where the graph has them.

    Args:
        view: shows them.
        nodes, annotations: where they were, by id; those that are gone are left out.
    """

    def __init__(self, view: CanvasView, nodes: Mapping[str, Position], annotations: Mapping[str, Rect]):
        super().__init__(view)
        self._view = view
        graph = view.canvas.stage.graph
        self._nodes = {id: (at, graph[id].position) for id, at in nodes.items() if id in graph and graph[id].position != at}
        known = graph.annotations
        self._annotations = {id: (at, known[id].rect) for id, at in annotations.items() if id in known and known[id].rect != at}
        self.setDuration(DURATION)
        self.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.valueChanged.connect(self._show)
        for watched in (view, view.viewport()):
            watched.installEventFilter(self)
        session = view.canvas.session
        session.changed.connect(self.finish)
        session.replaced.connect(self._give_up)
        session.place_changed.connect(self._give_up)
        self._show(0.0)
        self.start(QVariantAnimation.DeletionPolicy.DeleteWhenStopped)

    @classmethod
    def is_wanted(cls, view: CanvasView, count: int) -> bool:
        """Whether the platform animates at all, and there are few enough cards."""
        moves = view.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, view) > 0
        return moves and view.isVisible() and count <= MANY

    def finish(self, *_: object) -> None:
        """Sets everything down where the graph has it by now."""
        scene, graph = self._view.canvas, self._view.canvas.stage.graph
        scene.place({id: graph[id].position for id in self._nodes if id in scene.nodes and id in graph})
        for id in self._annotations.keys() & scene.annotations.items.keys() & graph.annotations.keys():
            scene.annotations.items[id].place(graph.annotations[id].rect)
        self._view.update_drafts()
        self._give_up()

    def _show(self, part: float) -> None:
        scene = self._view.canvas
        scene.place({id: (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for id, (a, b) in self._nodes.items()})
        for id, (start, end) in self._annotations.items():
            left, top, width, height = (a + (b - a) * part for a, b in zip(start, end, strict=True))
            scene.annotations.items[id].place((left, top, width, height))
        self._view.update_drafts()

    def _give_up(self, *_: object) -> None:
        self._nodes, self._annotations = {}, {}
        self.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _ENDING:
            self.finish()
        return super().eventFilter(watched, event)
