"""What is shown of a network without an edit: where a drag holds cards, what is selected, what the pointer is over, shapes of gestures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QBrush, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.annotations import Annotations
from app.canvas.bends import BendMarks, Place
from app.canvas.item_scene import Hit, ItemScene
from app.canvas.items import GESTURE_LAYER, NODE_LAYER, RAISED_LAYER, EdgeItem, NodeItem, Stage
from app.canvas.labels import LabelLayer
from app.canvas.look import Look
from app.canvas.overview import Overview
from app.theme import Theme
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Bends, Position


class ScreenScene(ItemScene):
    """The items of one graph, and what is shown of them on the screen only.

    Attributes:
        nodes, edges: items by id of what they show.
        stage: what the items paint with.
        overview: the same scene for far zoom.
        annotations: frames and notes.
        bends: the points of edges that are selected.
        drafts: what gestures show while they last.

    Signals:
        selection_changed: ids of the selected nodes, in the order in which they were selected.
        content_changed: something came, went, moved or looks different.
    """

    selection_changed = QtSignal(object)
    content_changed = QtSignal()

    def __init__(self, graph: CoreGraph, theme: Theme, parent: QObject | None = None):
        super().__init__(parent)
        self.nodes = {}
        self.edges = {}
        self.stage = Stage(Look(theme), graph)
        self.overview = Overview(self.stage, self.nodes, self.edges)
        self.annotations = Annotations(self)
        self.bends = BendMarks(self)
        self.drafts: list[QGraphicsPathItem] = []
        self._selected_nodes: dict[str, None] = {}
        self._selected_edges: dict[str, None] = {}
        self._hovered_node: NodeItem | None = None
        self._hovered_edge: EdgeItem | None = None
        self._labels = LabelLayer(self.stage)
        self.addItem(self._labels)

    # moving

    def place(self, positions: Mapping[str, Position]) -> None:
        """Moves cards on the screen only: what a drag shows before it is done."""
        edges: dict[str, None] = {}
        graph = self.stage.graph
        for id, (x, y) in positions.items():
            self.nodes[id].place(x, y)
            self.overview.touch_node(id)
            edges.update(dict.fromkeys(e.id for e in graph.incoming(id)))
            edges.update(dict.fromkeys(e.id for e in graph.outgoing(id)))
        for id in edges:
            if id in self.edges:
                self._place_edge(self.edges[id])
        if self.bends.selected:
            self.bends.refresh()
        self._labels.refresh()
        if positions:
            self.content_changed.emit()

    def bend(self, edge: str, bends: Bends | None) -> None:
        """Lets an edge run through other points on the screen only, what a drag shows before it is done; None: through the graph's."""
        self.edges[edge].drag_bends(bends)
        self._labels.touch(self.edges[edge])
        self._labels.refresh()
        self.overview.touch_edge(edge)
        self.bends.refresh()

    def raise_nodes(self, ids: Iterable[str], up: bool) -> None:
        """Puts cards above all others, or back among them."""
        for id in ids:
            self.nodes[id].setZValue(RAISED_LAYER if up else NODE_LAYER)

    # selection

    def selected_nodes(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        return tuple(self._selected_nodes)

    def selected_edges(self) -> tuple[str, ...]:
        """Ids of the selected edges."""
        return tuple(self._selected_edges)

    def select(
        self, nodes: Collection[str], edges: Collection[str] = (), annotations: Collection[str] = (), bends: Collection[Place] = ()
    ) -> None:
        """Selects these and nothing else."""
        new_nodes, new_edges = dict.fromkeys(nodes), dict.fromkeys(edges)
        others = self.annotations.select(annotations) | self.bends.select(bends)
        if list(new_nodes) == list(self._selected_nodes) and new_edges == self._selected_edges and not others:
            return
        for id in self._selected_nodes.keys() ^ new_nodes.keys():
            item = self.nodes[id]
            item.selected = id in new_nodes
            item.update()
            self.overview.touch_node(id)
        for id in self._selected_edges.keys() ^ new_edges.keys():
            edge = self.edges[id]
            edge.selected = id in new_edges
            edge.restyle()
            self.overview.touch_edge(id)
            self._labels.touch(edge)
        self._labels.refresh()
        self._selected_nodes, self._selected_edges = new_nodes, new_edges
        self.selection_changed.emit(self.selected_nodes())
        self.content_changed.emit()

    # gestures

    def add_draft(self, pen: QPen, brush: QBrush | None = None) -> QGraphicsPathItem:
        """A shape above all else that a gesture shows while it lasts."""
        draft = QGraphicsPathItem()
        draft.setPen(pen)
        if brush is not None:
            draft.setBrush(brush)
        draft.setZValue(GESTURE_LAYER)
        self.drafts.append(draft)
        self.addItem(draft)
        return draft

    def remove_draft(self, draft: QGraphicsPathItem) -> None:
        """Takes away what `add_draft` made."""
        self.drafts.remove(draft)
        self.removeItem(draft)

    def update_nodes(self) -> None:
        """Paints all cards anew: what the stage says of all of them has changed."""
        for item in self.nodes.values():
            item.update()

    # pointing

    def hover(self, hit: Hit) -> bool:
        """Shows what is under the pointer as such; true where that is something else than before."""
        node = hit.node
        edge = hit.edge
        changed = False
        for item in (self._hovered_node, node):
            if item is not None and item.hovered != (item is node):
                item.hovered = item is node
                item.update()
                self.overview.touch_node(item.node.id)
                changed = True
        for line in (self._hovered_edge, edge):
            if line is not None and line.hovered != (line is edge):
                line.hovered = line is edge
                line.restyle()
                self.overview.touch_edge(line.edge.id)
                self._labels.touch(line)
                changed = True
        self._hovered_node, self._hovered_edge = node, edge
        self._labels.refresh()
        return changed

    # for who follows the graph

    def _place_edge(self, item: EdgeItem) -> None:
        self._labels.touch(item)
        item.place()
        self._labels.touch(item)
        self.overview.touch_edge(item.edge.id)
