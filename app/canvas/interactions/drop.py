"""A block dragged from the palette: an outline follows the pointer, the drop adds a node, onto the edge below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QDropEvent, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.geometry import Layout, fresh_layout, snap
from app.canvas.interactions.onto_edge import OntoEdge
from app.theme import RADIUS
from graph_engine.analysis.rewire import carries, put
from graph_engine.errors import GraphError
from graph_engine.graph.commands import AddNode
from graph_engine.graph.graph import new_node
from graph_engine.graph.groups import block_named
from graph_engine.graph.node import Position
from graph_engine.spec.block import BlockSpec

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

BLOCK_MIME = "application/x-archloom-block"


class DropBlock:
    """What becomes of a block that is dragged over the canvas."""

    def __init__(self, view: CanvasView):
        self._view = view
        self._spec: BlockSpec | None = None
        self._outline: QGraphicsPathItem | None = None
        self._onto = OntoEdge(view)

    def enter(self, event: QDropEvent) -> bool:
        """Shows the outline; false where what is dragged is no block."""
        id = bytes(event.mimeData().data(BLOCK_MIME).data()).decode()
        try:
            self._spec = block_named(self._view.canvas.session.graph, id)
        except GraphError:  # dragged from another window, whose groups are not known here
            return False
        look = self._view.canvas.stage.look
        self._outline = self._view.canvas.add_draft(look.draft_loose, look.band)
        self._view.hint.hide()
        return self.move(event)

    def move(self, event: QDropEvent) -> bool:
        """The pointer has moved; false where no block is dragged."""
        if self._spec is None or self._outline is None:
            return False
        card = fresh_layout(self._spec, self._view.canvas.stage.graph.direction)
        corner = centred(card, self._view.camera.scene_point(event.position()))
        path = QPainterPath()
        path.addRoundedRect(*corner, card.width, card.height, RADIUS.card, RADIUS.card)
        self._outline.setPath(path)
        if carries(self._spec):
            self._onto.look(corner, card)
        self._view.update_drafts()
        return True

    def drop(self, event: QDropEvent) -> bool:
        """Adds the node; false where no block is dragged."""
        if self._spec is None:
            return False
        spec, edge = self._spec, self._onto.take()
        self._end()
        card = fresh_layout(spec, self._view.canvas.stage.graph.direction)
        add_block(self._view, spec, centred(card, self._view.camera.scene_point(event.position())), edge)
        self._view.setFocus()
        return True

    def leave(self) -> None:
        """The pointer has gone elsewhere: all is as before."""
        self._end()
        self._view.follow_content()

    def _end(self) -> None:
        self._onto.take()
        self._spec = None
        if self._outline is not None:
            self._view.canvas.remove_draft(self._outline)
            self._outline = None
            self._view.update_drafts()


def add_block(view: CanvasView, spec: BlockSpec, position: Position, edge: str | None = None) -> str:
    """Adds a fresh node of a block, puts it onto an edge where one is given, selects it, and returns its id."""
    session = view.canvas.session
    node = new_node(session.graph, spec, None, spec.initial, position)
    session.execute(put(session.graph, node, edge, position) if edge is not None else AddNode(node))
    view.canvas.select([node.id])
    return node.id


def centred(card: Layout, at: QPointF) -> Position:
    """Where a card goes whose centre is to be at a point."""
    return snap(at.x() - card.width / 2, at.y() - card.height / 2)
