"""The page that says what came of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.importing.labels import title_label
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.layouts import clear
from app.widgets.scroll import fill_scroll_area
from app.widgets.text import count_text


class ReportPage(QWidget):
    """What came of the import."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.mark = QLabel()
        self.title = title_label("")
        self.title.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(SPACE.near)
        head.addWidget(self.mark)
        head.addWidget(self.title, 1)
        holder = QWidget()
        self._lines = QVBoxLayout(holder)
        self._lines.setContentsMargins(0, 0, SPACE.base, 0)
        self._lines.setSpacing(SPACE.near)
        area = QScrollArea()
        area.setProperty("role", "plain")
        fill_scroll_area(area, holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.base)
        column.addLayout(head)
        column.addWidget(area, 1)

    def show_report(self, report: Mapping[str, Any]) -> None:
        """Shows a report as JSON has it."""
        batches = self.tr(" and ").join(str(c["batch"]) for c in report["compared"])
        good = report["agrees"] or not report["compared"]
        self.mark.setPixmap(icon("check-circle" if good else "warning", "success" if good else "warning").pixmap(20, 20))
        if not report["compared"]:
            self.title.setText(self.tr("The layers of the file, to be completed by you"))
        elif report["bitwise"]:
            self.title.setText(self.tr("It gives what the original gives, to the bit"))
        elif good:
            self.title.setText(self.tr("It gives what the original gives, to rounding"))
        else:
            self.title.setText(self.tr("It gives something else than the original"))
        clear(self._lines)
        compared = self.tr("Both ran on the same inputs, with batches of {0}.").format(batches)
        if not report["bitwise"]:
            compared += " " + self.tr("The outputs differ by {0:.1e} of their size at most.").format(report["largest"])
        if report["compared"]:
            self._say(compared, "muted")
        self._facts(report)
        self._section(
            self.tr("Without a block: nodes that run as they were written, on the shapes that they had"),
            [f"{count} × {reason}" for reason, count in sorted(report["opaque"].items(), key=lambda row: -row[1])],
        )
        decided = Counter(report["decisions"])
        self._section(
            self.tr("Python decided by numbers that follow from the inputs; the network has what it did this time"),
            [place + (f"  ×{times}" if times > 1 else "") for place, times in decided.items()],
        )
        self._section(self.tr("Also"), report["notes"])
        self._lines.addStretch()

    def _facts(self, report: Mapping[str, Any]) -> None:
        folded = ", ".join(f"{name} ×{times}" for name, times in report["folded"].items())
        rows = {
            self.tr("Nodes"): count_text(report["nodes"]),
            self.tr("Groups"): count_text(report["groups"]),
            self.tr("Folded"): folded or self.tr("nothing repeats"),
            self.tr("Without a block"): count_text(sum(report["opaque"].values())),
            self.tr("Found out"): report["way"],
            self.tr("Time"): f"{report['seconds']:.1f} s",
        }
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE.far)
        grid.setVerticalSpacing(SPACE.tight)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(rows.items()):
            label, words = QLabel(name), QLabel(value)
            label.setProperty("role", "muted")
            words.setWordWrap(True)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(words, row, 1)
        self._lines.addWidget(holder)

    def _section(self, heading: str, lines: list[str]) -> None:
        if lines:
            self._say(heading, "heading")
            for line in lines:
                self._say(line, "")

    def _say(self, text: str, role: str) -> None:
        label = QLabel(text)
        label.setWordWrap(True)
        label.setProperty("role", role)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if role == "heading":
            label.setContentsMargins(0, SPACE.near, 0, 0)
        self._lines.addWidget(label)
