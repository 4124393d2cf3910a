"""What the network makes of some samples: shown after each epoch, where the data is in words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.run import Run
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.layouts import clear
from app.widgets.section import Section
from app.widgets.text import end_text
from graph_engine.training.events import Sample

_MARK = 14


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
        mark = QLabel()
        name, colour = ("check-circle-fill", "success") if is_right else ("x-circle", "text_muted")
        mark.setPixmap(icon(name, colour).pixmap(_MARK, _MARK))
        mark.setAccessibleName(self.tr("Right") if is_right else self.tr("Different from what is expected"))
        grid.addWidget(mark, 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_words(sample.found or "–", "mono"), 1, 1)
        if not is_right:
            grid.addWidget(_words(self.tr("Expected: {0}").format(sample.expected), "faint"), 2, 1)


class SamplesSection(Section):
    """The samples of a run's last epoch; not there while it shows none."""

    def __init__(self, run: Run, parent: QWidget | None = None):
        super().__init__("", parent=parent)
        self._run = run
        self._rows = QVBoxLayout()
        self._rows.setSpacing(SPACE.tight)
        self.body.addLayout(self._rows)
        run.samples_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        shown = self._run.samples
        clear(self._rows)
        self.setVisible(shown is not None)
        if shown is not None:
            self.set_title(self.tr("Samples after epoch {0}").format(shown.epoch))
            for sample in shown.samples:
                self._rows.addWidget(SampleRow(sample))


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
