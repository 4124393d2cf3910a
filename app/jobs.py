"""Child processes and threads of the window. No other file of the window starts one.

The worker owns torch. It is started behind the window, warms up, and waits for a run; when it dies, whatever the reason, the window
is told at once and a fresh one is started. Code that a document names and that is not the program's own is run by another one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QIODevice, QObject, QProcess, QProcessEnvironment, QThreadPool, QTimer, Signal

from graph_engine.foreign.child import COMMAND, READY, START_SECONDS
from graph_engine.foreign.questions import SECONDS
from graph_engine.training.events import Greeting, Ready, decode
from graph_engine.training.holding import Holder

LOW_PRIORITY = 10
"""Added to the worker's niceness, so that the window stays fluent on a machine that is full."""

POLITE_MS = 1500
"""How long a worker may take to end when the window closes."""

SIGKILL = 9
"""What Linux ends a process with when the memory is used up; Windows has no such signal."""

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""Ends a process at once; Windows does with any signal."""

GIVE_UP_AFTER = 3
"""Workers that die before they are ready, in a row, until no other one is started."""


class _Child(QProcess):
    """A process that may live on without this one."""

    def release(self) -> None:
        """Lets go of the process; without this Qt would kill it."""
        self.waitForBytesWritten(POLITE_MS)
        self.setProcessState(QProcess.ProcessState.NotRunning)


class Worker(QObject):
    """The process that trains: a child of this one, or one that a former window has left behind.

    Attributes:
        is_ready: it has warmed up and waits for a run, or runs.
        problem: one sentence on why there is no worker and will be none, or empty.

    Signals:
        ready: it has warmed up; the `Ready` event.
        attached: a process that was left behind obeys this window now.
        refused: it does not; one sentence. It obeys another window, or has just ended.
        events: a list of `graph_engine.training.events.Event`, as the worker sent them together.
        died: it ended unasked; one sentence.
    """

    ready = Signal(object)
    attached = Signal()
    refused = Signal(str)
    events = Signal(object)
    died = Signal(str)

    def __init__(self, arguments: tuple[str, ...] = ("-m", "graph_engine.training.worker"), parent: QObject | None = None):
        super().__init__(parent)
        self._arguments = list(arguments)
        self._channel: QIODevice | None = None
        self._holder: Holder | None = None
        self._is_met = True
        self._line = b""
        self._stderr = b""
        self._early_deaths = 0
        self.is_ready = False
        self.problem = ""

    @property
    def is_alive(self) -> bool:
        """Whether there is a process, warm or not."""
        return self._channel is not None

    @property
    def pid(self) -> int:
        """The process's id; 0 where there is none."""
        if self._holder is not None:
            return self._holder.pid
        return int(self._channel.processId()) if isinstance(self._channel, QProcess) else 0

    def start(self) -> None:
        """Starts a worker where there is none, and none is impossible; returns at once."""
        if self._channel is not None or self.problem:
            return
        if importlib.util.find_spec("torch") is None:
            self.problem = self.tr(
                "PyTorch is not installed, so nothing can be trained here: run “pip install torch” and start Archloom again."
            )
            self.died.emit(self.problem)
            return
        process = _Child(self)
        process.setProgram(sys.executable)
        process.setArguments(self._arguments)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.started.connect(self._lower_priority)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._channel = process
        self._line = self._stderr = b""
        process.start()

    def attach(self, holder: Holder) -> None:
        """Goes on with a process that was left behind in place of the own one; returns at once."""
        from PySide6.QtNetwork import QTcpSocket  # needed seldom

        self.close()
        socket = QTcpSocket(self)
        socket.readyRead.connect(self._read)
        socket.disconnected.connect(self._on_disconnected)
        socket.errorOccurred.connect(self._on_disconnected)
        self._channel, self._holder, self._is_met = socket, holder, False
        self._line = b""
        socket.connectToHost("127.0.0.1", holder.port)
        socket.write(json.dumps({"token": holder.token}).encode() + b"\n")

    def send(self, message: dict[str, Any]) -> None:
        """Tells the worker to do something; a message to no worker is dropped."""
        if self._channel is not None:
            self._channel.write(json.dumps(message).encode() + b"\n")

    def run(
        self,
        run_dir: Path,
        *,
        epochs: int | None = None,
        seed: int | None = None,
        device: str | None = None,
        resume: bool = False,
        processes: int = 1,
    ) -> None:
        """Begins the run in that folder as soon as the worker is warm."""
        options = {"epochs": epochs, "seed": seed, "device": device, "resume": resume, "processes": processes}
        self.send({"do": "run", "run_dir": str(run_dir), **options})

    def probe(self, kind: str, run_dir: Path) -> None:
        """Has a question answered (`graph_engine.training.probe`)."""
        self.send({"do": "probe", "run_dir": str(run_dir), "kind": kind})

    def judge(self, run_dir: Path, part: str) -> None:
        """Has it found out what the network of a run does with a part of its data (`graph_engine.training.judging`)."""
        self.send({"do": "judge", "run_dir": str(run_dir), "part": part})

    def pause(self) -> None:
        self.send({"do": "pause"})

    def resume(self) -> None:
        self.send({"do": "resume"})

    def stop(self) -> None:
        """Ends the run, with a checkpoint; the worker stays."""
        self.send({"do": "stop"})

    def kill(self) -> None:
        """Ends the worker as a crash would; another one is started."""
        if self.pid:
            os.kill(self.pid, _KILL)

    def leave(self) -> None:
        """Lets go of the worker: its run goes on, and another window may attach to it."""
        channel = self._taken()
        if channel is None:
            return
        if isinstance(channel, _Child):
            channel.release()
        else:
            channel.close()
        channel.deleteLater()

    def close(self) -> None:
        """Ends the worker: politely, and by force where that takes too long."""
        pid = self.pid
        channel = self._taken()
        if channel is None:
            return
        channel.write(b'{"do": "quit"}\n')
        if isinstance(channel, QProcess):
            channel.closeWriteChannel()
            has_ended = channel.waitForFinished(POLITE_MS)
        else:
            has_ended = channel.waitForDisconnected(POLITE_MS)  # type: ignore[attr-defined]
        if not has_ended:
            os.kill(pid, _KILL)
            if isinstance(channel, QProcess):
                channel.waitForFinished(POLITE_MS)
        channel.deleteLater()

    def _taken(self) -> QIODevice | None:
        """The way to the worker, which is this object's no more."""
        channel, self._channel = self._channel, None
        self._holder, self._is_met = None, True
        self.is_ready = False
        if channel is not None:
            channel.blockSignals(True)  # this end is no death
        return channel

    def _lower_priority(self) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, self.pid, LOW_PRIORITY)

    def _read(self) -> None:
        assert self._channel is not None
        *lines, self._line = (self._line + bytes(self._channel.readAll().data())).split(b"\n")
        for line in lines:
            events = decode(line)
            for event in events:
                if isinstance(event, Greeting):
                    if not event.is_yours:
                        self._refuse(self.tr("Another window controls this run. Close it there, and open the document here again."))
                        return
                    self._is_met = True
                    self.attached.emit()
                elif isinstance(event, Ready):
                    self.is_ready = True
                    self._early_deaths = 0
                    self.ready.emit(event)
            self.events.emit(events)

    def _read_errors(self) -> None:
        assert isinstance(self._channel, QProcess)
        self._stderr = (self._stderr + bytes(self._channel.readAllStandardError().data()))[-4000:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._gone(self.tr("The training process could not be started: {0}.").format(sys.executable))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if status == QProcess.ExitStatus.CrashExit and code == SIGKILL:
            how = self.tr("it was killed, by the system perhaps because the memory was used up: a lower batch size needs less")
        elif status == QProcess.ExitStatus.CrashExit:
            how = self.tr("it was killed or crashed (signal {0})").format(code)
        else:
            how = self.tr("it ended with status {0}").format(code)
        last = self._stderr.decode(errors="replace").strip().rpartition("\n")[2]
        self._gone(self.tr("The training process is gone: {0}.").format(how) + (f" {last}" if last else ""))

    def _on_disconnected(self) -> None:
        """The worker that was attached to, or was to be, has ended; how is not told to one that has not started it."""
        if self._is_met:
            self._gone(self.tr("The training process is gone: it was killed, or crashed."))
        else:
            self._refuse(self.tr("The training process that was left behind cannot be reached."))

    def _refuse(self, words: str) -> None:
        channel = self._taken()
        if channel is not None:
            channel.deleteLater()
        self.refused.emit(words)
        self.start()

    def _gone(self, message: str) -> None:
        was_ready = self.is_ready
        channel = self._taken()
        if channel is not None:
            channel.deleteLater()
        if not was_ready:
            self._early_deaths += 1
        if self._early_deaths >= GIVE_UP_AFTER:
            self.problem = message
        self.died.emit(message)
        QTimer.singleShot(0, self, self.start)


class Asker(QObject):
    """The child process that imports and runs code which is not the program's own, one request after the other.

    It is started when something is asked. Code that hangs, crashes or fills the memory ends it, and only it: that is its reply then.

    Signals:
        said: the key of a request, and how far it is: a dictionary with ``stage`` and ``share``.
        replied: the key of a request, and the reply: as `graph_engine.foreign.questions` reads it, or as `graph_engine.importer` writes it.
    """

    said = Signal(object, object)
    replied = Signal(object, object)

    def __init__(self, arguments: tuple[str, ...] = COMMAND, seconds: float = SECONDS, parent: QObject | None = None):
        super().__init__(parent)
        self._arguments = list(arguments)
        self._seconds = seconds
        self._process: QProcess | None = None
        self._is_ready = False
        self._line = b""
        self._waiting: dict[object, dict[str, Any]] = {}
        self._asked: object = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def is_alive(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def ask(self, key: object, request: dict[str, Any]) -> None:
        """Asks, unless the same is asked already.

        Args:
            key: what the reply is told by; hashable, not None.
            request: made by `graph_engine.foreign.questions`, or for `graph_engine.importer`; its ``path`` is what messages name.
        """
        if key not in self._waiting:
            self._waiting[key] = request
            self._go_on()

    def reset(self) -> None:
        """Ends the process and forgets what was asked: another document is open, or the code has changed."""
        process, self._process = self._process, None
        self._waiting.clear()
        self._asked, self._is_ready = None, False
        self._timer.stop()
        if process is not None:
            process.blockSignals(True)  # this end is no death
            process.kill()
            process.waitForFinished(POLITE_MS)
            process.deleteLater()

    def _go_on(self) -> None:
        if not self._waiting or self._asked is not None:
            return
        if self._process is None:
            self._start()
        elif self._is_ready:
            self._asked = next(iter(self._waiting))
            self._process.write(json.dumps({"id": 0, **self._waiting[self._asked]}).encode() + b"\n")
            self._timer.start(round(1000 * self._seconds))

    def _start(self) -> None:
        process = QProcess(self)
        process.setProgram(sys.executable)
        process.setArguments(self._arguments)
        process.setProcessEnvironment(_environment())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._line = b""
        self._timer.start(round(1000 * START_SECONDS))
        process.start()

    def _read(self) -> None:
        assert self._process is not None
        *lines, self._line = (self._line + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            if not self._is_ready:
                if line != READY:  # said while torch was loaded
                    continue
                self._is_ready = True
                self._timer.stop()
                self._go_on()
            else:
                self._hear(json.loads(line))

    def _hear(self, message: dict[str, Any]) -> None:
        if "stage" in message:
            self._timer.start(round(1000 * self._seconds))
            self.said.emit(self._asked, message)
        else:
            self._reply(message)

    def _reply(self, reply: dict[str, Any]) -> None:
        self._timer.stop()
        key, self._asked = self._asked, None
        del self._waiting[key]
        self.replied.emit(key, reply)
        self._go_on()

    def _on_timeout(self) -> None:
        self._gone(self.tr("{0} took longer than {1:g} seconds and was ended.").format("{0}", self._seconds))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._gone(self.tr("The process that runs {0} could not be started."))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        how = self.tr("signal {0}") if status == QProcess.ExitStatus.CrashExit else self.tr("status {0}")
        if self._is_ready:
            self._gone(self.tr("{0} ended the process that it ran in ({1}).").format("{0}", how.format(code)))
        else:
            self._gone(self.tr("The process that runs {0} could not load PyTorch."))

    def _gone(self, words: str) -> None:
        """The process is at its end: that is the reply to what was asked of it, or was to be asked first."""
        others = dict(self._waiting)
        key = self._asked if self._asked is not None else next(iter(others), None)
        self.reset()
        if key is None:
            return
        request = others.pop(key)
        self._waiting = others
        self.replied.emit(key, {"refusal": words.format(request["path"])})
        self._go_on()


class Errand(QObject):
    """Work that takes too long for the window's thread; it must touch nothing that the window shows. It begins when whoever asks for it
    is back in the event loop, so that nobody connects to `done` too late.

    Signals:
        done: what the work returned.
    """

    done = Signal(object)

    def __init__(self, work: Callable[[], object], parent: QObject | None = None):
        super().__init__(parent)
        QTimer.singleShot(0, self, lambda: QThreadPool.globalInstance().start(lambda: self.done.emit(work())))


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
