"""One of several processes that train a run together: ``torchrun … -m graph_engine.training.member RUN_DIR``.

The first is a run as any other, whose events leave on stdout as lines (`graph_engine.training.events`), and which takes a wish a line,
``go``, ``pause`` or ``stop``, on stdin; the others do their share. When stdin ends, because who began the run was killed, or when
`torchrun` is told to end, the first one stops the run, which all of them agree on, and which leaves a checkpoint.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import torch.distributed as dist

from graph_engine.training import rundir
from graph_engine.training.control import Control
from graph_engine.training.events import Event, encode
from graph_engine.training.loading import loaded
from graph_engine.training.run import run
from graph_engine.training.state import RunState


def main() -> None:
    """Trains; ends with status 1 where the run failed, so that the others are ended too."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device")
    parser.add_argument("--resume", action="store_true")
    options = vars(parser.parse_args())
    run_dir = options.pop("run_dir")
    protocol = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what the network prints must not end up between the events
    if os.environ.get("RANK", "0") == "0":
        control = Control()
        signal.signal(signal.SIGTERM, lambda *_: control.stop())
        threading.Thread(target=_read_wishes, args=(control,), name="wishes", daemon=True).start()

        def send(event: Event) -> None:
            with suppress(OSError):  # who listened is dead, which the end of stdin tells
                protocol.write(encode([event]))

        record = run(run_dir, send, control, **options)
        if dist.is_initialized():
            dist.destroy_process_group()
        os._exit(record.state is RunState.FAILED)  # a thread waits for wishes
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    record = rundir.read_run(run_dir)
    for name, value in options.items():
        if value is None:
            options[name] = getattr(record, name)
    with loaded(run_dir / rundir.SOURCE) as train:
        training = train.Training(run_dir, **options)
        training.fit()
        training.team.close()


def _read_wishes(control: Control) -> None:
    for line in os.fdopen(os.dup(0), "rb"):
        {b"go": control.resume, b"pause": control.pause, b"stop": control.stop}[line.strip()]()
    control.stop()


if __name__ == "__main__":
    main()
