"""What the readers of a user's own data have in common: which samples are in which part, how numbers are scaled, and samples that are
read when they are needed, where they do not fit into memory.

It travels with an exported project as ``parts.py``, so it needs torch and numpy only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph_engine.data.unreadable import UnreadableError

Rows = NDArray[np.int64]
"""Numbers of samples."""

AT_ONCE = 512
"""Samples that are read at once where all of them are."""


class Part:
    """Some of the samples of some data, ready for the network: the inputs, then the targets.

    Args:
        read: gives the tensors of some samples, by their numbers.
        rows: the numbers of the samples of this part.
        keep: read all of them now, and keep them.
        preparation: what was found in the training part to prepare all parts by.
    """

    def __init__(self, read: Callable[[Rows], tuple[Tensor, ...]], rows: Rows, keep: bool, preparation: Mapping[str, Any]):
        self.preparation = preparation
        self._read = read
        self._rows = rows
        self._device = torch.device("cpu")
        self._tensors: tuple[Tensor, ...] | None = None
        if keep:
            pieces = [read(some) for some in np.split(rows, range(AT_ONCE, len(rows), AT_ONCE))]
            self._tensors = tuple(torch.cat(column) for column in zip(*pieces, strict=True))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What is kept in memory; nothing where samples are read when they are needed."""
        return self._tensors or ()

    def __getitem__(self, rows: Tensor) -> tuple[Tensor, ...]:
        """The tensors of some samples, by their places in this part."""
        if self._tensors is not None:
            return tuple(tensor[rows] for tensor in self._tensors)
        return tuple(tensor.to(self._device) for tensor in self._read(self._rows[rows.cpu().numpy()]))

    def to(self, device: torch.device) -> Part:
        """The same with its samples in the memory of a device, now or when they are read."""
        self._device = device
        if self._tensors is not None:
            self._tensors = tuple(tensor.to(device) for tensor in self._tensors)
        return self


