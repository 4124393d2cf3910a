"""Unsaved work survives the end of the program; a file that changed outside is not overwritten unasked."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from torch import nn

from app.recovery import DELAY_MS, Recovery
from app.session import Session
from app.startup import make_application
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import Rename, SetParams

PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from app.startup import make_application, make_window
from graph_engine.graph.commands import SetParams
app = make_application()
window = make_window(app)
window.show()
window.documents.open_path(Path(sys.argv[1]))
node = window.session.graph.named("conv1")
window.session.execute(SetParams(node.id, {"out_channels": 77}))
def tell():
    if list(window.recovery._folder.glob("*.archloom")):
        print("written", flush=True)
timer = QTimer(); timer.timeout.connect(tell); timer.start(50)
app.exec()
"""

BUSY = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from app.startup import make_application, make_window
from graph_engine.graph.commands import SetParams
app = make_application()
window = make_window(app)
window.show()
window.documents.open_path(Path(sys.argv[1]))
node = window.session.graph.named("conv1").id
count = 4
def edit():
    global count
    count += 1
    window.session.execute(SetParams(node, {"out_channels": count}))
    print(count, time.time(), flush=True)
timer = QTimer(); timer.timeout.connect(edit); timer.start(30)
app.exec()
"""
"""A window in which a number is counted up, each edit told with its time."""

LOST = 5.0
"""Seconds of work that an end without warning may cost at most."""


def saved(tmp_path: Path) -> Path:
    g = Graph("net")
    x, c, y = g.add("Input", shape=[1, 8, 8]), g.add("Conv2d", out_channels=4, kernel_size=3), g.add("Output")
    g.connect(x, c)
    g.connect(c, y)
    g.save(tmp_path / "net.archloom")
    return tmp_path / "net.archloom"


def press(window: MainWindow, name: str, text: str) -> list[str]:
    """Presses a button of the next message box of a name; gives what it said."""
    said: list[str] = []

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.objectName() == name:
            said.append(box.text())
            next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == text).click()
        else:
            QTimer.singleShot(10, look)

    QTimer.singleShot(0, look)
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_work_of_a_killed_window_is_offered_and_brought_back(
    qtbot: QtBot, make_window: Callable[[], MainWindow], tmp_path: Path, own_folders: Path
) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, env=environment, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "written\n"
    alive = make_window()
    assert alive.recovery.left() == []  # that window is at work on it
    program.send_signal(signal.SIGKILL)
    program.communicate()
    window = make_window()
    window.offers.show()
    [left] = window.recovery.left()
    assert (left.title, left.path) == ("net", path) and abs(left.when - time.time()) < 60
    next(b for b in window.start_page.findChildren(QPushButton) if b.text() == "Recover").click()
    assert window.session.graph.named("conv1").params["out_channels"] == 77
    assert window.session.path == path and window.session.is_dirty and path.read_bytes() == before
    assert window.recovery.left() == []
    assert window.documents.save() and not window.session.is_dirty
    assert Graph.load(path).named("conv1").params["out_channels"] == 77


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_kill_at_any_moment_costs_a_few_seconds_at_most(qapp: QApplication, tmp_path: Path) -> None:
    kill_at_random(3, random.Random(), tmp_path)


def kill_at_random(rounds: int, rng: random.Random, folder: Path) -> float:
    """Kills windows at random moments while they are worked in, a few at a time, and looks at what they left.

    Returns:
        How much work was lost at most, in seconds.
    """
    worst = 0.0
    moments = [rng.uniform(0.1, 7.0) for _ in range(rounds)]
    for start in range(0, rounds, 3):
        killed = [Killed(folder / str(start + i), moment) for i, moment in enumerate(moments[start : start + 3])]
        threads = [threading.Thread(target=one.run) for one in killed]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in killed:
            worst = max(worst, one.lost())
            assert one.lost() <= LOST, f"killed {one.moment:.2f} s after the first edit, {one.lost():.2f} s of work were lost"
    return worst


class Killed:
    """A window that is killed a moment after its first edit.

    Args:
        folder: for its document and all that it keeps.
        moment: when, in seconds.
    """

    def __init__(self, folder: Path, moment: float):
        folder.mkdir(parents=True)
        self.moment = moment
        self._folder = folder
        self._path = saved(folder)
        self._edits: list[tuple[int, float]] = []
        self._end = 0.0

    def run(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_STATE_HOME": str(self._folder)}
        command = [sys.executable, "-c", BUSY, str(self._path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as program:
            assert program.stdout is not None
            lines = [program.stdout.readline()]
            timer = threading.Timer(self.moment, program.send_signal, [signal.SIGKILL])
            timer.start()
            lines += program.stdout
            self._end = time.time()
            timer.join()
        told = [line.split() for line in lines if line.endswith("\n")]
        self._edits = [(int(count), float(when)) for count, when in told]

    def lost(self) -> float:
        """Seconds from the first edit that is not in what was left to the end."""
        left = Recovery(Session(), self._folder / "archloom" / "recovery").left()
        count = 4
        if left:
            document = Recovery(Session(), self._folder / "archloom" / "recovery").take(left[0])
            count = document.named("conv1").params["out_channels"]
            assert left[0].path == self._path and len(document) == 3
        assert count <= self._edits[-1][0] + 1
        return max((self._end - when for number, when in self._edits if number > count), default=0.0)


def test_a_copy_lives_as_long_as_work_is_unsaved(qtbot: QtBot, tmp_path: Path) -> None:
    session = Session()
    session.open(saved(tmp_path))
    recovery = Recovery(session, tmp_path / "copies")
    session.execute(SetParams(session.graph.named("conv1").id, {"out_channels": 9}))
    qtbot.waitUntil(lambda: bool(list((tmp_path / "copies").glob("*.archloom"))), timeout=DELAY_MS + 5000)
    session.undo()
    assert not list((tmp_path / "copies").glob("*.archloom"))
    session.redo()
    qtbot.waitUntil(lambda: bool(list((tmp_path / "copies").glob("*.archloom"))), timeout=DELAY_MS + 5000)
    session.save()
    assert not list((tmp_path / "copies").glob("*.archloom"))
    recovery.close()


def test_the_weights_of_an_import_that_was_never_saved_survive(qtbot: QtBot, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    Graph.from_module(module, torch.zeros(2, 3)).save(tmp_path / "net.archloom")
    graph = Graph.load(tmp_path / "net.archloom")
    session = Session()
    dead = Recovery(session, tmp_path / "recovery")
    session.recover(graph, None)
    session.execute(Rename(next(n.id for n in graph if n.block == "Linear"), "first"))
    dead._write()
    assert dead._lock is not None
    dead._lock.unlock()
    (tmp_path / "net.safetensors").unlink()
    other = Session()
    recovery = Recovery(other, tmp_path / "recovery")
    [left] = recovery.left()
    document = recovery.take(left)
    other.recover(document, left.path)
    recovery.forget(left)
    recovery._write()
    assert torch.equal(document.weights["first.weight"], module[0].weight)
    assert recovery._beside.exists()
    other.new()
    assert not recovery._beside.exists()


def test_what_cannot_be_kept_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    session = Session()
    session.open(saved(tmp_path))
    (tmp_path / "file").write_text("in the way")
    recovery = Recovery(session, tmp_path / "file" / "copies")
    with qtbot.waitSignal(recovery.failed, timeout=DELAY_MS + 5000) as told:
        session.execute(SetParams(session.graph.named("conv1").id, {"out_channels": 9}))
    assert "not being kept safe" in told.args[0]
    recovery.close()


def test_a_damaged_copy_is_told_and_can_be_discarded(make_window: Callable[[], MainWindow], answer) -> None:
    window = make_window()
    folder = window.recovery._folder
    folder.mkdir(parents=True)
    (folder / "old.archloom").write_text("{")
    window.offers.show()
    texts = answer("complaint", QMessageBox.StandardButton.Ok)
    next(b for b in window.start_page.findChildren(QPushButton) if b.text() == "Recover").click()
    assert len(texts) == 1
    next(b for b in window.start_page.findChildren(QPushButton) if b.text() == "Discard").click()
    assert window.recovery.left() == []


def test_a_file_that_changed_outside_is_not_overwritten_unasked(make_window: Callable[[], MainWindow], tmp_path: Path) -> None:
    first, second = make_window(), make_window()
    path = saved(tmp_path)
    first.documents.open_path(path)
    second.documents.open_path(path)
    for window, count in ((first, 5), (second, 6)):
        window.session.execute(SetParams(window.session.graph.named("conv1").id, {"out_channels": count}))
    assert first.documents.save()
    said = press(second, "conflict", "Cancel")
    assert not second.documents.save()
    assert said == ["net.archloom was changed outside of this window."]
    assert Graph.load(path).named("conv1").params["out_channels"] == 5
    press(second, "conflict", "Replace")
    assert second.documents.save()
    assert Graph.load(path).named("conv1").params["out_channels"] == 6
    press(first, "changed", "Read Again")
    first.documents.look_outside()
    assert first.session.graph.named("conv1").params["out_channels"] == 6
    first.documents.look_outside()


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as scratch:
        many = int(sys.argv[1]) if len(sys.argv) > 1 else 30
        made = make_application()
        print(f"{many} windows killed at random moments: {kill_at_random(many, random.Random(), Path(scratch)):.2f} s of work lost at most")
