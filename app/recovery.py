"""Unsaved work that survives the end of the program: a copy is written while one edits, and offered at the next start.

Each window has a file of its own in a folder of the user's. A lock beside it tells whether the window is still alive, so that what is
left of a dead one can be told from what another window is at work on.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from platformdirs import user_state_path
from PySide6.QtCore import QDir, QLockFile, QObject, QTemporaryDir, QTimer, Signal

from app.session import Session
from graph_engine import Graph
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import ArchloomError, DocumentError
from graph_engine.files import write_text

WEIGHTS = ".safetensors"
"""The suffix of a copy of the tensors that a document begins with."""

DELAY_MS = 2000
"""The longest that an edit waits to be written."""


class Left(NamedTuple):
    """Unsaved work of a window that ended without closing.

    Attributes:
        file: the copy.
        title: what the document was called.
        path: its own file, or None.
        when: the last edit, in seconds since 1970.
    """

    file: Path
    title: str
    path: Path | None
    when: float


class Recovery(QObject):
    """Keeps a copy of the session's unsaved work.

    Args:
        session: the document.
        folder: where the copies lie; left out, in the user's own place.

    Signals:
        failed: the copy cannot be written; one sentence, told once.
    """

    failed = Signal(str)

    def __init__(self, session: Session, folder: Path | None = None, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._folder = folder if folder is not None else user_state_path("archloom") / "recovery"
        self._file = self._folder / f"{uuid4().hex}.archloom"
        self._beside = self._file.with_suffix(WEIGHTS)
        self._lock: QLockFile | None = None
        self._taken: QTemporaryDir | None = None
        self._has_failed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._write)
        session.state_changed.connect(self._on_state)
        session.replaced.connect(self._on_replaced)

    def left(self) -> list[Left]:
        """What windows left that ended without closing, the latest first."""
        found = []
        for file in self._folder.glob("*.archloom"):
            if file == self._file or not self._is_abandoned(file):
                continue
            try:
                about = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
                path = Path(about["path"]) if about["path"] else None
                found.append(Left(file, str(about["title"]), path, file.stat().st_mtime))
            except (OSError, ValueError, KeyError, TypeError):
                found.append(Left(file, file.stem, None, file.stat().st_mtime))
        return sorted(found, key=lambda one: one.when, reverse=True)

    def take(self, left: Left) -> Graph:
        """The document that was left.

        Raises:
            DocumentError: the copy cannot be read.
        """
        try:
            text = left.file.read_text(encoding="utf-8")
        except OSError as error:
            raise DocumentError(f"{left.file} cannot be read: {error.strerror or error}.") from None
        graph = from_text(text, Graph, left.title)
        if graph.weights_file is not None:
            beside = left.file.with_suffix(WEIGHTS)
            if beside.exists():
                self._taken = QTemporaryDir(QDir.tempPath() + "/archloom-recovered")
                graph.begin_with(Path(shutil.move(beside, Path(self._taken.path()) / graph.weights_file)))
            elif left.path is not None:
                graph.begin_with(left.path.parent / graph.weights_file)
        return graph

    def forget(self, left: Left) -> None:
        """Deletes what was left."""
        _delete(left.file)

    def close(self) -> None:
        """The window closes, and what it had not saved was given up: nothing is kept."""
        self._timer.stop()
        self._session.state_changed.disconnect(self._on_state)
        _delete(self._file)
        if self._lock is not None:
            self._lock.unlock()

    def _on_state(self) -> None:
        if not self._session.is_dirty:
            self._timer.stop()
            _delete(self._file)
        elif not self._timer.isActive():
            self._timer.start()

    def _write(self) -> None:
        document = self._session.document
        about = {"title": self._session.title, "path": str(self._session.path or "")}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = _lock_of(self._file)
                self._lock.tryLock(0)
            write_text(self._file.with_suffix(".json"), json.dumps(about))
            write_text(self._file, to_text(document, weights=self._weights_name(document)))
        except (OSError, ArchloomError) as error:
            if not self._has_failed:
                self._has_failed = True
                self.failed.emit(self.tr("Unsaved work is not being kept safe: {0}").format(error))

    def _weights_name(self, document: Graph) -> str | None:
        """The file with the tensors that the document begins with; those of one that was never saved are copied, once."""
        if document.begins_with_weights and self._session.path is None:
            if not self._beside.exists():
                document.keep_weights(self._beside)
            return self._beside.name
        return None

    def _on_replaced(self) -> None:
        self._beside.unlink(missing_ok=True)

    @staticmethod
    def _is_abandoned(file: Path) -> bool:
        lock = _lock_of(file)
        free = lock.tryLock(0)
        if free:
            lock.unlock()
        return free


def _lock_of(file: Path) -> QLockFile:
    lock = QLockFile(str(file.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # held until its process ends, however long that takes
    return lock


def _delete(file: Path) -> None:
    for suffix in (".archloom", ".json", WEIGHTS):
        with contextlib.suppress(OSError):  # it will be offered again, which is better than an end here
            file.with_suffix(suffix).unlink(missing_ok=True)
