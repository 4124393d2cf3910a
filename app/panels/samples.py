"""What the network makes of some samples, texts or pictures: shown after each epoch."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.run import Run
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.layouts import clear
from app.widgets.section import Section
from app.widgets.text import end_text
from graph_engine.training.sample import Sample

_MARK = 14
PICTURE = 44


class SampleRow(QWidget):
    """One sample: what was given, what the network found, and what was expected where that is something else."""

    def __init__(self, sample: Sample, parent: QWidget | None = None):
        super().__init__(parent)
        is_right = sample.found == sample.expected
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, SPACE.tight)
        grid.setHorizontalSpacing(SPACE.near)
        grid.setVerticalSpacing(SPACE.hair)
        grid.setColumnStretch(1, 1)
        given = _words(end_text(sample.given), "muted")
        given.setToolTip(sample.given if given.text() != sample.given else "")
        grid.addWidget(given, 0, 0, 1, 2)
        grid.addWidget(Mark(is_right), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_words(sample.found or "–", "mono"), 1, 1)
        if not is_right:
            grid.addWidget(_words(self.tr("Expected: {0}").format(sample.expected), "faint"), 2, 1)


class SampleTile(QWidget):
    """One sample that is a picture, with what the network takes it for below; where that is wrong, a tip tells what it is."""

    def __init__(self, sample: Sample, parent: QWidget | None = None):
        super().__init__(parent)
        is_right = sample.found == sample.expected
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACE.tight)
        column.setSpacing(SPACE.hair)
        picture = QLabel()
        picture.setPixmap(picture_of(sample, self.devicePixelRatioF()))
        picture.setAccessibleName(sample.given)
        column.addWidget(picture)
        line = QHBoxLayout()
        line.setSpacing(SPACE.tight)
        line.addWidget(Mark(is_right))
        found = QLabel(sample.found)
        found.setTextFormat(Qt.TextFormat.PlainText)
        found.setProperty("role", "mono")
        line.addWidget(found, 1)
        column.addLayout(line)
        if not is_right:
            self.setToolTip(self.tr("Expected: {0}").format(sample.expected))


class Mark(QLabel):
    """Whether the network is right."""

    def __init__(self, is_right: bool, parent: QWidget | None = None):
        super().__init__(parent)
        name, colour = ("check-circle-fill", "success") if is_right else ("x-circle", "text_muted")
        self.setPixmap(icon(name, colour).pixmap(_MARK, _MARK))
        self.setAccessibleName(self.tr("Right") if is_right else self.tr("Different from what is expected"))


class SamplesSection(Section):
    """The samples of a run's last epoch; not there while it shows none."""

    def __init__(self, run: Run, parent: QWidget | None = None):
        super().__init__("", parent=parent)
        self._run = run
        self._rows = QVBoxLayout()
        self._rows.setSpacing(SPACE.tight)
        self._tiles = QHBoxLayout()
        self._tiles.setSpacing(SPACE.near)
        self.body.addLayout(self._rows)
        self.body.addLayout(self._tiles)
        run.samples_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        shown = self._run.samples
        clear(self._rows)
        clear(self._tiles)
        self.setVisible(shown is not None)
        if shown is not None:
            self.set_title(self.tr("Samples after epoch {0}").format(shown.epoch))
            for sample in shown.samples:
                if sample.picture:
                    self._tiles.addWidget(SampleTile(sample))
                else:
                    self._rows.addWidget(SampleRow(sample))
            self._tiles.addStretch(1)


def picture_of(sample: Sample, ratio: float) -> QPixmap:
    """The picture of a sample, each shade a square of its own, for a screen with so many pixels to a point."""
    rows = sample.picture
    height, width = len(rows), len(rows[0])
    image = QImage(bytes(shade for row in rows for shade in row), width, height, width, QImage.Format.Format_Grayscale8)
    side = round(PICTURE * ratio)
    pixmap = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
