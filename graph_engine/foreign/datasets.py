"""Looks at a `torch.utils.data.Dataset` of the user's own, in the process that runs foreign code."""

from __future__ import annotations

import ast
import math
import time
from collections import Counter
from typing import Any

from torch import Tensor

from graph_engine.data.readers.dataset import make, read
from graph_engine.data.unreadable import UnreadableError

SECONDS = 20.0
"""How long samples are read; what was read by then has to do."""

FEW = 2000
"""Values of a part that are counted one by one at most."""


def look(path: str, arguments: str, test_arguments: str) -> dict[str, Any]:
    """What is known of a data set, as `graph_engine.settings.facts.Facts` has it; or a ``refusal``.

    Args:
        path: dotted name of the class, or of a function that makes one.
        arguments, test_arguments: what it is made with, and what is different for the test part, as the text of dictionaries.
    """
    try:
        given = [_dictionary(arguments, "arguments"), _dictionary(test_arguments, "test_arguments")]
        sets: list[Any] = [make(path, given[0])] + ([make(path, {**given[0], **given[1]})] if given[1] else [])
        parts, read_all = _parts(path, sets)
    except UnreadableError as error:
        return {"refusal": str(error)}
    classes = _classes(sets[0])
    last = list(parts)[-1]
    counts = parts[last].counts
    is_counted = read_all and classes and set(counts) <= set(range(len(classes)))
    return {
        "facts": {
            "size": 0,
            "changed": 0,
            "samples": sum(len(samples) for samples in sets),
            "arrays": [{"name": name, **part.plain()} for name, part in parts.items()],
            "classes": classes,
            "counts": [counts[number] for number in range(len(classes))] if is_counted else [],
            "parts": ["train", "test"] if given[1] else [],
        },
        "targets": [last] if len(parts) > 1 else [],
    }


def _dictionary(text: str, name: str) -> dict[str, Any]:
    value = ast.literal_eval(text)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UnreadableError(f"{name} must be a dictionary of values by name, such as {{'train': True}}, not {text}.")
    return value


class _Part:
    """What the samples that were read have in one of their parts."""

    def __init__(self, first: Tensor):
        self.shape = tuple(first.shape)
        self.dtype = str(first.dtype).removeprefix("torch.")
        self.missing = 0
        self.least, self.greatest = math.inf, -math.inf
        self.counts: Counter[int] = Counter()

    def add(self, tensor: Tensor) -> None:
        finite = tensor[tensor.isfinite()] if tensor.is_floating_point() else tensor
        self.missing += tensor.numel() - finite.numel()
        if finite.numel():
            self.least, self.greatest = min(self.least, float(finite.min())), max(self.greatest, float(finite.max()))
        if not tensor.dim() and not tensor.is_floating_point() and len(self.counts) <= FEW:
            self.counts[int(tensor)] += 1

    def plain(self) -> dict[str, Any]:
        known = math.isfinite(self.least)
        ends = {"least": self.least, "greatest": self.greatest} if known else {}
        return {"shape": self.shape, "dtype": self.dtype, "missing": self.missing, "distinct": len(self.counts), **ends}


def _parts(path: str, sets: list[Any]) -> tuple[dict[str, _Part], bool]:
    """The parts of the samples, from as many of these as time allows, and whether all were read."""
    begun = time.monotonic()
    parts: dict[str, _Part] = {}
    for samples in sets:
        if not len(samples):
            raise UnreadableError(f"{path} makes a data set without samples.")
        for row in _spread(len(samples)):
            sample = read(samples, row, path)
            parts = parts or {name: _Part(tensor) for name, tensor in sample.items()}
            if set(sample) != set(parts):
                raise UnreadableError(f"Sample {row} of {path} has {', '.join(sample)}, others have {', '.join(parts)}.")
            for name, tensor in sample.items():
                if tuple(tensor.shape) != parts[name].shape:
                    one, other = ("×".join(map(str, shape)) or "one number" for shape in (parts[name].shape, tensor.shape))
                    raise UnreadableError(f"{name} of the samples of {path} has several shapes ({one} and {other}): bring all to one.")
                parts[name].add(tensor)
            if time.monotonic() - begun > SECONDS:
                return parts, False
    return parts, True


def _spread(count: int) -> list[int]:
    """All numbers below one, in an order that comes everywhere soon."""
    step = next(step for step in range(round(count * 0.618) or 1, count + 1) if math.gcd(step, count) == 1)
    return [row * step % count for row in range(count)]


def _classes(samples: Any) -> list[str]:
    """The names of classes, where the data set tells them as those of torchvision do."""
    names = getattr(samples, "classes", None)
    return [str(name) for name in names] if isinstance(names, list | tuple) and 1 < len(names) <= FEW else []
