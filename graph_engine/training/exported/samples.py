"""Samples of your own for predict.py, from files and texts, and answers in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
LIKELIEST = 3  # classes that are told of a sample
MOST_NUMBERS = 12  # that are told of an answer

Shape = tuple[int | None, ...]  # of one sample; None is a size that may differ from sample to sample
Fields = Mapping[str, tuple[Shape, torch.dtype]]  # what the network receives, by name


class Given(NamedTuple):
    """A sample."""

    name: str
    inputs: tuple[Tensor, ...]  # each a batch of one
    targets: tuple[Tensor, ...] = ()  # what is expected, where that is known


def read_arrays(path: Path, fields: Fields) -> Iterator[Given]:
    """The samples in an NPY file, or, of a network with several inputs, in an NPZ file with an array for each.

    Raises:
        ValueError: it does not hold what the network receives.
    """
    loaded = np.load(path)
    if path.suffix == ".npz":
        missing = [name for name in fields if name not in loaded.files]
        if missing:
            raise ValueError(f"{path.name} has no array {', '.join(missing)}: it holds {', '.join(loaded.files)}.")
        return rows(path.name, [loaded[name] for name in fields], fields)
    if len(fields) > 1:
        raise ValueError(f"The network has {len(fields)} inputs: save them in an .npz file, as {', '.join(fields)}.")
    return rows(path.name, [loaded], fields)


def rows(name: str, arrays: Sequence[Any], fields: Fields) -> Iterator[Given]:
    """Samples from arrays with a row for each sample, or with one sample alone.

    Raises:
        ValueError: an array has another shape than the network receives.
    """
    batches = []
    for array, (field, (shape, dtype)) in zip(arrays, fields.items(), strict=True):
        batch = torch.from_numpy(np.asarray(array)).to(dtype)
        batch = batch.unsqueeze(0) if batch.dim() == len(shape) else batch
        sizes = zip(shape, batch.shape[1:], strict=False)
        if batch.dim() != len(shape) + 1 or any(wanted not in (None, size) for wanted, size in sizes):
            wanted_text = "×".join("any" if size is None else str(size) for size in shape)
            raise ValueError(f"{field} in {name} has the shape {'×'.join(map(str, np.shape(array)))}; the network receives {wanted_text}.")
        batches.append(batch)
    count = min(map(len, batches))
    for row in range(count):
        yield Given(name if count == 1 else f"{name} {row}", tuple(batch[row : row + 1] for batch in batches))


def read_picture(path: Path, fields: Fields, scale: Mapping[str, Any] | None = None) -> Given:
    """A picture, brought to the size and the colours that the network receives.

    Args:
        path: the file.
        fields: one, of the shape (colours, height, width).
        scale: ``offset`` and ``width`` of the colours; without it they are from 0 to 1.

    Raises:
        OSError: it is no picture.
    """
    from PIL import Image

    [(shape, _)] = fields.values()
    colours, height, width = (size or 1 for size in shape)
    with Image.open(path) as image:
        made = image.convert("RGB" if colours == 3 else "L").resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(made, np.float32).reshape(height, width, colours).transpose(2, 0, 1) / 255
    if scale is not None:
        pixels = (pixels - np.asarray(scale["offset"])) / np.asarray(scale["width"])
    return Given(path.name, (torch.from_numpy(pixels).float().unsqueeze(0),))


def encode(text: str, words: Sequence[str], length: int | None = None) -> Tensor:
    """The tokens of a text, a batch of one.

    Args:
        text: letters or words, as the vocabulary has them.
        words: what each token stands for.
        length: of all texts, where the network receives no other; padding, token 0, fills up what is shorter.
    """
    unknown = next((number for number, word in enumerate(words) if word.strip() == "□"), 0)
    numbers = {word.strip() or word: number for number, word in reversed(list(enumerate(words)))}
    if all(len(word) < 2 for word in words):
        pieces: Sequence[str] = text.replace("\n", "↵")
    else:
        pieces = re.findall(r"\w+|[^\w\s]", text)
    tokens = [numbers.get(piece, unknown) for piece in pieces]
    return torch.tensor([tokens if length is None else (tokens + [0] * length)[:length]])


def likeliest(shares: Tensor, classes: Sequence[str]) -> str:
    """The likeliest classes and their probabilities, of one sample."""
    best = shares.topk(min(LIKELIEST, len(shares)))
    return ", ".join(f"{classes[i]} {share:.1%}" for share, i in zip(best.values.tolist(), best.indices.tolist(), strict=True))


def numbers(values: Tensor, scale: Mapping[str, Any] | None = None) -> str:
    """The numbers of one sample, or, where they are many, what they are like.

    Args:
        values: as the network gives them.
        scale: ``offset`` and ``width`` that lead back to the units of the data.
    """
    plain = values.double().numpy()
    if scale is not None:
        plain = plain * np.asarray(scale["width"]) + np.asarray(scale["offset"])
    if plain.size > MOST_NUMBERS:
        return f"{'×'.join(map(str, plain.shape))} numbers from {plain.min():.4g} to {plain.max():.4g}"
    return ", ".join(f"{number:.4g}" for number in plain.ravel())


def save(path: Path, names: Sequence[str], outputs: Sequence[Sequence[Tensor]]) -> None:
    """Writes what the network gives: an array for each target with a row for each sample, or, where those differ in shape, one for each."""
    arrays = {}
    for i, name in enumerate(names):
        each = [found[i][0].numpy() for found in outputs]
        if len({one.shape for one in each}) == 1:
            arrays[name] = np.stack(each)
        else:
            arrays |= {f"{name}_{row}": one for row, one in enumerate(each)}
    np.savez(path, allow_pickle=False, **arrays)
