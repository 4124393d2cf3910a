"""Edits the fields of forms as a user does, with what random values they take."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton

from app.widgets.form import Form, Row
from app.widgets.param_editors import BoolEditor, ChoiceEditor, PathEditor, TextEditor, value_text
from graph_engine.settings.option import OptionParam
from tests.engine.cases import random_value


def rows_of(form: Form) -> Iterator[Row]:
    """All rows of a form, those of chosen options included."""
    for name, row in form.rows.items():
        yield row
        if isinstance(row.param, OptionParam) and row.editor is not None:
            with contextlib.suppress(KeyError):  # the option has no parameters
                yield from rows_of(form.nested(name))


def edit_row(row: Row, rng: random.Random) -> None:
    """Edits one value, in the way of its editor."""
    editor = row.editor
    if rng.random() < 0.15:
        row.findChildren(QToolButton)[-1].click()
    elif isinstance(editor, PathEditor):
        return
    elif isinstance(editor, BoolEditor):
        editor.box.click()
    elif isinstance(editor, ChoiceEditor):
        index = rng.randrange(editor.box.count())
        editor.box.setCurrentIndex(index)
        editor.box.activated.emit(index)
    elif isinstance(editor, TextEditor) and rng.random() < 0.25:
        editor.field.setFocus()
        if not editor.field.hasFocus():
            return
        for _ in range(rng.randint(1, 3)):
            QTest.keyClick(editor.field, rng.choice([Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp]))
    elif isinstance(editor, TextEditor):
        text = value_text(random_value(row.param, rng)) if rng.random() < 0.85 else rng.choice(["-7", "x y", "1e999", "3,,"])
        write(editor.field, text, rng)


def write(field: QLineEdit, text: str, rng: random.Random) -> None:
    """Types into a field, where the keyboard can get there, and leaves it in one way or another."""
    field.setFocus()
    if not field.hasFocus():  # its panel is closed, or behind another
        return
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)
    if rng.random() < 0.7:
        QTest.keyClick(field, Qt.Key.Key_Return)
    if rng.random() < 0.7:
        field.clearFocus()
