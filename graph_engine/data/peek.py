"""Some samples of a user's own data as they are, before any preparation: for people to look at. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph_engine.data.looks import pictures
from graph_engine.data.unreadable import UnreadableError
from graph_engine.errors import DataError
from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.facts import Facts
from graph_engine.settings.option import Selected

LONGEST = 2000
"""Letters of a text that are shown."""

LARGEST = 128
"""Pixels of a side of a picture at most; a larger one is shrunk."""

POINTS = 200
"""Points of a curve at most."""


class Peek(NamedTuple):
    """A sample.

    Attributes:
        values: what it holds, in words, by the names of columns or arrays.
        label: its class, where it has one that is no column.
        pixels: of a picture: height, width and colours, from 0 to 255.
        curves: of a stretch of a series: its values, by the names of columns; not a number where there is none.
    """

    values: Mapping[str, str] = {}
    label: str = ""
    pixels: NDArray[np.uint8] | None = None
    curves: Mapping[str, tuple[float, ...]] = {}


_Find = Callable[[Path, Facts, range], Iterator[Peek]]


def peek(chosen: Selected[DatasetOption], count: int, start: int = 0) -> tuple[Peek, ...]:
    """Samples, spread evenly over the data.

    Args:
        chosen: the data, with what a look at it has found.
        count: how many at most.
        start: how far the first of them is from the first of all, so that other ones can be asked for.

    Raises:
        DataError: they cannot be read; one sentence.
    """
    facts, path = chosen.params["facts"], Path(chosen.params["path"])
    step = max(1, facts.samples // max(1, count))
    rows = range(start % step, facts.samples, step)[:count]
    stretches = partial(_stretches, chosen.params)
    of_kind: Mapping[str, _Find] = {
        "pictures": _pictures,
        "idx": _records,
        "cifar": _records,
        "arrays": _arrays,
        "text": _plain,
        "series": stretches,
    }
    find = of_kind.get(chosen.id, _cells if facts.columns else _files)
    try:
        return tuple(find(path, facts, rows))
    except UnreadableError as error:
        raise DataError(str(error)) from error
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from error


def _pictures(path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from PIL import Image

    bad = set(facts.unreadable)
    _, _, files = pictures.find_folders(path)
    good = [file for file in files if file.relative_to(path).as_posix() not in bad]
    for row in rows:
        file = good[row % len(good)]
        with Image.open(file) as image:
            image.thumbnail((LARGEST, LARGEST))
            yield Peek({"file": file.relative_to(path).as_posix()}, file.parent.name, np.asarray(image.convert("RGB"), np.uint8))


def _records(path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from graph_engine.data.binary import open_bytes

    folder = path if path.is_dir() else path.parent
    width, height, _ = facts.sizes[0]
    begin = 0
    for pair in facts.pairs:
        apart = pair.pictures != pair.labels  # CIFAR has both in one file
        pixels = open_bytes(folder / pair.pictures)[16 if apart else 0 :].reshape(pair.samples, -1)
        labels = open_bytes(folder / pair.labels)[8:] if apart else pixels[:, -facts.colours * height * width - 1]
        for row in (row - begin for row in rows if begin <= row < begin + pair.samples):
            image = pixels[row, -facts.colours * height * width :].reshape(facts.colours, height, width).transpose(1, 2, 0)
            yield Peek({"file": pair.pictures}, facts.classes[int(labels[row])], np.array(image))
        begin += pair.samples


def _arrays(path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from graph_engine.data.binary import open_array

    opened = {array.name: open_array(path, array.name) for array in facts.arrays}
    for row in rows:
        yield Peek({name: np.array2string(array[row], precision=4, threshold=20) for name, array in opened.items()})


def _cells(path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from graph_engine.data.tables import collect, scan

    table: Any = collect(path, scan(path, facts.separator).gather_every(rows.step, rows.start).head(len(rows)))
    for row in table.iter_rows(named=True):
        yield Peek({name: cell[:LONGEST] for name, cell in row.items()})


def _stretches(params: Mapping[str, Any], path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from graph_engine.data.tables import collect, scan, to_moments, to_numbers

    numbers = [column.name for column in facts.columns if column.kind in ("number", "whole")]
    shown = [name for name in numbers if name in params["targets"]] or numbers
    time = next((name for name in params["time"] if facts.column(name) is not None), "")
    table = collect(path, scan(path, facts.separator).select(list(dict.fromkeys([*shown, *filter(None, [time])]))))
    if time:
        table = table[np.argsort(to_moments(table[time]), kind="stable")]
    length = params["window"] + params["horizon"]
    for row in rows:
        begin = max(0, min(row, table.height - length))
        cut = table[begin : begin + length]
        few = cut.gather_every(max(1, cut.height // POINTS))
        curves = {name: tuple(to_numbers(few[name]).tolist()) for name in shown}
        where = f"{cut[time][0]} – {cut[time][-1]}" if time else f"{begin + 1:,} – {begin + cut.height:,}"
        yield Peek({time or "rows": where}, curves=curves)


def _files(path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from graph_engine.data.looks.texts import SUFFIXES
    from graph_engine.data.tokens import read_text

    bad = set(facts.unreadable)
    files = sorted(file for name in facts.classes for file in (path / name).iterdir() if file.suffix.lower() in SUFFIXES)
    good = [file for file in files if file.relative_to(path).as_posix() not in bad]
    for row in rows:
        yield Peek({"text": read_text(good[row % len(good)])[:LONGEST]}, good[row % len(good)].parent.name)


def _plain(path: Path, facts: Facts, rows: range) -> Iterator[Peek]:
    from graph_engine.data.looks.texts import SUFFIXES
    from graph_engine.data.tokens import read_text

    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    text = "\n\n".join(map(read_text, files))
    for row in rows:
        begin = row * (len(text) // max(1, facts.samples))
        yield Peek({"text": text[begin : begin + LONGEST // 8]})
