"""Paints the card of a node. One function without items or scenes, so that pictures and previews can use it too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath

from app.canvas.geometry import BODY, FOOTER, HEADER, PORT_RADIUS, Layout, PortKey, PortPlace
from app.canvas.look import CategoryLook, Look
from app.canvas.wording import Wording
from app.theme import RADIUS
from graph_engine.analysis.cards import NAMES
from graph_engine.analysis.checked import Status
from graph_engine.analysis.diagnostics import Severity
from graph_engine.graph.node import Mode

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignCenter
_NO_PEN = Qt.PenStyle.NoPen
_NO_BRUSH = Qt.BrushStyle.NoBrush
_ELIDE = Qt.TextElideMode.ElideRight

PAD = 10.0
ICON = 22.0
SIGN = 18.0
"""Room for each badge at the end of the header, and for the mark of health."""
DIMMED = 0.35
"""Opacity of the texts of a card at which the edge that is being drawn cannot end."""


class CardState(NamedTuple):
    """How a card is shown.

    Attributes:
        status: of the node's check.
        severity: of its gravest finding.
        selected, hovered: by the user.
        connected: sides and names of the ports that have an edge.
        lit: while an edge is drawn, sides and names of the ports that it may end at; None otherwise.
        target: the one of them that it would end at now.
        mode: whether the node computes.
    """

    status: Status = "ok"
    severity: Severity | None = None
    selected: bool = False
    hovered: bool = False
    connected: frozenset[PortKey] = frozenset()
    lit: frozenset[PortKey] | None = None
    target: PortKey | None = None
    mode: Mode = "active"

    @property
    def faint(self) -> bool:
        """Whether the node gives nothing now."""
        return self.status == "waiting" or self.mode != "active"


class Lines(NamedTuple):
    """The texts of a card, cut to its width."""

    name: str
    block: str
    params: str
    shape: str
    weights: str
    problem: str


def fit(words: Wording, look: Look, width: float, badges: int) -> Lines:
    """Cuts the texts of a card to its width.

    Args:
        words: the full texts.
        look: fonts to measure with.
        width: of the card.
        badges: for how many of them the header keeps room.
    """
    room = width - 2 * PAD
    name = look.name_metrics.elidedText(words.name, _ELIDE, room - ICON - SIGN * badges)
    block = look.body_metrics.elidedText(words.block, _ELIDE, room)
    used = look.body_metrics.horizontalAdvance(block) + 8
    whole = look.body_metrics.horizontalAdvance(words.params) <= room - used
    params = words.params if whole else words.values
    if look.paper:  # nobody can point at a word that is cut to see the rest
        while look.body_metrics.horizontalAdvance(params) > room - used:
            params = params.rpartition(" · ")[0]
    params = look.body_metrics.elidedText(params, _ELIDE, room - used) if room - used > 16 else ""
    weights = look.figure_metrics.horizontalAdvance(words.weights)
    shape = look.figure_metrics.elidedText(words.shape, _ELIDE, room - weights - 8)
    problem = look.body_metrics.elidedText(words.problem, _ELIDE, room)
    return Lines(name, block, params, shape, words.weights, problem)


def paint_card(painter: QPainter, look: Look, layout: Layout, category: CategoryLook, lines: Lines, state: CardState) -> None:
    """Paints a card with its top left corner at the origin."""
    paint_shell(painter, look, layout, category, state)
    paint_texts(painter, look, layout, lines, state)


def paint_shell(painter: QPainter, look: Look, layout: Layout, category: CategoryLook, state: CardState) -> None:
    """Paints all of a card that is the same on all cards of a block in that state."""
    card = QRectF(0, 0, layout.width, layout.height)
    if layout.stacked:
        _paint_stack(painter, look, card)
    _paint_frame(painter, look, card, state)
    painter.setPen(_NO_PEN)
    painter.setBrush(look.neutral if state.faint else category.header)
    if layout.collapsed:
        painter.drawRoundedRect(card, RADIUS.card, RADIUS.card)
    else:
        painter.drawPath(_header(layout.width, layout.top + HEADER))
    _paint_signs(painter, look, layout, category, state)
    _paint_outline(painter, look, card, state)
    for place in _shown_ports(layout, state):
        _paint_port(painter, look, place, look.faint if state.faint else category.accent, state)
    if state.lit is not None and not state.lit:
        painter.setPen(_NO_PEN)
        painter.setBrush(look.veil)
        painter.drawRoundedRect(card.adjusted(-6, -1, 6, 1), RADIUS.card, RADIUS.card)


def paint_texts(painter: QPainter, look: Look, layout: Layout, lines: Lines, state: CardState) -> None:
    """Paints the texts of one card into its shell."""
    if state.lit is not None and not state.lit:
        painter.setOpacity(DIMMED)
    text, muted = (look.faint, look.faint) if state.faint else (look.text, look.muted)
    painter.setFont(look.name_font)
    painter.setPen(text)
    width, body = layout.width, layout.top + HEADER
    painter.drawText(QRectF(PAD + ICON, layout.top, width, HEADER), _LEFT, lines.name)
    if layout.collapsed:
        return
    painter.setFont(look.body_font)
    if lines.params:
        painter.drawText(QRectF(0, body, width - PAD, BODY), _RIGHT, lines.params)
    painter.setPen(muted)
    painter.drawText(QRectF(PAD, body, width, BODY), _LEFT, lines.block)
    top = layout.foot - FOOTER
    if lines.problem:
        painter.setPen(look.error if state.severity == "error" else look.warning)
        painter.drawText(QRectF(PAD, top, width, FOOTER), _LEFT, lines.problem)
        return
    painter.setFont(look.figure_font)
    if lines.weights:
        painter.drawText(QRectF(0, top, width - PAD, FOOTER), _RIGHT, lines.weights)
    if lines.shape:
        painter.setPen(text)
        painter.drawText(QRectF(PAD, top, width, FOOTER), _LEFT, lines.shape)


def _paint_frame(painter: QPainter, look: Look, card: QRectF, state: CardState) -> None:
    painter.setPen(_NO_PEN)
    radius = RADIUS.card
    if not look.paper:
        painter.setBrush(look.shadows[1])
        painter.drawRoundedRect(card.adjusted(-1.5, 1, 1.5, 4), radius + 2, radius + 2)
        painter.setBrush(look.shadows[0])
        painter.drawRoundedRect(card.adjusted(-0.5, 1, 0.5, 2), radius, radius)
    painter.setBrush(look.surface)
    painter.drawRoundedRect(card, radius, radius)


def _paint_stack(painter: QPainter, look: Look, card: QRectF) -> None:
    """The edges of two cards behind this one."""
    for behind in (2, 1):
        painter.setPen(look.outline_hover)
        painter.setBrush(look.neutral)
        shifted = card.adjusted(6 * behind, 4 * behind, -6 * behind, 4 * behind)
        painter.drawRoundedRect(shifted, RADIUS.card, RADIUS.card)


def _paint_outline(painter: QPainter, look: Look, card: QRectF, state: CardState) -> None:
    painter.setBrush(_NO_BRUSH)
    radius = RADIUS.card
    if state.severity == "error":
        painter.setPen(look.outline_error)
    else:
        idle = state.mode != "active"
        painter.setPen(look.outline_idle if idle else look.outline_hover if state.hovered else look.outline)
    painter.drawRoundedRect(card, radius, radius)
    if state.selected:
        painter.setPen(look.ring)
        painter.drawRoundedRect(card.adjusted(-2.5, -2.5, 2.5, 2.5), radius + 2.5, radius + 2.5)


def _paint_signs(painter: QPainter, look: Look, layout: Layout, category: CategoryLook, state: CardState) -> None:
    painter.setPen(look.faint if state.faint else category.accent)
    width, top = layout.width, layout.top
    _paint_icon(painter, look, look.icon_font, QRectF(PAD - 1, top, 16, HEADER), category.icon)
    if state.mode != "active":
        painter.setPen(look.muted)
        right = width - (44 if state.severity in ("error", "warning") else 26)
        _paint_icon(painter, look, look.icon_font, QRectF(right, top, 20, HEADER), look.signs[state.mode])
    if state.severity in ("error", "warning"):
        painter.setPen(look.error if state.severity == "error" else look.warning)
        badge = look.error_badge if state.severity == "error" else look.warning_badge
        _paint_icon(painter, look, look.badge_font, QRectF(width - 26, top, 20, HEADER), badge)
    painter.setFont(look.label_font)
    for place in layout.ports:
        if place.side in layout.labelled:
            _paint_name(painter, look, layout, place, state)
    if layout.collapsed:
        return
    painter.setPen(look.hairline)
    for line in (layout.foot - FOOTER, layout.foot):
        if line < layout.height:
            painter.drawLine(QPointF(PAD, line), QPointF(width - PAD, line))


def _paint_name(painter: QPainter, look: Look, layout: Layout, place: PortPlace, state: CardState) -> None:
    """Names a port: across beside it, down below or above it, cut to the room that its neighbours leave."""
    if layout.direction == "across":
        painter.setPen(look.faint if place.optional or state.faint else look.muted)
        room, align = QRectF(PAD, place.y - 9, layout.width - 2 * PAD, 18), _LEFT if place.side == "input" else _RIGHT
        painter.drawText(room, align, place.name)
        return
    painter.setPen(look.faint if state.faint else look.muted)
    top = PORT_RADIUS - 1 if place.side == "input" else place.y - NAMES - PORT_RADIUS + 1
    room = QRectF(place.x - place.room / 2, top, place.room, NAMES)
    painter.drawText(room, _CENTRE, look.label_metrics.elidedText(place.name, _ELIDE, place.room))


def _paint_icon(painter: QPainter, look: Look, font: QFont, room: QRectF, character: str) -> None:
    """Paints an icon in the middle of a place, in the pen's colour."""
    if not look.paper:
        painter.setFont(font)
        painter.drawText(room, _CENTRE, character)
        return
    metrics = QFontMetricsF(font)
    path = QPainterPath()
    left = room.center().x() - metrics.horizontalAdvance(character) / 2
    path.addText(left, room.center().y() + (metrics.ascent() - metrics.descent()) / 2, font, character)
    painter.fillPath(path, painter.pen().color())


