"""The code pane: the source that trains and that is exported, as it is at this moment; edited here, the canvas follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.jobs import Errand
from app.panels.code_view import CodeView
from app.session import Session
from app.theme.icons import icon
from app.theme.tokens import SPACE
from graph_engine.errors import GraphError, SourceError
from graph_engine.parsing.adapting import Adapt, Counterpart, adapted, counterpart

_WAIT_MS = 80
"""Edits that come faster than this are shown together."""

_PAUSE_MS = 700
"""A text that rests for so long is read."""


class CodePanel(QWidget):
    """The source of the network. With errors in the graph the last good source stays, dimmed, and a line says so.

    While it is edited, a text that rests is read, not run, and the canvas follows as one step that can be undone. A text that cannot be
    read changes nothing: what is wrong stands at its line.

    Signals:
        node_chosen: id of the node whose line was clicked.
        save_wanted: the button that saves the source to a file was pressed.
        begun: the text is edited from now on.
    """

    node_chosen = Signal(str)
    save_wanted = Signal()
    begun = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._lines: Mapping[int, str] = {}
        self._marked: frozenset[str] = frozenset()
        self._is_stale = True
        self._before: Counterpart | None = None
        self._is_editing = self._is_reading = self._is_unread = self._is_own = self._leaves = False
        self._timer = self._single(_WAIT_MS, self._update)
        self._pause = self._single(_PAUSE_MS, self.read)
        self.view = CodeView()
        self.view.line_chosen.connect(self._on_line)
        self.view.edited.connect(self._on_edited)
        self.view.read_wanted.connect(self.read)
        self.view.left.connect(self.leave)
        self.banner = QLabel()
        self.banner.setProperty("role", "muted")
        self.banner.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # long words must not widen the window
        self._edit = self._button(self.tr("Edit"), "pencil-simple")
        self._edit.setToolTip(self.tr("Type in the code; the canvas follows"))
        self._edit.clicked.connect(self.edit)
        self._copy = self._button(self.tr("Copy"), "copy")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.view.toPlainText()))
        self._save = self._button(self.tr("Save as…"), "download-simple")
        self._save.clicked.connect(self.save_wanted)
        top = QHBoxLayout()
        top.setContentsMargins(SPACE.wide, SPACE.tight, SPACE.near, SPACE.tight)
        top.addWidget(self.banner, 1)
        for button in (self._edit, self._copy, self._save):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.view)
        session.changed.connect(self._on_changed)
        session.replaced.connect(self._on_replaced)

    @property
    def is_editing(self) -> bool:
        """Whether the text can be edited now."""
        return self._is_editing

    def mark_nodes(self, nodes: Iterable[str]) -> None:
        """Tints the lines of these nodes."""
        self._marked = frozenset(nodes)
        self._mark(reveal=not self.view.hasFocus())

    def edit(self) -> None:
        """Lets the text be edited; where it is already, reads it and ends that."""
        if self._is_editing:
            self.leave()
            return
        self._timer.stop()
        if self._is_stale:
            self._update()
        if not self._session.report.ok:
            self._tell(self.tr("There is no code to edit yet: mend what the canvas says first"))
            return
        if not self._begin_from_graph():
            return
        self._is_editing = True
        self.view.set_editable(True)
        self._edit.setText(self.tr("Done"))
        self._edit.setIcon(icon("check", "accent"))
        self._edit.setToolTip(self.tr("Show the code of the canvas again"))
        self._say_how()
        self.begun.emit()
        self.view.setFocus()

    def leave(self) -> None:
        """Reads the text and shows the code of the canvas again; one that cannot be read is given up when asked a second time."""
        self._pause.stop()
        if self._is_unread and not self._leaves:
            self._leaves = True
            self.read()
            return
        self._end()

    def read(self) -> None:
        """Reads the text, in a thread; the canvas follows when that is done."""
        self._pause.stop()
        text = self.view.toPlainText()
        if not self._is_editing or self._is_reading:
            return
        if self._before is None and not self._begin_from_graph(shows=False):
            return
        before = self._before
        assert before is not None
        if text == before.text:
            self._settled(before)
            return
        self._is_reading = True
        Errand(lambda: _read(before, text), self).done.connect(lambda found: self._on_read(before, text, found))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.view.highlighter.retheme()
            self._dim(not self._is_editing and self._lines != {} and not self._session.report.ok)
            self._mark(reveal=False)

    # while it is edited

    def _begin_from_graph(self, *, shows: bool = True) -> bool:
        """Takes the code of the graph for what an edit is compared with."""
        try:
            source = self._session.document.source()
            self._before = counterpart(self._session.document, source)
        except GraphError as error:
            self._tell(self.tr("This code is edited on the canvas only: {0}").format(error), problem=True)
            return False
        if shows:
            self._lines = source.lines
            self.view.show_text(source.text)
            self._mark(reveal=False)
        return True

    def _on_edited(self) -> None:
        self._leaves, self._is_unread = False, True
        self._lines = {}
        self._mark(reveal=False)
        self.view.show_fault(None)
        self._pause.start()

    def _on_read(self, before: Counterpart, text: str, found: object) -> None:
        self._is_reading = False
        if not self._is_editing or before is not self._before or text != self.view.toPlainText():
            if self._is_editing:
                self._pause.start()
            return
        if isinstance(found, Adapt):
            try:
                self._follow(found)
            except SourceError as error:
                found = error
            except GraphError as error:
                self._refuse(self.tr("The canvas cannot follow: {0}").format(error))
                return
            else:
                self._settled(found.after)
        if isinstance(found, SourceError):
            self.view.show_fault((found.line, found.reason))
            self._refuse(str(found))

    def _refuse(self, words: str) -> None:
        """Tells why the text changes nothing."""
        self._tell(words + (self.tr("  Esc again gives the text up") if self._leaves else ""), problem=True)

    def _follow(self, command: Adapt) -> None:
        """Has the graph follow, as one step."""
        self._is_own = True
        try:
            if command.differs:
                self._session.execute(command, graph=self._session.document)
            else:
                command.settle()
        finally:
            self._is_own = False

    def _settled(self, read: Counterpart) -> None:
        """The graph is as the text says."""
        self._before, self._lines, self._is_unread = read, read.lines, False
        self.view.show_fault(None)
        self._mark(reveal=False)
        if self._leaves:
            self._end()
            return
        obstacle = self._session.report.obstacle
        notes = sorted(read.parsed.notes.items())
        if obstacle is not None:
            self._tell(obstacle.message, problem=True)
        elif notes:
            self._tell(self.tr("Line {0}: {1}").format(*notes[0]))
        else:
            self._say_how()

    def _end(self) -> None:
        self._is_editing = self._is_unread = self._leaves = False
        self._before = None
        self.view.set_editable(False)
        self._edit.setText(self.tr("Edit"))
        self._edit.setIcon(icon("pencil-simple", "accent"))
        self._edit.setToolTip(self.tr("Type in the code; the canvas follows"))
        self._update()

    def _on_changed(self, changes: Sequence[object]) -> None:
        if self._is_editing and not self._is_own:
            self._timer.start()
        elif not self._is_editing:
            self._later()

    def _follow_canvas(self) -> None:
        """Shows what an edit on the canvas, or an undo, has made of the code, unless the text holds something that is not read yet."""
        obstacle = self._session.report.obstacle
        if self._is_unread:
            self._before = None
            self._pause.stop()
            self._tell(self.tr("The canvas has changed since. Ctrl+Enter puts this text in its place, Esc gives it up"), problem=True)
        elif obstacle is not None:
            self._before = None
            self._tell(obstacle.message, problem=True)
        elif self._begin_from_graph():
            self._say_how()

    def _say_how(self) -> None:
        self._tell(self.tr("The canvas follows what you type · Ctrl+Enter: at once · Esc: done · comments are not kept"))

    # while it is shown

    def _on_replaced(self) -> None:
        self._lines = {}
        self._marked = frozenset()
        if self._is_editing:
            self._end()
        self.view.clear()
        self._later()

    def _later(self) -> None:
        self._is_stale = True
        if self.isVisible():
            self._timer.start()

    def _update(self) -> None:
        if self._is_editing:
            self._follow_canvas()
            return
        self._is_stale = False
        checked = self._session.report
        if checked.ok:
            source = self._session.document.source()
            self._lines = source.lines
            self._show_text(source.text)
            roots = sorted({path.partition(".")[0] for path in self._session.document.foreign} - {"torch"})
            alone = self.tr("Runs with PyTorch alone")
            self._tell(self.tr("Runs with PyTorch and {0}").format(", ".join(roots)) if roots else alone)
        else:
            count = sum(d.severity == "error" for d in checked.diagnostics)
            what = (
                self.tr("1 error to mend before there is code")
                if count == 1
                else self.tr("{0} errors to mend before there is code").format(count)
                if count
                else self.tr("A module is to be run before there is code")
            )
            self._tell(what + (" · " + self.tr("below: the last code without errors") if self._lines else ""))
        self._dim(not checked.ok)
        enabled = bool(self._lines)
        self._edit.setEnabled(checked.ok)
        self._copy.setEnabled(enabled)
        self._save.setEnabled(enabled and checked.ok)

    def _show_text(self, text: str) -> None:
        if text != self.view.toPlainText():
            self.view.show_text(text)
            self._mark(reveal=False)

    def _dim(self, dimmed: bool) -> None:
        self.view.setEnabled(not dimmed)

    def _mark(self, *, reveal: bool) -> None:
        self.view.mark_lines([line for line, node in self._lines.items() if node in self._marked], reveal=reveal and self.isVisible())

    def _on_line(self, line: int) -> None:
        node = self._lines.get(line)
        if node is not None and self._session.document.holder(node) is not None:
            self.node_chosen.emit(node)
            if self._is_editing:
                self.view.setFocus()

    def _tell(self, words: str, *, problem: bool = False) -> None:
        role = "error" if problem else "muted"
        if self.banner.property("role") != role:
            self.banner.setProperty("role", role)
            self.banner.style().unpolish(self.banner)
            self.banner.style().polish(self.banner)
        self.banner.setText(words)
        self.banner.setToolTip(words)

    def _single(self, wait: int, then: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait)
        timer.timeout.connect(then)
        return timer

    def _button(self, text: str, picture: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", "flat")
        button.setIcon(icon(picture, "accent"))
        return button


def _read(before: Counterpart, text: str) -> Adapt | SourceError:
    """What is to be done for a text; touches nothing that the window shows."""
    try:
        return adapted(before, text)
    except SourceError as error:
        return error
