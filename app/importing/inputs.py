"""The page that says with which inputs a module runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app.importing.labels import title_label
from app.theme.tokens import SPACE
from app.widgets.layouts import clear
from app.widgets.scroll import fill_scroll_area
from app.widgets.text import count_text
from graph_engine.spec.tensor import ITEM_SIZES


class InputsPage(QWidget):
    """Says what the module is given when it runs.

    Signals:
        changed: `shapes` may be others.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._rows: dict[str, InputRow] = {}
        self.title = title_label("")
        self.more = QLabel()
        self.more.setWordWrap(True)
        self.more.setProperty("role", "muted")
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setProperty("role", "warning")
        holder = QWidget()
        self._grid = QGridLayout(holder)
        self._grid.setContentsMargins(0, 0, SPACE.base, 0)
        self._grid.setHorizontalSpacing(SPACE.base)
        self._grid.setVerticalSpacing(SPACE.near)
        self._grid.setColumnStretch(1, 1)
        area = QScrollArea()
        area.setProperty("role", "plain")
        fill_scroll_area(area, holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.base)
        column.addWidget(self.title)
        column.addWidget(self.more)
        column.addWidget(area, 1)
        column.addWidget(self.problem)

    @property
    def arguments(self) -> list[str]:
        """Of the module's ``forward``, in order."""
        return list(self._rows)

    @property
    def shapes(self) -> dict[str, str]:
        """What it is given, by argument."""
        return {name: row.text for name, row in self._rows.items() if row.is_given}

    @property
    def is_complete(self) -> bool:
        """Whether something is given, and each of it has a shape."""
        return bool(self.shapes) and all(row.is_legal for row in self._rows.values() if row.is_given)

    def show_module(self, found: Mapping[str, Any]) -> None:
        """Shows what was found, as `graph_engine.importer` replies."""
        self.title.setText(self.tr("{0} · {1} parameters").format(found["name"], count_text(found["parameters"])))
        tried = self.tr("It runs on inputs of these shapes, which fit its first layers. Others may be what you want.")
        open_ = self.tr("Say which shapes it takes.")
        if found["is_file"]:
            tried = self.tr("The file was made for inputs of these shapes.")
        self.more.setText((open_ if found["problem"] else tried) + " " + self.tr("Each is that of one sample, without the batch."))
        self.problem.setText(self.tr("On these shapes it does not run: {0}").format(found["problem"]) if found["problem"] else "")
        self.problem.setVisible(bool(found["problem"]))
        clear(self._grid)
        self._rows = {}
        for column, text in enumerate((self.tr("Input"), self.tr("Shape"), self.tr("Type"))):
            label = QLabel(text)
            label.setProperty("role", "heading")
            self._grid.addWidget(label, 0, column)
        for place, one in enumerate(found["inputs"], 1):
            row = self._rows[one["name"]] = InputRow(one["name"], one["shape"], required=one["required"])
            row.changed.connect(self.changed)
            for column, widget in enumerate((row.label, row.shape, row.dtype, row.below)):
                self._grid.addWidget(widget, place, column)
        for place in range(self._grid.rowCount()):
            self._grid.setRowStretch(place, 0)
        self._grid.setRowStretch(len(self._rows) + 1, 1)

    def focus_first(self) -> None:
        """Puts the keyboard into the first shape."""
        next((row.shape for row in self._rows.values() if row.is_given), self).setFocus()


class InputRow(QWidget):
    """What one argument is given: whether, which shape, which type.

    Signals:
        changed: it may be given another.
    """

    changed = Signal()

    def __init__(self, name: str, text: str, *, required: bool):
        super().__init__()
        shape, _, below = text.partition("<")
        shape, _, dtype = shape.partition(":")
        self.given = QCheckBox(name)
        self.given.setChecked(required or bool(text))
        self.label = QLabel(name) if required else self.given
        self.shape = QLineEdit(shape.replace("x", " × "))
        self.shape.setPlaceholderText("3 × 224 × 224")
        self.shape.setAccessibleName(self.tr("Shape of {0}").format(name))
        self.dtype = QComboBox()
        self.dtype.addItems(list(ITEM_SIZES))
        self.dtype.setCurrentText(dtype or "float32")
        self.dtype.setAccessibleName(self.tr("Type of {0}").format(name))
        self.below = QLineEdit(below)
        self.below.setFixedWidth(96)
        self.below.setPlaceholderText(self.tr("below 2"))
        self.below.setAccessibleName(self.tr("What the numbers of {0} stay below").format(name))
        self.below.setToolTip(self.tr("Whole numbers stay below this: the rows of the first table, for instance"))
        self.given.toggled.connect(self._follow)
        self.dtype.currentIndexChanged.connect(self._follow)
        for field in (self.shape, self.below):
            field.textChanged.connect(self._follow)
        self._follow()

    @property
    def is_given(self) -> bool:
        return self.given.isChecked()

    @property
    def is_legal(self) -> bool:
        """Whether what is typed is a shape; none at all is one number for each sample."""
        sizes = self._sizes()
        return all(s.isdecimal() and int(s) > 0 for s in sizes) and (not self.below.text() or self.below.text().isdecimal())

    @property
    def text(self) -> str:
        """As `graph_engine.importing.source` reads it."""
        below = f"<{self.below.text()}" if self.below.text() and self._is_whole() else ""
        return f"{'x'.join(self._sizes())}:{self.dtype.currentText()}{below}"

    def _sizes(self) -> list[str]:
        words = self.shape.text().lower().replace("×", " ").replace("x", " ").replace(",", " ").replace("*", " ")
        return words.strip("() ").split()

    def _is_whole(self) -> bool:
        return "int" in self.dtype.currentText()

    def _follow(self) -> None:
        for field in (self.shape, self.dtype):
            field.setEnabled(self.is_given)
        self.below.setEnabled(self.is_given)
        self.below.setVisible(self._is_whole())
        self.shape.setProperty("invalid", self.is_given and not self.is_legal)
        self.shape.style().unpolish(self.shape)
        self.shape.style().polish(self.shape)
        self.changed.emit()
