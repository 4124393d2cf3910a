"""Editors and forms: what is typed, what is told, what is refused."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidgetItem, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.editors import EDITORS, editor_for
from app.widgets.form import Form
from app.widgets.highlight import python_spans
from app.widgets.row_list import RowList
from app.widgets.text import bytes_text, count_text, short_text, time_text
from graph_engine.blocks import registry
from graph_engine.settings.option import OptionParam
from graph_engine.settings.schema import SECTIONS
from graph_engine.spec.params import BoolParam, FloatParam, FloatsParam, IntParam, IntsParam, Param, ShapeParam
from graph_engine.spec.tensor import Dim


def test_every_declared_kind_has_an_editor() -> None:
    settings = [p for params in SECTIONS.values() for p in params]
    inner = [p for setting in settings if isinstance(setting, OptionParam) for option in setting.options for p in option.params]
    declared = {p.kind for spec in registry() for p in spec.params if p.visible != "never"} | {
        p.kind for p in settings + inner if p.visible != "never"
    }
    assert declared <= EDITORS.keys()


@pytest.mark.parametrize(
    ("param", "typed", "value"),
    [
        (IntParam(name="n", help=".", default=1, minimum=1), "64", 64),
        (FloatParam(name="x", help=".", default=0.1), "1e-3", 0.001),
        (IntsParam(name="k", help=".", default=1, length=2), "3, 5", (3, 5)),
        (IntsParam(name="k", help=".", default=1, length=2), "3", 3),
        (IntsParam(name="p", help=".", default=0, words=("same",)), "same", "same"),
        (FloatsParam(name="b", help=".", default=(0.9, 0.99)), "0.8, 0.9", (0.8, 0.9)),
        (ShapeParam(name="s", help="."), "T, 28", ("T", 28)),
        (ShapeParam(name="s", help="."), "1×28×28", (1, 28, 28)),
        (registry()["Einsum"].param("equation"), "bi,bj->bij", "bi,bj->bij"),
    ],
)
def test_typed_text_becomes_the_stored_value(qtbot: QtBot, param: Param, typed: str, value: object) -> None:
    form = Form([param])
    qtbot.addWidget(form)
    form.show()
    got: list[object] = []
    form.edited.connect(lambda name, new, gesture: got.append(new))
    field = form.rows[param.name].editor.field
    field.setFocus()
    field.clear()
    qtbot.keyClicks(field, typed)
    assert got[-1] == value


def test_a_tick_may_be_left_out_where_the_parameter_may(qtbot: QtBot) -> None:
    form = Form([BoolParam(name="align", help=".", default=None), BoolParam(name="bias", help=".", default=True)])
    qtbot.addWidget(form)
    form.show_values({"align": None, "bias": True})
    got: list[tuple[str, object]] = []
    form.edited.connect(lambda name, new, gesture: got.append((name, new)))
    align, bias = (form.rows[name].editor.box for name in ("align", "bias"))
    assert align.checkState() is Qt.CheckState.PartiallyChecked
    for _ in range(3):
        align.click()
    for _ in range(2):
        bias.click()
    assert got == [("align", True), ("align", False), ("align", None), ("bias", False), ("bias", True)]


def test_refusal_is_told_and_leaving_takes_it_back(qtbot: QtBot) -> None:
    form = Form([IntParam(name="n", help=".", default=4, minimum=1, maximum=9)])
    qtbot.addWidget(form)
    form.show()
    form.show_values({"n": 4})
    got: list[object] = []
    form.edited.connect(lambda name, new, gesture: got.append(new))
    row = form.rows["n"]
    row.editor.field.setFocus()
    qtbot.keyClicks(row.editor.field, "00")
    assert not got
    assert "from 1 to 9" in row._problem.text()
    assert row.editor.field.property("invalid")
    qtbot.keyClick(row.editor.field, Qt.Key.Key_Return)
    assert row.editor.field.text() == "4"
    assert row._problem.isHidden()


def test_arrow_keys_step_within_limits(qtbot: QtBot) -> None:
    form = Form([IntParam(name="n", help=".", default=8, maximum=9), FloatParam(name="lr", help=".", default=0.001, minimum=0.0)])
    qtbot.addWidget(form)
    form.edited.connect(lambda name, value, _: form.show_values({"n": 9, "lr": 0.001} | {name: value}))
    form.show_values({"n": 9, "lr": 0.001})
    number, rate = form.rows["n"].editor.field, form.rows["lr"].editor.field
    qtbot.keyClick(number, Qt.Key.Key_Up)
    assert number.text() == "9"
    qtbot.keyClick(rate, Qt.Key.Key_Down)
    assert rate.text() == "0.0009"


def test_keys_of_one_visit_are_one_gesture(qtbot: QtBot) -> None:
    form = Form([IntParam(name="n", help=".", default=4)])
    qtbot.addWidget(form)
    tokens: list[object] = []
    form.edited.connect(lambda name, value, gesture: tokens.append(gesture))
    field = form.rows["n"].editor.field
    qtbot.keyClicks(field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "3")
    assert len(tokens) == 3
    assert tokens[0] is tokens[1]
    assert tokens[1] is not tokens[2]


def test_inferred_value_stands_in_grey(qtbot: QtBot) -> None:
    editor = editor_for(IntParam(name="in_channels", help=".", inferred=True))
    qtbot.addWidget(editor)
    editor.show_value(None, 32)
    assert editor.field.text() == ""
    assert editor.field.placeholderText() == "32"


def test_option_brings_its_parameters(qtbot: QtBot) -> None:
    param = next(p for p in SECTIONS["training"] if p.name == "optimizer")
    form = Form([param])
    qtbot.addWidget(form)
    form.show_values({"optimizer": param.parse("SGD")})
    assert "momentum" in form.nested("optimizer").rows
    form.show_values({"optimizer": param.parse("AdamW")})
    assert "momentum" not in form.nested("optimizer").rows
    parts: list[str] = []
    form.edited.connect(lambda name, value, gesture: parts.append(name))
    qtbot.keyClicks(form.nested("optimizer").rows["lr"].editor.field, "1")
    assert parts == ["optimizer.lr"]


def test_spans_cover_doc_strings_of_many_lines() -> None:
    spans = python_spans('"""One.\n\nTwo."""\nx = 1  # why\n')
    assert [kind for line in spans for _, _, kind in line] == ["string", "string", "operator", "number", "comment"]
    assert spans[2] == [(0, 7, "string")]


def test_figures_read_well() -> None:
    assert count_text(93322) == "93,322"
    assert short_text(5_590_000, "FLOP") == "5.59 MFLOP"
    assert short_text(Dim.named("T") * 2, "FLOP") == "2*T FLOP"
    assert bytes_text(2048) == "2.0 kB"
    assert time_text(75) == "1 min 15 s"


def test_rows_are_made_when_they_come_into_view(qtbot: QtBot) -> None:
    made: list[int] = []

    def make(row: int) -> QWidget:
        made.append(row)
        widget = QLabel(f"row {row}")
        widget.setMinimumHeight(20 + 20 * (row % 4))
        return widget

    rows = RowList(make)
    qtbot.addWidget(rows)
    rows.resize(300, 400)
    for _ in range(500):
        rows.add(QListWidgetItem())
    rows.make_seen()
    assert not made

    def seen() -> set[int]:
        return {i for i in range(500) if rows.visualItemRect(rows.item(i)).intersects(rows.viewport().rect())}

    with qtbot.waitExposed(rows):
        rows.show()
    assert made == [*range(len(made))] and seen() <= {*made} and len(made) < 20

    def at_the_end() -> bool:
        rows.scrollToBottom()  # rows that have come into view may be higher than those that had not
        return 499 in seen() <= {*made}

    qtbot.waitUntil(at_the_end)
    assert len(made) < 60
    assert isinstance(label := rows.row_widget(0), QLabel) and label.text() == "row 0" and made.count(0) == 1
