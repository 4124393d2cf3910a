"""What the program remembers between two starts: window, recent files, theme, keys. Another layout gets another version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal
from PySide6.QtGui import QKeySequence

from app.canvas.shares import Measure
from app.theme.style import Mode

LAYOUT_VERSION = 2
"""Raised when docks or toolbars change."""

RECENT_LENGTH = 10
PORTABLE = QKeySequence.SequenceFormat.PortableText


class Preferences(QObject):
    """The remembered choices.

    Args:
        store: where they are kept; left out, in the user's own place.

    Signals:
        recent_changed: the list of recent files differs.
    """

    recent_changed = Signal()

    def __init__(self, store: QSettings | None = None, parent: QObject | None = None):
        super().__init__(parent)
        self._store = (
            store if store is not None else QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "archloom", "archloom")
        )

    @property
    def theme(self) -> Mode:
        """The chosen theme."""
        mode = self._store.value("theme", "system")
        return mode if mode in ("system", "light", "dark") else "system"

    @theme.setter
    def theme(self, mode: Mode) -> None:
        self._store.setValue("theme", mode)

    @property
    def shares(self) -> Measure:
        """What the cards on the canvas show the node's share of."""
        measure = self._store.value("shares", "off")
        return measure if measure in ("off", "parameters", "flops") else "off"

    @shares.setter
    def shares(self, measure: Measure) -> None:
        self._store.setValue("shares", measure)

    @property
    def live(self) -> bool:
        """Whether live samples are shown."""
        return bool(self._store.value("live", False, bool))

    @live.setter
    def live(self, on: bool) -> None:
        self._store.setValue("live", on)

    @property
    def processes(self) -> int:
        """How many processes a run is shared among."""
        return max(1, int(cast(int, self._store.value("processes", 1, int))))

    def remember_processes(self, count: int) -> None:
        """Keeps how many those are to be."""
        self._store.setValue("processes", count)

    @property
    def knows_tour(self) -> bool:
        """Whether the tour has been begun once."""
        return self._store.value("tour", "") == "begun"

    @knows_tour.setter
    def knows_tour(self, knows: bool) -> None:
        self._store.setValue("tour", "begun" if knows else "")

    def keys(self, action: str) -> list[QKeySequence] | None:
        """The keys that were chosen for an action; None where none were, an empty list where it is to have none."""
        stored = self._store.value(f"keys/{action}")
        return QKeySequence.listFromString(str(stored), PORTABLE) if stored is not None else None

    def remember_keys(self, action: str, keys: list[QKeySequence] | None) -> None:
        """Keeps the keys that were chosen for an action; None forgets them."""
        if keys is None:
            self._store.remove(f"keys/{action}")
        else:
            self._store.setValue(f"keys/{action}", QKeySequence.listToString(keys, PORTABLE))

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved last, the latest first; those that are gone are left out."""
        stored = self._store.value("recent", [])
        names = [stored] if isinstance(stored, str) else list(cast(Iterable[str], stored or []))
        return [path for path in map(Path, names) if path.is_file()]

    def remember_file(self, path: Path) -> None:
        """Puts a file at the head of the recent ones."""
        path = path.resolve()
        kept = [path, *(p for p in self.recent if p != path)][:RECENT_LENGTH]
        self._store.setValue("recent", [str(p) for p in kept])
        self.recent_changed.emit()

    def forget_files(self) -> None:
        """Empties the list of recent files."""
        self._store.remove("recent")
        self.recent_changed.emit()

    def trusts(self, path: Path, names: Iterable[str]) -> bool:
        """Whether the user has said that the document at ``path`` may run the code that those dotted names stand for."""
        stored = self._store.value(_trust_key(path), [])
        known = {stored} if isinstance(stored, str) else set(cast(Iterable[str], stored or []))
        return known.issuperset(names)

    def remember_trust(self, path: Path, names: Iterable[str]) -> None:
        """Keeps what the document at ``path`` may run: these names, and no others."""
        self._store.setValue(_trust_key(path), sorted(names))

    @property
    def geometry(self) -> QByteArray | None:
        """Place and size of the window, or None."""
        return self._bytes("geometry")

    @property
    def docks(self) -> QByteArray | None:
        """Places of the panels, or None."""
        return self._bytes("docks")

    def remember_window(self, geometry: QByteArray, docks: QByteArray) -> None:
        """Keeps place and size of the window and places of its panels."""
        self._store.setValue(f"layout{LAYOUT_VERSION}/geometry", geometry)
        self._store.setValue(f"layout{LAYOUT_VERSION}/docks", docks)

    def _bytes(self, name: str) -> QByteArray | None:
        value = self._store.value(f"layout{LAYOUT_VERSION}/{name}")
        return value if isinstance(value, QByteArray) else None


def _trust_key(path: Path) -> str:
    """The key of a document, without the slashes and backslashes that have a meaning in keys."""
    return f"trust/{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]}"