def parts(
    read: Callable[[Rows], tuple[Tensor, ...]], rows: Iterable[Rows], memory: int, preparation: Mapping[str, Any]
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        read: gives the tensors of some samples, by their numbers.
        rows: the numbers of the samples of each part.
        memory: how many MiB all samples may take to be kept in memory.
        preparation: what was found in the training part to prepare all parts by.
    """
    rows = list(rows)
    one = sum(tensor.element_size() * tensor.numel() for tensor in read(rows[0][:1]))
    keep = one * sum(map(len, rows)) <= memory * 2**20
    return tuple(Part(read, some, keep, preparation) for some in rows)


def divide(
    count: int,
    how: str,
    validation: float,
    test: float,
    seed: int,
    *,
    labels: Sequence[Any] | NDArray[Any] | None = None,
    by: Sequence[Any] | NDArray[Any] | None = None,
    among: Rows | None = None,
) -> list[Rows]:
    """Numbers of the samples in the training, the validation and the test part, ascending.

    Args:
        count: of all samples.
        how: ``random``; ``stratified``, each label has the same share of each part; ``grouped``, samples that agree in `by` stay
            together; ``by time``, in the order of `by`; ``in order``, as they are; ``given``, where `by` is the name of the part of each:
            what begins with "val" or "dev" and what begins with "test" or "t10k"; where there is no validation part, its share is taken
            from the training part by chance.
        validation, test: shares of the samples.
        seed: of chance.
        labels, by: of each sample.
        among: numbers of the samples to be divided; all, if left out.

    Raises:
        UnreadableError: a part would be empty.
    """
    rows = np.arange(count) if among is None else among
    draw = np.random.default_rng(seed)
    if how == "stratified" and labels is not None:
        found = _stratified(rows, np.asarray(labels)[rows], validation, test, draw)
    elif how == "grouped" and by is not None:
        found = _grouped(rows, np.asarray(by)[rows], validation, test, draw)
    elif how == "given" and by is not None:
        found = _given(rows, np.asarray(by)[rows], validation, test, draw)
    elif how == "by time" and by is not None:
        found = _cut(rows[np.argsort(np.asarray(by)[rows], kind="stable")], validation, test)
    elif how in ("by time", "in order"):
        found = _cut(rows, validation, test)
    else:
        found = _cut(draw.permutation(rows), validation, test)
    for name, part in zip(("training", "validation", "test"), found, strict=True):
        if not len(part):
            raise UnreadableError(f"The {name} part has no samples of {len(rows)}: choose another split or other shares.")
    return [np.sort(part).astype(np.int64) for part in found]


def _cut(rows: Rows, validation: float, test: float) -> list[Rows]:
    first, second = round(len(rows) * (1 - validation - test)), round(len(rows) * (1 - test))
    return [rows[:first], rows[first:second], rows[second:]]


def _stratified(rows: Rows, labels: NDArray[Any], validation: float, test: float, draw: np.random.Generator) -> list[Rows]:
    found: list[list[Rows]] = [[], [], []]
    owed = np.zeros(3)  # so that shares come out right over many small classes
    for label in np.unique(labels):
        own = draw.permutation(rows[labels == label])
        wanted = np.array([1 - validation - test, validation, test]) * len(own) + owed
        counts = np.floor(wanted).clip(0).astype(int)
        if len(own) >= 3:
            counts = counts.clip(1)
        while counts.sum() > len(own):
            counts[int(np.argmax(counts - wanted))] -= 1
        while counts.sum() < len(own):
            counts[int(np.argmax(wanted - counts))] += 1
        owed = wanted - counts
        for part, piece in zip(found, np.split(own, np.cumsum(counts)[:2]), strict=True):
            part.append(piece)
    return [np.concatenate(part) for part in found]


def _grouped(rows: Rows, groups: NDArray[Any], validation: float, test: float, draw: np.random.Generator) -> list[Rows]:
    names, of_row = np.unique(groups, return_inverse=True)
    sizes = np.bincount(of_row)
    part_of = np.zeros(len(names), int)
    filled, wanted = [0, 0], [test * len(rows), validation * len(rows)]
    for group in draw.permutation(len(names)):
        for place, part in enumerate((2, 1)):
            if filled[place] + sizes[group] / 2 <= wanted[place] or (not filled[place] and len(names) > 2):
                part_of[group] = part
                filled[place] += sizes[group]
                break
    return [rows[part_of[of_row] == part] for part in range(3)]


def _given(rows: Rows, names: NDArray[Any], validation: float, test: float, draw: np.random.Generator) -> list[Rows]:
    part_of = np.array([part_number(str(name)) for name in names])
    train, held, tested = (rows[part_of == part] for part in range(3))
    if not len(held):
        mixed = draw.permutation(train)
        count = round(len(train) * validation / (1 - test))
        train, held = mixed[count:], mixed[:count]
    return [train, held, tested]


def part_number(name: str) -> int:
    """0 for a name of the training part, 1 of the validation part, 2 of the test part."""
    lower = name.lower()
    return 1 if lower.startswith(("val", "dev")) else 2 if lower.startswith(("test", "t10k")) else 0


def first_of_each(contents: Iterable[bytes]) -> Rows:
    """Numbers of the samples that are not the same, byte for byte, as one before them."""
    known: set[bytes] = set()
    kept = []
    for number, content in enumerate(contents):
        digest = hashlib.blake2b(content, digest_size=16).digest()
        if digest not in known:
            known.add(digest)
            kept.append(number)
    return np.array(kept, np.int64)


class Scale:
    """Numbers brought to one size: less `offset`, by `width`.

    Args:
        offset, width: for each feature, or one for all.
    """

    def __init__(self, offset: NDArray[np.float64], width: NDArray[np.float64]):
        self.offset = offset
        self.width = np.where(width > 0, width, 1.0)  # what is the same everywhere stays so

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float32]:
        return ((values - self.offset) / self.width).astype(np.float32)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"offset": self.offset.tolist(), "width": self.width.tolist()}


def fit_scale(how: str, chunks: Callable[[], Iterable[NDArray[Any]]], axes: tuple[int, ...] = (0,)) -> Scale:
    """The scale by which some samples get the same size; those that are not a number do not count.

    Args:
        how: ``standard``, ``min-max``, ``robust`` or ``none``.
        chunks: the samples, in pieces with the sample in the first dimension. They are asked for twice at most, and never held together,
            but for ``robust``.
        axes: over which dimensions, besides the samples, a statistic is taken.
    """
    if how == "none":
        return Scale(np.zeros(1), np.ones(1))
    if how == "robust":
        low, middle, high = np.nanquantile(np.concatenate(list(chunks())), [0.25, 0.5, 0.75], axis=axes, keepdims=True)
        return Scale(middle[0], (high - low)[0])
    if how == "min-max":
        ends = [(np.nanmin(chunk, axis=axes, keepdims=True), np.nanmax(chunk, axis=axes, keepdims=True)) for chunk in chunks()]
        least, greatest = np.nanmin([low for low, _ in ends], axis=0), np.nanmax([high for _, high in ends], axis=0)
        return Scale(least[0].astype(np.float64), (greatest - least)[0].astype(np.float64))
    mean = _mean(chunks(), axes)
    spread = np.sqrt(_mean(((chunk - mean) ** 2 for chunk in chunks()), axes))
    return Scale(mean[0], spread[0])


def _mean(chunks: Iterable[NDArray[Any]], axes: tuple[int, ...]) -> NDArray[np.float64]:
    sums: Any = 0.0
    counts: Any = 0
    for chunk in chunks:
        sums = sums + np.nansum(chunk, axis=axes, keepdims=True, dtype=np.float64)
        counts = counts + (~np.isnan(chunk)).sum(axis=axes, keepdims=True)
    return np.asarray(sums / np.maximum(counts, 1))


def in_chunks(rows: Rows, read: Callable[[Rows], NDArray[Any]]) -> Callable[[], Iterable[NDArray[Any]]]:
    """Samples in pieces, as `fit_scale` takes them."""
    return lambda: (read(some) for some in np.split(rows, range(AT_ONCE, len(rows), AT_ONCE)))


def at_once(values: NDArray[Any]) -> Callable[[], Iterable[NDArray[Any]]]:
    """As `in_chunks`, of samples that are in memory."""
    return lambda: [values]
