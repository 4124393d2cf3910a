"""Writing files so that a reader finds the old content or the new, never half of one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from graph_engine.errors import UnwritableError


def write_text(path: Path, text: str, sync: bool = True) -> None:
    """Writes a UTF-8 file atomically; with or without waiting for the disk.

    Raises:
        UnwritableError: it cannot be written; a file that was there is as before.
    """
    write(path, lambda file: file.write(text.encode("utf-8")), sync)


def write(path: Path, fill: Callable[[IO[bytes]], Any], sync: bool = True) -> None:
    """Writes a file atomically: into a temporary file beside it, to the disk, then into its place.

    Args:
        path: the file; its folder must exist.
        fill: is given the open temporary file.
        sync: waits for the disk, so that a machine that fails leaves no half of it either.

    Raises:
        UnwritableError: it cannot be written; a file that was there is as before.
    """
    path = path.resolve()
    temporary: str | None = None
    try:
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(descriptor, "wb") as file:
            fill(file)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        raise UnwritableError(f"{path} cannot be written: {error.strerror or error}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Writes text files into a new or empty folder.

    Args:
        folder: made where it is not there.
        files: text by name, which may lead into a folder.

    Raises:
        UnwritableError: the folder holds something already, or cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UnwritableError(f"{folder} is not empty: choose a new folder.")
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written to: {error.strerror or error}.") from error
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder / name, text)
