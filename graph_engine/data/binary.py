"""Opens binary files without running anything that they hold: arrays of numpy, and plain bytes, packed with gzip or not.

It travels with an exported project as ``binary.py``, so it needs numpy only.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph_engine.data.unreadable import UnreadableError


def open_array(path: Path, name: str) -> NDArray[Any]:
    """An array of a file or folder; it is read from the disk as it is needed, unless it lies packed in an NPZ file.

    Raises:
        UnreadableError: it is not there, is damaged, or holds objects.
    """
    file = path / f"{name}.npy" if path.is_dir() else path
    if not file.is_file():
        raise UnreadableError(f"There is no file {file}: change the path to where the arrays are.")
    try:
        if file.suffix != ".npz":
            return np.load(file, mmap_mode="r", allow_pickle=False)
        stored = _stored(file, name)
        if stored is not None:
            return stored
        with np.load(file, allow_pickle=False) as members:
            return np.asarray(members[name])
    except KeyError:
        raise UnreadableError(f"{file.name} has no array {name!r}: choose its arrays again.") from None
    except MemoryError:
        raise UnreadableError(f"The array {name!r} of {file} does not fit into memory: save it with np.savez, not packed.") from None
    except Exception as error:  # numpy and zipfile raise almost anything over a damaged file
        why = "it holds Python objects, which are not read" if "allow_pickle" in str(error) else "it is damaged, or no such file"
        raise UnreadableError(f"The array {name!r} of {file} cannot be read: {why}.") from error


def _stored(file: Path, name: str) -> NDArray[Any] | None:
    """An array that lies in an NPZ file as it is, not packed."""
    with zipfile.ZipFile(file) as archive:
        member = archive.getinfo(f"{name}.npy")
        if member.compress_type != zipfile.ZIP_STORED:
            return None
        with archive.open(member) as opened:
            version = np.lib.format.read_magic(opened)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, is_fortran, dtype = header(opened)
            inside = opened.tell()
    if dtype.hasobject:
        raise ValueError("allow_pickle")
    with file.open("rb") as opened:
        opened.seek(member.header_offset + 26)
        lengths = np.frombuffer(opened.read(4), "<u2")
    offset = member.header_offset + 30 + int(lengths.sum()) + inside
    if not shape or not all(shape):
        return None
    return np.memmap(file, dtype, "r", offset, shape, "F" if is_fortran else "C")


def open_bytes(file: Path) -> NDArray[np.uint8]:
    """The bytes of a file."""
    try:
        if file.suffix == ".gz":
            with gzip.open(file) as opened:
                return np.frombuffer(opened.read(), np.uint8)
        return np.memmap(file, np.uint8, "r")
    except FileNotFoundError:
        raise UnreadableError(f"There is no file {file}: change the path to where the data is.") from None
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise UnreadableError(f"{file} cannot be read: it is damaged.") from error
