"""Data of the user's own, from the window's side: asked for, dropped, looked at in a thread, taken over as one step; and whether it is
still there, and as it was, for which nothing but the file system is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from app.foreign import Foreign
from app.jobs import Errand
from app.session import Session
from graph_engine.analysis.adopt import adopt
from graph_engine.data.look import Look, is_as_it_was, look
from graph_engine.errors import ArchloomError, DataError
from graph_engine.graph.commands import SetSettings
from graph_engine.settings.own import OWN
from graph_engine.spec.params import FileParam


class OwnData(QObject):
    """Looks at data and hands it to the document.

    Attributes:
        is_looking: a look is under way.
        problem: what is wrong with where the document's data is: ``missing``, ``changed``, or empty.

    Signals:
        told: what is going on, or what came of it; one sentence.
        failed: the data cannot be read; a title and the error.
        state_changed: `is_looking` or `problem` may be different now.
    """

    told = Signal(str)
    failed = Signal(str, object)
    state_changed = Signal()

    def __init__(self, session: Session, foreign: Foreign, window: QWidget):
        super().__init__(window)
        self._session = session
        self._foreign = foreign
        self._window = window
        self._errand: object = None
        self.is_looking = False
        self.problem = ""
        self._known: tuple[Any, Any] | None = None
        session.wanted.connect(self._on_wanted)
        session.replaced.connect(self._begin)
        session.changed.connect(self._on_changed)

    @property
    def path(self) -> Path | None:
        """Where the document's data is, if it is in files of the user's own."""
        chosen = self._session.document.settings.data["dataset"]
        path = chosen.params.get("path")
        return Path(path) if path and not chosen.option.is_foreign else None

    def ask(self, what: str) -> Path | None:
        """Asks for a ``file`` or a ``folder``; None where the user would rather not."""
        if what == "file":
            name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Learn From a File"), self._start(), self._filter())
        else:
            name = QFileDialog.getExistingDirectory(self._window, self.tr("Learn From a Folder"), self._start())
        return Path(name) if name else None

    def take(self, path: Path, kind: str | None = None) -> None:
        """Looks at a file or folder, and has the document learn from it.

        Args:
            path: where it is.
            kind: as which kind of data; left out, as what it most likely is.
        """
        self._look(path, kind, self._adopt)

    def ask_class(self) -> str | None:
        """Asks for the dotted name of a `torch.utils.data.Dataset`; None where the user would rather not."""
        name, is_given = QInputDialog.getText(
            self._window,
            self.tr("Learn From a Dataset Class"),
            self.tr("Where is it imported from? Its code will be run.") + " " * 12,
            text="package.module.Class",
        )
        return name.strip() if is_given else None

    def take_class(self, values: Mapping[str, Any]) -> None:
        """Has a data set made and looked at by the process that runs foreign code, and the document learn from it.

        Args:
            values: parameters of the ``dataset``; its path and what it is made with among them.
        """
        known, path = self._session.document.settings.data["dataset"].params, values["path"]
        is_named = known.get("path") != path
        token = object()
        take = self._taker(token, path, self._adopt if is_named or known.get("facts") is None else self._refresh)
        chosen = {name: value for name, value in values.items() if name not in ("facts", "targets")}

        def then(found: Look | str) -> None:
            take(DataError(found) if isinstance(found, str) else found._replace(params={**chosen, **found.params}))

        try:
            asked = self._foreign.look(values, is_named=is_named, then=then)
        except ArchloomError as error:
            self.failed.emit(self.tr("{0} cannot be learned from").format(path), error)
            return
        if asked:
            self._begin_look(token, path)

    def locate(self) -> None:
        """Asks where the document's data is now."""
        path = self.path
        if path is None:
            return
        title = self.tr("Where is {0}?").format(path.name)
        if path.suffix:
            name, _ = QFileDialog.getOpenFileName(self._window, title, self._start())
        else:
            name = QFileDialog.getExistingDirectory(self._window, title, self._start())
        if name:
            self._look(Path(name), self._session.document.settings.data["dataset"].id, self._refresh)

    def look_again(self) -> None:
        """Looks again at the document's data; what was chosen for it stays."""
        chosen = self._session.document.settings.data["dataset"]
        if chosen.option.is_foreign and chosen.params["path"]:
            self._foreign.forget()
            self.take_class(chosen.params)
        elif self.path is not None:
            self._look(self.path, self._session.document.settings.data["dataset"].id, self._refresh)

    def see(self) -> None:
        """Finds out whether the data is still there and as it was."""
        facts = self._session.document.settings.data["dataset"].params.get("facts")
        path = self.path
        if path is None or facts is None:
            self._become("")
            return

        def found() -> str:
            try:
                return "" if is_as_it_was(path, facts) else "changed"
            except (DataError, OSError):
                return "missing"

        errand = Errand(found, self)
        errand.done.connect(lambda problem: self._become(problem) if self.path == path else None)

    def _look(self, path: Path, kind: str | None, then: Callable[[Look], None]) -> None:
        def found() -> Look | ArchloomError:
            try:
                return look(path, kind)
            except ArchloomError as error:
                return error
            except Exception as error:  # a library that reads files may raise anything; the window must hear of it
                return DataError(f"{path.name} cannot be read: {error}.")

        self._forget()
        errand = Errand(found, self)
        self._begin_look(errand, path.name)
        errand.done.connect(self._taker(errand, path.name, then))

    def _taker(self, token: object, name: str, then: Callable[[Look], None]) -> Callable[[Look | ArchloomError], None]:
        """What receives the result of a look that is known by its token, unless it is not wanted any more."""
        document = self._session.document

        def take(result: Look | ArchloomError) -> None:
            if token is not self._errand or document is not self._session.document:
                return
            self._forget()
            if isinstance(result, Look):
                self._carry_out(name, lambda: then(result))
            else:
                self.told.emit("")
                self.failed.emit(self.tr("{0} cannot be learned from").format(name), result)

        return take

    def _begin_look(self, token: object, name: str) -> None:
        self._errand = token
        self.is_looking = True
        self.told.emit(self.tr("Looking at {0}…").format(name))
        self.state_changed.emit()

    def _carry_out(self, name: str, step: Callable[[], None]) -> None:
        try:
            step()
        except ArchloomError as error:
            self.failed.emit(self.tr("{0} cannot be learned from").format(name), error)
            return
        data = self._session.document.settings.data["dataset"].option
        self.told.emit(self.tr("Learns from {0}: {1}").format(name, self.tr("{0} samples").format(f"{data.samples:,}")))

    def _adopt(self, found: Look) -> None:
        document = self._session.document
        self._session.execute(adopt(document, found.kind, found.params), graph=document)

    def _refresh(self, found: Look) -> None:
        document = self._session.document
        chosen = document.settings.data["dataset"]
        where = {name: found.params[name] for name in chosen.option.looked_at}
        value = {"name": chosen.id, **chosen.params, **where, "facts": found.facts}
        self._session.execute(SetSettings(document.settings.replaced("data.dataset", value), "data.dataset"), graph=document)

    def _forget(self) -> None:
        """What is looked at now is not wanted any more."""
        self._errand = None
        self.is_looking = False
        self.state_changed.emit()

    def _begin(self) -> None:
        self._forget()
        self._known = None
        self.see()

    def _on_changed(self, _: object) -> None:
        params = self._session.document.settings.data["dataset"].params
        known = params.get("path"), params.get("facts")
        if known != self._known:
            self._known = known
            self.see()

    def _become(self, problem: str) -> None:
        self.problem = problem
        self.state_changed.emit()

    def _on_wanted(self, what: str, _: str, value: Any) -> None:
        chosen = self._session.document.settings.data["dataset"]
        if what == "look" and chosen.option.is_foreign:
            self.take_class({**chosen.params, **value})
        elif what == "look":
            self.take(Path(value["path"]), chosen.id)
        elif what == "look again":
            self.look_again()
        elif what == "locate":
            self.locate()

    def _filter(self) -> str:
        suffixes = sorted({suffix for option in OWN for p in option.params if isinstance(p, FileParam) for suffix in p.suffixes})
        return self.tr("Data ({0});;All files (*)").format(" ".join(f"*{suffix}" for suffix in suffixes))

    def _start(self) -> str:
        path = self.path or self._session.path
        return str(path.parent if path is not None else Path.home())
