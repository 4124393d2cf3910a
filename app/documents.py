"""Documents from the user's side: new, open, save, and the guard before unsaved work."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from app.names import file_stem
from app.preferences import Preferences
from app.session import Session
from graph_engine import Graph
from graph_engine.errors import ArchloomError
from graph_engine.parsing import networks, read_text
from graph_engine.templates import Template

SUFFIX = ".archloom"
PYTHON = ".py"


class Documents(QObject):
    """Opens and saves the session's document, with the dialogs that this takes.

    Signals:
        opened: another document is open now.
        told: something was done; one sentence.
    """

    opened = Signal()
    told = Signal(str)

    def __init__(self, session: Session, preferences: Preferences, window: QWidget):
        super().__init__(window)
        self._session = session
        self._preferences = preferences
        self._window = window
        self._was_changed = False
        session.replaced.connect(self._on_replaced)

    def new(self) -> None:
        """Goes on with an empty network."""
        if self.may_leave():
            self._session.new()
            self.opened.emit()

    def new_from(self, template: Template) -> None:
        """Goes on with a template as a document that has no file yet."""
        if self.may_leave():
            self._session.new(template.open())
            self.opened.emit()

    def restore(self, path: Path) -> None:
        """Goes on with the document of a run, as one that has no file yet: the run keeps its own."""
        if not self.may_leave():
            return
        try:
            self._session.new(Graph.load(path))
        except ArchloomError as error:
            self.complain(self.tr("The document of the run cannot be opened"), error)
            return
        self.opened.emit()

    def open(self) -> None:
        """Asks for a file and opens it."""
        kinds = ";;".join(
            [
                self.tr("Networks (*{0} *{1})").format(SUFFIX, PYTHON),
                self._filter(),
                self.tr("Python, read without running it (*{0})").format(PYTHON),
            ]
        )
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open"), self._folder(), kinds)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> bool:
        """Opens a document, or the network in a file of Python; tells in a dialog why not. Returns whether it is open now."""
        if not self.may_leave():
            return False
        if path.suffix.lower() == PYTHON:
            return self._read(path)
        try:
            self._session.open(path)
        except ArchloomError as error:
            self.complain(self.tr("{0} cannot be opened").format(path.name), error)
            return False
        self._preferences.remember_file(path)
        self.opened.emit()
        return True

    def _read(self, path: Path) -> bool:
        """Goes on with the network that a file of Python tells of, which is read and not run, as a document that has no file yet."""
        try:
            text = read_text(path)
            names = networks(text)
            name, chosen = (names[0] if names else None), True
            if len(names) > 1:
                title, label = self.tr("Open {0}").format(path.name), self.tr("The file has several networks. Open:")
                name, chosen = QInputDialog.getItem(self._window, title, label, names, 0, editable=False)
            if not chosen:
                return False
            document = Graph.from_source(text, name)
        except ArchloomError as error:
            self.complain(self.tr("{0} cannot be opened").format(path.name), error)
            return False
        self._session.new(document)
        self.opened.emit()
        notes = [self.tr("line {0}: {1}").format(*note) for note in document.notes.items()]
        self.told.emit("  ".join([self.tr("{0} was read, not run.").format(path.name), *notes]))
        return True

    def save(self) -> bool:
        """Writes the document to its file, which it asks for where there is none. Returns whether it is written."""
        path = self._session.path
        if path is None:
            return self.save_as()
        if self._was_changed or self._session.is_changed_outside():
            return self._settle_conflict(path)
        return self._write(path)

    def save_as(self) -> bool:
        """Asks for a file and writes the document to it. Returns whether it is written."""
        path = self.ask_path(self.tr("Save As"), self._proposed_name() + SUFFIX, self._filter(), SUFFIX)
        return path is not None and self._write(path)

    def look_outside(self) -> None:
        """Tells where another program, or another window, has changed the file; a document without unsaved work may be read again."""
        path = self._session.path
        if path is None or not self._session.is_changed_outside():
            return
        self._session.accept_outside()
        if self._session.is_dirty:
            self._was_changed = True
            self.told.emit(self.tr("{0} was changed outside of this window; saving will ask first").format(path.name))
            return
        box = self._ask("changed", self.tr("{0} was changed outside of this window.").format(path.name), self.tr("Read it again?"))
        read = box.addButton(self.tr("Read Again"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Keep This"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        if box.clickedButton() is read:
            self.open_path(path)
        else:
            self._was_changed = True

    def recover(self, document: Graph, path: Path | None) -> None:
        """Goes on with unsaved work of a window that ended."""
        if self.may_leave():
            self._session.recover(document, path)
            self.opened.emit()

    def _settle_conflict(self, path: Path) -> bool:
        box = self._ask(
            "conflict",
            self.tr("{0} was changed outside of this window.").format(path.name),
            self.tr("Saving replaces those changes by yours."),
        )
        replace = box.addButton(self.tr("Replace"), QMessageBox.ButtonRole.DestructiveRole)
        other = box.addButton(self.tr("Save As…"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(other)
        box.exec()
        if box.clickedButton() is replace:
            return self._write(path)
        return box.clickedButton() is other and self.save_as()

    def _ask(self, name: str, text: str, more: str) -> QMessageBox:
        box = QMessageBox(QMessageBox.Icon.NoIcon, "Archloom", text, QMessageBox.StandardButton.NoButton, self._window)
        box.setObjectName(name)
        box.setInformativeText(more)
        return box

    def may_leave(self) -> bool:
        """Whether the document may be left: saved, or given up by choice."""
        if not self._session.is_dirty:
            return True
        box = QMessageBox(self._window)
        box.setObjectName("unsaved")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Unsaved Changes"))
        box.setText(self.tr("Save the changes to “{0}”?").format(self._session.title))
        box.setInformativeText(self.tr("They are lost if you do not save them."))
        button = QMessageBox.StandardButton
        box.setStandardButtons(button.Save | button.Discard | button.Cancel)
        box.setDefaultButton(button.Save)
        answer = box.exec()
        if answer == button.Save:
            return self.save()
        return bool(answer == button.Discard)

    def complain(self, title: str, error: Exception) -> None:
        """Tells in a dialog what went wrong and why."""
        box = QMessageBox(QMessageBox.Icon.NoIcon, "Archloom", title, QMessageBox.StandardButton.Ok, self._window)
        box.setObjectName("complaint")
        box.setInformativeText(str(error))
        box.exec()

    def ask_path(self, title: str, proposal: str, kinds: str, suffix: str) -> Path | None:
        """Asks where to write a file; None where the user would rather not."""
        name, _ = QFileDialog.getSaveFileName(self._window, title, str(Path(self._folder()) / proposal), kinds)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(suffix)

    def _on_replaced(self) -> None:
        self._was_changed = False

    def _write(self, path: Path) -> bool:
        try:
            self._session.save(path)
        except ArchloomError as error:
            self.complain(self.tr("{0} is not saved").format(path.name), error)
            return False
        self._was_changed = False
        self._preferences.remember_file(path)
        self.told.emit(self.tr("Saved to {0}").format(path))
        return True

    def _proposed_name(self) -> str:
        path = self._session.path
        return path.stem if path is not None else file_stem(self._session.document.name)

    def _folder(self) -> str:
        path = self._session.path
        return str(path.parent if path is not None else Path.home())

    def _filter(self) -> str:
        return self.tr("Archloom documents (*{0})").format(SUFFIX)


def dropped_file(event: QDropEvent) -> Path | None:
    """The one document, or file or folder of data, that is dragged, or None."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return Path(urls[0].toLocalFile())
