"""A block dragged from the palette: an outline follows the pointer, the drop adds a node, onto the edge below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas.geometry import WIDTH, fresh_layout, snap
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
    """One drag of a block over the canvas."""

    def __init__(self, view: CanvasView):
        self.view = view
        self._spec: BlockSpec | None = None
        self._outline: QGraphicsPathItem | None = None
        self._onto = OntoEdge(view)

    def begin(self, mime: QMimeData, at: QPointF) -> bool:
        """Shows the outline; false where what is dragged is no block."""
        id = bytes(mime.data(BLOCK_MIME).data()).decode()
        try:
            self._spec = block_named(self.view.canvas.session.graph, id)
        except GraphError:  # dragged from another window, whose groups are not known here
            return False
        look = self.view.canvas.stage.look
        self._outline = self.view.canvas.add_draft(look.draft_loose, look.band)
        self.move(at)
        return True

    def move(self, at: QPointF) -> None:
        """The pointer has moved."""
        assert self._spec is not None
        assert self._outline is not None
        path = QPainterPath()
        path.addRoundedRect(*centred(self._spec, at), WIDTH, fresh_layout(self._spec).height, RADIUS.card, RADIUS.card)
        self._outline.setPath(path)
        if carries(self._spec):
            self._onto.look(centred(self._spec, at), fresh_layout(self._spec))
        self.view.update_drafts()

    def end(self, at: QPointF) -> str:
        """Adds the node; returns its id."""
        assert self._spec is not None
        spec, edge = self._spec, self._onto.take()
        self.cancel()
        return add_block(self.view, spec, centred(spec, at), edge)

    def cancel(self) -> None:
        """Takes the outline away."""
        self._onto.take()
        if self._outline is not None:
            self.view.canvas.remove_draft(self._outline)
            self._outline = None
            self.view.update_drafts()


def add_block(view: CanvasView, spec: BlockSpec, position: Position, edge: str | None = None) -> str:
    """Adds a fresh node of a block, puts it onto an edge where one is given, selects it, and returns its id."""
    session = view.canvas.session
    node = new_node(session.graph, spec, None, spec.initial, position)
    session.execute(put(session.graph, node, edge, position) if edge is not None else AddNode(node))
    view.canvas.select([node.id])
    return node.id


def centred(spec: BlockSpec, at: QPointF) -> Position:
    """Where a card goes whose centre is to be at a point."""
    return snap(at.x() - WIDTH / 2, at.y() - fresh_layout(spec).height / 2)
