"""Nodes that are dragged out of their network: their neighbours are joined, which is shown while the drag lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint
from PySide6.QtGui import QPainterPath

from app.canvas.items import curve_path
from graph_engine.analysis.rewire import left_by, take_out
from graph_engine.graph.command import Command

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

TURNS, REACH, WITHIN = 4, 14, 900
"""A shake: so often to and fro, so many pixels each way at least, in so many milliseconds."""


class Shake:
    """Sees whether the pointer is shaken from side to side."""

    def __init__(self) -> None:
        self._clock = QElapsedTimer()
        self._turns: list[int] = []
        self._far: int | None = None
        self._way = 0

    def feel(self, place: QPoint) -> bool:
        """The pointer is here now; true where that completes a shake."""
        if self._far is None:
            self._clock.start()
            self._far = place.x()
            return False
        moved = place.x() - self._far
        if moved * self._way > 0:
            self._far = place.x()
        elif abs(moved) >= REACH:
            self._way, self._far = (1 if moved > 0 else -1), place.x()
            now = self._clock.elapsed()
            self._turns = [t for t in self._turns if now - t <= WITHIN] + [now]
            if len(self._turns) > TURNS:
                self._turns.clear()
                return True
        return False


class TakeOut:
    """Shows some nodes without their neighbours, which are joined.

    Args:
        view: the canvas.
        nodes: ids of the nodes.
    """

    def __init__(self, view: CanvasView, nodes: tuple[str, ...]):
        self._view = view
        self._nodes = nodes
        scene, graph = view.canvas, view.canvas.stage.graph
        inside = set(nodes)
        leaving = left_by(graph, scene.session.checked, inside)
        entering = [e.id for id in nodes for e in graph.incoming(id) if e.source not in inside]
        self._hidden = [*entering, *leaving]
        self._show(False)
        path = QPainterPath()
        for id, before in leaving.items():
            if before is not None:
                edge = graph.edges[id]
                source, target = scene.nodes[before[0]], scene.nodes[edge.target]
                out, into = source.layout.port("output", before[1]), target.layout.port("input", edge.target_port)
                start, end = (source.x() + out.x, source.y() + out.y), (target.x() + into.x, target.y() + into.y)
                path.addPath(curve_path(start, end, graph.direction))
        self._draft = scene.add_draft(scene.stage.look.draft)
        self._draft.setPath(path)
        view.update_drafts()

    def command(self) -> Command | None:
        """What takes them out; None where nothing is joined to them."""
        scene = self._view.canvas
        return take_out(scene.stage.graph, scene.session.checked, self._nodes)

    def end(self) -> None:
        """Shows things as they are."""
        self._show(True)
        self._view.canvas.remove_draft(self._draft)
        self._view.update_drafts()

    def _show(self, visible: bool) -> None:
        scene = self._view.canvas
        for id in self._hidden:
            if visible:
                scene.stage.hidden_edges.discard(id)
            else:
                scene.stage.hidden_edges.add(id)
            scene.edges[id].setVisible(visible)
