"""Looks at a user's own data: which kind it is, which tensors it gives, how many samples, classes and words it has, and what is wrong.

It needs no torch and takes as long as the data is large, so the window asks it in a thread. What it finds is stored in the document
(`graph_engine.settings.facts`), which is all that checks, panels and generated code know of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from graph_engine.data.looks import arrays, pictures, records, table, texts
from graph_engine.data.looks.files import Stamp, stamp
from graph_engine.data.unreadable import UnreadableError
from graph_engine.errors import DataError
from graph_engine.settings.facts import Facts

Finder = Callable[[Path], tuple[Facts, Mapping[str, Any]]]

KINDS: Mapping[str, Finder] = {
    "pictures": pictures.look,
    "idx": records.look_idx,
    "cifar": records.look_cifar,
    "table": table.look,
    "series": table.look_series,
    "arrays": arrays.look,
    "texts": texts.look_labelled,
    "text": texts.look_plain,
}
"""What looks at each kind of data, by the id of its data set: gives what it found and what it proposes to choose."""


class Look(NamedTuple):
    """What was found.

    Attributes:
        kind: id of the data set.
        facts: what is known of the data now.
        params: values that are proposed for the parameters of the data set, its path and the facts among them.
    """

    kind: str
    facts: Facts
    params: Mapping[str, Any]


def look(path: Path, kind: str | None = None) -> Look:
    """Looks at a file or folder.

    Args:
        path: where the data is.
        kind: as which kind of data; left out, as what it most likely is.

    Raises:
        DataError: it cannot be read, or is none of these; one sentence that names the file.
    """
    path = path.absolute()
    if not path.exists():
        raise DataError(f"There is no file or folder {path}.")
    try:
        return _looked(path, kind or guess(path), stamp(path))
    except UnreadableError as error:
        raise DataError(str(error)) from error
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from error


@lru_cache(32)
def _looked(path: Path, kind: str, _: Stamp) -> Look:
    facts, params = KINDS[kind](path)
    return Look(kind, facts, {"path": str(path), "facts": facts, **params})


def is_as_it_was(path: Path, facts: Facts) -> bool:
    """Whether data is there, and as large and as old as when it was looked at.

    Raises:
        DataError: it is not there.
    """
    if not path.exists():
        raise DataError(f"The data is not there any more: {path}.")
    return stamp(path) == (facts.size, facts.changed)


def guess(path: Path) -> str:
    """Which kind of data a file or folder most likely is, by its names and, of a table, its columns.

    Raises:
        DataError: none of these.
    """
    found = _guess_folder(path) if path.is_dir() else _guess_file(path)
    if found is None:
        what = "folders of pictures or texts, text files, IDX, CIFAR or NPY files" if path.is_dir() else "a table, arrays, IDX or text"
        raise DataError(f"{path.name} is no data that can be read: {what} can.")
    return found


def _guess_folder(folder: Path) -> str | None:
    names = [entry.name for entry in folder.iterdir()]
    if any(records.is_idx(name) for name in names):
        return "idx"
    if any(records.is_cifar(name) for name in names):
        return "cifar"
    if any(name.endswith(".npy") for name in names):
        return "arrays"
    if pictures.find_folders(folder)[0]:
        return "pictures"
    if texts.class_folders(folder):
        return "texts"
    return "text" if any(name.lower().endswith(texts.SUFFIXES) for name in names) else None


def _guess_file(file: Path) -> str | None:
    name = file.name.lower()
    if records.is_idx(name):
        return "idx"
    if records.is_cifar(name):
        return "cifar"
    if name.endswith((".npz", ".npy")):
        return "arrays"
    if name.endswith(table.SUFFIXES):
        return table.guess(file)
    return "text" if name.endswith(texts.SUFFIXES) else None
