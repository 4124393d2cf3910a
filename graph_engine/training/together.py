"""Has several processes of this machine train one run, through `torchrun`."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph_engine.training import rundir
from graph_engine.training.control import Control
from graph_engine.training.events import Listener, StateChange, decode
from graph_engine.training.rundir import RunRecord
from graph_engine.training.state import RunState

LOG = "processes.log"
"""File in the run's folder with what the processes, and torchrun, print."""


def run_together(run_dir: Path, listener: Listener, control: Control, processes: int, *, resume: bool = False, **options: Any) -> RunRecord:
    """Trains until the last epoch, a stop, or a failure; events go to ``listener``.

    Args:
        run_dir: a prepared folder (`rundir.prepare`).
        listener: receives events.
        control: pauses and stops.
        processes: how many share each batch.
        resume: go on from the last checkpoint.
        options: epochs, seed and device, in place of the document's; None leaves those.

    Returns:
        The record, as it is in the folder.
    """
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    given = [text for name, value in options.items() if value is not None for text in (f"--{name}", str(value))]
    package_root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([package_root, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    with (
        (run_dir / LOG).open("wb") as log,
        subprocess.Popen(
            [*torchrun, "-m", "graph_engine.training.member", str(run_dir), *given, *["--resume"] * resume],
            env={**environment, "PYTHONPATH": path, "USE_LIBUV": "0" if sys.platform == "win32" else "1"},
            stdin=subprocess.PIPE,  # whose end ends them, should this process be killed
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl+C in the terminal is for this process, which ends the others in their order
        ) as popen,
    ):
        assert popen.stdin and popen.stdout
        wishes = popen.stdin

        def pass_on(wish: str) -> None:
            with suppress(OSError):  # they have ended
                wishes.write(wish.encode() + b"\n")
                wishes.flush()

        control.follow(pass_on)
        state = RunState.STARTING
        for line in popen.stdout:
            for event in decode(line):
                if isinstance(event, StateChange):
                    state = event.state
                listener(event)
    record = rundir.read_run(run_dir)
    if state.is_active:
        message = f"One of the {processes} processes ended unasked; {run_dir / LOG} says more. The run can go on from its last checkpoint."
        record = replace(record, state=RunState.FAILED, message=message)
        rundir.write_run(run_dir, record)
        listener(StateChange(record.state, record.message))
    return record
