"""A look at IDX files, as MNIST has them, and at the binary form of CIFAR."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graph_engine.data.binary import open_bytes
from graph_engine.data.looks.files import count_repeated, stamp
from graph_engine.data.unreadable import UnreadableError
from graph_engine.settings.facts import Facts, PairFacts

PIXELS = 3 * 32 * 32


def is_idx(name: str) -> bool:
    """Whether a file may hold pictures or labels in the form of MNIST."""
    return bool(re.search(r"idx[13]-ubyte(\.gz)?$|\.idx[13](\.gz)?$", name.lower()))


def is_cifar(name: str) -> bool:
    """Whether a file may be one of CIFAR's, binary or pickled."""
    return bool(re.fullmatch(r"(data_batch_\d+|test_batch)(\.bin)?", name)) or name in ("train.bin", "test.bin", "batches.meta")


def look_idx(path: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What IDX files hold.

    Args:
        path: the folder, or one file of the pair.

    Raises:
        UnreadableError: a file is damaged, or its partner is not there.
    """
    folder = path if path.is_dir() else path.parent
    names = sorted(entry.name for entry in folder.iterdir() if is_idx(entry.name)) if path.is_dir() else [path.name]
    names = [re.sub(r"labels([-_.]?)idx1", r"images\1idx3", name) for name in names] if not path.is_dir() else names
    pairs, shapes, labels = [], set(), []
    for name in names:
        if "idx3" not in name:
            continue
        partner = name.replace("images", "labels").replace("idx3", "idx1")
        options = [partner, partner.removesuffix(".gz"), f"{partner}.gz"]
        there = next((option for option in options if (folder / option).is_file()), None)
        if there is None:
            raise UnreadableError(f"The labels of {name} are not beside it: {partner} is missing.")
        shape, count = _head(folder / name)
        own = _labels(folder / there, count)
        part = "test" if name.startswith(("t10k", "test")) else "validation" if name.startswith("val") else "train"
        pairs.append(PairFacts(pictures=name, labels=there, samples=count, part=part))
        shapes.add(shape)
        labels.append(own)
    if not pairs:
        raise UnreadableError(f"{path} has no pictures in the form of IDX.")
    if len(shapes) > 1:
        raise UnreadableError(f"The pictures of {folder} have different sizes from file to file: choose one of the files.")
    colours, height, width = shapes.pop()
    found = np.concatenate(labels)
    counts = np.bincount(found)
    return _facts(folder if path.is_dir() else path, pairs, (colours, height, width), counts, tuple(map(str, range(len(counts)))))


def _head(file: Path) -> tuple[tuple[int, int, int], int]:
    """Colours, height and width of a picture, and how many there are."""
    data = open_bytes(file)
    if len(data) < 16 or bytes(data[:4]) != b"\0\0\x08\x03":
        raise UnreadableError(f"{file} does not begin as an IDX file of pictures does: it is damaged, or something else.")
    count, height, width = (int.from_bytes(bytes(data[place : place + 4]), "big") for place in (4, 8, 12))
    if not count * height * width or len(data) - 16 != count * height * width:
        raise UnreadableError(f"{file} is cut off, or damaged: it says that it holds {count} pictures of {width}×{height}.")
    return (1, height, width), count


def _labels(file: Path, count: int) -> np.ndarray:
    data = open_bytes(file)
    if len(data) < 8 or bytes(data[:4]) != b"\0\0\x08\x01":
        raise UnreadableError(f"{file} does not begin as an IDX file of labels does: it is damaged, or something else.")
    if len(data) != 8 + count or int.from_bytes(bytes(data[4:8]), "big") != count:
        raise UnreadableError(f"{file} should hold a label for each of {count} pictures, and does not: it is cut off, or another's.")
    return np.asarray(data[8:])


def look_cifar(path: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What the binary files of CIFAR-10 or CIFAR-100 hold.

    Raises:
        UnreadableError: a file is damaged, or is of the version for Python, which reading would run.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(file for file in (folder.iterdir() if path.is_dir() else [path]) if is_cifar(file.name) and file.suffix == ".bin")
    if not files:
        raise UnreadableError(
            f"{path} is the version of CIFAR for Python, a pickle, which runs code when it is read: download the binary version instead."
        )
    fine = files[0].name in ("train.bin", "test.bin")
    before = 2 if fine else 1
    pairs, labels = [], []
    for file in files:
        data = open_bytes(file)
        if not len(data) or len(data) % (before + PIXELS):
            raise UnreadableError(f"{file} is cut off, or has another form: it should hold {before + PIXELS} bytes for each picture.")
        records = data.reshape(-1, before + PIXELS)
        labels.append(np.asarray(records[:, before - 1]))
        part = "test" if file.name.startswith("test") else "train"
        pairs.append(PairFacts(pictures=file.name, labels=file.name, samples=len(records), part=part))
    counts = np.bincount(np.concatenate(labels), minlength=100 if fine else 10)
    if len(counts) > (100 if fine else 10):
        raise UnreadableError(f"{folder} has labels up to {len(counts) - 1}, which is beyond CIFAR's: the files are damaged.")
    names = _names(folder / ("fine_label_names.txt" if fine else "batches.meta.txt"), len(counts))
    return _facts(path, pairs, (3, 32, 32), counts, names)


def _names(file: Path, count: int) -> tuple[str, ...]:
    found = file.read_text(encoding="utf-8", errors="replace").split() if file.is_file() else []
    return tuple(found) if len(found) == count else tuple(map(str, range(count)))


def _facts(
    path: Path, pairs: list[PairFacts], shape: tuple[int, int, int], counts: np.ndarray, classes: tuple[str, ...]
) -> tuple[Facts, Mapping[str, Any]]:
    size, changed = stamp(path)
    samples = sum(pair.samples for pair in pairs)
    folder = path if path.is_dir() else path.parent
    whole = count_repeated(folder / pair.pictures for pair in pairs)
    if whole:
        raise UnreadableError(f"Two files of {folder} are the same: take one of them away.")
    facts = Facts(
        size=size,
        changed=changed,
        samples=samples,
        classes=classes,
        counts=tuple(map(int, counts)),
        pairs=tuple(pairs),
        sizes=((shape[2], shape[1], samples),),
        colours=3 if shape[0] == 3 else 1,
        parts=tuple(dict.fromkeys(pair.part for pair in pairs)),
        repeated=_repeated(folder, pairs, shape),
    )
    return facts, {"split": "given" if "test" in facts.parts and len(facts.parts) > 1 else "stratified"}


def _repeated(folder: Path, pairs: list[PairFacts], shape: tuple[int, int, int]) -> int:
    """Pictures that are the same as one before them."""
    known: set[bytes] = set()
    count, size = 0, int(np.prod(shape))
    for pair in pairs:
        data = open_bytes(folder / pair.pictures)
        head = 16 if pair.pictures != pair.labels else 0  # CIFAR has both in one file
        for record in data[head:].reshape(pair.samples, -1):
            known.add(record[-size:].tobytes())
            count += 1
    return count - len(known)
