"""Reads arrays: an NPZ file, an NPY file, or a folder of NPY files. Objects are refused, because reading them would run code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph_engine.data.binary import open_array
from graph_engine.data.parts import Part, Rows, Scale, divide, first_of_each, fit_scale, in_chunks, parts
from graph_engine.data.unreadable import UnreadableError


def load(
    validation: float,
    test: float,
    seed: int,
    path: str,
    inputs: Mapping[str, str],
    targets: Mapping[str, str],
    scaling: str,
    target_scaling: str,
    split: str,
    once: bool,
    memory: int,
) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.
        path: the file, or the folder of files.
        inputs, targets: names of the arrays, each with what the network receives it as.
        scaling: how inputs that are not whole numbers are scaled, each feature by what the training part holds.
        target_scaling: how targets that are not whole numbers are.
        split: how samples are divided; ``stratified`` by the first target that holds classes.
        once: of samples that are identical take the first only.
        memory: MiB that samples may take to be kept in memory.

    Returns:
        Three parts of the inputs and the targets.

    Raises:
        UnreadableError: the file, or an array, cannot be read; one sentence.
    """
    arrays = {name: open_array(Path(path), name) for name in (*inputs, *targets)}
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise UnreadableError(f"The arrays of {path} have different numbers of samples ({told}): save them with one row for each sample.")
    length = next(iter(lengths.values()))
    whole = [name for name, dtype in targets.items() if dtype == "int64"]
    labels = arrays[whole[0]] if whole else None
    everything = (b"".join(np.ascontiguousarray(array[row]).tobytes() for array in arrays.values()) for row in range(length))
    among = first_of_each(everything) if once else None
    rows = divide(length, split, validation, test, seed, labels=labels, among=among)
    scales: dict[str, Scale] = {}
    for name, dtype in (*inputs.items(), *targets.items()):
        if dtype != "int64":
            how = scaling if name in inputs else target_scaling
            scales[name] = fit_scale(how, in_chunks(rows[0], partial(values, arrays[name], dtype="float64")))

    def read(some: Rows) -> tuple[Tensor, ...]:
        found = []
        for name, dtype in (*inputs.items(), *targets.items()):
            taken = scales[name](values(arrays[name], some, "float64")) if name in scales else values(arrays[name], some, dtype)
            found.append(torch.from_numpy(taken))
        return tuple(found)

    plain = {name: scale.plain() for name, scale in scales.items()}
    return parts(read, rows, memory, {**plain, "targets": {name: plain[name] for name in targets if name in plain}})


def values(array: NDArray[Any], rows: Rows, dtype: str) -> NDArray[Any]:
    """Some samples; a single number is one of shape (1,), unless it is whole."""
    found = np.asarray(array[rows]).astype(dtype)
    return found[:, None] if found.ndim == 1 and dtype != "int64" else found
