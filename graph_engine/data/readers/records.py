"""Reads pictures and labels that lie one behind the other in binary files: IDX, as MNIST has them, and the binary form of CIFAR."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph_engine.data.binary import open_bytes
from graph_engine.data.parts import Part, Rows, divide, first_of_each, fit_scale, in_chunks, parts
from graph_engine.data.unreadable import UnreadableError


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    files: Sequence[tuple[str, str, str]],
    classes: int,
    shape: tuple[int, int, int],
    scaling: str,
    split: str,
    once: bool,
    memory: int,
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.
        path: the folder of the files, or one of them.
        files: names of the files of pictures, of labels, and of the part that they belong to; CIFAR has both in one.
        classes: how many there are.
        shape: colours, height and width of a picture.
        scaling: ``standard``: mean 0 and deviation 1 for each colour over the training part; ``none``: from 0 to 1.
        split: how they are divided; ``given``: as the files are.
        once: of pictures that are identical take the first only.
        memory: MiB that pictures may take to be kept in memory.

    Returns:
        Three parts of (image, label): float32 of `shape`, and an int64.

    Raises:
        UnreadableError: a file cannot be read; one sentence.
    """
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    pixels = [open_pixels(folder / name, shape) for name, _, _ in files]
    labels = [open_labels(folder / name, shape, len(some)) for (_, name, _), some in zip(files, pixels, strict=True)]
    ends = np.cumsum([len(some) for some in pixels])
    numbers = np.concatenate(labels).astype(np.int64)
    if numbers.max() >= classes:
        raise UnreadableError(f"{folder} has a label {numbers.max()}, beyond the {classes} classes that are known: look at the data again.")
    by = [part for (_, _, part), some in zip(files, pixels, strict=True) for _ in range(len(some))]
    among = first_of_each(picture.tobytes() for some in pixels for picture in some) if once else None
    rows = divide(len(numbers), split, validation, test, seed, labels=numbers, by=by, among=among)

    def shares(some: Rows) -> NDArray[Any]:
        of_file = np.searchsorted(ends, some, side="right")
        found = np.empty((len(some), *shape), np.float64)
        for place in np.unique(of_file):
            mine = of_file == place
            found[mine] = pixels[place][some[mine] - (ends[place - 1] if place else 0)]
        return found / 255

    scale = fit_scale(scaling, in_chunks(rows[0], shares), axes=(0, 2, 3))

    def read(some: Rows) -> tuple[Tensor, ...]:
        return torch.from_numpy(scale(shares(some))), torch.from_numpy(numbers[some])

    return parts(read, rows, memory, {"image": scale.plain()})


def open_pixels(file: Path, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The pictures of a file, from the disk as they are needed; a packed file is unpacked into memory."""
    data = open_bytes(file)
    size = int(np.prod(shape))
    if file.suffix == ".bin":
        before = label_bytes(len(data), size)
        return data.reshape(-1, before + size)[:, before:].reshape(-1, *shape)
    header = 4 + 4 * int(data[3]) if len(data) > 3 else 0
    if not header or (len(data) - header) % size:
        raise UnreadableError(f"{file} is cut off, or has pictures of another size: look at the data again.")
    return data[header:].reshape(-1, *shape)


def open_labels(file: Path, shape: tuple[int, int, int], count: int) -> NDArray[np.uint8]:
    """The labels of a file."""
    data = open_bytes(file)
    size = int(np.prod(shape))
    if file.suffix == ".bin":
        before = label_bytes(len(data), size)
        return data.reshape(-1, before + size)[:, before - 1]
    if len(data) != 8 + count:
        raise UnreadableError(f"{file} does not have a label for each of the {count} pictures: look at the data again.")
    return data[8:]


def label_bytes(length: int, size: int) -> int:
    """How many bytes stand before a picture in CIFAR's files: one, or two, of which the second is the finer label.

    Raises:
        UnreadableError: the length is that of no such file.
    """
    for before in (1, 2):
        if length and length % (before + size) == 0:
            return before
    raise UnreadableError("A file of CIFAR is cut off, or has another form: look at the data again.")
