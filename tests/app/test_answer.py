"""Answers of a network that was trained for a moment, from the button to the setting."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.panels.answer import AnswerDialog
from app.panels.budget import BudgetDialog
from app.window import MainWindow
from graph_engine.graph.commands import SetParams
from graph_engine.training.events import Budgeted, Probed
from graph_engine.training.state import RunState


def test_the_button_asks_and_the_answer_is_taken_over_as_one_step(qtbot: QtBot, window: MainWindow) -> None:
    run = window.run
    with qtbot.waitSignal(run.worker.ready, timeout=60_000):
        run.worker.start()
    with qtbot.waitSignal(run.probed, timeout=60_000):
        window.actions_["find_rate"].trigger()
        assert run.is_probing
        assert not window.actions_["run"].isEnabled()
    assert run.state == RunState.IDLE
    assert not window.runs.entries, "no run is left behind"
    dialog = window.trials.answer
    assert isinstance(dialog, AnswerDialog)
    assert dialog.use_button is not None
    before = window.session.document.settings
    dialog.use_button.click()
    assert window.session.document.settings.training["optimizer"].params["lr"] == dialog._answer.answer
    window.session.undo()
    assert window.session.document.settings == before


def test_every_answer_has_words(qtbot: QtBot, window: MainWindow) -> None:
    answers = [
        Probed("rate", (1e-3, 1e-2, 1e-1), (2.0, 1.0, 3.0), 1e-2),
        Probed("rate", (1e-3, 1e-2), (2.0, 2.0), None),
        Probed("batch", (1.0, 2.0), (2.0, 0.1), 2.0),
        Probed("batch", (1.0, 2.0), (2.0, math.nan), None),
        Probed("rate", (), (), None, "The memory is used up."),
    ]
    heads = set()
    for answer in answers:
        dialog = AnswerDialog(window.session, answer)
        qtbot.addWidget(dialog)
        dialog.show()
        assert dialog.words.text()
        heads.add(dialog._words()[0])
    assert len(heads) == len(answers)


def test_the_cost_of_a_run_is_measured_and_leads_to_its_nodes(qtbot: QtBot, window: MainWindow) -> None:
    run = window.run
    with qtbot.waitSignal(run.worker.ready, timeout=60_000):
        run.worker.start()
    with qtbot.waitSignal(run.probed, timeout=60_000):
        window.actions_["measure_cost"].trigger()
    dialog = window.trials.answer
    assert isinstance(dialog, BudgetDialog)
    document = window.session.document
    rows = [dialog.tree.topLevelItem(row) for row in range(dialog.tree.topLevelItemCount())]
    names = [row.text(0) for row in rows if row is not None]
    assert set(names) == {node.name for node in document if node.block not in ("Input", "Output")}
    slowest = rows[0]
    assert slowest is not None
    dialog.tree.itemActivated.emit(slowest, 0)
    assert not dialog.isVisible()
    assert window.canvas.selected_nodes() == (document.named(names[0]).id,)


def test_what_does_not_fit_is_said(qtbot: QtBot, window: MainWindow) -> None:
    answer = Budgeted("cpu", 64, 400_000_000, 0, 10**9, 10**9, 10**9, 2 * 10**9, 9 * 10**9, 10**9, 4 * 10**9, 100, 5)
    dialog = BudgetDialog(window.session.document, answer)
    qtbot.addWidget(dialog)
    assert answer.missing == 11 * 10**9
    assert "15.0 GB" in dialog.words.text()
    assert "batch size" in dialog.words.text()


def test_a_run_that_is_larger_than_the_memory_is_asked_about(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(box: QMessageBox) -> None:
        asked.append(box.informativeText())

    monkeypatch.setattr(QMessageBox, "exec", refuse)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1_000_000}))
    window.actions_["run"].trigger()
    assert len(asked) == 1
    assert "1.0 MB" in asked[0]
    assert window.run.state == RunState.IDLE


def test_a_graph_with_errors_is_not_tried(window: MainWindow, monkeypatch: object) -> None:
    told: list[str] = []
    window.documents.complain = lambda title, error: told.append(str(error))  # type: ignore[method-assign]
    window.session.execute(SetParams(window.session.document.named("conv1").id, {"kernel_size": 40}))
    window.trials.ask("rate")
    assert told
    assert not window.run.is_probing
    assert not list(Path(window.run.home(window.session.document)).glob("*"))
