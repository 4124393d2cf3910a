"""What looks at any kind of data need to know of its files."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

Stamp = tuple[int, int]
"""Bytes in all, and the time of the last change in nanoseconds."""

MOST_BYTES = 2**30
"""Files of more bytes in all are not compared with each other."""


def stamp(path: Path) -> Stamp:
    """How large and how old a file is, or all files below a folder, however deep."""
    if not path.is_dir():
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    size, changed = 0, 0
    for entry in walk(path):
        status = entry.stat()
        size, changed = size + status.st_size, max(changed, status.st_mtime_ns)
    return size, changed


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files below a folder; hidden ones are left out, and so are folders that lie elsewhere, which may lead in a circle."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk(Path(entry.path))
            elif entry.is_file():
                yield entry


def count_repeated(files: Iterable[Path]) -> int:
    """How many files are the same, byte for byte, as one before them; only those of one size need be read for that."""
    by_size: dict[int, list[Path]] = defaultdict(list)
    for file in files:
        by_size[file.stat().st_size].append(file)
    alike = [group for group in by_size.values() if len(group) > 1]
    if sum(group[0].stat().st_size * len(group) for group in alike) > MOST_BYTES:
        return 0
    return sum(len(group) - len({hashlib.blake2b(file.read_bytes()).digest() for file in group}) for group in alike)
