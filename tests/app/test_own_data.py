"""Data of the user's own in the window: dropped, chosen, told where it is wrong, located again; one step each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.panels.settings_form import SettingsForm
from app.widgets.choosing import FileEditor, NamesEditor
from app.window import MainWindow
from tests.engine.data.makers import pictures, wine

SLOW = 30_000


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
    assert refused[-1] == "The data has nothing called tea."
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
