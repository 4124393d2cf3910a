"""The training process: ``python -m graph_engine.training.worker``.

It is started ahead, loads torch and takes one step with a toy network, so that a run begins in milliseconds. Commands arrive on
stdin as JSON lines::

    {"do": "run", "run_dir": "…", "epochs": null, "seed": null, "device": null, "resume": false, "processes": 1}
    {"do": "probe", "run_dir": "…", "kind": "rate" | "batch" | "budget"}
    {"do": "judge", "run_dir": "…", "part": "validation"}
    {"do": "look", "number": 1, …}   {"do": "look", "number": null}
    {"do": "give", "number": 1, …}   {"do": "augment", "number": 1, …}
    {"do": "pause"}   {"do": "resume"}   {"do": "stop"}   {"do": "quit"}

Events leave on stdout (`graph_engine.training.events`), in batches, at most thirty a second. The end of stdin means that the
window is gone, on purpose or not: a run goes on, and the process ends with it; without a run it ends at once. Until then another window
may take the place of the first one (`graph_engine.training.desk`).
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from graph_engine.errors import ArchloomError
from graph_engine.training.control import Control
from graph_engine.training.desk import Desk
from graph_engine.training.events import Ready, StateChange
from graph_engine.training.holding import held
from graph_engine.training.live.looking import SHOWN, Looker
from graph_engine.training.loading import compiled
from graph_engine.training.probe import probe
from graph_engine.training.results import Results
from graph_engine.training.run import devices, run, versions
from graph_engine.training.sender import LogStream, Sender
from graph_engine.training.state import RunState
from graph_engine.training.together import run_together

GRACE = 2.0
"""Seconds for which a window that wants to attach waits for another one to be gone, which may have closed only just now."""

OUTPUT = "process.log"
"""File in the run's folder with what its process prints on the standard error while no window looks on."""


