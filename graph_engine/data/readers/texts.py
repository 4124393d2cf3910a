"""Reads texts with their classes: two columns of a table, or a folder of text files for each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graph_engine.data.parts import Part, Rows, divide, first_of_each, parts
from graph_engine.data.tables import Whole, count_rows, to_classes
from graph_engine.data.tokens import PADDING, Tokens, read_text
from graph_engine.data.unreadable import UnreadableError

SUFFIXES = (".txt", ".md")
MEMORY = 1024
"""MiB that tokens may take to be kept in memory."""


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    separator: str,
    text: str,
    label: str,
    classes: Sequence[str],
    tokens: str,
    vocabulary: int,
    length: int,
    split: str,
    once: bool,
    leave_out: Sequence[str],
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the texts in the validation part, and in the test part.
        seed: fixes which texts these are.
        path: the table, or the folder that holds the folders of the classes.
        separator: between cells of the table; empty for Parquet.
        text, label: its columns.
        classes: names of the classes.
        tokens: what texts are cut into, which is learned from the training part.
        vocabulary: how many token numbers there are at most.
        length: tokens of a text at most; the rest is cut off.
        split: how texts are divided.
        once: of texts that are identical take the first only.
        leave_out: files that cannot be read.

    Returns:
        Three parts of (text, label): int64 tokens, padded at their end, and an int64.

    Raises:
        UnreadableError: a file, or a column, cannot be read; one sentence.
    """
    read, rows, labels = divided(validation, test, seed, path, separator, text, label, classes, split, once, leave_out)
    known = Tokens(tokens, vocabulary, (read(int(row)) for row in rows[0]))
    longest = max(1, min(length, max(len(known.encode(read(int(row)))) for part in rows for row in part)))

    def encode(some: Rows) -> tuple[Tensor, ...]:
        found = torch.full((len(some), longest), PADDING)
        for place, row in enumerate(some):
            numbers = known.encode(read(int(row)))[:longest]
            found[place, : len(numbers)] = torch.tensor(numbers, dtype=torch.long)
        return found, torch.from_numpy(labels[some])

    return parts(encode, rows, MEMORY, {"tokens": known.names})


def vocabularies(
    validation: float,
    test: float,
    seed: int,
    path: str,
    separator: str,
    text: str,
    label: str,
    classes: Sequence[str],
    tokens: str,
    vocabulary: int,
    length: int,
    split: str,
    once: bool,
    leave_out: Sequence[str],
) -> dict[str, list[str]]:
    """What each token stands for."""
    read, rows, _ = divided(validation, test, seed, path, separator, text, label, classes, split, once, leave_out)
    return {"text": Tokens(tokens, vocabulary, (read(int(row)) for row in rows[0])).names}


def divided(
    validation: float,
    test: float,
    seed: int,
    path: str,
    separator: str,
    text: str,
    label: str,
    classes: Sequence[str],
    split: str,
    once: bool,
    leave_out: Sequence[str],
) -> tuple[Callable[[int], str], list[Rows], np.ndarray]:
    """What reads a text, the texts of each part, and the classes of all."""
    place = Path(path)
    if place.is_dir():
        number, bad = {name: place for place, name in enumerate(classes)}, set(leave_out)
        files = sorted(file for name in classes for file in (place / name).glob("*") if file.suffix.lower() in SUFFIXES)
        files = [file for file in files if file.relative_to(place).as_posix() not in bad]
        labels = np.array([number[file.parent.name] for file in files], np.int64)

        def read(row: int) -> str:
            return read_text(files[row])
    elif text:
        table = Whole(place, separator, [text, label])
        everything = np.arange(count_rows(place, separator))
        cells, labels = table.words(text, everything), to_classes(table.words(label, everything), classes)

        def read(row: int) -> str:
            return cells[row]
    else:
        raise UnreadableError(f"There is no folder {place}: change the path to where the texts are.")
    among = np.flatnonzero(labels >= 0)
    if once:
        among = np.intersect1d(among, first_of_each(read(row).encode() for row in range(len(labels))))
    if not len(among):
        raise UnreadableError(f"{place} has no texts of the classes {', '.join(classes[:5])}: look at the data again.")
    return read, divide(len(labels), split, validation, test, seed, labels=labels, among=among), labels
