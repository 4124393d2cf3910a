"""Which process is at work on a run, and where a window reaches it.

``process.json`` in the run's folder is locked by the process that trains it. The system frees the lock however that process ends, so a
file that is not locked belongs to nobody alive, whichever process has got the number since. A process that ends while somebody looks
on takes its file away; one that is left behind is of a run whose end nobody has been told of.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from graph_engine.errors import RunError
from graph_engine.training.rundir import unwritable

PROCESS = "process.json"

_TRIES, _PAUSE = 10, 0.02
"""Who only looks whether a file is locked has it locked for a moment."""


class Holder(NamedTuple):
    """A process that is at work on a run.

    Attributes:
        pid: its number.
        port: on this machine, where it takes commands and tells events; 0 where it does not.
        token: what has to be said there first, so that no other user of the machine may.
    """

    pid: int
    port: int = 0
    token: str = ""


@contextmanager
def held(run_dir: Path, holder: Holder, is_watched: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Inside, no other process can be at work on the run.

    Args:
        is_watched: asked at the end: whether somebody has been told of it.

    Raises:
        RunError: another process is.
        UnwritableError: the folder cannot be written to.
    """
    path = run_dir / PROCESS
    try:
        file = _locked(path)
        file.truncate()
        file.write(json.dumps(holder._asdict()).encode())
        file.flush()
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield
    finally:
        file.close()
        if is_watched():
            forget(run_dir)


def holder_of(run_dir: Path) -> Holder | None:
    """The process that is at work on a run; None where none is."""
    path = run_dir / PROCESS
    try:
        with path.open("rb") as file:
            if _lock(file, shared=True):
                return None
            return Holder(**json.loads(file.read()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        return Holder(0)  # it is about to write its file, or is another user's


def is_left(run_dir: Path) -> bool:
    """Whether a process has been at work on the run, and has ended unseen."""
    return (run_dir / PROCESS).exists() and holder_of(run_dir) is None


def forget(run_dir: Path) -> None:
    """The end of the run is known."""
    (run_dir / PROCESS).unlink(missing_ok=True)


def _locked(path: Path) -> BinaryIO:
    for _ in range(_TRIES):
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        if _lock(file) and path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()
        time.sleep(_PAUSE)
    raise RunError(f"Another process is at work on the run in {path.parent}: stop it first, or wait for its end.")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO, shared: bool = False) -> bool:
        """Locks a file until it is closed; says whether that was possible. What is locked cannot be read, so it is a byte far off."""
        file.seek(1 << 30)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

else:
    import fcntl

    def _lock(file: BinaryIO, shared: bool = False) -> bool:
        """Locks a file until it is closed; says whether that was possible."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