class Worker:
    """Takes commands and runs runs, one after the other.

    Attributes:
        desk: where another window may attach.
    """

    def __init__(self, sender: Sender):
        self._listener = self._sender = sender
        self._runs: queue.SimpleQueue[tuple[dict[str, Any], Control] | None] = queue.SimpleQueue()
        self._control = Control()
        self._lock = threading.Condition()
        self._is_attended = True
        self._open_jobs = 0
        self._training: Path | None = None
        self._judges = False
        self._is_shared = False
        self._looker = Looker(sender)
        self.desk = Desk(self._attach)

    def read_commands(self, file: BinaryIO) -> None:
        """Obeys the lines of a file until its end, which is that of the window; meant for a thread."""
        with suppress(OSError):  # a connection may end otherwise than a file
            for line in file:
                self.obey(json.loads(line))
        self._leave()

    def obey(self, command: dict[str, Any]) -> None:
        """Does what a command says, or queues it."""
        do = command.pop("do")
        if do in ("run", "probe", "judge"):
            if self._judges:
                self._control.stop()  # a run does not wait for that
            self._control, self._judges = Control(), do == "judge"
            with self._lock:
                self._open_jobs += 1
                self._training = Path(command["run_dir"]) if do == "run" else self._training
            self._runs.put((command | {"do": do}, self._control))
        elif do == "look":
            self._looker.ask(command if command["number"] is not None else None)
            self._refuse_to_look()
            self._control.wake()
            self._runs.put(({"do": do}, self._control))
        elif do in SHOWN:
            self._runs.put((command | {"do": do}, self._control))
        elif do == "quit":
            if not self._open_jobs:
                os._exit(0)  # there is nothing to save, and warming up may take seconds yet
            self._training = None  # it does not go on when the window is gone
            self._control.stop()
            self._runs.put(None)
        else:
            {"pause": self._control.pause, "resume": self._control.resume, "stop": self._control.stop}[do]()

    def work(self) -> None:
        """Runs what is queued, until told to quit, or until the end of a run that nobody looks on at."""
        while (job := self._runs.get()) is not None:
            command, control = job
            do = command.pop("do")
            if do == "look":
                self._looker.answer()
                continue
            if do in SHOWN:
                self._looker.show(do, command)
                continue
            try:
                self._do(do, Path(command.pop("run_dir")), command, control)
            except ArchloomError as error:
                self._listener(StateChange(RunState.FAILED, str(error)))
            self._looker.forget_run()
            with self._lock:
                self._open_jobs -= 1
                if not self._open_jobs:
                    self._training = None
                    if not self._is_attended:
                        return

    def _do(self, do: str, run_dir: Path, options: dict[str, Any], control: Control) -> None:
        if do == "probe":
            probe(options["kind"], run_dir, self._listener, control)
        elif do == "judge":
            self._judge(run_dir, options["part"], control)
        else:
            with held(run_dir, self.desk.holder, lambda: self._is_attended):
                processes = options.pop("processes", 1)
                if processes > 1:
                    self._train_together(run_dir, processes, options, control)
                else:
                    run(run_dir, self._listener, control, looker=self._looker, **options)

    def _train_together(self, run_dir: Path, processes: int, options: dict[str, Any], control: Control) -> None:
        self._is_shared = True
        self._refuse_to_look()
        try:
            run_together(run_dir, self._listener, control, processes, **options)
        finally:
            self._is_shared = False

    def _refuse_to_look(self) -> None:
        if self._is_shared and self._looker.is_asked:
            self._looker.refuse("A run in several processes cannot be looked at while it trains.")

    def _attach(self, events: BinaryIO, commands: BinaryIO) -> bool:
        """A window has connected: it takes the place of the one that is gone."""
        with self._lock:
            if not self._lock.wait_for(lambda: not self._is_attended, GRACE):
                return False
            self._is_attended = True
        self._sender.turn_to(events)
        self.read_commands(commands)
        return True

    def _leave(self) -> None:
        """The window is gone."""
        self._looker.ask(None)
        with self._lock:
            run_dir = self._training
            if run_dir is not None:
                self._is_attended = False
                self._sender.turn_to(None)
                self._lock.notify_all()
        if run_dir is None:
            self.obey({"do": "quit"})
        else:
            _write_output_to(run_dir / OUTPUT)

    def _judge(self, run_dir: Path, part: str, control: Control) -> None:
        from graph_engine.training.judging import results

        try:
            found = results(run_dir, part, control)
        except ArchloomError as error:
            found = Results(str(run_dir), part, message=str(error))
        self._listener(found)


def _write_output_to(path: Path) -> None:
    """What libraries print below Python would break the pipe to a window that is gone."""
    with suppress(OSError), path.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def warm_up() -> None:
    """Loads what a run needs, and has torch do what it does on first use only."""
    import safetensors.torch  # noqa: F401
    import sklearn.datasets
    import sklearn.model_selection  # noqa: F401
    import torch
    from torch import nn
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401

    for file in resources.files("graph_engine.training.exported").iterdir():
        if file.name.endswith(".py"):
            compiled(file.read_text(encoding="utf-8"))
    versions()
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 2))
    optimizer = torch.optim.AdamW(model.parameters())
    images = nn.functional.interpolate(torch.zeros(4, 1, 4, 4), size=(8, 8), mode="bilinear")
    nn.CrossEntropyLoss()(model(images), torch.zeros(4, dtype=torch.long)).backward()
    optimizer.step()


def main() -> None:
    """Serves a window until it goes."""
    if hasattr(os, "setsid"):
        with suppress(PermissionError):  # it has a session of its own
            os.setsid()  # so that a terminal that closes ends the window alone
    protocol, commands = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # what libraries print below Python must not end up between the events
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # torch's profiler would tell stderr that it began
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window, whose end is told by stdin
    sender = Sender(protocol)
    sys.stdout = LogStream(sender)
    worker = Worker(sender)
    threading.Thread(target=worker.read_commands, args=(commands,), name="commands", daemon=True).start()
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
