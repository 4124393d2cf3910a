"""A look at a folder of pictures."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from graph_engine.data.looks.files import count_repeated, stamp
from graph_engine.data.unreadable import UnreadableError
from graph_engine.settings.facts import MOST_NAMES, MOST_VALUES, Facts

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
PARTS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")

WHOLLY = 20_000
"""Pictures that are read to their end at most; of the others the head is."""

_GREY = ("1", "L", "LA", "I", "I;16", "F")


def look(folder: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What a folder of pictures holds.

    Raises:
        UnreadableError: there are no folders with pictures in it.
    """
    classes, parts, files = find_folders(folder)
    if not files:
        raise UnreadableError(f"{folder} has no folders with pictures: it needs a folder for each class.")
    if len(classes) > MOST_VALUES:
        raise UnreadableError(f"{folder} has {len(classes)} folders with pictures: more than {MOST_VALUES} classes cannot be told apart.")
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = list(pool.map(_measure, files, (place < WHOLLY for place in range(len(files)))))
    good = [(file, measured) for file, measured in zip(files, found, strict=True) if measured is not None]
    if not good:
        raise UnreadableError(f"{folder}: none of its {len(files)} pictures can be read.")
    bad = [file.relative_to(folder).as_posix() for file, measured in zip(files, found, strict=True) if measured is None]
    sizes = Counter(measured[:2] for _, measured in good).most_common()
    counts = Counter(file.parent.name for file, _ in good)
    size, changed = stamp(folder)
    facts = Facts(
        size=size,
        changed=changed,
        samples=len(good),
        classes=tuple(classes),
        counts=tuple(counts[name] for name in classes),
        sizes=tuple((width, height, count) for (width, height), count in sizes[:MOST_NAMES]),
        colours=3 if any(measured[2] == 3 for _, measured in good) else 1,
        parts=tuple(parts),
        unreadable=tuple(bad),
        repeated=count_repeated(file for file, _ in good),
    )
    (width, height), _ = sizes[0]
    return facts, {"height": height, "width": width, "split": "given" if _has_test(parts) else "stratified"}


def find_folders(folder: Path) -> tuple[list[str], list[str], list[Path]]:
    """Names of the classes, of the parts around them, if there are any, and the pictures in a stable order."""
    inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    parts = [entry for entry in inside if entry.name.lower() in PARTS and any(child.is_dir() for child in entry.iterdir())]
    holders = [child for part in parts for child in sorted(part.iterdir()) if child.is_dir()] if parts else inside
    files = [file for holder in holders for file in sorted(holder.iterdir()) if file.suffix.lower() in SUFFIXES]
    if not files:
        return [], [], []
    return sorted({holder.name for holder in holders}), [part.name for part in parts], files


def _has_test(parts: list[str]) -> bool:
    return any(part.lower().startswith("test") for part in parts)


def _measure(file: Path, wholly: bool) -> tuple[int, int, int] | None:
    """Width, height and colours; None where it cannot be read."""
    from PIL import Image

    try:
        with warnings.catch_warnings(), Image.open(file) as image:
            warnings.simplefilter("ignore")  # of what is odd but can be read
            if wholly:
                image.load()
            return image.width, image.height, 1 if image.mode in _GREY else 3
    except Exception:  # Pillow raises almost anything over a damaged file
        return None
