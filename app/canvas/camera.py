"""Moves about in the scene: zoom at a point, pan, glide to a place."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QObject, QPoint, QPointF, QRectF, QVariantAnimation, Signal
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGraphicsView, QStyle

ZOOM_LEAST, ZOOM_MOST = 0.02, 3.0
ZOOM_STEP = 1.25
GLIDE = 220
"""Milliseconds from one place to another."""


class Camera(QObject):
    """What part of its scene a view shows.

    Signals:
        zoomed: the new zoom.
        moved: another part is shown.
    """

    zoomed = Signal(float)
    moved = Signal()

    def __init__(self, view: QGraphicsView):
        super().__init__(view)
        self._view = view
        self._route: tuple[QPointF, float, QPointF, float] = (QPointF(), 1.0, QPointF(), 1.0)
        self._flight = QVariantAnimation(self)
        self._flight.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._flight.setDuration(GLIDE)
        self._flight.setStartValue(0.0)
        self._flight.setEndValue(1.0)
        self._flight.valueChanged.connect(self._fly)

    @property
    def zoom(self) -> float:
        """Pixels per scene unit."""
        return self._view.transform().m11()

    def shown(self) -> QRectF:
        """The part of the scene that is in view."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def scene_point(self, place: QPointF) -> QPointF:
        """The point of the scene at a place of the viewport, exact to fractions of a pixel."""
        back, _ = self._view.viewportTransform().inverted()
        return back.map(place)

    def stop(self) -> None:
        """Ends a glide where it is."""
        self._flight.stop()

    def pan_by(self, pixels: QPoint) -> None:
        """Moves the scene under the viewport."""
        across, down = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        across.setValue(across.value() - pixels.x())
        down.setValue(down.value() - pixels.y())
        self.moved.emit()

    def set_zoom(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Zooms so that the scene stays where it is under ``anchor`` (a place of the viewport; its middle by default)."""
        self.stop()
        anchor = anchor if anchor is not None else QPointF(self._view.viewport().rect().center())
        zoom = min(max(zoom, ZOOM_LEAST), ZOOM_MOST)
        if zoom == self.zoom:
            return
        fixed = self.scene_point(anchor)
        self._view.setTransform(QTransform.fromScale(zoom, zoom))
        away = self._view.viewportTransform().map(fixed) - anchor
        self.pan_by(-away.toPoint())
        self.zoomed.emit(zoom)

    def show_rect(self, rect: QRectF, pad: float, animate: bool) -> None:
        """Goes where ``rect`` is seen as a whole with ``pad`` pixels around it, at natural size at most."""
        if rect.isNull():
            self.go(QPointF(0, 0), 1.0, animate=False)
            return
        room = self._view.viewport().size()
        zoom = min((room.width() - 2 * pad) / rect.width(), (room.height() - 2 * pad) / rect.height(), 1.0)
        self.go(rect.center(), max(zoom, ZOOM_LEAST), animate)

    def go(self, centre: QPointF, zoom: float, animate: bool) -> None:
        """Goes to a point and a zoom: gliding, where the platform animates at all."""
        self.stop()
        self._route = self.shown().center(), self.zoom, centre, zoom
        moves = self._view.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self._view) > 0
        if animate and moves and self._view.isVisible():
            self._flight.start()
        else:
            self._fly(1.0)

    def _fly(self, part: float) -> None:
        start, zoom_start, end, zoom_end = self._route
        zoom = zoom_start * (zoom_end / zoom_start) ** part
        if zoom != self.zoom:
            self._view.setTransform(QTransform.fromScale(zoom, zoom))
            self.zoomed.emit(zoom)
        self._view.centerOn(start + (end - start) * part)
        self.moved.emit()
