"""Says in a sentence why a run failed, and at which node."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from graph_engine.errors import ArchloomError
from graph_engine.training import rundir
from graph_engine.training.rundir import RunRecord


class Failure(NamedTuple):
    """Why a run failed.

    Attributes:
        message: a sentence that says what to do.
        node: id of the node that is to blame, or None.
        traceback: worth showing as well: the sentence alone does not tell what to mend.
    """

    message: str
    node: str | None = None
    traceback: bool = False


def explain(error: Exception, run_dir: Path, record: RunRecord) -> Failure:
    """What to tell of an error that ended a run."""
    node = node_at_fault(error, run_dir / rundir.SOURCE / "model.py", record)
    at = f" at {record.nodes.get(node, node)}" if node else ""
    if (
        isinstance(error, (ArchloomError, FloatingPointError)) or type(error).__name__ == "UnreadableError"
    ):  # the class is the project's own
        return Failure(str(error), node)
    if isinstance(error, ModuleNotFoundError):
        return Failure(f"The Python package {error.name!r} is not installed: python -m pip install {error.name}.")
    disk = _system_error(error)
    if isinstance(disk, FileNotFoundError) and disk.filename:
        return Failure(f"{disk.filename} is not there, or not any more: put it back, then resume the run.")
    if disk is not None:
        return Failure(str(rundir.unwritable(Path(disk.filename or run_dir), disk)))
    if _is_out_of_memory(error):
        size = record.settings.get("training", {}).get("batch_size")
        return Failure(f"The memory is used up{at}: lower the batch size (now {size}), or make the network smaller.", node)
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    text = text if text.endswith((".", "!", "?")) else text + "."
    return Failure(f"The network failed{at}: {text}" if node else f"The training failed: {text}", node, traceback=True)


def _system_error(error: BaseException | None) -> OSError | None:
    """The refusal of the system behind an error; torch reports a full disk as damage to its own file."""
    while error is not None:
        if isinstance(error, OSError):
            return error
        error = error.__cause__ or error.__context__
    return None


def node_at_fault(error: Exception, model: Path, record: RunRecord) -> str | None:
    """Id of the node whose line in the model was running when the error was raised."""
    node = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(model):
            node = record.lines.get(trace.tb_lineno, node)
        trace = trace.tb_next
    return node


def _is_out_of_memory(error: Exception) -> bool:
    """Torch has a class for a GPU's memory and only words for main memory."""
    words = str(error)
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "DefaultCPUAllocator" in words
