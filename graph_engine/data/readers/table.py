"""Reads a table: a CSV, TSV or Parquet file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph_engine.data.parts import Part, Rows, at_once, divide, first_of_each, fit_scale, in_chunks, parts
from graph_engine.data.tables import Streamed, Whole, count_rows, one_hot, to_classes, to_moments
from graph_engine.data.unreadable import UnreadableError


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    separator: str,
    features: Mapping[str, Sequence[str]],
    targets: Mapping[str, Sequence[str]],
    scaling: str,
    target_scaling: str,
    missing: str,
    split: str,
    by: str,
    once: bool,
    memory: int,
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the rows in the validation part, and in the test part.
        seed: fixes which rows these are.
        path: the file.
        separator: between cells; empty for Parquet.
        features: the columns that the network receives, with their words where they do not hold numbers.
        targets: the columns to be told, with the names of their classes where they do not hold quantities.
        scaling: how numbers among the features are scaled, by what the training part holds.
        target_scaling: how quantities to be told are.
        missing: ``fill``: a number that is not there is the median of the training part; ``leave out``: the row is left out.
        split, by: how rows are divided, and by which column.
        once: of rows that are identical take the first only.
        memory: MiB that all rows may take to be kept in memory; those of a longer file are read when they are needed.

    Returns:
        Three parts of (features, target, …): float32, a number for each feature and, of a word, one for each that there is, 1 for the one
        that it is; a class is an int64, a quantity a float32 of shape (1,).

    Raises:
        UnreadableError: the file, or a column, cannot be read; one sentence.
    """
    file = Path(path)
    columns = list(dict.fromkeys([*features, *targets, *([by] if by else [])]))
    width = sum(max(1, len(words)) for words in features.values()) + len(targets)
    is_small = count_rows(file, separator) * width * 4 <= memory * 2**20
    table = Whole(file, separator, columns) if is_small else Streamed(file, separator, columns)
    everything = np.arange(len(table))
    numbers = [name for name, words in features.items() if not words]

    def told(name: str, rows: Rows) -> NDArray[Any]:
        return to_classes(table.words(name, rows), targets[name]) if targets[name] else table.numbers(name, rows).astype(np.float32)

    def figures(rows: Rows) -> NDArray[Any]:
        return np.stack([table.numbers(name, rows) for name in numbers], axis=1)

    labels = {name: gather(told, name, everything) for name in targets}
    good = np.all([column >= 0 if targets[name] else ~np.isnan(column) for name, column in labels.items()], axis=0)
    if missing == "leave out":
        good &= np.concatenate([complete(table, features, some) for some in pieces(everything)])
    among = everything[good]
    if once:
        among = np.intersect1d(among, first_of_each(content(table, [*features, *targets], everything)))
    classes = [column for name, column in labels.items() if targets[name]]
    order = [cell for rows in pieces(everything) for cell in table.words(by, rows)] if by else None
    if order is not None and split == "by time":
        moments = to_moments(order)
        if np.isnan(moments[among]).any():
            raise UnreadableError(f"The column {by!r} of {file.name} does not hold the time of every row: choose another split.")
        rows = divide(len(table), split, validation, test, seed, by=moments, among=among)
    else:
        rows = divide(len(table), split, validation, test, seed, labels=classes[0] if classes else None, by=order, among=among)

    middle = fit_scale("robust" if missing == "fill" and numbers else "none", in_chunks(rows[0], figures)).offset
    middle = np.nan_to_num(np.broadcast_to(middle, len(numbers)))

    def filled(rows: Rows) -> NDArray[Any]:
        found = figures(rows)
        return np.where(np.isnan(found), middle, found)

    scale = fit_scale(scaling if numbers else "none", in_chunks(rows[0], filled))
    numeric = [name for name, classes in targets.items() if not classes]
    quantities = {name: fit_scale(target_scaling, at_once(labels[name][rows[0]])) for name in numeric}
    labels |= {name: one(labels[name]) for name, one in quantities.items()}

    def read(rows: Rows) -> tuple[Tensor, ...]:
        scaled = scale(filled(rows)) if numbers else np.zeros((len(rows), 0), np.float32)
        pieces = [
            one_hot(table.words(name, rows), words) if words else scaled[:, numbers.index(name), None] for name, words in features.items()
        ]
        answers = [torch.from_numpy(column[rows] if targets[name] else column[rows, None]) for name, column in labels.items()]
        return torch.from_numpy(np.concatenate(pieces, axis=1)), *answers

    preparation = {
        "numbers": numbers,
        "missing": middle.tolist(),
        **scale.plain(),
        "targets": {n: q.plain() for n, q in quantities.items()},
    }
    return parts(read, rows, memory, preparation)


def pieces(rows: Rows) -> list[Rows]:
    """Rows in pieces of some thousands."""
    return np.split(rows, range(4096, len(rows), 4096))


def complete(table: Whole | Streamed, features: Mapping[str, Sequence[str]], rows: Rows) -> NDArray[np.bool_]:
    """Which rows have a value of every feature."""
    good = np.ones(len(rows), bool)
    for name, words in features.items():
        good &= np.array(table.words(name, rows)) != "" if words else ~np.isnan(table.numbers(name, rows))
    return good


def gather(read: Any, name: str, rows: Rows) -> NDArray[Any]:
    """A column of all rows, read in pieces."""
    return np.concatenate([read(name, some) for some in pieces(rows)])


def content(table: Whole | Streamed, columns: Sequence[str], rows: Rows) -> list[bytes]:
    """What stands in each row."""
    found: list[bytes] = []
    for some in pieces(rows):
        cells = [table.words(name, some) for name in columns]
        found += ["\0".join(row).encode() for row in zip(*cells, strict=True)]
    return found
