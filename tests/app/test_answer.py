"""Answers of a network that was trained for a moment, from the button to the setting."""

from __future__ import annotations

import math
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.panels.answer import AnswerDialog
from app.window import MainWindow
from graph_engine.graph.commands import SetParams
from graph_engine.training.events import Probed
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
    assert dialog is not None
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


def test_a_graph_with_errors_is_not_tried(window: MainWindow, monkeypatch: object) -> None:
    told: list[str] = []
    window.documents.complain = lambda title, error: told.append(str(error))  # type: ignore[method-assign]
    window.session.execute(SetParams(window.session.document.named("conv1").id, {"kernel_size": 40}))
    window.trials.ask("rate")
    assert told
    assert not window.run.is_probing
    assert not list(Path(window.run.home(window.session.document)).glob("*"))
