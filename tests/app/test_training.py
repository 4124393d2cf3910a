"""Training from the window: the real worker, and what the window does when it is killed, missing or silent."""

from __future__ import annotations

import importlib.util
import math
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.jobs import GIVE_UP_AFTER, Worker
from app.panels.samples import SampleRow, SampleTile
from app.preferences import Preferences
from app.run import Run
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import SetParams, SetSettings
from graph_engine.templates import template
from graph_engine.training.events import Measured, Progress, Samples, StateChange
from graph_engine.training.rundir import read_run
from graph_engine.training.sample import Sample
from graph_engine.training.state import RunState

PATIENCE_MS = 60_000


def configure(window: MainWindow, **training: object) -> None:
    """Sets training settings of the window's document."""
    settings = window.session.graph.settings
    for name, value in training.items():
        settings = settings.replaced(f"training.{name}", value)
    window.session.execute(SetSettings(settings, "training"))


def test_train_pause_resume_to_the_end(qtbot: QtBot, window: MainWindow) -> None:
    run = window.run
    configure(window, epochs=1)
    with qtbot.waitSignal(run.worker.ready, timeout=PATIENCE_MS):
        run.worker.start()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(run.series.get("train/loss", ())) > 0, timeout=PATIENCE_MS)
    window.actions_["pause"].trigger()
    qtbot.waitUntil(lambda: run.state in (RunState.PAUSED, RunState.FINISHED), timeout=PATIENCE_MS)
    if run.state == RunState.PAUSED:
        assert window.actions_["run"].isEnabled()
        window.actions_["run"].trigger()
    qtbot.waitUntil(lambda: run.state == RunState.FINISHED, timeout=PATIENCE_MS)
    assert run.folder is not None
    assert (run.folder / "weights.safetensors").is_file()
    assert run.fraction == 1.0
    assert window.training.facts._values["Test"].text().startswith("Loss ")
    assert window.charts is not None
    qtbot.waitUntil(lambda: "train" in window.charts.plots["loss"].series)
    assert not window.actions_["stop"].isEnabled()


def test_killed_worker_is_told_and_replaced(qtbot: QtBot, window: MainWindow) -> None:
    run = window.run
    configure(window, epochs=500)
    with qtbot.waitSignal(run.worker.ready, timeout=PATIENCE_MS):
        run.worker.start()
    window.start_run()
    qtbot.waitUntil(lambda: "train/loss" in run.series, timeout=PATIENCE_MS)
    killed = run.worker.pid
    with qtbot.waitSignal(run.worker.died, timeout=5000):
        begun = time.monotonic()
        os.kill(killed, signal.SIGKILL)
    print(f"told after {1000 * (time.monotonic() - begun):.0f} ms")
    assert run.state == RunState.FAILED
    assert "it was killed" in run.message
    assert run.folder is not None
    record = read_run(run.folder)
    assert record.state == RunState.FAILED
    assert "it was killed" in (record.message or "")
    assert window.isVisible()
    with qtbot.waitSignal(run.worker.ready, timeout=PATIENCE_MS):
        pass
    assert run.worker.pid != killed
    assert window.actions_["run"].isEnabled()
    told = run.series["train/loss"].last_step
    window.runs_panel.list.setCurrentItem(window.runs_panel.list.topLevelItem(0))
    window.runs_panel.resume_button.click()
    qtbot.waitUntil(lambda: "train/loss" in run.series and run.series["train/loss"].last_step > told, timeout=PATIENCE_MS)
    assert run.series["train/loss"].first_step == 1
    assert len(run.series["train/loss"]) == run.series["train/loss"].last_step


def test_closing_the_window_ends_the_worker(qtbot: QtBot, window: MainWindow) -> None:
    worker = window.run.worker
    with qtbot.waitSignal(worker.ready, timeout=PATIENCE_MS):
        worker.start()
    pid = worker.pid
    window.close()
    assert not worker.is_alive
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_graph_with_errors_is_not_run(window: MainWindow) -> None:
    window.session.execute(SetParams(window.session.graph.named("conv1").id, {"kernel_size": 40}))
    window.start_run()
    assert window.run.state == RunState.IDLE
    assert "conv1" in window.status.currentMessage()


