"""The data panel: what it shows of bundled data and of one's own, when it reads, and what it says where there is nothing to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.panels import data
from app.panels.augmented import AugmentedPage
from app.panels.data import DataPanel
from app.panels.given import GivenPage
from app.window import MainWindow
from graph_engine.graph.commands import SetSettings
from graph_engine.training.live.augmented import Augmented, Picture
from graph_engine.training.live.given import Given
from tests.engine.data.makers import wine

SLOW = 30_000


def choose(window: MainWindow, **dataset: object) -> None:
    window.session.execute(SetSettings(window.session.document.settings.replaced("data.dataset", dataset), "data.dataset"))


def shown(qtbot: QtBot, window: MainWindow) -> DataPanel:
    window.show()
    window.docks.show("data")
    panel = window.data_panel
    qtbot.waitUntil(lambda: panel._errand is None and panel._known is not None, timeout=SLOW)
    return panel


def words(table) -> list[list[str]]:
    return [[table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())]


def test_pictures_classes_and_what_the_network_receives(qtbot: QtBot, window: MainWindow) -> None:
    choose(window, name="digits")
    panel = shown(qtbot, window)
    assert [panel.kind.itemData(i) for i in range(panel.kind.count())] == ["samples", "classes", "received", "given"]
    assert panel.samples.count() == 24 and not panel.samples.item(0).icon().isNull() and panel.samples.item(0).text() == "0"
    assert dict(panel.classes.rows)["3"] == 183 and sum(count for _, count in panel.parts.rows) == 1797
    assert [row[:3] for row in words(panel.received)] == [["image", "1 × 8 × 8", "float32"], ["digit", "one number", "int64"]]
    first = panel.samples.item(1).toolTip()
    panel.others.click()
    qtbot.waitUntil(lambda: panel._errand is None and panel.samples.item(1).toolTip() != first, timeout=SLOW)


def test_data_is_read_once_and_only_while_somebody_looks(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = data.overview
    monkeypatch.setattr(data, "overview", lambda chosen, *rest: (read.append(chosen.id), real(chosen, *rest))[1])
    window.show()
    window.docks.show("code")
    choose(window, name="wine")
    assert read == []
    panel = shown(qtbot, window)
    window.docks.show("code")
    window.docks.show("data")
    window.session.execute(SetSettings(window.session.document.settings.replaced("data.test", 0.5), "data.test"))
    assert panel.parts.rows[2][1] == 89
    qtbot.wait(50)
    assert read == ["wine"]


def test_a_table_of_ones_own_with_what_is_missing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = wine(tmp_path / "wine.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join(["", *cells[1:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    window.data.take(path)
    qtbot.waitUntil(lambda: not window.data.is_looking, timeout=SLOW)
    panel = shown(qtbot, window)
    first = words(panel.columns)[0]
    assert first[0] == lines[0].split(",")[0] and first[2].startswith("1 (")
    assert panel.kind.itemData(0) == "samples" and panel.cells.rowCount() == 24
    assert "Missing values: 1" in panel.words.text()
    path.unlink()
    panel.others.click()
    qtbot.waitUntil(lambda: panel._errand is None and not panel.kind.isVisible(), timeout=SLOW)
    assert panel._empty._title.text() == "The data cannot be shown"


def test_without_data_it_says_how_to_get_some(qtbot: QtBot, window: MainWindow) -> None:
    choose(window, name="table")
    window.show()
    window.docks.show("data")
    assert window.data_panel._empty._title.text() == "No data yet"
    assert "Drop a file or folder" in window.data_panel._empty._hint.text()


def test_augmented_samples_are_asked_for_while_they_can_be_seen(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(window.run.worker, "send", asked.append)
    monkeypatch.setattr(window.run.worker, "start", lambda: None)
    panel = shown(qtbot, window)
    assert panel.kind.findData("augmented") == -1
    settings = window.session.document.settings
    window.session.execute(SetSettings(settings.replaced("augmentation.rotation", "turn"), "augmentation.rotation"))
    panel.kind.setCurrentIndex(panel.kind.findData("augmented"))
    assert [request["augmentation"]["rotation"] for request in asked] == [15.0]
    page = panel.findChild(AugmentedPage)
    picture = Picture(2, 1, "AAAA////", "7")
    window.run.worker.events.emit([Augmented(asked[-1]["number"], ((picture,) * 8,) * 4)])
    assert page.grid.count() == 8 + 2 * 8 * 4
    panel.others.click()
    assert [request["start"] for request in asked] == [0, 1]
    window.run.worker.events.emit([Augmented(asked[0]["number"], ())])  # an answer that comes too late
    assert page.grid.count() == 8 + 2 * 8 * 4
    settings = window.session.document.settings
    window.session.execute(SetSettings(settings.replaced("augmentation.rotation.degrees", 40.0), "augmentation.rotation.degrees"))
    qtbot.waitUntil(lambda: len(asked) == 3)
    window.run.worker.events.emit([Augmented(asked[-1]["number"], message="The data cannot be read: it is gone.")])
    assert panel.findChild(AugmentedPage)._empty._title.text() == "The data cannot be read: it is gone."
    window.session.undo()
    window.session.undo()
    assert panel.kind.findData("augmented") == -1


def test_samples_are_shown_as_the_network_receives_them(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(window.run.worker, "send", asked.append)
    monkeypatch.setattr(window.run.worker, "start", lambda: None)
    panel = shown(qtbot, window)
    panel.kind.setCurrentIndex(panel.kind.findData("given"))
    assert [request["do"] for request in asked] == ["give"]
    page = panel.findChild(GivenPage)
    window.run.worker.events.emit([Given(asked[-1]["number"], ((Picture(2, 1, "AAAA////", ""), "7"),) * 3)])
    assert (page.cells.rowCount(), page.cells.columnCount()) == (3, 2)
    assert not page.cells.item(0, 0).icon().isNull() and page.cells.item(0, 1).text() == "7"
    window.session.execute(SetSettings(window.session.document.settings.replaced("data.validation", 0.3), "data.validation"))
    qtbot.waitUntil(lambda: len(asked) == 2)
    window.run.worker.events.emit([Given(asked[-1]["number"], message="The data cannot be read: it is gone.")])
    assert page._empty._title.text() == "The data cannot be read: it is gone."
