"""Frames and notes in the scene: below all edges and cards, the larger ones below the smaller."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.geometry import Rect
from app.canvas.items import Stage
from app.canvas.look import Look
from app.theme import blend, sans
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.changes import Change

if TYPE_CHECKING:
    from app.canvas.screen_scene import ScreenScene

TITLE = 30.0
"""Height of a frame's title, from its upper edge: there it is held."""
PAD = 10.0
CORNER = 16.0
"""Length of the edges of the corner at which a frame or note is made larger or smaller."""
RADIUS = 12.0
LEAST = 96.0, 48.0
"""Width and height that a frame or note has at least."""
READABLE = 13.0
"""Pixels that a title has at least where there is room for it, however far away."""

HUES: Mapping[str, str] = {
    "grey": "Input & output",
    "blue": "Convolution",
    "teal": "Pooling",
    "green": "Normalization",
    "violet": "Linear",
    "pink": "Recurrent",
    "ochre": "Activation",
}
"""The category of blocks whose colour each colour of an annotation is."""

Part = Literal["body", "title", "corner"]


class Grip(NamedTuple):
    """An annotation, and the part of it that lies under a point."""

    item: AnnotationItem
    part: Part


class AnnotationItem(QGraphicsItem):
    """A frame or a note.

    Attributes:
        annotation: what it shows.
        rect: where it is shown, which is elsewhere while it is dragged.
    """

    def __init__(self, annotation: Annotation, stage: Stage):
        super().__init__()
        self.annotation = annotation
        self.rect: Rect = annotation.rect
        self.selected = False
        self._stage = stage
        self.show_as(annotation)

    def show_as(self, annotation: Annotation) -> None:
        """Shows another state of it."""
        self.annotation = annotation
        self.place(annotation.rect)
        self.update()

    def place(self, rect: Rect) -> None:
        """Shows it elsewhere, or of another size."""
        self.prepareGeometryChange()
        self.rect = rect
        self.setZValue(-2 - min(rect[2] * rect[3], 1e9) / 1e9 if self.annotation.kind == "frame" else -1)

    def boundingRect(self) -> QRectF:
        return QRectF(*self.rect).adjusted(-4, -4, 4, 4)

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self.draw(painter, self._stage.look, painter.worldTransform().m11())

    def draw(self, painter: QPainter, look: Look, zoom: float, words: bool = True) -> None:
        """Paints it as it is seen at a zoom, with its words or without."""
        theme, rect = look.theme, QRectF(*self.rect)
        hue = theme.category[HUES[self.annotation.colour]]
        is_frame = self.annotation.kind == "frame"
        fill = QColor(blend(hue, theme.canvas if is_frame else theme.surface, 0.08 if is_frame else 0.16))
        painter.setBrush(fill)
        painter.setPen(look.ring if self.selected else QPen(QColor(blend(hue, theme.canvas, 0.4)), 1))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        if not words:
            return
        if is_frame:
            self._draw_title(painter, rect, QColor(hue), zoom)
        elif zoom > 0.3:
            painter.setFont(sans(12))
            painter.setPen(look.text)
            flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.save()
            painter.setClipRect(rect)
            painter.drawText(rect.adjusted(PAD, PAD, -PAD, -PAD), flags, self.annotation.text)
            painter.restore()
        if self.selected:
            painter.setPen(QPen(QColor(hue), 1.5))
            for inset in (5, 9):
                painter.drawLine(QPointF(rect.right() - inset, rect.bottom() - 3.5), QPointF(rect.right() - 3.5, rect.bottom() - inset))

    def _draw_title(self, painter: QPainter, rect: QRectF, colour: QColor, zoom: float) -> None:
        size = max(13.0, min(READABLE / zoom, rect.height() / 3))
        font = sans(13)
        font.setPixelSize(round(size))
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(colour)
        text = QFontMetricsF(font).elidedText(self.annotation.text, Qt.TextElideMode.ElideRight, rect.width() - 2 * PAD)
        place = QRectF(rect.left() + PAD + 2, rect.top(), rect.width() - 2 * PAD, TITLE * size / 13)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def part_at(self, at: QPointF) -> Part | None:
        """What of it lies at a point; the inside of a frame is not part of it, so that one can select there."""
        left, top, width, height = self.rect
        x, y = at.x() - left, at.y() - top
        if not (0 <= x <= width and 0 <= y <= height):
            return None
        if x >= width - CORNER and y >= height - CORNER:
            return "corner"
        if self.annotation.kind == "note":
            return "body"
        return "title" if y <= TITLE else None


