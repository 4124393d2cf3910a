"""Mirrors the graph in items. It owns no data: what it shows is read from the session's graph and check."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QBrush, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.annotations import Annotations
from app.canvas.bends import BendMarks, Place
from app.canvas.health import HealthMarks
from app.canvas.item_scene import Hit, ItemScene
from app.canvas.items import GESTURE_LAYER, NODE_LAYER, RAISED_LAYER, EdgeItem, NodeItem, Stage
from app.canvas.labels import LabelLayer
from app.canvas.lanes import Lanes
from app.canvas.look import FINE_FROM, FINE_STROKE, STROKE, Look
from app.canvas.overview import Overview
from app.canvas.shares import Shares
from app.canvas.strips import Strips
from app.theme import Theme
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.changes import Change
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Bends, Position

ROOM = 2000.0
"""How far the indexed area reaches beyond the cards when it has to be set anew."""


class CanvasSession(Protocol):
    """What the canvas needs of the session: something to read, and one way to edit."""

    changed: SignalInstance
    checked_changed: SignalInstance
    replaced: SignalInstance
    place_changed: SignalInstance

    @property
    def graph(self) -> CoreGraph: ...

    @property
    def checked(self) -> CheckedGraph: ...

    @property
    def document(self) -> CoreGraph: ...

    @property
    def place(self) -> tuple[str, ...]: ...

    def go(self, place: Sequence[str]) -> None: ...

    def execute(self, command: Command, gesture: object = None) -> None: ...


class CanvasScene(ItemScene):
    """The items of one session's graph.

    Attributes:
        nodes, edges: items by id of what they show.
        stage: what the items paint with.
        overview: the same scene for far zoom.
        annotations: frames and notes.
        bends: the points of edges that are selected.
        shares: the share of the whole that each card shows.
        health: how each node fares while the network trains.
        strips: what nodes give for a sample, below their cards.
        drafts: what gestures show while they last.

    Signals:
        selection_changed: ids of the selected nodes, in the order in which they were selected.
        content_changed: something came, went, moved or looks different.
        about_to_rebuild: another graph will be shown; what goes on with the items is to end now.
    """

    about_to_rebuild = QtSignal()
    selection_changed = QtSignal(object)
    content_changed = QtSignal()

    def __init__(self, session: CanvasSession, theme: Theme, parent: QObject | None = None):
        super().__init__(parent)
        self.session = session
        self.nodes = {}
        self.edges = {}
        self.stage = Stage(Look(theme), session.graph)
        self.overview = Overview(self.stage, self.nodes, self.edges)
        self.annotations = Annotations(self)
        self.bends = BendMarks(self)
        self.shares = Shares(self)
        self.health = HealthMarks(self)
        self.strips = Strips(self)
        self.drafts: list[QGraphicsPathItem] = []
        self._selected_nodes: dict[str, None] = {}
        self._selected_edges: dict[str, None] = {}
        self._lanes = Lanes(self)
        self._labels = LabelLayer(self.stage)
        self.addItem(self._labels)
        session.changed.connect(self.apply)
        session.checked_changed.connect(self.show_checked)
        session.replaced.connect(self.rebuild)
        session.place_changed.connect(self.rebuild)
        self.rebuild()

    # mirroring

    def rebuild(self) -> None:
        """Shows another graph from scratch."""
        self.about_to_rebuild.emit()
        had_selection = bool(self._selected_nodes or self._selected_edges or self.annotations.selected or self.bends.selected)
        for item in (*self.edges.values(), *self.nodes.values()):
            self.removeItem(item)
        self.strips.forget()
        self.nodes.clear()
        self.edges.clear()
        self.stage.choosing.clear()
        self._selected_nodes.clear()
        self._selected_edges.clear()
        self.bends.select(())
        self.overview.clear()
        self._labels.listen(False)
        graph = self.stage.graph = self.session.graph
        self.annotations.rebuild()
        for id in graph.nodes:
            self._add_node(id)
        self._make_room(fresh=True)
        self._fit_stroke()
        for id in graph.edges:
            self._add_edge(id)
        self.show_checked(self.session.checked)
        self._labels.listen(True)
        self.update()
        if had_selection:
            self.selection_changed.emit(())

    def apply(self, changes: Sequence[Change]) -> None:
        """Follows one edit. Each id named is compared with the graph, so that the order of the changes does not matter."""
        graph = self.stage.graph
        nodes = dict.fromkeys(c.id for c in changes if c.kind in ("node-added", "node-removed", "node", "name", "moved", "look", "mode"))
        reworded = {c.id for c in changes if c.kind in ("node", "name", "look", "mode")}
        edges = dict.fromkeys(c.id for c in changes if c.kind in ("edge-added", "edge-removed"))
        bent = {c.id for c in changes if c.kind == "bend"}
        turned = any(c.kind == "direction" for c in changes)
        annotated = self.annotations.apply(changes)
        if not nodes and not edges and not bent and not turned:
            if annotated:
                self._make_room()
                self.selection_changed.emit(self.selected_nodes())
                self.content_changed.emit()
            return
        ports: dict[tuple[str, str], None] = {}
        sources: set[str] = set()
        selection = (len(self._selected_nodes), len(self._selected_edges))
        for id in edges:
            old = self.edges.get(id)
            if old is not None and graph.edges.get(id) is not old.edge:
                if old.is_beside_others:
                    ports[old.edge.target, old.edge.target_port] = None
                sources.add(old.edge.source)
                self._remove_edge(id)
        moved = []
        there = [item.rect for id in nodes if (item := self.nodes.get(id)) is not None]
        for id in nodes:
            item = self.nodes.get(id)
            node = graph.nodes.get(id)
            if item is not None and item.node is not node:
                self._remove_node(id)
                item = None
            if node is None:
                continue
            if item is None:
                self._add_node(id)
            else:
                if id in reworded:
                    item.reword()
                    self.overview.touch_node(id)
                if (item.x(), item.y()) != node.position:
                    moved.append(id)
        self.place({id: graph.nodes[id].position for id in moved})
        sources |= {graph.edges[id].source for id in edges if id in graph.edges}
        self._relayout(
            graph.nodes if turned else reworded | {id for id in sources if id in graph and graph.nodes[id].spec.switched_outputs}
        )
        for id in edges:
            edge = graph.edges.get(id)
            if edge is not None and id not in self.edges and self._add_edge(id).is_beside_others:
                ports[edge.target, edge.target_port] = None
        for target, port in ports:
            for edge in graph.inputs(target, port) if target in graph else ():
                self._place_edge(self.edges[edge.id])
        for id in bent:
            if id in self.edges:
                self._place_edge(self.edges[id])
        marked = len(self.bends.selected)
        self.bends.refresh()
        for id in {c.id for c in changes if c.kind == "mode" and c.id in graph}:
            for edge in graph.incoming(id):
                if self.edges[edge.id].tell(self.nodes[edge.source].checked):
                    self.overview.touch_edge(edge.id)
        for line in self._lanes.concerned([*there, *(self.nodes[id].rect for id in nodes if id in self.nodes)]):
            self._place_edge(line)
        self._labels.refresh()
        self._fit_stroke()
        self._make_room()
        if (*selection, marked) != (len(self._selected_nodes), len(self._selected_edges), len(self.bends.selected)):
            self.selection_changed.emit(self.selected_nodes())
        self.content_changed.emit()

    def show_checked(self, checked: CheckedGraph) -> None:
        """Follows a check: touches the nodes whose result is another one than before, and their edges."""
        graph = self.stage.graph
        for id, item in self.nodes.items():
            found = checked.nodes.get(id)
            if found is item.checked:
                continue
            item.checked = found
            item.reword()
            self.overview.touch_node(id)
            for edge in graph.outgoing(id):
                line = self.edges[edge.id]
                self._labels.touch(line)
                if line.tell(found):
                    self.overview.touch_edge(edge.id)
                    self._labels.touch(line)
        self.shares.follow(checked)
        self.health.follow(self.nodes)
        self._labels.refresh()
        self.content_changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Paints in another theme from now on."""
        self.stage.wear(Look(theme))
        self._fit_stroke()
        self.overview.forget_pictures()
        self.strips.repaint()
        for item in self.nodes.values():
            item.reword()
        for edge in self.edges.values():
            edge.restyle()
        self.bends.refresh()
        self.update()
        self.content_changed.emit()

    def place(self, positions: Mapping[str, Position]) -> None:
        """Moves cards on the screen only: what a drag shows before it is done."""
        edges: dict[str, None] = {}
        graph = self.stage.graph
        for id, (x, y) in positions.items():
            self.nodes[id].setPos(x, y)
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

    _hovered_node: NodeItem | None = None
    _hovered_edge: EdgeItem | None = None

    # items

    def _add_node(self, id: str) -> None:
        item = NodeItem(self.stage.graph.nodes[id], self.stage)
        self.nodes[id] = item
        self.addItem(item)
        self.overview.touch_node(id)

    def _remove_node(self, id: str) -> None:
        self.strips.drop(id)
        item = self.nodes.pop(id)
        if item is self._hovered_node:
            self._hovered_node = None
        self._selected_nodes.pop(id, None)
        self.removeItem(item)
        self.overview.touch_node(id)

    def _add_edge(self, id: str) -> EdgeItem:
        edge = self.stage.graph.edges[id]
        source, target = self.nodes[edge.source], self.nodes[edge.target]
        item = EdgeItem(edge, self.stage, source, target)
        if source.checked is not None:
            item.tell(source.checked)
        self.edges[id] = item
        self.addItem(item)
        if self._labels.is_listening:
            source.update()
            target.update()
        self.overview.touch_edge(id)
        self._labels.touch(item)
        return item

    def _remove_edge(self, id: str) -> None:
        item = self.edges.pop(id)
        self.stage.choosing.discard(id)
        if item is self._hovered_edge:
            self._hovered_edge = None
        self._selected_edges.pop(id, None)
        self._labels.touch(item)
        self.removeItem(item)
        item.source.update()
        item.target.update()
        self.overview.touch_edge(id)

    def _relayout(self, ids: Iterable[str]) -> None:
        """Shows on some cards the ports that are in use now; edges follow them."""
        graph = self.stage.graph
        for id in ids:
            item = self.nodes.get(id)
            if item is not None and item.relayout():
                self.strips.follow(id)
                self.overview.touch_node(id)
                for edge in (*graph.incoming(id), *graph.outgoing(id)):
                    line = self.edges.get(edge.id)
                    if line is not None:
                        self._labels.touch(line)
                        line.attach()
                        self._labels.touch(line)
                        self.overview.touch_edge(edge.id)

    def _place_edge(self, item: EdgeItem) -> None:
        self._labels.touch(item)
        item.place()
        self._labels.touch(item)
        self.overview.touch_edge(item.edge.id)

    def _fit_stroke(self) -> None:
        look, width = self.stage.look, FINE_STROKE if len(self.stage.graph.edges) > FINE_FROM else STROKE
        if look.stroke != width:
            look.set_stroke(width)
            for edge in self.edges.values():
                edge.restyle()

    def _make_room(self, fresh: bool = False) -> None:
        # Qt's index cuts the scene's rectangle into cells: it must hold all cards, but not be much larger
        content = self.content_rect()
        if fresh or not self.sceneRect().contains(content):
            rect = content.adjusted(-ROOM, -ROOM, ROOM, ROOM)
            self.setSceneRect(rect)
            self._labels.cover(rect)
