"""A page of the data panel: some samples as they are, and as the first epochs of a run will have them."""

from __future__ import annotations

import base64

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QStackedLayout, QWidget

from app.asked import AugmentedSamples
from app.theme.tokens import SPACE
from app.widgets.empty import EmptyState
from app.widgets.layouts import clear
from app.widgets.scroll import fill_scroll_area
from graph_engine.training.live.augmented import Picture

_SIDE = 64


class AugmentedPage(QWidget):
    """A row for each sample: the sample, then an epoch a column."""

    def __init__(self, shown: AugmentedSamples, parent: QWidget | None = None):
        super().__init__(parent)
        self._shown = shown
        self._empty = EmptyState("database", "")
        table = QWidget()
        self.grid = QGridLayout(table)
        self.grid.setContentsMargins(SPACE.tight, 0, SPACE.tight, SPACE.tight)
        self.grid.setHorizontalSpacing(SPACE.base)
        self.grid.setVerticalSpacing(SPACE.hair)
        area = QScrollArea()
        fill_scroll_area(area, table)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(area)
        shown.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self._stack.setCurrentIndex(1 if self._shown.samples else 0)
        self._empty.say(self._shown.message)
        clear(self.grid)
        for column in range(len(self._shown.samples[0]) if self._shown.samples else 0):
            head = self.tr("As it is") if column == 0 else self.tr("Epoch {0}").format(column)
            self.grid.addWidget(_label(head, "muted"), 0, column)
        for row, sample in enumerate(self._shown.samples):
            for column, picture in enumerate(sample):
                assert isinstance(picture, Picture)
                label = QLabel()
                label.setPixmap(pixmap(picture, self.devicePixelRatioF()))
                label.setAccessibleName(picture.told)
                label.setToolTip(picture.told)
                self.grid.addWidget(label, 2 * row + 1, column, Qt.AlignmentFlag.AlignBottom)
                self.grid.addWidget(_label(picture.told, "faint"), 2 * row + 2, column)
            self.grid.setRowMinimumHeight(2 * row + 2, _SIDE // 3)
        self.grid.setColumnStretch(self.grid.columnCount(), 1)
        self.grid.setRowStretch(self.grid.rowCount(), 1)


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    label.setMaximumWidth(2 * _SIDE)
    return label


def pixmap(picture: Picture, ratio: float) -> QPixmap:
    """A picture for the screen, small ones with their pixels as squares."""
    pixels = base64.b64decode(picture.colours)
    image = QImage(pixels, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
    side = round(_SIDE * ratio)
    how = (
        Qt.TransformationMode.SmoothTransformation
        if max(picture.width, picture.height) > side
        else Qt.TransformationMode.FastTransformation
    )
    pixmap = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, how))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
