"""Makes frames and notes, and edits what they say and how they look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from app.canvas.annotations import LEAST, TITLE, AnnotationItem
from app.canvas.geometry import GRID
from graph_engine.graph.annotate import Annotate, new_id
from graph_engine.graph.annotation import COLOURS, Annotation, Kind
from graph_engine.graph.node import Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

AROUND = 32.0
"""How far a frame reaches beyond the cards that it is made around."""
FRAME, NOTE = (480.0, 240.0), (208.0, 96.0)
"""Width and height of a frame around nothing, and of a note."""


class Annotating(QObject):
    """What can be done with frames and notes; each is one step."""

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._view = view
        self.editor: QLineEdit | QPlainTextEdit | None = None
        self._edited: Annotation | None = None
        self._gesture: object = None
        view.camera.moved.connect(self.finish)

    def add_frame(self) -> None:
        """Frames the selected nodes, or free space at the pointer, and asks for a title."""
        nodes = self._view.selected_nodes()
        if nodes:
            rect = self._view.canvas.content_rect(nodes).adjusted(-AROUND, -AROUND - TITLE, AROUND, AROUND)
        else:
            rect = self._at_pointer(*FRAME)
        self._add("frame", self.tr("Frame"), rect, COLOURS[len(self._view.canvas.annotations.items) % len(COLOURS)])

    def add_note(self) -> None:
        """Puts a note at the pointer and asks for its words."""
        self._add("note", self.tr("Note"), self._at_pointer(*NOTE), "ochre")

    def paint(self, colour: str) -> None:
        """Gives the selected ones another colour."""
        known = self._view.canvas.stage.graph.annotations
        changed = {id: known[id]._replace(colour=colour) for id in self._view.selected_annotations() if known[id].colour != colour}
        if changed:
            self._view.canvas.session.execute(Annotate(changed, self.tr("Change colour")))

    def refitted(self, positions: Mapping[str, Position]) -> dict[str, Annotation]:
        """Frames as they go around the same nodes when these are elsewhere.

        Args:
            positions: of all nodes.
        """
        scene = self._view.canvas
        found: dict[str, Annotation] = {}
        for id, item in scene.annotations.items.items():
            rect = QRectF()
            for node in scene.nodes_framed(item.rect) if item.annotation.kind == "frame" else ():
                card = scene.nodes[node].layout
                rect = rect.united(QRectF(*positions[node], card.width, card.height))
            if not rect.isNull():
                levels = self._levels(item)
                pad = AROUND + levels * GRID
                rect.adjust(-pad, -pad - (levels + 1) * TITLE, pad, pad)
                found[id] = item.annotation._replace(rect=(rect.x(), rect.y(), rect.width(), rect.height()))
        return found

    def _levels(self, item: AnnotationItem) -> int:
        """How many frames lie in each other in a frame."""
        inner = [i for i in self._view.canvas.annotations.inside(item) if i.annotation.kind == "frame"]
        return max((1 + self._levels(i) for i in inner), default=0)

    def edit(self, id: str, gesture: object = None) -> None:
        """Opens a field on an annotation for what it says; leaving it takes the words over, Esc does not."""
        self.finish()
        annotation = self._edited = self._view.canvas.stage.graph.annotations[id]
        self._gesture = gesture
        left, top, width, height = annotation.rect
        shown = QRectF(left, top, width, TITLE if annotation.kind == "frame" else height)
        place = self._view.mapFromScene(shown).boundingRect()
        if annotation.kind == "frame":
            self.editor = QLineEdit(annotation.text, self._view.viewport())
            self.editor.setGeometry(place.x(), place.y(), min(max(160, place.width()), 320), 30)
            self.editor.setAccessibleName(self.tr("Title"))
        else:
            self.editor = QPlainTextEdit(annotation.text, self._view.viewport())
            self.editor.setGeometry(place.x(), place.y(), max(160, place.width()), max(64, place.height()))
            self.editor.setAccessibleName(self.tr("Note"))
        self.editor.installEventFilter(self)
        self.editor.show()
        self.editor.selectAll()
        self.editor.setFocus()

    def finish(self, keep: bool = True) -> None:
        """Closes the field; what stands in it holds from now on if it is to be kept."""
        editor, before, self.editor = self.editor, self._edited, None
        if editor is None or before is None:
            return
        text = editor.text() if isinstance(editor, QLineEdit) else editor.toPlainText()
        had_keyboard = editor.hasFocus()
        editor.removeEventFilter(self)
        editor.hide()
        editor.deleteLater()
        if had_keyboard:
            self._view.setFocus()
        if keep and text != before.text and self._view.canvas.stage.graph.annotations.get(before.id) == before:
            self._view.canvas.session.execute(Annotate({before.id: before._replace(text=text)}, self.tr("Change text")), self._gesture)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.editor:
            if event.type() == QEvent.Type.FocusOut:
                self.finish()
            elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
                ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
                if event.key() == Qt.Key.Key_Escape or (is_return and (ctrl or isinstance(self.editor, QLineEdit))):
                    self.finish(keep=is_return)
                    return True
        return super().eventFilter(watched, event)

    def _add(self, kind: Kind, text: str, rect: QRectF, colour: str) -> None:
        graph = self._view.canvas.stage.graph
        left, top = round(rect.left() / GRID) * GRID, round(rect.top() / GRID) * GRID
        size = max(LEAST[0], round(rect.width() / GRID) * GRID), max(LEAST[1], round(rect.height() / GRID) * GRID)
        made = Annotation(new_id(graph), kind, text, colour, (left, top, *size))
        gesture = object()
        self._view.canvas.session.execute(Annotate({made.id: made}, self.tr("Add {0}").format(text)), gesture)
        self._view.canvas.select((), (), [made.id])
        self.edit(made.id, gesture)

    def _at_pointer(self, width: float, height: float) -> QRectF:
        at = self._view.camera.scene_point(self._view.hand.place_in_view())
        return QRectF(at.x(), at.y(), width, height)
