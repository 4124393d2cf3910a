"""The training process: ``python -m graph_engine.training.worker``.

It is started ahead, loads torch and takes one step with a toy network, so that a run begins in milliseconds. Commands arrive on
stdin as JSON lines::

    {"do": "run", "run_dir": "…", "epochs": null, "seed": null, "device": null, "resume": false}
    {"do": "probe", "run_dir": "…", "kind": "rate" | "batch" | "budget"}
    {"do": "judge", "run_dir": "…", "part": "validation"}
    {"do": "look", "number": 1, …}   {"do": "look", "number": null}
    {"do": "augment", "number": 1, …}
    {"do": "pause"}   {"do": "resume"}   {"do": "stop"}   {"do": "quit"}

Events leave on stdout (`graph_engine.training.events`), in batches, at most thirty a second. The end of stdin means that the
window is gone: the run is stopped, which leaves a checkpoint, and the process ends.
"""

from __future__ import annotations

import faulthandler
import io
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from graph_engine.errors import ArchloomError, RunError
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Listener, Log, Ready, StateChange, encode
from graph_engine.training.live.looking import Looker
from graph_engine.training.probe import probe
from graph_engine.training.results import Results
from graph_engine.training.run import devices, run
from graph_engine.training.state import RunState

_INTERVAL = 1 / 30


class Sender:
    """Sends events in batches from a thread of its own, so that a slow reader never holds the training up."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._events: list[Event] = []
        self._some = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sender", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """Queues an event."""
        self._events.append(event)
        self._some.set()

    def close(self) -> None:
        """Sends what is left and ends the thread."""
        self._closing.set()
        self._some.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            count = len(self._events)
            batch, self._events[:count] = self._events[:count], []
            try:
                if batch:
                    self._file.write(encode(batch))
                    self._file.flush()
            except BrokenPipeError:
                return  # nobody listens any more; the end of stdin ends the run
            if self._closing.is_set() and not self._events:
                return
            self._closing.wait(_INTERVAL)


class LogStream(io.TextIOBase):
    """Stands for stdout: what is printed becomes log events, a line each."""

    def __init__(self, listener: Listener):
        self._listener = listener
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._listener(Log(line))
        return len(text)

    def writable(self) -> bool:
        return True


class Worker:
    """Takes commands and runs runs, one after the other."""

    def __init__(self, listener: Listener):
        self._listener = listener
        self._runs: queue.SimpleQueue[tuple[dict[str, Any], Control] | None] = queue.SimpleQueue()
        self._control = Control()
        self._open_runs = 0
        self._judges = False
        self._looker = Looker(listener)

    def read_commands(self, descriptor: int) -> None:
        """Obeys the lines of a descriptor until its end; meant for a thread."""
        rest = b""
        # not through sys.stdin, whose lock a thread would hold when the interpreter shuts down
        while data := os.read(descriptor, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.obey(json.loads(line))
        self.obey({"do": "quit"})

    def obey(self, command: dict[str, Any]) -> None:
        """Does what a command says, or queues it."""
        do = command.pop("do")
        if do in ("run", "probe", "judge"):
            if self._judges:
                self._control.stop()  # a run does not wait for that
            self._control, self._judges = Control(), do == "judge"
            self._open_runs += 1
            self._runs.put((command | {"do": do}, self._control))
        elif do == "look":
            self._looker.ask(command if command["number"] is not None else None)
            self._control.wake()
            self._runs.put(({"do": do}, self._control))
        elif do == "augment":
            self._runs.put((command | {"do": do}, self._control))
        elif do == "quit":
            if not self._open_runs:
                os._exit(0)  # there is nothing to save, and warming up may take seconds yet
            self._control.stop()
            self._runs.put(None)
        else:
            {"pause": self._control.pause, "resume": self._control.resume, "stop": self._control.stop}[do]()

    def work(self) -> None:
        """Runs what is queued, until told to quit."""
        while (job := self._runs.get()) is not None:
            command, control = job
            try:
                do = command.pop("do")
                if do == "look":
                    self._looker.answer()
                    continue
                if do == "augment":
                    self._looker.augment(command)
                    continue
                run_dir = Path(command.pop("run_dir"))
                if do == "probe":
                    probe(command["kind"], run_dir, self._listener, control)
                elif do == "judge":
                    self._judge(run_dir, command["part"], control)
                else:
                    run(run_dir, self._listener, control, looker=self._looker, **command)
            except RunError as error:
                self._listener(StateChange(RunState.FAILED, str(error)))
            self._open_runs -= 1
            self._looker.forget_run()

    def _judge(self, run_dir: Path, part: str, control: Control) -> None:
        from graph_engine.training.judging import results

        try:
            found = results(run_dir, part, control)
        except ArchloomError as error:
            found = Results(str(run_dir), part, message=str(error))
        self._listener(found)


def warm_up() -> None:
    """Loads what a run needs, and has torch do what it does on first use only."""
    import safetensors.torch  # noqa: F401
    import sklearn.datasets
    import sklearn.model_selection  # noqa: F401
    import torch
    from torch import nn
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 2))
    optimizer = torch.optim.AdamW(model.parameters())
    images = nn.functional.interpolate(torch.zeros(4, 1, 4, 4), size=(8, 8), mode="bilinear")
    nn.CrossEntropyLoss()(model(images), torch.zeros(4, dtype=torch.long)).backward()
    optimizer.step()


def main() -> None:
    """Serves a window until it goes."""
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print below Python must not end up between the events
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # torch's profiler would tell stderr that it began
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window, whose end is told by stdin
    sender = Sender(protocol)
    sys.stdout = LogStream(sender)
    worker = Worker(sender)
    threading.Thread(target=worker.read_commands, args=(0,), name="commands", daemon=True).start()
    try:
        warm_up()
        import torch

        sender(Ready(torch.__version__, devices()))
    except ModuleNotFoundError as error:
        sender(StateChange(RunState.FAILED, f"The Python package {error.name!r} is not installed: python -m pip install {error.name}."))
    worker.work()
    sender.close()
    os._exit(0)  # all is written; taking torch down takes longer than a closing window waits


if __name__ == "__main__":
    main()
