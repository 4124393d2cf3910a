"""A bar above the canvas while the document is compared with another version: what is different, and the way from change to change."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.actions import Actions
from app.comparison import Comparison
from app.widgets.notice import NoticeBar
from app.widgets.text import measure_text, measure_words


class ComparisonBar(NoticeBar):
    """Counts the changes, tells the one that is shown and what they did, and leads on."""

    def __init__(self, comparison: Comparison, actions: Actions, parent: QWidget | None = None):
        self.back, self.on, self.ends = QToolButton(), QToolButton(), QPushButton()
        super().__init__("git-diff", (self.back, self.on, self.ends), parent, tone="info")
        self._comparison = comparison
        for button, id in ((self.back, "change_previous"), (self.on, "change_next")):
            button.setDefaultAction(actions[id])
            button.setIconSize(QSize(14, 14))
            button.setAutoRaise(True)
        self.ends.setText(self.tr("End"))
        self.ends.setToolTip(self.tr("Compare no longer (Esc)"))
        self.ends.clicked.connect(comparison.end)
        comparison.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        one, found = self._comparison, self._comparison.found
        self.setVisible(found is not None)
        if found is None:
            return
        counts = {
            "added": self.tr("{0} added"),
            "removed": self.tr("{0} removed"),
            "changed": self.tr("{0} changed"),
            "moved": self.tr("{0} moved"),
        }
        told = [text.format(len(found.of(kind))) for kind, text in counts.items() if found.of(kind)]  # type: ignore[arg-type]
        if found.settings:
            told.append(self.tr("{0} settings differ").format(len(found.settings)))
        words = [self.tr("Compared with {0}: {1}.").format(one.title, ", ".join(told) or self.tr("nothing is different"))]
        if one.place is not None:
            words.append(f"{one.place + 1}/{len(one.changes)}  {one.changes[one.place].words}.")
        for name, (old, new) in one.metrics.items():
            words.append(f"{measure_words(name.removeprefix('val/'))} {measure_text(old)} → {measure_text(new)}.")
        self.words.setText("  ".join(words))
        self.words.setToolTip("\n".join(f"{name} {old} → {new}" for name, (old, new) in found.settings.items()))
        for button in (self.back, self.on):
            button.setEnabled(bool(one.changes))
