"""The dialog in which every action gets the keys that its user wants. What is changed holds at once and is remembered."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.actions import ACTIONS, MENUS, Actions, named, plain, translated
from app.fuzzy import score
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.scroll import fill_scroll_area

KEYS = 2
"""So many keys an action can have."""
FIXED = ("Space", "Esc", "Left", "Right", "Up", "Down", "Tab", "Return", "Enter")
"""Keys that belong to the canvas and to fields."""


class Row(QWidget):
    """One action with its keys."""

    def __init__(self, dialog: ShortcutEditor, id: str, name: str):
        super().__init__()
        self.id = id
        self.name = name
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE.near)
        line.addWidget(QLabel(name), 1)
        self.edits: list[QKeySequenceEdit] = []
        for place in range(KEYS):
            edit = QKeySequenceEdit()
            edit.setMaximumSequenceLength(1)
            edit.setFixedWidth(132)
            label = dialog.tr("Key of {0}") if place == 0 else dialog.tr("Other key of {0}")
            edit.setAccessibleName(label.format(name))
            field = edit.findChildren(QLineEdit)[0]
            field.setToolTip(dialog.tr("Click, then press the keys"))
            # Qt's own button to clear says the same as the first key of a new sequence
            clear = field.addAction(icon("x", "text_faint"), QLineEdit.ActionPosition.TrailingPosition)
            clear.setToolTip(dialog.tr("No key"))
            clear.triggered.connect(partial(dialog.empty, self, place))
            edit.editingFinished.connect(partial(dialog.take, self, place))
            self.edits.append(edit)
            line.addWidget(edit)
        self.reset = QToolButton()
        self.reset.setIcon(icon("arrow-counter-clockwise"))
        self.reset.setToolTip(dialog.tr("As it was first"))
        self.reset.setAccessibleName(dialog.tr("Reset the keys of {0}").format(name))
        self.reset.clicked.connect(partial(dialog.reset, self))
        line.addWidget(self.reset)

    def show_keys(self, keys: list[QKeySequence], is_first: bool) -> None:
        """Shows the keys that the action has."""
        for place, edit in enumerate(self.edits):
            edit.blockSignals(True)
            edit.setKeySequence(keys[place] if place < len(keys) else QKeySequence())
            edit.blockSignals(False)
            field = edit.findChildren(QLineEdit)[0]
            field.setPlaceholderText("")
            field.actions()[0].setVisible(place < len(keys))
        self.reset.setEnabled(not is_first)


class ShortcutEditor(QDialog):
    """Lists all actions with fields for their keys.

    Args:
        window: its parent.
        actions: whose keys are changed.

    Attributes:
        rows: a row for each action, by its id.
        words: what became of the last change.
        take_over: gives a key to the action that asked for it, away from the one that has it.
    """

    def __init__(self, window: QWidget, actions: Actions):
        super().__init__(window)
        self._actions = actions
        self._wanted: tuple[Row, int, QKeySequence, str] | None = None
        self.setWindowTitle(self.tr("Change Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.rows: dict[str, Row] = {}
        self._headings: list[tuple[QLabel, list[Row]]] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Search actions"))
        self.field.setAccessibleName(self.tr("Search actions"))
        self.field.setClearButtonEnabled(True)
        self.field.addAction(icon("magnifying-glass", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._search)
        area = QScrollArea()
        fill_scroll_area(area, self._make_rows())
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.take_over = QPushButton(self.tr("Use It Here"))
        self.take_over.setAutoDefault(False)
        self.take_over.hide()
        self.take_over.clicked.connect(self._take_over)
        told = QHBoxLayout()
        told.setContentsMargins(SPACE.far, 0, SPACE.far, 0)
        told.addWidget(self.words, 1)
        told.addWidget(self.take_over)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.RestoreDefaults)
        for button in buttons.buttons():
            button.setAutoDefault(False)  # type: ignore[attr-defined]
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(self.reset_all)
        top = QHBoxLayout()
        top.setContentsMargins(SPACE.far, SPACE.base, SPACE.far, SPACE.near)
        top.addWidget(self.field)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(SPACE.far, 0, SPACE.far, SPACE.base)
        bottom.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(area, 1)
        column.addLayout(told)
        column.addLayout(bottom)
        self.resize(620, 640)
        self._refresh()

    def take(self, row: Row, place: int) -> None:
        """A key was typed into a row: it is taken, or the action that has it is told."""
        key = row.edits[place].keySequence()
        if key.isEmpty() or key in self._actions[row.id].shortcuts():
            return
        text = key.toString(QKeySequence.SequenceFormat.NativeText)
        if key.toString() in FIXED:
            self._refresh()
            self._tell(self.tr("{0} belongs to the canvas and to fields, and cannot be changed.").format(text))
            return
        other = next((id for id in self.rows if id != row.id and key in self._actions[id].shortcuts()), None)
        if other is not None:
            self._refresh()
            self._tell(self.tr("{0} already means {1}.").format(text, self.rows[other].name))
            self._wanted = row, place, key, other
            self.take_over.show()
            return
        self._give(row, place, key)
        self._tell(self.tr("{0} now means {1}.").format(text, row.name))

    def empty(self, row: Row, place: int) -> None:
        """The key in a field is to mean nothing any more."""
        if place < len(self._actions[row.id].shortcuts()):
            self._give(row, place, QKeySequence())

    def reset(self, row: Row) -> None:
        """Gives an action the keys that it had first, as far as no other has them now."""
        self._actions.rebind(row.id, None)
        self._refresh()
        mine = self._actions[row.id].shortcuts()
        others = [r.name for id, r in self.rows.items() if id != row.id and any(k in mine for k in self._actions[id].shortcuts())]
        self._tell("")
        if others:
            kept = [k for k in mine if not any(k in self._actions[id].shortcuts() for id in self.rows if id != row.id)]
            self._actions.rebind(row.id, kept)
            self._refresh()
            self._tell(self.tr("Its first key means {0} now; reset that as well.").format(others[0]))

    def reset_all(self) -> None:
        """Gives all actions the keys that they had first."""
        for id in self.rows:
            self._actions.rebind(id, None)
        self._refresh()
        self._tell(self.tr("All keys are as they were first."))

    def _make_rows(self) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(SPACE.far, 0, SPACE.far, SPACE.near)
        grid.setVerticalSpacing(SPACE.tight)
        for path, title in MENUS.items():
            acts = [a for a in ACTIONS if a.menu.partition("/")[0] == path]
            if "/" in path or not acts:
                continue
            heading = QLabel(plain(translated(title)))
            heading.setProperty("role", "heading")
            heading.setContentsMargins(0, SPACE.base, 0, 0)
            grid.addWidget(heading, grid.rowCount(), 0)
            rows = [Row(self, a.id, plain(named(a))) for a in acts]
            for row in rows:
                grid.addWidget(row, grid.rowCount(), 0)
                self.rows[row.id] = row
            self._headings.append((heading, rows))
        grid.setRowStretch(grid.rowCount(), 1)
        return page

    def _search(self, text: str) -> None:
        for heading, rows in self._headings:
            for row in rows:
                keys = " ".join(k.toString() for k in self._actions[row.id].shortcuts()).lower()
                row.setVisible(score(text, row.name, keys) is not None)
            heading.setVisible(any(not row.isHidden() for row in rows))

    def _give(self, row: Row, place: int, key: QKeySequence) -> None:
        keys = self._actions[row.id].shortcuts()
        keys[place : place + 1] = [key]
        self._actions.rebind(row.id, [k for k in keys if not k.isEmpty()])
        self._refresh()

    def _take_over(self) -> None:
        assert self._wanted is not None
        row, place, key, other = self._wanted
        self._actions.rebind(other, [k for k in self._actions[other].shortcuts() if k != key])
        self._give(row, place, key)
        text = key.toString(QKeySequence.SequenceFormat.NativeText)
        self._tell(self.tr("{0} now means {1}, and no longer {2}.").format(text, row.name, self.rows[other].name))

    def _tell(self, text: str) -> None:
        self.words.setText(text)
        self.take_over.hide()
        self._wanted = None

    def _refresh(self) -> None:
        for id, row in self.rows.items():
            row.show_keys(self._actions[id].shortcuts(), self._actions.is_first(id))