def test_missing_torch_is_told(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    window.run.worker.start()
    assert not window.run.worker.is_alive
    assert "PyTorch is not installed" in window.run.worker.problem
    assert not window.actions_["run"].isEnabled()
    assert window.isVisible()


def test_worker_that_never_starts_is_given_up(qtbot: QtBot) -> None:
    worker = Worker(("-c", "import sys; sys.exit('no luck')"))
    told: list[str] = []
    worker.died.connect(told.append)
    worker.start()
    qtbot.waitUntil(lambda: bool(worker.problem), timeout=10_000)
    assert len(told) == GIVE_UP_AFTER
    assert "no luck" in told[-1]
    qtbot.wait(50)
    assert not worker.is_alive


def test_events_split_anywhere_are_read_whole(qtbot: QtBot) -> None:
    line = '[{"event":"log","text":"ä"},{"event":"metric","name":"train/loss","step":1,"epoch":1,"value":"NaN"}]'
    code = (
        "import sys,time\n"
        f"b = {line!r}.encode() + b'\\n'\n"
        "for i in range(0, len(b), 7):\n"
        "    sys.stdout.buffer.write(b[i:i+7]); sys.stdout.flush(); time.sleep(0.002)\n"
        "sys.stdin.read()"
    )
    worker = Worker(("-c", code))
    run = Run(worker)
    texts: list[str] = []
    run.logged.connect(texts.append)
    worker.start()
    qtbot.waitUntil(lambda: "train/loss" in run.series, timeout=10_000)
    assert texts == ["ä"]
    assert math.isnan(run.series["train/loss"].last)
    worker.close()


def test_panels_follow_a_run(qtbot: QtBot, window: MainWindow) -> None:
    run = window.run
    window.need_charts()
    run.take([StateChange(RunState.RUNNING), Progress(10, 40, 1, 4, 123.0)])
    assert window.training.bar.value() == 250
    assert "25%" in window.run_words.text()
    run.take([Measured("train/loss", step, 1, 1.0 / step) for step in range(1, 11)])
    run.take([StateChange(RunState.FAILED, "The loss is not a number.", window.session.graph.named("conv1").id)])
    assert window.run.message == "The loss is not a number."
    assert window.actions_["run"].isEnabled()


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are POSIX's")
def test_worker_gives_way_to_the_window(qtbot: QtBot) -> None:
    worker = Worker(("-c", "import sys; sys.stdin.read()"))
    worker.start()
    qtbot.waitUntil(lambda: worker.pid != 0 and os.getpriority(os.PRIO_PROCESS, worker.pid) > os.getpriority(os.PRIO_PROCESS, 0))
    worker.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_process_that_the_system_killed_is_told_with_what_to_do(qtbot: QtBot) -> None:
    worker = Worker(("-c", "import os; os.kill(os.getpid(), 9)"))
    worker.start()
    qtbot.waitUntil(lambda: bool(worker.problem), timeout=PATIENCE_MS)
    assert "because the memory was used up: a lower batch size needs less" in worker.problem
    worker.close()


def test_plots_follow_the_measures_of_the_task(qtbot: QtBot, window: MainWindow) -> None:
    run = window.run
    window.session.new(template("two_parts_wine").open())
    window.need_charts()
    configure(window, epochs=3)
    window.start_run()
    qtbot.waitUntil(lambda: run.state == RunState.FINISHED, timeout=PATIENCE_MS)
    assert window.charts is not None
    shown = ("loss", "cultivar_accuracy", "proline_mae", "proline_rmse", "cultivar_loss", "proline_loss")
    qtbot.waitUntil(lambda: tuple(m for m, plot in window.charts.plots.items() if not plot.isHidden()) == shown)


def test_samples_are_shown_with_what_was_expected(qtbot: QtBot, window: MainWindow) -> None:
    section = window.training.samples
    assert section.isHidden()
    long = "x" * 300
    window.run.take([Samples(3, (Sample("28 jun 1984", "1984-06-28", "1984-06-28"), Sample(long, "<b>", "a & b")))])
    assert not section.isHidden()
    right, wrong = section.findChildren(SampleRow)
    texts = [[label.text() for label in row.findChildren(QLabel) if label.text()] for row in (right, wrong)]
    assert texts[0] == ["28 jun 1984", "1984-06-28"]
    assert texts[1] == ["…" + "x" * 140, "a & b", "Expected: <b>"]
    window.run.take([Samples(4, (Sample("", "1", "2"),))])
    qtbot.waitUntil(lambda: len(section.findChildren(SampleRow)) == 1)
    assert section.heading == "Samples after epoch 4"


def test_pictures_are_shown_with_what_the_network_takes_them_for(qtbot: QtBot, window: MainWindow) -> None:
    section = window.training.samples
    window.run.take([Samples(1, (Sample("sample 0", "3", "3", ((0, 255), (128, 0))), Sample("sample 9", "4", "7", ((0,),))))])
    right, wrong = section.findChildren(SampleTile)
    assert [label.text() for label in right.findChildren(QLabel) if label.text()] == ["3"]
    assert not right.toolTip() and wrong.toolTip() == "Expected: 4"
    image = right.findChildren(QLabel)[0].pixmap().toImage()
    assert [image.pixelColor(x, y).red() for x, y in ((2, 2), (image.width() - 2, 2), (2, image.height() - 2))] == [0, 255, 128]


def test_a_run_is_shared_among_as_many_processes_as_chosen(window: MainWindow, store: QSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(window.run.worker, "start", lambda: None)
    monkeypatch.setattr(window.run.worker, "send", sent.append)
    window.training.machine.rows["processes"].edited.emit(2, None)
    assert Preferences(store).processes == 2
    window.start_run()
    assert sent[-1]["do"] == "run" and sent[-1]["processes"] == 2


def test_a_run_of_another_document_is_named_wherever_it_shows(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.run.worker, "start", lambda: None)
    first = window.session.document
    window.need_charts()
    charts = window.charts
    assert charts is not None
    window.run.folder, window.run.document = Path("run"), first
    window.run.began.emit()
    window.run.take([StateChange(RunState.RUNNING), Progress(3, 10, 1, 2, 0.0)])
    words = window.status.worker.text(), window.run_words.text()
    assert charts.owner.isHidden() and not any(first.name in said for said in words)
    window.session.new(Graph("other"))
    assert not charts.owner.isHidden() and first.name in charts.owner.text()
    assert window.status.worker.text() == f"{first.name}: {words[0]}"
    assert window.run_words.text() == f"{first.name}: {words[1]}"
    window.session.new(first)
    assert charts.owner.isHidden() and (window.status.worker.text(), window.run_words.text()) == words
    window.run.take([StateChange(RunState.IDLE)])
