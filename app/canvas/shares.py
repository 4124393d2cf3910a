"""What share of the network's parameters or operations each node has, shown on the cards where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas.geometry import FOOTER, Layout
from app.canvas.look import Look
from graph_engine.analysis.checked import CheckedGraph, CheckedNode
from graph_engine.spec.tensor import Dim, size_at

if TYPE_CHECKING:
    from app.canvas.scene import CanvasScene

Measure = Literal["off", "parameters", "flops"]

ASSUMED = 100
"""What a length is taken for that is free, so that operations can be compared."""
STEPS = 256
"""Lengths that a bar can have: one that would look the same is the same."""
PAD = 10.0
THICK = 3.0


class Share(NamedTuple):
    """What one card shows.

    Attributes:
        text: the share of the whole, in percent; empty for nothing.
        bar: the length of its bar, from 0 to 1; that of the node with the largest share is 1.
    """

    text: str
    bar: float


class Shares:
    """Keeps the shares on a scene's cards.

    Attributes:
        measure: what of.
    """

    def __init__(self, scene: CanvasScene):
        self._scene = scene
        self.measure: Measure = "off"
        self._are_shown = False

    def show(self, measure: Measure) -> None:
        """Shows the shares of something else, or none."""
        self.measure = measure
        self.follow(self._scene.session.checked)
        self._scene.content_changed.emit()

    def follow(self, checked: CheckedGraph) -> None:
        """Takes over what a check found; cards whose share looks as before are left alone."""
        nodes = self._scene.nodes
        found = shares(self.measure, ((id, checked.nodes.get(id)) for id in nodes))
        if not found and not self._are_shown:
            return
        self._are_shown = bool(found)
        for id, item in nodes.items():
            share = found.get(id)
            if share != item.share:
                item.share = share
                item.reword()
                self._scene.overview.touch_node(id)


def shares(measure: Measure, nodes: Iterable[tuple[str, CheckedNode | None]]) -> dict[str, Share]:
    """The share of each node, by id; none at all where that is not asked for or there is nothing to share."""
    if measure == "off":
        return {}
    amounts = {id: _amount(measure, node) for id, node in nodes}
    whole, largest = sum(amounts.values()), max(amounts.values(), default=0)
    if not whole:
        return {}
    return {id: Share(_percent(amount / whole), round(amount / largest * STEPS) / STEPS) for id, amount in amounts.items()}


def paint_share(painter: QPainter, look: Look, layout: Layout, share: Share) -> None:
    """Paints the bar of a card over the line above its footer; of a collapsed one, at its foot."""
    line = layout.foot - (THICK if layout.collapsed else FOOTER)
    track = QRectF(PAD, line - THICK / 2, layout.width - 2 * PAD, THICK)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.track)
    painter.drawRoundedRect(track, THICK / 2, THICK / 2)
    if share.bar:
        painter.setBrush(look.accent)
        track.setWidth(max(THICK, track.width() * share.bar))
        painter.drawRoundedRect(track, THICK / 2, THICK / 2)


def _amount(measure: Measure, node: CheckedNode | None) -> int:
    if node is None or node.status != "ok":
        return 0
    if measure == "parameters":
        return node.parameters
    lengths = dict.fromkeys(node.flops.names(), ASSUMED) if isinstance(node.flops, Dim) else {}
    flops = size_at(node.flops, lengths)
    assert isinstance(flops, int)
    return flops


def _percent(part: float) -> str:
    if not part:
        return ""
    return "<0.1%" if part < 0.001 else f"{part:.1%}" if part < 0.0995 else f"{part:.0%}"
