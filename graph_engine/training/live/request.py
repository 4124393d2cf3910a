"""What the process that owns torch is asked for live samples, made of a document. Needs no torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.codegen.foreign import travelling
from graph_engine.codegen.project import data_arguments, data_files
from graph_engine.errors import RunError
from graph_engine.graph.network import network
from graph_engine.settings.augmentations import arguments, unfit
from graph_engine.training.live.outline import computable
from graph_engine.training.rundir import WEIGHTS, unwritable

if TYPE_CHECKING:
    from graph_engine.api import Graph

LARGEST_FLOPS = 20e9
"""Floating-point operations for one sample beyond which a network is too slow to be looked at while it is edited."""

LARGEST_BYTES = 4e9
"""Bytes of weights and outputs beyond which it takes memory that training needs."""


def describe(graph: Graph, folder: Path) -> dict[str, Any]:
    """The network of a document as far as it can be computed, and the data that it is given.

    Args:
        graph: the document.
        folder: for the files of the data's reader, which the other process imports.

    Raises:
        RunError: there is nothing to look at; the message tells why.
        UnwritableError: the folder cannot be written to.
    """
    found = computable(graph)
    if found is None:
        raise RunError("Nothing can be computed yet: add an Input and connect it.")
    settings = graph.settings
    graph.require_trust(found.paths)
    _refuse(graph)
    return {
        "text": found.text,
        "cls": found.cls,
        "outline": found.outline.to_plain(),
        "seed": settings.training["seed"],
        "files": travelling(found.paths, graph.folder),
        "settings": settings.to_plain(),
        "data": _data(graph, folder),
    }


def describe_data(graph: Graph, folder: Path) -> dict[str, Any]:
    """The data of a document.

    Args:
        graph: the document.
        folder: for the files of the data's reader, which the other process imports.

    Raises:
        RunError: it is not chosen yet, or its code is not trusted.
        UnwritableError: the folder cannot be written to.
    """
    option = graph.settings.data["dataset"].option
    if option.is_own and option.arguments is None:
        raise RunError(f"{option.title}: nothing is chosen yet.")
    return {"data": _data(graph, folder), "settings": graph.settings.to_plain()}


def describe_augmented(graph: Graph, folder: Path) -> dict[str, Any]:
    """The training data of a document, and what is done to its pictures.

    Args:
        graph: the document.
        folder: for the files of the data's reader, which the other process imports.

    Raises:
        RunError: nothing is switched on, or it does not apply.
        UnwritableError: the folder cannot be written to.
    """
    settings = graph.settings
    option = settings.data["dataset"].option.sized(settings.data["dataset"].params)
    bad = next(unfit(settings.augmentation, option, settings.training), None)
    if bad is not None:
        raise RunError(bad.message)
    given = arguments(settings.augmentation, option)
    if not given:
        raise RunError("Nothing is switched on.")
    return {**describe_data(graph, folder), "augmentation": given, "seed": settings.training["seed"]}


def newest_weights(run_dir: Path) -> Path | None:
    """The file of a run that holds its latest weights; None where it has none yet."""
    found = [path for path in (run_dir / WEIGHTS, run_dir / "checkpoints" / "last.pt") if path.exists()]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def _data(graph: Graph, folder: Path) -> dict[str, Any]:
    """The folder that holds the reader of the data, and what it is given; nothing is read where it is not trusted."""
    chosen = graph.settings.data["dataset"]
    named = [chosen.params["path"]] if chosen.option.is_foreign else []
    graph.require_trust(named)
    files = {**data_files(chosen.option), **travelling(named, graph.folder)}
    return {"folder": str(_written(files, folder)), "arguments": data_arguments(graph.settings)}


def _refuse(graph: Graph) -> None:
    checked = graph.check()
    inputs = [node for node in network(graph).graph if node.spec.call.kind == "input"]
    chosen = graph.settings.data["dataset"]
    option = chosen.option.sized(chosen.params)
    if len(inputs) != len(option.inputs):
        raise RunError(f"The data set {option.id} fills {len(option.inputs)} inputs, but the network has {len(inputs)}.")
    for diagnostic in checked.diagnostics:
        if diagnostic.code == "data.input-shape":
            raise RunError(diagnostic.message)
    if isinstance(checked.flops, int) and checked.flops > LARGEST_FLOPS:
        raise RunError(f"The network is too large to be looked at while it is edited: {checked.flops / 1e9:.0f} GFLOPs a sample.")
    if isinstance(checked.memory, int) and checked.memory > LARGEST_BYTES:
        raise RunError(f"The network is too large to be looked at while it is edited: {checked.memory / 1e9:.0f} GB a sample.")


def _written(files: dict[str, str], folder: Path) -> Path:
    """A folder with these files, which is made once."""
    place = folder / hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]
    if not place.exists():
        try:
            place.mkdir(parents=True)
            for name, text in files.items():
                (place / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise unwritable(place, error) from error
    return place
