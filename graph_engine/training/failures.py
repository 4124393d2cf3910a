"""Says in a sentence why a run failed, and at which node."""

from __future__ import annotations

import re
from pathlib import Path

from graph_engine.errors import ArchloomError
from graph_engine.training import rundir
from graph_engine.training.rundir import RunRecord


def explain(error: Exception, run_dir: Path, record: RunRecord) -> tuple[str, str | None]:
    """The sentence, and the id of the node where one is to blame."""
    node = node_at_fault(error, run_dir / rundir.SOURCE / "model.py", record)
    at = f" at {record.nodes.get(node, node)}" if node else ""
    if isinstance(error, (ArchloomError, FloatingPointError)):
        return str(error), node
    if isinstance(error, ModuleNotFoundError):
        return f"The Python package {error.name!r} is not installed: python -m pip install {error.name}.", None
    if isinstance(error, OSError):
        return str(rundir.unwritable(Path(error.filename or run_dir), error)), None
    if _is_out_of_memory(error):
        size = record.settings.get("training", {}).get("batch_size")
        return f"The memory is used up{at}: lower the batch size (now {size}), or make the network smaller.", node
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    text = text if text.endswith((".", "!", "?")) else text + "."
    return (f"The network failed{at}: {text}" if node else f"The training failed: {text}"), node


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
