"""Asks the process that runs foreign code, and waits: for scripts and for the terminal. The window asks without waiting."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graph_engine.data.look import Look
from graph_engine.errors import DataError, GraphError
from graph_engine.foreign import questions
from graph_engine.spec.foreign import Answer, Question
from graph_engine.spec.signature import Signature

COMMAND = ("-P", "-m", "graph_engine.foreign.answering")
"""Arguments of Python. The folder in which it is started is nothing to import from."""

READY = b'{"ready": true}'
"""The line with which it tells that it waits for requests."""

START_SECONDS = 120.0
"""How long the process may take to load torch."""


class Child:
    """The process; it is started when it is needed, and again when it had to be ended."""

    def __init__(self, seconds: float = questions.SECONDS):
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._count = 0

    def signature(self, path: str, folder: Path | None) -> Signature:
        """Imports a class and reads its signature.

        Raises:
            GraphError: it cannot be read; one sentence.
        """
        found = questions.to_signature(self._ask(questions.to_read(path, folder), path))
        if isinstance(found, str):
            raise GraphError(found)
        return found

    def look(self, path: str, params: Mapping[str, Any], folder: Path | None) -> Look:
        """Imports and makes a data set, and looks at its samples.

        Raises:
            DataError: it cannot be read; one sentence.
        """
        found = questions.to_found(path, self._ask(questions.to_look(path, params, folder), path))
        if isinstance(found, str):
            raise DataError(found)
        return found

    def answer(self, question: Question, folder: Path | None) -> Answer:
        """Runs a module; an answer in any case."""
        known = questions.refused(question)
        return known or questions.to_answer(question, self._ask(questions.to_run(question, folder), question.path))

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    assert stream is not None
                    stream.close()

    def _ask(self, request: Mapping[str, Any], path: str) -> Mapping[str, Any]:
        process = self._start()
        self._count += 1
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # told by the end of its output
            process.stdin.write(json.dumps({"id": self._count, **request}).encode() + b"\n")
            process.stdin.flush()
        line = self._line(self.seconds)
        if line is None or not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.0 if line is None else 5.0)
            status = process.returncode
            self.close()
            return {"refusal": took_too_long(path, self.seconds) if line is None else ended(path, status)}
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._lines = queue.SimpleQueue()
            self._process = subprocess.Popen(
                [sys.executable, *COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": python_path()},
            )
            threading.Thread(target=_forward, args=(self._process, self._lines), daemon=True).start()
            while (line := self._line(START_SECONDS)) != READY + b"\n":
                if not line:
                    self.close()
                    raise GraphError("The process that runs modules could not be started: is torch installed?")
        return self._process

    def _line(self, seconds: float) -> bytes | None:
        """The next line; empty when the process has ended, None when it takes too long."""
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return None


def _forward(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError):  # closed from the other end
        for line in process.stdout:
            lines.put(line)
    lines.put(b"")


def took_too_long(path: str, seconds: float) -> str:
    """What to tell of a module that does not come to an end."""
    return f"{path} took longer than {seconds:g} seconds and was ended."


def ended(path: str, status: int | None) -> str:
    """What to tell of a module that took its process down."""
    how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
    return f"{path} ended the process that it ran in ({how})."


def python_path() -> str:
    """Where the process finds packages: where this one does, and the program itself."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    return os.pathsep.join(dict.fromkeys([root, *(str(Path(p).resolve()) for p in sys.path)]))


@cache
def shared() -> Child:
    """The one of this process, ended with it."""
    child = Child()
    atexit.register(child.close)
    return child
