"""Mirrors the graph in items. It owns no data: what it shows is read from the session's graph and check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, QRectF, SignalInstance
from PySide6.QtCore import Signal as QtSignal

from app.canvas.differences import Differences
from app.canvas.geometry import Rect, bounds
from app.canvas.health import HealthMarks
from app.canvas.items import EdgeItem, NodeItem
from app.canvas.lanes import Lanes
from app.canvas.look import FINE_FROM, FINE_STROKE, STROKE, Look
from app.canvas.screen_scene import ScreenScene
from app.canvas.shares import Shares
from app.canvas.strips import Strips
from app.theme import Theme
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.changes import Change
from graph_engine.graph.command import Command
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Edge, Node
from graph_engine.memory import uncollected

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


class CanvasScene(ScreenScene):
    """The items of one session's graph.

    Attributes:
        shares: the share of the whole that each card shows.
        health: how each node fares while the network trains.
        strips: what nodes give for a sample, below their cards.
        differences: what is different from another version.

    Signals:
        about_to_rebuild: another graph will be shown; what goes on with the items is to end now.
    """

    about_to_rebuild = QtSignal()

    def __init__(self, session: CanvasSession, theme: Theme, parent: QObject | None = None):
        super().__init__(session.graph, theme, parent)
        self.session = session
        self.shares = Shares(self)
        self.health = HealthMarks(self)
        self.strips = Strips(self)
        self.differences = Differences(self)
        self.addItem(self.differences)
        self._lanes = Lanes(self)
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
        self._checked = self.session.checked
        self.annotations.rebuild()
        with uncollected():
            for node in graph:
                self._add_node(node)
            self._make_room()
            self._fit_stroke()
            for edge in graph.edges.values():
                self._add_edge(edge)
        self.shares.follow(self._checked)
        self._labels.listen(True)
        self.update()
        if had_selection:
            self.selection_changed.emit(())
        self.content_changed.emit()

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
                self._make_room_for(item.rect for item in self.annotations.items.values())
                self.selection_changed.emit(self.selected_nodes())
                self.content_changed.emit()
            return
        known, drawn = graph.nodes, graph.edges
        selection = (len(self._selected_nodes), len(self._selected_edges))
        there = [item.rect for id in nodes if (item := self.nodes.get(id)) is not None]
        gone = [old.edge for id in edges if (old := self.edges.get(id)) is not None and drawn.get(id) is not old.edge]
        beside = {(e.target, e.target_port): None for e in gone if self.edges[e.id].is_beside_others}
        for edge in gone:
            self._remove_edge(edge.id)
        moved, fresh = [], set()
        for id in nodes:
            item = self.nodes.get(id)
            node = known.get(id)
            if item is not None and item.node is not node:
                self._remove_node(id)
                item = None
            if node is None:
                continue
            if item is None:
                self._add_node(node)
                fresh.add(id)
            else:
                if id in reworded:
                    item.reword()
                    self.overview.touch_node(id)
                if item.position != node.position:
                    moved.append(id)
        self.place({id: known[id].position for id in moved})
        come = [drawn[id] for id in edges if id in drawn and id not in self.edges]
        joined = {id for e in (*gone, *come) for id in (e.source, e.target)} & self.nodes.keys()
        self._relayout(known if turned else reworded | {id for id in joined if known[id].spec.switched_outputs})
        for edge in come:
            if self._add_edge(edge).is_beside_others:
                beside[edge.target, edge.target_port] = None
        for id in joined - fresh:
            self.nodes[id].update()
        for target, port in beside:
            for edge in graph.inputs(target, port) if target in graph else ():
                if edge.id not in edges:
                    self._place_edge(self.edges[edge.id])
        for id in bent & self.edges.keys():
            self._place_edge(self.edges[id])
        marked = len(self.bends.selected)
        self.bends.refresh()
        for id in {c.id for c in changes if c.kind == "mode" and c.id in graph}:
            for edge in graph.incoming(id):
                if self.edges[edge.id].tell(self.nodes[edge.source].checked):
                    self.overview.touch_edge(edge.id)
        here = [self.nodes[id].rect for id in nodes if id in self.nodes]
        for line in self._lanes.concerned([*there, *here]):
            self._place_edge(line)
        self._labels.refresh()
        self._fit_stroke()
        self._make_room_for([*here, *(item.rect for item in self.annotations.items.values())])
        if (*selection, marked) != (len(self._selected_nodes), len(self._selected_edges), len(self.bends.selected)):
            self.selection_changed.emit(self.selected_nodes())
        self.content_changed.emit()

    def show_checked(self, checked: CheckedGraph) -> None:
        """Follows a check: touches the nodes whose result is another one than before, and their edges."""
        before, self._checked = self._checked, checked
        if checked is before:
            return
        graph = self.stage.graph
        for id in checked.others_than(before):
            item = self.nodes[id]
            item.checked = checked.nodes[id]
            item.reword()
            self.overview.touch_node(id)
            for edge in graph.outgoing(id):
                line = self.edges[edge.id]
                self._labels.touch(line)
                if line.tell(item.checked):
                    self.overview.touch_edge(edge.id)
                    self._labels.touch(line)
        self.shares.follow(checked)
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

    # items

    def _add_node(self, node: Node) -> None:
        item = NodeItem(node, self.stage)
        item.checked = self._checked.nodes.get(node.id)
        item.health = self.health.marks.get(node.id)
        self.nodes[node.id] = item
        self.addItem(item)
        self.overview.touch_node(node.id)

    def _remove_node(self, id: str) -> None:
        self.strips.drop(id)
        item = self.nodes.pop(id)
        if item is self._hovered_node:
            self._hovered_node = None
        self._selected_nodes.pop(id, None)
        self.removeItem(item)
        self.overview.touch_node(id)

    def _add_edge(self, edge: Edge) -> EdgeItem:
        source = self.nodes[edge.source]
        item = EdgeItem(edge, self.stage, source, self.nodes[edge.target])
        if source.checked is not None:
            item.tell(source.checked)
        self.edges[edge.id] = item
        self.addItem(item)
        self.overview.touch_edge(edge.id)
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

    def _fit_stroke(self) -> None:
        look, width = self.stage.look, FINE_STROKE if len(self.stage.graph.edges) > FINE_FROM else STROKE
        if look.stroke != width:
            look.set_stroke(width)
            for edge in self.edges.values():
                edge.restyle()

    def _make_room_for(self, rects: Iterable[Rect]) -> None:
        """Something has come to these places."""
        box = bounds(rects)
        if box is not None and not self.sceneRect().contains(QRectF(*box)):
            self._make_room()

    def _make_room(self) -> None:
        # Qt's index cuts the scene's rectangle into cells: it must hold all cards, but not be much larger
        cards = bounds(item.rect for item in self.nodes.values())
        around = self.annotations.content()
        rect = (around.united(QRectF(*cards)) if cards is not None else around).adjusted(-ROOM, -ROOM, ROOM, ROOM)
        self.setSceneRect(rect)
        self._labels.cover(rect)
