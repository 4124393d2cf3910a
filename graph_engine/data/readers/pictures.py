"""Reads a folder of pictures, with a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from graph_engine.data.parts import Part, Rows, divide, first_of_each, fit_scale, in_chunks, parts
from graph_engine.data.unreadable import UnreadableError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    classes: Sequence[str],
    shape: tuple[int, int, int],
    scaling: str,
    split: str,
    once: bool,
    memory: int,
    leave_out: Sequence[str],
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.
        path: the folder that holds the folders of the classes, or folders with those for the parts.
        classes: names of the folders.
        shape: colours, height and width that pictures are brought to.
        scaling: ``standard``: mean 0 and deviation 1 for each colour over the training part; ``none``: from 0 to 1.
        split: how they are divided; ``given``: the folders around those of the classes are the parts.
        once: of files that are identical take the first only.
        memory: MiB that pictures may take to be kept in memory.
        leave_out: files that cannot be read.

    Returns:
        Three parts of (image, label): float32 of `shape`, and an int64.

    Raises:
        UnreadableError: the folder or a picture cannot be read; one sentence.
    """
    folder = Path(path)
    files, labels = find_files(folder, classes, leave_out)
    numbers = np.array(labels, np.int64)
    among = first_of_each(content(file) for file in files) if once else None
    by = [file.relative_to(folder).parts[0] for file in files]
    rows = divide(len(files), split, validation, test, seed, labels=numbers, by=by, among=among)
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))

    def pixels(some: Rows) -> NDArray[Any]:
        return np.stack(list(pool.map(lambda row: picture(files[row], shape), some)))

    def shares(some: Rows) -> NDArray[Any]:
        return pixels(some).astype(np.float64) / 255

    scale = fit_scale(scaling, in_chunks(rows[0], shares), axes=(0, 2, 3))

    def read(some: Rows) -> tuple[Tensor, ...]:
        return torch.from_numpy(scale(shares(some))), torch.from_numpy(numbers[some])

    return parts(read, rows, memory, {"image": scale.plain()})


def find_files(folder: Path, classes: Sequence[str], leave_out: Sequence[str]) -> tuple[list[Path], list[int]]:
    """The files in a stable order, and the number of the class of each."""
    if not folder.is_dir():
        raise UnreadableError(f"There is no folder {folder}: change the path to where the pictures are.")
    number, bad = {name: label for label, name in enumerate(classes)}, set(leave_out)
    found = [file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.parent.name in number]
    found = sorted(
        file for file in found if len(file.relative_to(folder).parts) in (2, 3) and file.relative_to(folder).as_posix() not in bad
    )
    if not found:
        raise UnreadableError(f"{folder} has no pictures of the classes {', '.join(classes[:5])}: look at the data again.")
    return found, [number[file.parent.name] for file in found]


def content(file: Path) -> bytes:
    """The bytes of a file."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror or error}.") from error


def picture(file: Path, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The pixels of a picture, brought to a shape (colours, height, width)."""
    colours, height, width = shape
    try:
        with Image.open(file) as image:
            made = image.convert("RGB" if colours == 3 else "L")
            if made.size != (width, height):
                made = made.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(made, np.uint8).reshape(height, width, colours).transpose(2, 0, 1)
    except Exception as error:  # Pillow raises almost anything over a damaged file
        raise UnreadableError(f"The picture {file} cannot be read: look at the data again, which leaves it out.") from error
