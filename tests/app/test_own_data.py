"""Data of the user's own in the window: dropped, chosen, told where it is wrong, located again; one step each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.panels.settings_form import SettingsForm
from app.widgets.choosing import FileEditor, NamesEditor
from app.window import MainWindow
from graph_engine import Graph
from tests.engine.data.makers import pictures, wine

SLOW = 30_000
MODULES = Path(__file__).parent.parent / "data" / "modules"


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, mime, buttons, keys))


def looked(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.data.is_looking, timeout=SLOW)


def test_a_folder_that_is_dropped_on_the_start_page_becomes_the_data_of_a_new_network(
    qtbot: QtBot, make_window: object, tmp_path: Path
) -> None:
    window: MainWindow = make_window()  # type: ignore[operator]
    drop(window, pictures(tmp_path / "digits", 60))
    assert window.data_bar.isVisible()
    looked(qtbot, window)
    graph = window.session.document
    assert [(n.name, n.params["shape"], n.params["dtype"]) for n in graph] == [("image", (1, 8, 8), "float32")]
    assert graph.settings.data["dataset"].id == "pictures"
    assert not window.data_bar.isVisible()
    window.undo()
    assert not list(graph) and graph.settings.data["dataset"].id == "digits28"


def test_the_form_chooses_file_and_columns(qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form: SettingsForm = window.training.forms["data"]
    window.session.document.configure(data={"dataset": "table"})
    file = form.form.nested("dataset").rows["path"].editor
    assert isinstance(file, FileEditor)
    table = wine(tmp_path / "wine.csv")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    file.ask_file()
    looked(qtbot, window)
    targets = form.form.nested("dataset").rows["targets"].editor
    assert isinstance(targets, NamesEditor)
    assert targets.field.text() == "region"
    targets.menu.aboutToShow.emit()
    next(action for action in targets.menu.actions() if action.text() == "cultivar").trigger()
    assert window.session.document.settings.data["dataset"].params["targets"] == ("cultivar", "region")
    refused: list[str] = []
    targets.refused.connect(refused.append)
    targets.field.setText("tea")
    targets.field.textEdited.emit("tea")
    assert refused[-1] == "There is nothing called tea to choose."
    window.undo()
    assert window.session.document.settings.data["dataset"].params["targets"] == ("region",)


def test_data_that_cannot_be_read_is_told_and_changes_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    told: list[str] = []
    window.data.failed.disconnect()
    window.data.failed.connect(lambda title, error: told.append(f"{title}: {error}"))
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00\x01")
    steps = window.session.undo_text
    drop(window, tmp_path / "bad.csv")
    looked(qtbot, window)
    assert told == [f"bad.csv cannot be learned from: {tmp_path / 'bad.csv'} is not UTF-8 text: save it as UTF-8."]
    assert window.session.undo_text == steps


def test_data_that_moved_is_located_and_what_changed_is_looked_at_again(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = wine(tmp_path / "wine.csv")
    window.data.take(table)
    looked(qtbot, window)
    window.session.document.configure(
        data={"dataset": {"name": "table", **window.session.document.settings.data["dataset"].params, "scaling": "robust"}}
    )
    shutil.move(table, tmp_path / "other.csv")
    window.data.see()
    qtbot.waitUntil(lambda: window.data.problem == "missing", timeout=SLOW)
    assert window.data_bar.locate.isVisible() and "wine.csv is not there any more" in window.data_bar.words.text()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "other.csv"), ""))
    window.data_bar.locate.click()
    looked(qtbot, window)
    qtbot.waitUntil(lambda: not window.data.problem, timeout=SLOW)
    chosen = window.session.document.settings.data["dataset"]
    assert (Path(chosen.params["path"]).name, chosen.params["scaling"]) == ("other.csv", "robust")
    lines = (tmp_path / "other.csv").read_text().splitlines()
    (tmp_path / "other.csv").write_text("\n".join(lines[:100]))
    window.data.see()
    qtbot.waitUntil(lambda: window.data.problem == "changed", timeout=SLOW)
    window.data_bar.again.click()
    looked(qtbot, window)
    assert window.session.document.settings.data["dataset"].option.samples == 99


def test_a_dataset_class_is_named_looked_at_and_made_anew_with_other_arguments(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(MODULES / "own_data.py", tmp_path)
    window.session.save(tmp_path / "learner.archloom")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("own_data.Rings", True))
    window.ask_data("class")
    assert window.data_bar.isVisible() and not window.trust_bar.isVisible()
    looked(qtbot, window)
    document = window.session.document
    chosen = document.settings.data["dataset"]
    assert (chosen.id, chosen.option.samples, chosen.params["targets"]) == ("dataset", 60, ("target",))
    assert next(node for node in document if node.spec.id == "Input").params["shape"] == (2,)

    window.session.wanted.emit("look", "", {"arguments": "{'count': 80}"})
    looked(qtbot, window)
    assert document.settings.data["dataset"].option.samples == 80
    window.undo()
    assert document.settings.data["dataset"].option.samples == 60

    complaints: list[str] = []
    window.data.failed.disconnect()
    window.data.failed.connect(lambda _, error: complaints.append(str(error)))
    window.session.wanted.emit("look", "", {"path": "own_data.Ragged"})
    looked(qtbot, window)
    assert "several shapes" in complaints[0] and document.settings.data["dataset"].params["path"] == "own_data.Rings"


def test_a_strangers_dataset_class_is_neither_made_nor_trained_on(
    window: MainWindow, tmp_path: Path, answer: Callable[[str, QMessageBox.StandardButton], list[str]]
) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "hostile.py").write_text(f"import pathlib\npathlib.Path({str(mark)!r}).write_text('ran')\n")
    facts = {"size": 0, "changed": 0, "samples": 60, "arrays": [{"name": name, "shape": [2], "dtype": "float32"} for name in "ab"]}
    graph = Graph("stranger")
    layer = graph.add("Linear", out_features=2)
    graph.connect(graph.add("Input", shape=[2]), layer)
    graph.connect(layer, graph.add("Output"))
    graph.configure(data={"dataset": {"name": "dataset", "path": "hostile.Bad", "facts": facts, "targets": ["b"]}})
    graph.configure(training={"loss": "MSELoss"})
    graph.save(tmp_path / "stranger.archloom")

    window.documents.open_path(tmp_path / "stranger.archloom")
    assert window.session.report.ok and window.trust_bar.isVisible()
    window.docks.show("data")
    seen = answer("trust", QMessageBox.StandardButton.Cancel)
    window.start_run()
    assert "hostile.Bad" in seen[0] and not window.run.is_busy
    assert not mark.exists()
