"""The document beside its saved version and its runs: what is marked on the canvas, the way from change to change, what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.comparison_bar import ComparisonBar
from app.window import MainWindow
from graph_engine.graph.commands import Move, RemoveNodes, SetParams
from graph_engine.templates import template
from graph_engine.training.rundir import new_run, read_run, write_run


@pytest.fixture
def edited(window: MainWindow, tmp_path: Path) -> MainWindow:
    """A saved document with an addition, a removal, a change and a move since."""
    session = window.session
    session.save(tmp_path / "net.archloom")
    graph = session.document
    session.execute(SetParams(graph.named("conv1").id, {"out_channels": 16}))
    session.execute(RemoveNodes([graph.named("relu4").id]))
    linear = graph.named("linear2")
    session.execute(Move({linear.id: (linear.position[0] + 32, linear.position[1])}))
    window.edits.add("Dropout")
    return window


def bar(window: MainWindow) -> ComparisonBar:
    found = window.findChild(ComparisonBar)
    assert isinstance(found, ComparisonBar)
    return found


def test_what_is_different_from_the_file_is_marked(edited: MainWindow) -> None:
    edited.actions_["compare_saved"].trigger()
    graph, marks = edited.session.document, edited.canvas.canvas.differences
    assert {graph[id].name: kind for id, kind in marks._marks.items()} == {
        "conv1": "changed", "linear2": "changed", "dropout1": "added"
    }  # fmt: skip
    assert [shade.node.name for shade in marks.shades.values()] == ["relu4"]
    assert "1 added, 1 removed, 2 changed" in bar(edited).words.text() and not bar(edited).isHidden()


def test_marks_follow_edits_until_the_comparison_ends(qtbot: QtBot, edited: MainWindow) -> None:
    edited.comparison.with_saved()
    while edited.session.history.done:
        edited.undo()
    qtbot.waitUntil(lambda: "nothing is different" in bar(edited).words.text())
    assert not edited.canvas.canvas.differences.shades
    edited.redo()
    qtbot.waitUntil(lambda: "1 changed" in bar(edited).words.text())
    edited.canvas.setFocus()
    qtbot.keyClick(edited.canvas, Qt.Key.Key_Escape)
    assert edited.comparison.found is None and bar(edited).isHidden() and not edited.canvas.canvas.differences._marks
    assert not edited.actions_["change_next"].isEnabled()


def test_the_way_leads_from_change_to_change_and_round(edited: MainWindow) -> None:
    edited.comparison.with_saved()
    seen = []
    for _ in edited.comparison.changes:
        edited.actions_["change_next"].trigger()
        assert edited.comparison.place is not None
        seen.append(edited.comparison.changes[edited.comparison.place].node.name)
    assert sorted(seen) == ["conv1", "dropout1", "linear2", "relu4"]
    edited.actions_["change_next"].trigger()
    assert edited.comparison.place == 0 and "1/4" in bar(edited).words.text()
    edited.actions_["change_previous"].trigger()
    assert edited.comparison.place == 3


def test_a_change_inside_a_group_marks_the_groups_around_it(window: MainWindow, tmp_path: Path) -> None:
    window.documents.new_from(template("hybrid_digits"))
    session = window.session
    session.save(tmp_path / "net.archloom")
    session.enter(session.document.named("image").id)
    session.execute(SetParams(session.graph.named("max_pool1").id, {"ceil_mode": True}))
    window.comparison.with_saved()
    marks = window.canvas.canvas.differences
    assert [session.graph[id].name for id in marks._marks] == ["max_pool1"]
    session.leave()
    assert {session.graph[id].name: kind for id, kind in marks._marks.items()} == {"image": "changed"}
    window.comparison.step(1)
    assert session.place, "the way leads inside"


def test_the_bar_says_what_the_change_did(window: MainWindow) -> None:
    session, home = window.session, window.run.home(window.session.document)
    folders = []
    for accuracy in (0.9, 0.95):
        folder = new_run(session.document, home)
        record = read_run(folder)
        record.metrics["val/accuracy"] = accuracy  # type: ignore[index]
        write_run(folder, record)
        folders.append(folder)
        session.execute(SetParams(session.document.named("conv1").id, {"out_channels": 16}))
    window.runs.refresh()
    window.comparison.with_run(folders[0], folders[0].name)
    assert window.comparison.metrics == {"val/accuracy": (0.9, 0.95)}
    assert "0.9" in bar(window).words.text() and "0.95" in bar(window).words.text()


def test_what_cannot_be_compared_is_told(qtbot: QtBot, window: MainWindow) -> None:
    for compare in (window.comparison.with_saved, window.comparison.with_last_run):
        with qtbot.waitSignal(window.comparison.failed) as told:
            compare()
        assert "nothing to compare it with" in told.args[0]
    assert window.comparison.found is None
