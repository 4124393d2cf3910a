"""Runs without a window: the process that trains goes on when its window is gone, and obeys the next one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from graph_engine.errors import RunError
from graph_engine.training.events import Event, Greeting, Progress, Ready, StateChange, decode
from graph_engine.training.holding import Holder, held, holder_of, is_left
from graph_engine.training.rundir import new_run, read_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import FORWARD, ROOT, Process, change, metrics, small_net


class Window:
    """A window that attaches to a run which goes on."""

    def __init__(self, run_dir: Path, token: str | None = None):
        holder = holder_of(run_dir)
        assert holder is not None
        self._socket = socket.create_connection(("127.0.0.1", holder.port), timeout=30)
        self._file: BinaryIO = self._socket.makefile("rb")
        self._socket.sendall(json.dumps({"token": token or holder.token}).encode() + b"\n")

    def read(self) -> list[Event]:
        line = self._file.readline()
        return decode(line) if line else []

    def until(self, condition: Callable[[Event], bool]) -> None:
        while events := self.read():
            if any(map(condition, events)):
                return
        raise AssertionError("the process went first")

    def say(self, do: str) -> None:
        self._socket.sendall(json.dumps({"do": do}).encode() + b"\n")

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *_: object) -> None:
        """It vanishes."""
        self._file.close()
        self._socket.close()


def state(wanted: RunState) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, StateChange) and event.state is wanted


def vanish(process: Process) -> None:
    """What the system does with the pipes of a window that is killed."""
    assert process.popen.stdin and process.popen.stdout and process.popen.stderr
    for pipe in (process.popen.stdin, process.popen.stdout, process.popen.stderr):
        pipe.close()


def test_a_run_goes_on_without_its_window_and_obeys_the_next(reference: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    run_dir = new_run(small_net(), tmp_path)
    change(
        run_dir,
        FORWARD,
        FORWARD + "        import os, sys, time; time.sleep(0.02); os.write(2, b'from below'); sys.stderr.write('from Python')\n",
    )
    first = Process().until_ready()
    request.addfinalizer(first.popen.kill)  # where the test fails, it would go on
    first.send(do="run", run_dir=str(run_dir))
    first.until_step(10)
    assert holder_of(run_dir) is not None and not is_left(run_dir)
    vanish(first)

    with Window(run_dir) as second:
        greeting, ready, *rest = second.read()
        assert greeting == Greeting(True) and isinstance(ready, Ready)
        assert StateChange(RunState.RUNNING) in rest and any(isinstance(event, Progress) for event in rest)
        second.say("pause")
        second.until(state(RunState.PAUSED))
    with Window(run_dir) as third:
        assert StateChange(RunState.PAUSED) in third.read()
        third.say("resume")
        third.until(state(RunState.RUNNING))
    assert first.popen.wait(60) == 0
    assert is_left(run_dir), "nobody has been told of its end"
    assert read_run(run_dir).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()


def test_without_a_run_the_process_ends_with_its_window(process: Process, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    assert process.run(run_dir, epochs=1).state is RunState.FINISHED
    process.run(new_run(small_net(), tmp_path), epochs=1)  # by the end of which all is done with the first
    assert not (run_dir / "process.json").exists(), "its window knows how it ended"
    idle = Process().until_ready()
    vanish(idle)
    assert idle.popen.wait(10) == 0


def test_one_window_controls_and_who_does_not_know_the_token_is_not_heard(process: Process, tmp_path: Path) -> None:
    run_dir = new_run(small_net(epochs=200), tmp_path)
    process.send(do="run", run_dir=str(run_dir))
    process.until_step(1)
    with Window(run_dir, token="a guess") as stranger:
        assert stranger.read() == []
    with Window(run_dir) as other:
        assert other.read() == [Greeting(False)]
    if os.name == "posix":
        assert (run_dir / "process.json").stat().st_mode & 0o077 == 0
    process.send(do="stop")
    process.until_state(RunState.STOPPED)


def test_only_one_process_is_at_work_on_a_run_and_its_death_frees_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from graph_engine.training.holding import *\n"
        "with held(Path(sys.argv[1]), Holder(1)): print('held', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    with other:
        assert other.stdout and other.stdout.readline()
        with pytest.raises(RunError, match="Another process is at work"), held(tmp_path, Holder(2)):
            pass
        assert holder_of(tmp_path) == Holder(1) and not is_left(tmp_path)
        other.kill()
    assert holder_of(tmp_path) is None and is_left(tmp_path)
    with held(tmp_path, Holder(2)):
        assert holder_of(tmp_path) == Holder(2)
    assert not is_left(tmp_path) and not list(tmp_path.iterdir())
