"""A look at named arrays: an NPZ file, an NPY file, or a folder of NPY files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph_engine.data.binary import open_array
from graph_engine.data.looks.files import MOST_BYTES, stamp
from graph_engine.data.unreadable import UnreadableError
from graph_engine.settings.facts import ArrayFacts, Facts

TOLD = ("y", "label", "labels", "target", "targets", "classes", "y_train")
"""Names of arrays that are most likely to be told."""


def look(path: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What arrays are there.

    Raises:
        UnreadableError: one is damaged, holds objects, or has another number of samples than the others.
    """
    names = _names(path)
    if not names:
        raise UnreadableError(f"{path} holds no arrays.")
    opened = {name: open_array(path, name) for name in names}
    odd = next((name for name, array in opened.items() if not array.ndim or array.dtype.kind not in "biuf" or 0 in array.shape), None)
    if odd is not None:
        raise UnreadableError(f"The array {odd!r} of {path.name} has no samples of numbers: leave it out of the file.")
    lengths = {name: len(array) for name, array in opened.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise UnreadableError(f"The arrays of {path.name} have different numbers of samples ({told}): give each a row for each sample.")
    size, changed = stamp(path)
    facts = Facts(
        size=size,
        changed=changed,
        samples=next(iter(lengths.values())),
        arrays=tuple(_measure(name, array) for name, array in opened.items()),
        repeated=_repeated(list(opened.values())),
    )
    targets = [name for name in names if name.lower() in TOLD] or names[1:][-1:]
    floats = [array for array in facts.arrays if array.dtype.startswith("float") and len(array.shape) < 2]
    scaled = {array.name in targets for array in floats if max(abs(array.least or 0), abs(array.greatest or 0)) > 1}
    of_inputs, of_targets = ("standard" if kind in scaled else "none" for kind in (False, True))
    return facts, {"targets": tuple(targets), "scaling": of_inputs, "target_scaling": of_targets}


def _names(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(file.stem for file in path.glob("*.npy"))
    if path.suffix.lower() != ".npz":
        return [path.stem]
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableError(f"{path} is no NPZ file, or is damaged.") from error


def _measure(name: str, array: NDArray[Any]) -> ArrayFacts:
    missing, least, greatest = 0, np.inf, -np.inf
    step = max(1, 2**22 // max(1, int(np.prod(array.shape[1:]))))
    for begin in range(0, len(array), step):
        chunk = array[begin : begin + step]
        finite = chunk[np.isfinite(chunk)]
        missing += chunk.size - finite.size
        if finite.size:
            least, greatest = min(least, float(finite.min())), max(greatest, float(finite.max()))
    known = bool(np.isfinite(least))
    distinct = len(np.unique(array)) if array.ndim == 1 and array.dtype.kind in "biu" else 0
    return ArrayFacts(
        name=name,
        shape=array.shape[1:],
        dtype=str(array.dtype),
        missing=missing,
        least=least if known else None,
        greatest=greatest if known else None,
        distinct=distinct,
    )


def _repeated(arrays: list[NDArray[Any]]) -> int:
    if sum(array.nbytes for array in arrays) > MOST_BYTES:
        return 0
    length = len(arrays[0])
    known = {b"".join(np.ascontiguousarray(array[row]).tobytes() for array in arrays) for row in range(length)}
    return length - len(known)
