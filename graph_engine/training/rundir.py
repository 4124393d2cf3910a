"""The folder of a run: made before the run starts, read by whoever shows runs. Needs no torch.

- ``run.json``: what was run, how, and what came of it; ``run.previous.json``: what it said before, in case it is damaged
- ``document.archloom``: the document as it ran
- ``source/``: the project that was run: model.py, data.py, train.py, …
- ``metrics.jsonl``: every metric, an object a line
- ``health.jsonl``: what was measured of the network in some steps (`graph_engine.training.health`), an object a line
- ``findings.json``: what is wrong with the training, in words (`graph_engine.training.findings`)
- ``checkpoints/``: last.pt, previous.pt, best.safetensors
- ``weights.safetensors``: the weights at the end
- ``outline.json``: where in the source the values of nodes are (`graph_engine.training.live.outline`)
- ``process.json``: which process is at work on it (`graph_engine.training.holding`), while one is
- ``label.json``: what a person calls the run; written by nothing that trains
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from graph_engine.codegen.project import INITIAL, project_files
from graph_engine.errors import RunError, UnwritableError
from graph_engine.training.course import network_of
from graph_engine.training.live.outline import computable
from graph_engine.training.state import RunState

if TYPE_CHECKING:
    from graph_engine.api import Graph

RECORD = "run.json"
RECORD_BEFORE = "run.previous.json"
DOCUMENT = "document.archloom"
SOURCE = "source"
METRICS = "metrics.jsonl"
WEIGHTS = "weights.safetensors"
PREPARATION = "preparation.json"
FINDINGS = "findings.json"
LABEL = "label.json"
OUTLINE = "outline.json"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What ``run.json`` holds.

    Attributes:
        name: of the run; its folder's.
        document: name of the document.
        path: file of the document, where it had one.
        created: when the run was prepared, ISO 8601 in UTC.
        state: the last known; a process that was killed could not tell any more.
        message: why it failed.
        node: id of the node at which it failed.
        settings: the document's data and training settings.
        epochs, seed, device, threads: as the run used them; None before it started.
        processes: how many shared each batch.
        versions: of the program's parts that can change the result.
        metrics: last value of each.
        lines: node id by line of ``source/model.py``.
        nodes: node name by id.
        silenced: codes of findings by id of the node that they are not to be told of.
        network: what is to be known of the network to judge its training, as `graph_engine.training.course.Network` has it.
    """

    name: str
    document: str
    created: str
    path: str | None = None
    state: RunState = RunState.IDLE
    message: str | None = None
    node: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    seed: int | None = None
    device: str | None = None
    threads: int | None = None
    processes: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[int, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    silenced: Mapping[str, list[str]] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)


class Label(NamedTuple):
    """What a person says of a run.

    Attributes:
        name: in place of its folder's; may be empty.
        tags: words to find it by.
    """

    name: str = ""
    tags: tuple[str, ...] = ()


def new_run(graph: Graph, parent: Path, path: Path | None = None) -> Path:
    """Makes a folder for a run of the graph: the next number in ``parent``.

    Args:
        path: file of the document, for whoever looks for it later.

    Raises:
        CheckError, RunError, UnwritableError: as `prepare`.
    """
    files = _files(graph)
    number = 1 + max((int(path.name) for path in parent.glob("*") if path.name.isdecimal()), default=0)
    while True:
        run_dir = parent / f"{number:03}"
        try:
            run_dir.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise unwritable(run_dir, error) from error
        else:
            _fill(graph, run_dir, files, path)
            return run_dir


def prepare(graph: Graph, run_dir: Path) -> None:
    """Makes ``run_dir`` the folder of a run of the graph.

    Raises:
        CheckError: the graph has errors.
        RunError: it cannot be trained, or the folder holds a run already.
        UnwritableError: the folder cannot be written to.
    """
    if holds_run(run_dir):
        raise RunError(f"{run_dir} holds a run already: resume that one, or choose another folder.")
    files = _files(graph)
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(run_dir, error) from error
    _fill(graph, run_dir, files)


def _files(graph: Graph) -> dict[str, str]:
    """What the run will import."""
    graph.require_trust(graph.foreign)
    return project_files(graph)


def holds_run(run_dir: Path) -> bool:
    """Whether the folder is that of a run, started or not."""
    return any((run_dir / name).exists() for name in (RECORD, RECORD_BEFORE, METRICS))


def is_run_of(graph: Graph, run_dir: Path) -> bool:
    """Whether the run in the folder is of this graph with these settings, so that resuming it is what one expects."""
    try:
        return all((run_dir / SOURCE / name).read_text(encoding="utf-8") == text for name, text in project_files(graph).items())
    except OSError:
        return False


def read_run(run_dir: Path, tell: Callable[[str], None] | None = None) -> RunRecord:
    """The record of a run; where it is damaged, what it said before.

    Args:
        run_dir: its folder.
        tell: receives a sentence in the latter case.

    Raises:
        RunError: the folder is not that of a run, or its record is damaged, and there is none from before.
    """
    try:
        return _read_record(run_dir / RECORD)
    except RunError as error:
        try:
            before = _read_record(run_dir / RECORD_BEFORE)
        except RunError:
            raise error from None
    if tell is not None:
        tell(f"{run_dir / RECORD} is damaged; what it said before counts.")
    return before


