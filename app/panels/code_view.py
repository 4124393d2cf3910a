"""Source with line numbers: coloured, with lines tinted, and, while it is edited, with what is wrong told at its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from app.theme.style import current, mono
from app.theme.tokens import SPACE, TYPE
from app.widgets.highlight import Span, python_spans

INDENT = "    "


class CodeHighlighter(QSyntaxHighlighter):
    """Colours the text by spans that were found for the text as a whole."""

    def __init__(self, document: QTextDocument):
        super().__init__(document)
        self._spans: list[list[Span]] = []
        self._formats: dict[str, QTextCharFormat] = {}
        self.retheme()

    def retheme(self) -> None:
        """Takes the colours of the theme in force."""
        self._formats.clear()
        for kind, colour in current().code.items():
            made = QTextCharFormat()
            made.setForeground(QColor(colour))
            made.setFontItalic(kind == "comment")
            self._formats[kind] = made
        self.rehighlight()

    def set_spans(self, spans: list[list[Span]]) -> None:
        """The spans of each line of the text that is set next."""
        self._spans = spans

    def highlightBlock(self, text: str) -> None:
        line = self.currentBlock().blockNumber()
        if line < len(self._spans):
            for start, length, kind in self._spans[line]:
                self.setFormat(start, length, self._formats[kind])


class Gutter(QWidget):
    """The line numbers beside the code."""

    def __init__(self, view: CodeView):
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.gutter_width, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.surface))
        painter.setFont(mono(TYPE.small))
        for number, top, height in self._view.visible_lines():
            painter.setPen(QColor(theme.error if number == self._view.faulty_line else theme.text_faint))
            painter.drawText(
                QRect(0, top, self.width() - SPACE.base, height), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number)
            )


class CodeView(QPlainTextEdit):
    """Source with line numbers, read-only until it is to be edited.

    Signals:
        line_chosen: number, from 1, of the line that was clicked, or that the keys have led to while the text is edited.
        read_wanted: Ctrl+Enter was pressed while it is edited.
        left: Esc was pressed while it is edited.
        edited: the text is another one now, by the user's hand.
    """

    line_chosen = Signal(int)
    read_wanted = Signal()
    left = Signal()
    edited = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(_code_font())
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.document().setDocumentMargin(SPACE.near)
        self.setAccessibleName(self.tr("Generated code"))
        self._fault: tuple[int, str] | None = None
        self._marks: list[QTextEdit.ExtraSelection] = []
        self._shown = ""
        self._gutter = Gutter(self)
        self.highlighter = CodeHighlighter(self.document())
        self.blockCountChanged.connect(self._place_gutter)
        self.updateRequest.connect(self._on_update)
        self.textChanged.connect(self._on_text)
        self._place_gutter()

    @property
    def gutter_width(self) -> int:
        """Room for the line numbers, in pixels."""
        return SPACE.wide + SPACE.base + self.fontMetrics().horizontalAdvance("9") * len(str(max(99, self.blockCount())))

    def visible_lines(self) -> Iterable[tuple[int, int, int]]:
        """Number, top and height of each line in view."""
        block = self.firstVisibleBlock()
        while block.isValid():
            place = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if place.top() > self.viewport().height():
                return
            yield block.blockNumber() + 1, round(place.top()), round(place.height())
            block = block.next()

    @property
    def faulty_line(self) -> int:
        """The line at which something is wrong; 0 where nothing is."""
        return self._fault[0] if self._fault is not None else 0

    def show_text(self, text: str) -> None:
        """Shows a text in place of the one that is shown, at the same place."""
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self._shown = text
        self.highlighter.set_spans(python_spans(text))
        self.setPlainText(text)
        self.horizontalScrollBar().setValue(across)
        self.verticalScrollBar().setValue(down)

    def set_editable(self, editable: bool) -> None:
        """Lets the text be edited, or only be read."""
        self.setReadOnly(not editable)
        reading = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction if editable else reading)
        self.setAccessibleName(self.tr("Code, being edited") if editable else self.tr("Generated code"))
        self.show_fault(None)

    def show_fault(self, fault: tuple[int, str] | None) -> None:
        """Tells at a line what is wrong with it; None where nothing is."""
        self._fault = fault
        self._show_marks()
        self.viewport().update()
        self._gutter.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._fault is None:
            return
        block = self.document().findBlockByNumber(self._fault[0] - 1)
        place = self.blockBoundingGeometry(block).translated(self.contentOffset())
        painter = QPainter(self.viewport())
        font = QFont(QGuiApplication.font())
        painter.setFont(font)
        painter.setPen(QColor(current().error))
        left = round(self.fontMetrics().horizontalAdvance(block.text()) + place.left()) + SPACE.wide + SPACE.near
        room = QRect(left, round(place.top()), max(0, self.viewport().width() - left - SPACE.near), round(place.height()))
        words = painter.fontMetrics().elidedText(self._fault[1], Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.isReadOnly():
            super().keyPressEvent(event)
            return
        key, held = event.key(), event.modifiers()
        is_enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and held & Qt.KeyboardModifier.ControlModifier:
            self.read_wanted.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif is_enter and not held:
            before = self.textCursor().block().text()[: self.textCursor().positionInBlock()]
            deeper = INDENT if before.rstrip().endswith((":", "(", "[", "{")) else ""
            self.insertPlainText("\n" + before[: len(before) - len(before.lstrip())] + deeper)
            self.ensureCursorVisible()
        elif key == Qt.Key.Key_Tab and not held:
            self._indent()
        elif key == Qt.Key.Key_Backtab:
            self._outdent()
        elif key == Qt.Key.Key_Backspace and not held and self._is_in_indent():
            for _ in range((self.textCursor().positionInBlock() - 1) % len(INDENT) + 1):
                self.textCursor().deletePreviousChar()
        else:
            super().keyPressEvent(event)

    def _is_in_indent(self) -> bool:
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        return not cursor.hasSelection() and bool(before) and not before.strip()

    def _indent(self) -> None:
        cursor = self.textCursor()
        if not cursor.hasSelection():
            self.insertPlainText(" " * (len(INDENT) - cursor.positionInBlock() % len(INDENT)))
            return
        for line in self._selected(cursor):
            line.insertText(INDENT)

    def _outdent(self) -> None:
        for line in self._selected(self.textCursor()):
            text = line.block().text()
            for _ in range(min(len(INDENT), len(text) - len(text.lstrip()))):
                line.deleteChar()

    def _selected(self, cursor: QTextCursor) -> Iterator[QTextCursor]:
        """A cursor at the start of each line that is selected; what is done with them is one step to undo."""
        block, last = self.document().findBlock(cursor.selectionStart()), self.document().findBlock(cursor.selectionEnd())
        cursor.beginEditBlock()
        while block.isValid() and block.blockNumber() <= last.blockNumber():
            yield QTextCursor(block)
            block = block.next()
        cursor.endEditBlock()

    def _on_text(self) -> None:
        text = self.toPlainText()
        if self.isReadOnly() or text == self._shown:  # colouring counts as a change too
            return
        self._shown = text
        self.highlighter.set_spans(python_spans(text))
        self.highlighter.rehighlight()
        self.edited.emit()

    def mark_lines(self, lines: Iterable[int], *, reveal: bool) -> None:
        """Tints lines; with ``reveal``, scrolls to the first one that is not in view."""
        marks = []
        for line in sorted(lines):
            cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
            mark = QTextEdit.ExtraSelection()
            mark.format.setBackground(QColor(current().accent_soft))
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            mark.cursor = cursor
            marks.append(mark)
        self._marks = marks
        self._show_marks()
        if marks and reveal:
            seen = [number for number, top, height in self.visible_lines() if top >= 0 and top + height <= self.viewport().height()]
            first = min(lines)
            if first not in seen:
                self.verticalScrollBar().setValue(max(0, first - 3))

    def _show_marks(self) -> None:
        marks = list(self._marks)
        if self._fault is not None:
            mark = QTextEdit.ExtraSelection()
            mark.format.setBackground(QColor(current().error_soft))
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            mark.cursor = QTextCursor(self.document().findBlockByNumber(self._fault[0] - 1))
            marks.append(mark)
        self.setExtraSelections(marks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_gutter()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.font().family() != mono().family():
            self.setFont(_code_font())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            self.line_chosen.emit(self.cursorForPosition(event.position().toPoint()).blockNumber() + 1)

    def _place_gutter(self) -> None:
        self.setViewportMargins(self.gutter_width, 0, 0, 0)
        inside = self.contentsRect()
        self._gutter.setGeometry(inside.left(), inside.top(), self.gutter_width, inside.height())

    def _on_update(self, rect: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())


def _code_font() -> QFont:
    font = mono()
    font.setFeature(QFont.Tag("calt"), 0)  # "->" must look like what is typed
    return font
