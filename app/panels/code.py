"""The code pane: the source that trains and that is exported, as it is at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QTextEdit, QVBoxLayout, QWidget

from app.session import Session
from app.theme.icons import icon
from app.theme.style import current, mono
from app.theme.tokens import SPACE, TYPE
from app.widgets.highlight import Span, python_spans

_WAIT_MS = 80
"""Edits that come faster than this are shown together."""


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
        painter.setPen(QColor(theme.text_faint))
        for number, top, height in self._view.visible_lines():
            painter.drawText(
                QRect(0, top, self.width() - SPACE.base, height), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number)
            )


class CodeView(QPlainTextEdit):
    """Read-only source with line numbers.

    Signals:
        line_chosen: number, from 1, of the line that was clicked.
    """

    line_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(_code_font())
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.document().setDocumentMargin(SPACE.near)
        self.setAccessibleName(self.tr("Generated code"))
        self._gutter = Gutter(self)
        self.highlighter = CodeHighlighter(self.document())
        self.blockCountChanged.connect(self._place_gutter)
        self.updateRequest.connect(self._on_update)
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
        self.setExtraSelections(marks)
        if marks and reveal:
            seen = [number for number, top, height in self.visible_lines() if top >= 0 and top + height <= self.viewport().height()]
            first = min(lines)
            if first not in seen:
                self.verticalScrollBar().setValue(max(0, first - 3))

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


class CodePanel(QWidget):
    """The source of the network. With errors in the graph the last good source stays, dimmed, and a line says so.

    Signals:
        node_chosen: id of the node whose line was clicked.
        save_wanted: the button that saves the source to a file was pressed.
    """

    node_chosen = Signal(str)
    save_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._lines: Mapping[int, str] = {}
        self._marked: frozenset[str] = frozenset()
        self._is_stale = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._update)
        self.view = CodeView()
        self.view.line_chosen.connect(self._on_line)
        self.banner = QLabel()
        self.banner.setProperty("role", "muted")
        self._copy = QPushButton(self.tr("Copy"))
        self._copy.setProperty("role", "flat")
        self._copy.setIcon(icon("copy", "accent"))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.view.toPlainText()))
        self._save = QPushButton(self.tr("Save as…"))
        self._save.setProperty("role", "flat")
        self._save.setIcon(icon("download-simple", "accent"))
        self._save.clicked.connect(self.save_wanted)
        top = QHBoxLayout()
        top.setContentsMargins(SPACE.wide, SPACE.tight, SPACE.near, SPACE.tight)
        top.addWidget(self.banner, 1)
        top.addWidget(self._copy)
        top.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.view)
        session.changed.connect(self._later)
        session.replaced.connect(self._on_replaced)

    def mark_nodes(self, nodes: Iterable[str]) -> None:
        """Tints the lines of these nodes."""
        self._marked = frozenset(nodes)
        self._mark(reveal=True)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.view.highlighter.retheme()
            self._dim(self._lines != {} and not self._session.report.ok)
            self._mark(reveal=False)

    def _on_replaced(self) -> None:
        self._lines = {}
        self._marked = frozenset()
        self.view.clear()
        self._later()

    def _later(self) -> None:
        self._is_stale = True
        if self.isVisible():
            self._timer.start()

    def _update(self) -> None:
        self._is_stale = False
        checked = self._session.report
        if checked.ok:
            source = self._session.document.source()
            self._lines = source.lines
            self._show_text(source.text)
            roots = sorted({path.partition(".")[0] for path in self._session.document.foreign} - {"torch"})
            alone = self.tr("Runs with PyTorch alone")
            self.banner.setText(self.tr("Runs with PyTorch and {0}").format(", ".join(roots)) if roots else alone)
        else:
            count = sum(d.severity == "error" for d in checked.diagnostics)
            what = (
                self.tr("1 error to mend before there is code")
                if count == 1
                else self.tr("{0} errors to mend before there is code").format(count)
                if count
                else self.tr("A module is to be run before there is code")
            )
            self.banner.setText(what + (" · " + self.tr("below: the last code without errors") if self._lines else ""))
        self._dim(not checked.ok)
        enabled = bool(self._lines)
        self._copy.setEnabled(enabled)
        self._save.setEnabled(enabled and checked.ok)

    def _show_text(self, text: str) -> None:
        if text == self.view.toPlainText():
            return
        across, down = self.view.horizontalScrollBar().value(), self.view.verticalScrollBar().value()
        self.view.highlighter.set_spans(python_spans(text))
        self.view.setPlainText(text)
        self.view.horizontalScrollBar().setValue(across)
        self.view.verticalScrollBar().setValue(down)
        self._mark(reveal=False)

    def _dim(self, dimmed: bool) -> None:
        self.view.setEnabled(not dimmed)

    def _mark(self, *, reveal: bool) -> None:
        self.view.mark_lines([line for line, node in self._lines.items() if node in self._marked], reveal=reveal and self.isVisible())

    def _on_line(self, line: int) -> None:
        node = self._lines.get(line)
        if node is not None and self._session.document.holder(node) is not None:
            self.node_chosen.emit(node)


def _code_font() -> QFont:
    font = mono()
    font.setFeature(QFont.Tag("calt"), 0)  # "->" must look like what is typed
    return font
