"""Has several processes of this machine, or of several, train one run, through `torchrun`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from graph_engine.errors import RunError
from graph_engine.training import rundir
from graph_engine.training.control import Control
from graph_engine.training.events import Listener, StateChange, decode
from graph_engine.training.rundir import RunRecord
from graph_engine.training.state import RunState

LOG = "processes.log"
"""File in the run's folder with what the processes, and torchrun, print; each of several machines has one of its own."""


class Meeting(NamedTuple):
    """How several machines find each other; `torchrun` has the same.

    Attributes:
        nodes: how many machines there are, or the least and the greatest number of them: ``2``, ``1:4``.
        endpoint: one of them, which all reach, and a port that is free there: ``host:29400``.
        id: tells runs that meet at one place apart.
    """

    nodes: str
    endpoint: str
    id: str


def run_together(
    run_dir: Path,
    listener: Listener,
    control: Control,
    processes: int,
    *,
    meeting: Meeting | None = None,
    resume: bool = False,
    **options: Any,
) -> RunRecord:
    """Trains until the last epoch, a stop, or a failure; events go to ``listener``, of several machines on the one with the first process.

    Args:
        run_dir: a prepared folder (`rundir.prepare`).
        listener: receives events.
        control: pauses and stops.
        processes: how many of this machine share each batch.
        meeting: with other machines, on which the same is called, and which see the same folder.
        resume: go on from the last checkpoint.
        options: epochs, seed and device, in place of the document's; None leaves those.

    Returns:
        The record, as it is in the folder.

    Raises:
        RunError: the processes of this machine, which the first is not among, ended unasked.
    """
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes), *_where(meeting)]
    given = [text for name, value in options.items() if value is not None for text in (f"--{name}", str(value))]
    package_root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([package_root, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    log_path = run_dir / (LOG if meeting is None else f"{Path(LOG).stem}-{socket.gethostname()}-{os.getpid()}.log")
    with (
        log_path.open("wb") as log,
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
        state = None
        for line in popen.stdout:
            for event in decode(line):
                if isinstance(event, StateChange):
                    state = event.state
                listener(event)
    record = rundir.read_run(run_dir)
    message = f"One of the {processes} processes ended unasked; {log_path} says more. The run can go on from its last checkpoint."
    if meeting is not None and state is None:
        if popen.returncode:
            raise RunError(message)
    elif state is None or state.is_active:
        record = replace(record, state=RunState.FAILED, message=message)
        rundir.write_run(run_dir, record)
        listener(StateChange(record.state, record.message))
    return record


def _where(meeting: Meeting | None) -> list[str]:
    if meeting is None:
        return ["--standalone"]
    return ["--nnodes", meeting.nodes, "--rdzv-backend", "c10d", "--rdzv-endpoint", meeting.endpoint, "--rdzv-id", meeting.id]
