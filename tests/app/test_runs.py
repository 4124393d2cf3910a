"""The list of runs: what it tells, compares, names, resumes and takes back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from app.panels.runs import NAME, STATE, TAGS
from app.window import MainWindow
from graph_engine.graph.commands import SetSettings
from graph_engine.training.events import Measured, Progress, StateChange
from graph_engine.training.rundir import Label, new_run, read_label, read_run, write_run
from graph_engine.training.state import RunState


@pytest.fixture
def folder(window: MainWindow) -> Path:
    """A finished run of the window's document."""
    made = new_run(window.session.document, window.run.home(window.session.document))
    rows = [{"step": n, "epoch": 1, "name": "train/loss", "value": 1.0 / n} for n in range(1, 101)]
    (made / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 101, "ep')
    write_run(made, replace(read_run(made), state=RunState.FINISHED, epochs=5, metrics={"val/loss": 0.25, "val/accuracy": 0.9}))
    window.runs.refresh()
    return made


def first(window: MainWindow) -> QTreeWidgetItem:
    """The first line of the list, which is made anew with every change."""
    item = window.runs_panel.list.topLevelItem(0)
    assert item is not None
    return item


def test_a_run_is_listed_with_what_came_of_it(window: MainWindow, folder: Path) -> None:
    assert [first(window).text(column) for column in range(4)] == ["001", "finished", "5", "Loss 0.2500   Accuracy 0.9000"]
    write_run(folder, replace(read_run(folder), state=RunState.RUNNING))
    window.runs.refresh()
    assert first(window).text(STATE) == "interrupted"


def test_a_ticked_run_lies_under_the_curves(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    window.need_charts()
    assert window.charts is not None
    with qtbot.waitSignal(window.runs.shown_changed):
        first(window).setCheckState(NAME, Qt.CheckState.Checked)
    plot = window.charts.plots["loss"]
    assert [overlay.name for overlay in plot._overlays] == ["001"]
    assert len(plot._overlays[0].series["train/loss"]) == 100
    first(window).setText(NAME, "baseline")
    qtbot.waitUntil(lambda: plot._overlays[0].name == "baseline")
    first(window).setCheckState(NAME, Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: not plot._overlays)


def test_name_and_tags_stay_with_the_run(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    first(window).setText(NAME, "baseline")
    qtbot.waitUntil(lambda: read_label(folder).name == "baseline")
    first(window).setText(TAGS, "good, small,good")
    qtbot.waitUntil(lambda: read_label(folder) == Label("baseline", ("good", "small")))
    assert first(window).text(TAGS) == "good, small"
    (folder / "label.json").write_text("tea")
    assert read_label(folder) == Label()


def test_the_document_of_a_run_is_taken_back(window: MainWindow, folder: Path) -> None:
    session = window.session
    before = session.graph.settings.training["batch_size"]
    session.execute(SetSettings(session.graph.settings.replaced("training.batch_size", before + 1), "training"))
    window.runs_panel.list.setCurrentItem(first(window))
    assert window.runs.differences(window.runs.entries[0]) == [f"batch_size {before} → {before + 1}"]
    assert str(before + 1) in window.runs_panel._about.text()
    session.history.mark_saved()
    window.runs_panel.restore_button.click()
    assert session.graph.settings.training["batch_size"] == before
    assert session.path is None


@pytest.mark.parametrize("told_first", [False, True])
def test_a_resumed_run_goes_on_with_its_curves(
    qtbot: QtBot, window: MainWindow, folder: Path, told_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = window.run
    monkeypatch.setattr(run.worker, "start", lambda: None)  # without a checkpoint it would begin the run again
    told = [StateChange(RunState.RUNNING), Progress(91, 200, 1, 2, 100.0), Measured("train/loss", 91, 1, 5.0)]
    window.resume_run(folder)
    if told_first:
        run.take(told)
    with qtbot.waitSignal(run.metrics_changed):
        pass
    if not told_first:
        assert len(run.series["train/loss"]) == 100
        run.take(told)
    assert len(run.series["train/loss"]) == 91
    assert run.series["train/loss"].last == 5.0
    assert run.series["train/loss"].at(1) == 1.0
    assert run.seconds_left is None, "one report tells no pace"
    qtbot.wait(20)
    run.take([Progress(92, 200, 1, 2, 100.0)])
    assert run.seconds_left is not None
    assert run.seconds_left > 2.0, "the steps before it went on do not count"
    assert not window.runs_panel.resume_button.isEnabled()
