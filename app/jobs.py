"""Child processes of the window. No other file of the window starts a process or a thread.

The worker owns torch. It is started behind the window, warms up, and waits for a run; when it dies, whatever the reason, the window
is told at once and a fresh one is started.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from graph_engine.training.events import Ready, decode

LOW_PRIORITY = 10
"""Added to the worker's niceness, so that the window stays fluent on a machine that is full."""

POLITE_MS = 1500
"""How long a worker may take to end when the window closes."""

GIVE_UP_AFTER = 3
"""Workers that die before they are ready, in a row, until no other one is started."""


class Worker(QObject):
    """The child process that trains.

    Attributes:
        is_ready: it has warmed up and waits for a run, or runs.
        problem: one sentence on why there is no worker and will be none, or empty.

    Signals:
        ready: it has warmed up; the `Ready` event.
        events: a list of `graph_engine.training.events.Event`, as the worker sent them together.
        died: it ended unasked; one sentence.
    """

    ready = Signal(object)
    events = Signal(object)
    died = Signal(str)

    def __init__(self, arguments: tuple[str, ...] = ("-m", "graph_engine.training.worker"), parent: QObject | None = None):
        super().__init__(parent)
        self._arguments = list(arguments)
        self._process: QProcess | None = None
        self._line = b""
        self._stderr = b""
        self._early_deaths = 0
        self.is_ready = False
        self.problem = ""

    @property
    def is_alive(self) -> bool:
        """Whether there is a process, warm or not."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process's id; 0 where there is none."""
        return int(self._process.processId()) if self._process is not None else 0

    def start(self) -> None:
        """Starts a worker where there is none, and none is impossible; returns at once."""
        if self._process is not None or self.problem:
            return
        if importlib.util.find_spec("torch") is None:
            self.problem = self.tr(
                "PyTorch is not installed, so nothing can be trained here: run “pip install torch” and start Archloom again."
            )
            self.died.emit(self.problem)
            return
        process = QProcess(self)
        process.setProgram(sys.executable)
        process.setArguments(self._arguments)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.started.connect(self._lower_priority)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._line = self._stderr = b""
        process.start()

    def send(self, message: dict[str, Any]) -> None:
        """Tells the worker to do something; a message to no worker is dropped."""
        if self._process is not None:
            self._process.write(json.dumps(message).encode() + b"\n")

    def run(
        self,
        run_dir: Path,
        *,
        epochs: int | None = None,
        seed: int | None = None,
        device: str | None = None,
        resume: bool = False,
    ) -> None:
        """Begins the run in that folder as soon as the worker is warm."""
        self.send({"do": "run", "run_dir": str(run_dir), "epochs": epochs, "seed": seed, "device": device, "resume": resume})

    def pause(self) -> None:
        self.send({"do": "pause"})

    def resume(self) -> None:
        self.send({"do": "resume"})

    def stop(self) -> None:
        """Ends the run, with a checkpoint; the worker stays."""
        self.send({"do": "stop"})

    def close(self) -> None:
        """Ends the worker: politely, and by force where that takes too long."""
        process, self._process = self._process, None
        self.is_ready = False
        if process is None:
            return
        process.blockSignals(True)  # this end is no death
        process.write(b'{"do": "quit"}\n')
        process.closeWriteChannel()
        if not process.waitForFinished(POLITE_MS):
            process.kill()
            process.waitForFinished(POLITE_MS)
        process.deleteLater()

    def _lower_priority(self) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, self.pid, LOW_PRIORITY)

    def _read(self) -> None:
        assert self._process is not None
        *lines, self._line = (self._line + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            events = decode(line)
            for event in events:
                if isinstance(event, Ready):
                    self.is_ready = True
                    self._early_deaths = 0
                    self.ready.emit(event)
            self.events.emit(events)

    def _read_errors(self) -> None:
        assert self._process is not None
        self._stderr = (self._stderr + bytes(self._process.readAllStandardError().data()))[-4000:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._gone(self.tr("The training process could not be started: {0}.").format(sys.executable))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if status == QProcess.ExitStatus.CrashExit:
            how = self.tr("it was killed or crashed (signal {0})").format(code)
        else:
            how = self.tr("it ended with status {0}").format(code)
        last = self._stderr.decode(errors="replace").strip().rpartition("\n")[2]
        self._gone(self.tr("The training process is gone: {0}.").format(how) + (f" {last}" if last else ""))

    def _gone(self, message: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if not self.is_ready:
            self._early_deaths += 1
        self.is_ready = False
        if self._early_deaths >= GIVE_UP_AFTER:
            self.problem = message
        self.died.emit(message)
        QTimer.singleShot(0, self, self.start)


def _environment() -> QProcessEnvironment:
    """The worker's environment: what must be set before torch is loaded."""
    environment = QProcessEnvironment.systemEnvironment()
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        if not environment.contains(name):
            environment.insert(name, threads)
    environment.insert("PYTHONUNBUFFERED", "1")
    package_root = str(Path(__file__).resolve().parent.parent)
    paths = [package_root, *filter(None, [environment.value("PYTHONPATH")])]
    environment.insert("PYTHONPATH", os.pathsep.join(paths))
    return environment