def _read_record(path: Path) -> RunRecord:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(RunRecord)}
        record = RunRecord(**{name: value for name, value in plain.items() if name in known})
        return replace(
            record,
            state=RunState(record.state),
            lines={int(line): node for line, node in record.lines.items()},
            metrics={name: float(value) for name, value in record.metrics.items()},
        )
    except FileNotFoundError:
        raise RunError(f"{path.parent} is not the folder of a run: it has no {RECORD}.") from None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise RunError(f"{path} is damaged: {error}.") from error


def write_run(run_dir: Path, record: RunRecord, sync: bool = True) -> None:
    """Replaces the record of a run, and keeps the one before; a crash leaves the old one or the new one.

    Args:
        sync: waits for the disk. A run that begins does not: what has not come so far when the machine fails can be begun again.

    Raises:
        UnwritableError: the folder cannot be written to.
    """
    plain = asdict(record)
    plain["metrics"] = {name: value if math.isfinite(value) else json.dumps(value) for name, value in record.metrics.items()}
    try:
        _read_record(run_dir / RECORD)
    except RunError:
        _replace_json(run_dir / RECORD, plain, sync=sync)  # what is damaged must not push out what is not
    else:
        _replace_json(run_dir / RECORD, plain, keep=run_dir / RECORD_BEFORE, sync=sync)


def read_label(run_dir: Path) -> Label:
    """What a person calls the run; nothing where there is no such file, or it is damaged."""
    try:
        plain = json.loads((run_dir / LABEL).read_text(encoding="utf-8"))
        return Label(str(plain["name"]), tuple(map(str, plain["tags"])))
    except (OSError, ValueError, TypeError, KeyError):
        return Label()


def write_label(run_dir: Path, label: Label) -> None:
    """Replaces what a person calls the run.

    Raises:
        UnwritableError: the folder cannot be written to.
    """
    _replace_json(run_dir / LABEL, label._asdict())


def read_findings(run_dir: Path) -> list[dict[str, Any]]:
    """What was wrong with the run at its end, as JSON has it; nothing where there is no such file, or it is damaged."""
    try:
        return [dict(plain) for plain in json.loads((run_dir / FINDINGS).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def write_findings(run_dir: Path, findings: list[dict[str, Any]]) -> None:
    """Replaces what is wrong with the run.

    Raises:
        UnwritableError: the folder cannot be written to.
    """
    _replace_json(run_dir / FINDINGS, findings)


def copy_run(run_dir: Path, project: Path) -> None:
    """Copies what a run has learned into the folder of a project, as if that had been trained.

    Raises:
        RunError: the run has no weights, or they cannot be copied.
    """
    if not (run_dir / WEIGHTS).is_file():
        raise RunError(f"{run_dir} has no {WEIGHTS}: name the folder of a run that has been trained.")
    try:
        (project / "run").mkdir(exist_ok=True)
        for name in (WEIGHTS, PREPARATION):
            if (run_dir / name).exists():
                shutil.copyfile(run_dir / name, project / "run" / name)
    except OSError as error:
        raise unwritable(project / "run", error) from error


def list_runs(parent: Path) -> list[Path]:
    """The folders of runs in ``parent``, the newest first."""
    folders = {path.parent for name in (RECORD, RECORD_BEFORE) for path in parent.glob(f"*/{name}")}
    return sorted(folders, key=lambda path: (len(path.name), path.name), reverse=True)


def unwritable(path: Path, error: OSError) -> UnwritableError:
    """Why a file could not be written, in a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UnwritableError(f"The disk is full: {path} could not be written. Free some space, then try again.")
    return UnwritableError(f"{path} cannot be written: {error.strerror or error}.")


def _replace_json(path: Path, plain: Any, keep: Path | None = None, sync: bool = True) -> None:
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
            if sync:
                file.flush()
                os.fsync(file.fileno())
        if keep is not None and path.exists():
            path.replace(keep)
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error


def _fill(graph: Graph, run_dir: Path, files: Mapping[str, str], path: Path | None = None) -> None:
    record = RunRecord(
        name=run_dir.name,
        document=graph.name,
        path=str(path.resolve()) if path is not None else None,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=graph.settings.to_plain(),
        lines=graph.source().lines,
        nodes={node.id: node.name for one in graph.graphs() for node in one},
        silenced={node.id: sorted(node.silenced) for one in graph.graphs() for node in one if node.silenced},
        network=network_of(graph).to_plain(),
    )
    try:
        source = run_dir / SOURCE
        source.mkdir(exist_ok=True)
        for name, text in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text, encoding="utf-8", newline="\n")
        graph.write_weights(source / INITIAL)
        graph.save_copy(run_dir / DOCUMENT, sync=False)  # not as the graph's own file: modules beside that one are still to be found
        found = computable(graph)
        assert found is not None  # a network that can be trained can be computed
        (run_dir / OUTLINE).write_text(json.dumps(found.outline.to_plain()), encoding="utf-8")
    except OSError as error:
        raise unwritable(run_dir, error) from error
    write_run(run_dir, record, sync=False)