class Annotations(QObject):
    """Mirrors the annotations of the graph that a scene shows.

    Attributes:
        items: by id.
    """

    def __init__(self, scene: ScreenScene):
        super().__init__(scene)
        self.items: dict[str, AnnotationItem] = {}
        self._scene = scene

    @property
    def selected(self) -> tuple[str, ...]:
        """Ids of the selected ones."""
        return tuple(id for id, item in self.items.items() if item.selected)

    def rebuild(self) -> None:
        """Shows those of another graph."""
        for item in self.items.values():
            self._scene.removeItem(item)
        self.items.clear()
        for annotation in self._scene.stage.graph.annotations.values():
            self._add(annotation)

    def apply(self, changes: Sequence[Change]) -> bool:
        """Follows one edit; true where it concerned annotations."""
        ids = dict.fromkeys(c.id for c in changes if c.kind == "annotation")
        known = self._scene.stage.graph.annotations
        for id in ids:
            item = self.items.get(id)
            if id not in known:
                if item is not None:
                    self._scene.removeItem(self.items.pop(id))
            elif item is None:
                self._add(known[id])
            else:
                item.show_as(known[id])
        return bool(ids)

    def select(self, ids: Iterable[str]) -> bool:
        """Selects these and nothing else; true where that changes something."""
        wanted, before = set(ids), set(self.selected)
        for id in wanted ^ before:
            self.items[id].selected = id in wanted
            self.items[id].update()
        return wanted != before

    def at(self, at: QPointF) -> Grip | None:
        """The uppermost one that can be held at a point."""
        for item in sorted(self.items.values(), key=lambda i: -i.zValue()):
            part = item.part_at(at)
            if part is not None:
                return Grip(item, part)
        return None

    def inside(self, item: AnnotationItem) -> Iterator[AnnotationItem]:
        """Those that lie wholly in a frame; of two frames in the same place, the later one lies in the earlier one."""
        if item.annotation.kind != "frame":
            return
        rect, is_later = QRectF(*item.rect), False
        for other in self.items.values():
            is_later |= other is item
            if other is not item and rect.contains(QRectF(*other.rect)) and (other.rect != item.rect or is_later):
                yield other

    def taken(self, nodes: Sequence[str], staying: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What an edit takes that is asked for of the selection.

        Args:
            nodes: the selected ones.
            staying: nodes that it cannot take, nor the frames around them.

        Returns:
            Them with the nodes in selected frames; and the selected frames and notes, with the frames all of whose nodes are among
            them, and with what lies in these.
        """
        framed = {i.annotation.id: set(self._scene.nodes_framed(i.rect)) for i in self.items.values() if i.annotation.kind == "frame"}
        held = (node for id in self.selected for node in sorted(framed.get(id, ())))
        chosen = {id: None for id in (*nodes, *held) if id not in staying}
        found = dict.fromkeys(id for id in self.selected if chosen.keys() >= framed.get(id, set()))
        found |= dict.fromkeys(id for id, inside in framed.items() if inside and chosen.keys() >= inside)
        for id in tuple(found):
            found.update(dict.fromkeys(i.annotation.id for i in self.inside(self.items[id])))
        return tuple(chosen), tuple(found)

    def content(self) -> QRectF:
        """The smallest rectangle around all; a null one without any."""
        rect = QRectF()
        for item in self.items.values():
            rect = rect.united(QRectF(*item.rect))
        return rect

    def paint(self, painter: QPainter, zoom: float, words: bool = True) -> None:
        """Paints them without the scene: from afar, and, without their words, on the minimap."""
        look = self._scene.stage.look
        for item in sorted(self.items.values(), key=lambda i: i.zValue()):
            item.draw(painter, look, zoom, words)

    def _add(self, annotation: Annotation) -> None:
        item = self.items[annotation.id] = AnnotationItem(annotation, self._scene.stage)
        self._scene.addItem(item)
