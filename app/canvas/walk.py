"""Goes through the network by keys: from node to node, up and down the stream. Each node that is reached is told to screen readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from app.canvas.accessible import focus
from app.canvas.geometry import Rect
from app.canvas.speech import announce, spoken

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Walk(QObject):
    """Moves the selection along the network."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._view = view
        self._from = ""
        view.selection_changed.connect(self._tell)

    def step(self, way: str) -> None:
        """Selects a neighbour of the last selected node, or the first node where none is selected.

        Args:
            way: ``right``, ``left``, ``up`` or ``down``. Those of the graph's direction go along edges; where there is none, and for
                the others, it is the nearest card that way.
        """
        view = self._view
        graph, selected = view.canvas.stage.graph, view.selected_nodes()
        if not selected:
            found = next(iter(graph.nodes), None)
        else:
            found = self._along(selected[-1], way) or self._nearest(selected[-1], way)
        if found is not None:
            view.select([found])
            view.keep_in_view(found)

    def edge(self) -> None:
        """Selects an edge of the selected node; the next one where one is selected already."""
        view = self._view
        graph, edges = view.canvas.stage.graph, view.selected_edges()
        if view.selected_nodes():
            self._from = view.selected_nodes()[-1]
        if self._from not in graph:
            return
        around = [e.id for e in (*graph.incoming(self._from), *graph.outgoing(self._from))]
        if not around:
            return
        place = around.index(edges[0]) + 1 if len(edges) == 1 and edges[0] in around and not view.selected_nodes() else 0
        edge = graph.edges[around[place % len(around)]]
        view.select((), [edge.id])
        view.keep_in_view(edge.target if edge.source == self._from else edge.source)
        announce(view, f"{graph[edge.source].name}.{edge.source_port} → {graph[edge.target].name}.{edge.target_port}")

    def stream(self, way: str) -> None:
        """Adds to the selection all that feeds the selected nodes (``up``), or all that they feed (``down``)."""
        view = self._view
        graph, selected = view.canvas.stage.graph, view.selected_nodes()
        reach = graph.ancestors if way == "up" else graph.descendants
        found = dict.fromkeys(selected)
        for id in selected:
            found.update(dict.fromkeys(other for other in reach(id)))
        view.select(found)

    def _along(self, id: str, way: str) -> str | None:
        graph = self._view.canvas.stage.graph
        on, back = ("right", "left") if self._view.canvas.stage.graph.direction == "across" else ("down", "up")
        if way == on:
            return next((e.target for e in graph.outgoing(id)), None)
        if way == back:
            into = graph[id].spec.main_input
            return next((e.source for e in graph.inputs(id, into.name)), None) if into is not None else None
        return None

    def _nearest(self, id: str, way: str) -> str | None:
        x, y = _middle(self._view.canvas.nodes[id].rect)
        away: Callable[[float, float], tuple[float, float]] = {
            "right": lambda dx, dy: (dx, dy),
            "left": lambda dx, dy: (-dx, dy),
            "up": lambda dx, dy: (-dy, dx),
            "down": lambda dx, dy: (dy, dx),
        }[way]
        best, found = float("inf"), None
        for other, item in self._view.canvas.nodes.items():
            at = _middle(item.rect)
            far, aside = away(at[0] - x, at[1] - y)
            if far > 1 and far + 2 * abs(aside) < best:
                best, found = far + 2 * abs(aside), other
        return found

    def _tell(self, nodes: tuple[str, ...]) -> None:
        view = self._view
        if len(nodes) == 1:
            view.setAccessibleDescription(spoken(view.canvas.nodes[nodes[0]]))
            focus(view, nodes[0])
        else:
            announce(view, QCoreApplication.translate("canvas", "{0} nodes selected").format(len(nodes)) if nodes else "")


def _middle(rect: Rect) -> tuple[float, float]:
    return rect[0] + rect[2] / 2, rect[1] + rect[3] / 2
