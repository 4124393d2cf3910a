"""Has several processes of this machine train one run, through `torchrun`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph_engine.training import rundir
from graph_engine.training.events import Listener, decode
from graph_engine.training.rundir import RunRecord
from graph_engine.training.state import RunState

LOG = "processes.log"
"""File in the run's folder with what the processes, and torchrun, print."""


def run_together(run_dir: Path, listener: Listener, processes: int, *, resume: bool = False, **options: Any) -> RunRecord:
    """Trains until the last epoch, an interrupt from the keyboard, or a failure; events go to ``listener``.

    Args:
        run_dir: a prepared folder (`rundir.prepare`).
        listener: receives events.
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
    with (
        (run_dir / LOG).open("wb") as log,
        subprocess.Popen(
            [*torchrun, "-m", "graph_engine.training.member", str(run_dir), *given, *["--resume"] * resume],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl+C in the terminal is for this process, which ends the others in their order
        ) as popen,
        _ended_by_interrupt(popen),
    ):
        assert popen.stdout
        for line in popen.stdout:
            for event in decode(line):
                listener(event)
    record = rundir.read_run(run_dir)
    if record.state.is_active or record.state is RunState.IDLE:
        message = f"One of the {processes} processes ended unasked; {run_dir / LOG} says more. The run can go on from its last checkpoint."
        record = replace(record, state=RunState.FAILED, message=message)
        rundir.write_run(run_dir, record)
    return record


@contextmanager
def _ended_by_interrupt(popen: subprocess.Popen[bytes]) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, lambda *_: popen.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