def _shown_ports(layout: Layout, state: CardState) -> Sequence[PortPlace]:
    """The ports that are painted; of those in one place, the one that says most."""
    if not layout.collapsed:
        return layout.ports
    lit = state.lit or frozenset()

    def rank(place: PortPlace) -> tuple[bool, bool, bool, bool]:
        key: PortKey = (place.side, place.name)
        return key == state.target, key in lit, key in state.connected, not place.optional

    return [max(places, key=rank) for places in (layout.inputs, layout.outputs) if places]


def _paint_port(painter: QPainter, look: Look, place: PortPlace, accent: QColor, state: CardState) -> None:
    key = (place.side, place.name)
    radius = PORT_RADIUS
    if place.optional and key not in state.connected:
        radius -= 1
    half = place.span / 2
    if state.lit is not None and key in state.lit:
        grow = 7.0 if key == state.target else 4.0
        painter.setPen(_NO_PEN)
        painter.setBrush(look.halo)
        _pill(painter, place, radius + grow, half + grow if half else 0)
        painter.setPen(look.ring)
        painter.setBrush(look.accent if key == state.target else look.surface)
    elif key in state.connected:
        painter.setPen(_NO_PEN)
        painter.setBrush(look.surface)
        _pill(painter, place, radius + 1.5, half + 1.5 if half else 0)
        painter.setBrush(accent)
    else:
        painter.setPen(look.port_rim)
        painter.setBrush(look.surface)
    _pill(painter, place, radius, half)


def _pill(painter: QPainter, place: PortPlace, radius: float, half: float) -> None:
    if half:
        across, tall = (radius, half) if place.direction == "across" else (half, radius)
        painter.drawRoundedRect(QRectF(place.x - across, place.y - tall, 2 * across, 2 * tall), radius, radius)
    else:
        painter.drawEllipse(QPointF(place.x, place.y), radius, radius)


@lru_cache(maxsize=64)
def _header(width: float, height: float) -> QPainterPath:
    path = QPainterPath()
    radius = RADIUS.card
    path.moveTo(0, height)
    path.lineTo(0, radius)
    path.arcTo(0, 0, 2 * radius, 2 * radius, 180, -90)
    path.lineTo(width - radius, 0)
    path.arcTo(width - 2 * radius, 0, 2 * radius, 2 * radius, 90, -90)
    path.lineTo(width, height)
    path.closeSubpath()
    return path
