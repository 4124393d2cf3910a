"""Nine places of the canvas to come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Signal

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Bookmarks(QObject):
    """Remembers, by number, what the view showed, as long as its document is open.

    Signals:
        told: what happened, in one sentence.
    """

    told = Signal(str)

    def __init__(self, view: CanvasView):
        super().__init__(view)
        self._view = view
        self._session = view.canvas.session
        self._places: dict[int, tuple[tuple[str, ...], QPointF, float]] = {}
        self._session.replaced.connect(self._places.clear)

    def set(self, number: int) -> None:
        """Remembers what is in view now."""
        self._places[number] = self._session.place, self._view.camera.shown().center(), self._view.zoom
        self.told.emit(self.tr("Bookmark {0} is set: press {0} to come back here.").format(number))

    def go(self, number: int) -> None:
        """Goes where the view was when the bookmark was set."""
        found = self._places.get(number)
        if found is None:
            self.told.emit(self.tr("There is no bookmark {0} yet: Ctrl+{0} sets it to what is in view.").format(number))
            return
        place, centre, zoom = found
        if place != self._session.place:
            self._session.go(place)
        self._view.camera.go(centre, zoom, animate=True)
