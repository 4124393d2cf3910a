"""Reads a `torch.utils.data.Dataset` of the user's own, which Python imports by its dotted name.

What a sample consists of has the names that it has there: the keys of a dictionary, the fields of a named tuple; of a pair, ``input`` and
``target``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from graph_engine.data.parts import Part, Rows, divide, parts
from graph_engine.data.unreadable import UnreadableError


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    arguments: Mapping[str, Any],
    test_arguments: Mapping[str, Any],
    inputs: Mapping[str, str],
    targets: Mapping[str, str],
    choices: Mapping[str, int],
    split: str,
    memory: int,
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.
        path: dotted name of the class, or of a function that makes a data set.
        arguments: what it is made with, by name.
        test_arguments: what is different where it gives the test part; if empty, that is split off.
        inputs, targets: names of the parts of a sample, each with what the network receives it as.
        choices: how many classes or tokens there are, of the parts that hold their numbers.
        split: how samples are divided; ``stratified`` by the first target that holds classes.
        memory: MiB that samples may take to be kept in memory.

    Returns:
        Three parts of the inputs and the targets.

    Raises:
        UnreadableError: it cannot be made, or a sample is not what the network is made for; one sentence.
    """
    sets = [make(path, arguments)]
    if test_arguments:
        sets.append(make(path, {**arguments, **test_arguments}))
    first, count = len(sets[0]), sum(map(len, sets))  # type: ignore[arg-type]
    dtypes = {**inputs, **targets}

    def sample(row: int) -> dict[str, Tensor]:
        return read(sets[row >= first], row - first * (row >= first), path)

    def stacked(rows: Rows) -> tuple[Tensor, ...]:
        samples = [sample(int(row)) for row in rows]
        return tuple(stack(name, getattr(torch, dtype), samples, choices.get(name), path) for name, dtype in dtypes.items())

    given = ["train"] * first + ["test"] * (count - first)
    if test_arguments:
        rows = divide(count, "given", validation, test, seed, by=given)
    else:
        whole = [name for name in targets if name in choices]
        labels = [int(sample(row)[whole[0]]) for row in range(count)] if whole and split == "stratified" else None
        rows = divide(count, split, validation, test, seed, labels=labels)
    return parts(stacked, rows, memory, {})


def make(path: str, arguments: Mapping[str, Any]) -> Dataset[Any]:
    """Imports and makes a data set.

    Raises:
        UnreadableError: it cannot be; one sentence.
    """
    module, _, name = path.rpartition(".")
    if path.partition(".")[0] in sys.stdlib_module_names:  # a document must not call what Python itself can do
        raise UnreadableError(f"{path} is part of Python, which has no data sets.")
    try:
        made = getattr(importlib.import_module(module), name)(**arguments)
    except (Exception, SystemExit) as error:  # any code may raise anything
        raise UnreadableError(f"{path} cannot be made: {type(error).__name__}: {error}") from error
    if isinstance(made, IterableDataset) or not (hasattr(made, "__getitem__") and hasattr(made, "__len__")):
        raise UnreadableError(f"{path} makes a {type(made).__name__}, which is no data set with __len__ and __getitem__.")
    return made


def read(samples: Dataset[Any], row: int, path: str) -> dict[str, Tensor]:
    """The parts of a sample, by their names.

    Raises:
        UnreadableError: it cannot be read, or holds something else than numbers; one sentence.
    """
    try:
        sample = samples[row]
    except Exception as error:
        raise UnreadableError(f"Sample {row} of {path} cannot be read: {type(error).__name__}: {error}") from error
    found = {}
    for name, value in _named(sample, ""):
        tensor = _tensor(value)
        if tensor is None:
            raise UnreadableError(
                f"{name} of a sample of {path} is a {type(value).__name__}: only numbers, arrays, tensors and pictures can be."
            )
        found[name] = tensor
    return found


def stack(name: str, dtype: torch.dtype, samples: list[dict[str, Tensor]], choices: int | None, path: str) -> Tensor:
    """One part of some samples as a batch; a single number is one of shape (1,), unless it is whole.

    Raises:
        UnreadableError: it is not there, of different shapes, or greater than there are choices.
    """
    if any(name not in sample for sample in samples):
        raise UnreadableError(f"{path} has samples without {name}.")
    values = [sample[name].to(dtype) for sample in samples]
    if len({tensor.shape for tensor in values}) > 1:
        shapes = " and ".join(sorted({"×".join(map(str, tensor.shape)) or "one number" for tensor in values})[:2])
        raise UnreadableError(f"{name} of the samples of {path} has several shapes ({shapes}): bring all to one.")
    batch = torch.stack(values)
    if choices is not None and not (batch.min() >= 0 and batch.max() < choices):
        raise UnreadableError(
            f"{name} of {path} goes from {batch.min()} to {batch.max()}, but there are {choices} choices: look at the data again."
        )
    return batch[:, None] if batch.dim() == 1 and dtype != torch.int64 else batch


def _named(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """What a sample consists of, nested or not, with names."""
    if isinstance(value, Mapping):
        pairs = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, tuple | list):
        plain = ("input", "target") if len(value) == 2 else tuple(f"part{number}" for number in range(1, len(value) + 1))
        pairs = list(zip(getattr(value, "_fields", plain), value, strict=True))
    else:
        yield name or "input", value
        return
    for inner, part in pairs:
        yield from _named(part, f"{name}_{inner}" if name else inner)


def _tensor(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return torch.as_tensor(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(np.ascontiguousarray(value))
    if hasattr(value, "convert") and hasattr(value, "getbands"):  # a picture of Pillow: colours first, from 0 to 1
        pixels = np.array(value if value.mode in ("L", "RGB") else value.convert("RGB"), np.float32) / 255
        return torch.from_numpy(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1).copy())
    return None
