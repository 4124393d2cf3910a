"""The results of a run, from the cell of a confusion matrix to the samples behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from app.widgets.matrix import ConfusionMatrix
from app.window import MainWindow
from graph_engine.templates import template
from graph_engine.training.results import Classes, Curve, Mistake, Quantities, Results
from graph_engine.training.rundir import WEIGHTS, prepare
from graph_engine.training.sample import Sample
from graph_engine.training.state import RunState

PICTURE = ((0, 255), (255, 0))
CURVE = Curve("b", ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0)), 1.0, ((1.0, 1.0, 0.0), (0.5, 1.0, 1.0)), 1.0)
CLASSES = Classes(
    "letter",
    ("a", "b"),
    ((3, 1), (2, 4)),
    (
        Mistake(7, 1, 0, 0.9, Sample("# 7", "b", "a", PICTURE)),
        Mistake(3, 0, 1, 0.8, Sample("# 3", "a", "b", PICTURE)),
        Mistake(5, 1, 0, 0.6, Sample("# 5", "b", "a", PICTURE)),
    ),
    (CURVE,),
)
QUANTITIES = Quantities("size", (1.0, 2.0, 3.0), (1.5, 2.0, 2.5), (0, 1, 2), 0.0, 0.4, 0.75)


@pytest.fixture
def panel(qtbot: QtBot, window: MainWindow, tmp_path: Path):
    """The panel of a shown window, and what answers in place of a training process."""
    asked: list[tuple[Path, str]] = []
    window.run.worker.judge = lambda folder, part: asked.append((folder, part))  # type: ignore[method-assign]
    window.run.worker.start = lambda: None  # type: ignore[method-assign]
    window.run.folder = tmp_path / "001"
    prepare(window.session.document, window.run.folder)
    (window.run.folder / WEIGHTS).write_bytes(b"")
    window.show()
    window.docks.show("results")
    return window.results_panel, asked


def answer(window: MainWindow, folder: Path, part: str = "validation", **found: object) -> None:
    window.run.take([Results(str(folder), part, 10, **found)])  # type: ignore[arg-type]


def test_results_are_asked_for_once_when_the_run_is_over_and_they_can_be_seen(window: MainWindow, panel) -> None:
    shown, asked = panel
    assert asked == []
    window.docks.show("code")
    window.run._become(RunState.FINISHED)
    assert asked == [], "nobody looks"
    window.docks.show("results")
    assert asked == [(window.run.folder, "validation")]
    window.docks.show("code")
    window.docks.show("results")
    assert len(asked) == 1
    answer(window, window.run.folder, classes=(CLASSES,))
    assert "70.0% right" in shown.words.text()
    shown.part.setCurrentIndex(1)
    shown.part.activated.emit(1)
    assert asked[1:] == [(window.run.folder, "test")]
    answer(window, window.run.folder, "validation", classes=(CLASSES,))
    assert window.results.is_asking, "an answer to the question before"
    answer(window, window.run.folder, "test", classes=(CLASSES,))
    assert not window.results.is_asking
    window.run._become(RunState.STARTING)
    window.run._become(RunState.FINISHED)
    assert len(asked) == 3, "the weights are others now"


def test_a_cell_leads_to_its_samples_by_mouse_and_by_keys(qtbot: QtBot, window: MainWindow, panel) -> None:
    shown, _ = panel
    window.run._become(RunState.FINISHED)
    answer(window, window.run.folder, classes=(CLASSES,))
    assert shown.mistakes.count() == 3
    assert shown.mistakes.viewMode() == QListWidget.ViewMode.IconMode
    qtbot.mouseClick(shown.matrix, Qt.MouseButton.LeftButton, pos=shown.matrix.centre_of((1, 0)))
    assert shown.caption.text() == "b taken for a: 2 of 6"
    assert [shown.mistakes.item(row).text() for row in range(shown.mistakes.count())] == ["b → a", "b → a"]
    shown.matrix.setFocus()
    qtbot.keyClick(shown.matrix, Qt.Key.Key_Up)
    assert shown.caption.text() == "a: 3 of 4 right"
    assert shown.matrix.accessibleDescription() == "a: 3 of 4 right"
    assert shown.mistakes.count() == 0
    qtbot.keyClick(shown.matrix, Qt.Key.Key_Escape)
    assert shown.mistakes.count() == 3
    assert not window.live.is_on
    shown.mistakes.itemActivated.emit(shown.mistakes.item(0))
    assert (window.live.is_on, window.live.part, window.live.sample) == (True, "validation", 7)


def test_every_kind_of_target_has_its_pictures(qtbot: QtBot, window: MainWindow, panel) -> None:
    shown, _ = panel
    window.run._become(RunState.FINISHED)
    answer(window, window.run.folder, classes=(CLASSES,), quantities=(QUANTITIES,))
    assert shown.target.isVisible()
    seen = []
    for target in range(shown.target.count()):
        shown.target.setCurrentIndex(target)
        for kind in range(shown.kind.count()):
            shown.kind.setCurrentIndex(kind)
            window.themes.set_mode("dark" if kind % 2 else "light")
            assert not shown.grab().isNull()
            seen.append(shown.kind.currentText())
    assert seen == ["Confusions", "ROC curves", "Precision and recall", "Found and expected", "Differences"]
    assert "R² 0.75" in shown.words.text()


def test_no_results_are_said_in_words(window: MainWindow, panel) -> None:
    shown, asked = panel
    assert "No results yet" in shown._empty._title.text()
    window.run._become(RunState.FINISHED)
    assert "Looking" in shown._empty._title.text()
    answer(window, window.run.folder, message="There is no such file.")
    assert shown._empty._hint.text() == "There is no such file."
    window.show_results(Path("/elsewhere/002"), "the best")
    assert asked[-1] == (Path("/elsewhere/002"), "validation")
    answer(window, Path("/elsewhere/002"), quantities=(QUANTITIES,))
    assert "Run the best" in shown.words.text()


def test_a_process_that_judging_ends_is_not_asked_again_and_again(window: MainWindow, panel) -> None:
    shown, asked = panel
    window.run._become(RunState.FINISHED)
    window.run.worker.died.emit("It is gone.")
    assert len(asked) == 1
    assert shown._empty._hint.text() == "It is gone. Runs can ask for the results again."


def test_what_is_shown_stays_when_something_else_is_asked_of_the_network(window: MainWindow, panel) -> None:
    shown, asked = panel
    window.run._become(RunState.FINISHED)
    window.show_results(Path("/elsewhere/002"), "the best")
    answer(window, Path("/elsewhere/002"), quantities=(QUANTITIES,))
    window.run.state_changed.emit()  # as a measured cost does
    assert len(asked) == 2 and "Run the best" in shown.words.text()


def test_a_run_of_another_document_shows_no_results(window: MainWindow, panel) -> None:
    _, asked = panel
    window.run.document = window.session.document
    window.session.new(template("vit_digits").open())
    window.run._become(RunState.FINISHED)
    assert asked == []


def test_many_classes_fit_into_a_matrix(qtbot: QtBot) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(300, 150)
    count = 150
    matrix.show_counts([f"a long name of class {n}" for n in range(count)], [[n * m % 7 for m in range(count)] for n in range(count)])
    assert not matrix.grab().isNull()
    assert matrix.cell_at(matrix.centre_of((149, 0))) == (149, 0)
