"""Reads the cells of a CSV, TSV or Parquet file as text, all of them or, of a long one, some rows when they are needed.

It travels with an exported project as ``tables.py``, so it needs polars and numpy only.
"""

from __future__ import annotations

import io
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph_engine.data.unreadable import UnreadableError

EMPTY = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "?")
"""What stands in a cell without a value."""

FORMS = ("%Y-%m-%d", "%Y/%m-%d", "%m/%Y-%d", "%b %Y-%d")
"""Forms of a month, with a day behind it, besides the forms of days that polars knows."""

Rows = NDArray[np.int64]


def scan(file: Path, separator: str) -> pl.LazyFrame:
    """The table, all of it text without spaces around, and empty cells where there is no value.

    Args:
        file: where it is.
        separator: between cells; empty for Parquet.
    """
    if not file.is_file():
        raise UnreadableError(f"There is no file {file}: change the path to where the table is.")
    lazy = pl.scan_csv(file, separator=separator, infer_schema=False, truncate_ragged_lines=True) if separator else pl.scan_parquet(file)
    return lazy.select(plain_cells())


def plain_cells() -> pl.Expr:
    """All columns as text without spaces around, and empty where there is no value."""
    cells = pl.all().cast(pl.String).str.strip_chars()
    return pl.when(cells.is_in(EMPTY)).then(pl.lit("")).otherwise(cells).fill_null("").name.keep()


def collect(file: Path, lazy: pl.LazyFrame) -> pl.DataFrame:
    """The result of a query on the file.

    Raises:
        UnreadableError: the file cannot be read as a table.
    """
    try:
        return lazy.collect(engine="streaming")
    except pl.exceptions.PanicException as error:  # not an Exception
        raise UnreadableError(f"{file} cannot be read as a table: it is damaged.") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        text = str(error)
        why = "it is not UTF-8 text; save it as UTF-8" if "utf-8" in text.lower() else "it is damaged, or no such file"
        raise UnreadableError(f"{file} cannot be read as a table: {why}.") from error


def names_of(file: Path, separator: str) -> list[str]:
    """The names of the columns."""
    return collect(file, scan(file, separator).head(0)).columns


def count_rows(file: Path, separator: str) -> int:
    """How many rows there are."""
    return int(collect(file, scan(file, separator).select(pl.len())).item())


def to_numbers(cells: Sequence[str] | pl.Series) -> NDArray[np.float64]:
    """Cells as numbers; what is none is not a number."""
    text = cells if isinstance(cells, pl.Series) else pl.Series(cells, dtype=pl.String)
    numbers = text.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def to_moments(cells: Sequence[str] | pl.Series) -> NDArray[np.float64]:
    """Cells as points in time: numbers, or dates with or without a time of day; not a number where a cell holds none of that."""
    text = cells if isinstance(cells, pl.Series) else pl.Series(cells, dtype=pl.String)
    numbers = to_numbers(text)
    filled = (text != "").to_numpy()
    if not np.isnan(numbers[filled]).any():
        return numbers
    for kind, form in ((pl.Datetime(), None), (pl.Date(), None), *((pl.Date(), form) for form in FORMS)):
        try:
            cells = text.replace("", None) if form is None else text.replace("", None) + "-01"
            moments = cells.str.strptime(kind, form, strict=False).cast(pl.Datetime("us"))
        except pl.exceptions.PolarsError:  # no form of a date fits the first cells
            continue
        found = moments.dt.epoch("us").cast(pl.Float64).fill_null(float("nan")).to_numpy()
        if not np.isnan(found[filled]).any():
            return found
    return numbers


class Whole:
    """A table that is kept in memory.

    Args:
        file: where it is.
        separator: between cells; empty for Parquet.
        columns: those that are needed.
    """

    def __init__(self, file: Path, separator: str, columns: Sequence[str]):
        refuse_absent(file, names_of(file, separator), columns)
        self._frame = collect(file, scan(file, separator).select(columns))
        self._numbers: dict[str, NDArray[np.float64]] = {}

    def __len__(self) -> int:
        return self._frame.height

    def words(self, name: str, rows: Rows) -> list[str]:
        """The cells of a column in some rows."""
        return self._frame[name][rows].to_list()

    def numbers(self, name: str, rows: Rows) -> NDArray[np.float64]:
        """As `words`, as numbers."""
        if name not in self._numbers:
            self._numbers[name] = to_numbers(self._frame[name])
        return self._numbers[name][rows]


class Streamed:
    """As `Whole`, of a CSV file whose rows are read when they are needed; only the places where they begin are kept.

    A Parquet file is read from a copy as CSV in the folder for temporary files, since it gives up single rows in whole groups only. The
    copy has no name, so that it is gone with the process however that ends.
    """

    def __init__(self, file: Path, separator: str, columns: Sequence[str]):
        self._names = names_of(file, separator)
        refuse_absent(file, self._names, columns)
        self._file = file
        self._separator = separator or ","
        self._copy = None if separator else copy_as_csv(file, columns)
        if self._copy is not None:
            weakref.finalize(self, self._copy.close)
        self._names = self._names if separator else list(columns)
        with self._open() as opened:
            self._starts = find_rows(opened)
        self._last: tuple[bytes, pl.DataFrame] = b"", pl.DataFrame()

    def __len__(self) -> int:
        return len(self._starts) - 2

    def words(self, name: str, rows: Rows) -> list[str]:
        """The cells of a column in some rows."""
        found: list[str] = self._cells(rows)[name].to_list()
        return found

    def numbers(self, name: str, rows: Rows) -> NDArray[np.float64]:
        """As `words`, as numbers."""
        return to_numbers(self._cells(rows)[name])

    def _open(self) -> AbstractContextManager[IO[bytes]]:
        return self._file.open("rb") if self._copy is None else nullcontext(self._copy)

    def _cells(self, rows: Rows) -> pl.DataFrame:
        if self._last[0] != rows.tobytes():  # columns are asked for one after the other
            self._last = rows.tobytes(), self._read(rows + 1)
        return self._last[1]

    def _read(self, lines: Rows) -> pl.DataFrame:
        """Some lines as a table."""
        schema = dict.fromkeys(self._names, pl.String)
        if not len(lines):
            return pl.DataFrame(schema=schema)
        try:
            with self._open() as opened:
                texts = []
                for first, last in zip(*self._stretches(lines), strict=True):
                    opened.seek(first)
                    texts.append(opened.read(last - first))
            ended = b"".join(text if text.endswith(b"\n") else text + b"\n" for text in texts)
            found = pl.read_csv(io.BytesIO(ended), separator=self._separator, has_header=False, schema=schema, truncate_ragged_lines=True)
        except pl.exceptions.PolarsError as error:
            raise UnreadableError(f"Rows of {self._file} cannot be read, from row {lines[0]} on: is it UTF-8 text?") from error
        except OSError as error:
            raise UnreadableError(f"{self._file} cannot be read any more: {error.strerror or error}.") from error
        return found.select(plain_cells())

    def _stretches(self, lines: Rows) -> tuple[list[int], list[int]]:
        """Where to read from and up to, once for lines that follow each other."""
        breaks = np.flatnonzero(np.diff(lines) != 1)
        firsts, lasts = lines[np.concatenate([[0], breaks + 1])], lines[np.concatenate([breaks, [len(lines) - 1]])]
        return self._starts[firsts].tolist(), self._starts[lasts + 1].tolist()


def copy_as_csv(file: Path, columns: Sequence[str]) -> IO[bytes]:
    """Some columns of a Parquet file as CSV, written piece by piece into a file that goes when it is closed.

    Raises:
        UnreadableError: the file cannot be read, or the copy not be written.
    """
    copy = tempfile.TemporaryFile(prefix="archloom-")  # noqa: SIM115 (its reader closes it)
    try:
        scan(file, "").select(columns).sink_csv(copy)
    except (pl.exceptions.PolarsError, OSError) as error:
        needs = f"{file} takes more memory than allowed, and a copy of it in {tempfile.gettempdir()} cannot be made"
        raise UnreadableError(f"{needs} ({error}): make room there, or raise memory.") from error
    return copy


def refuse_absent(file: Path, there: Sequence[str], columns: Sequence[str]) -> None:
    """Refuses columns that are not there."""
    absent = next((name for name in columns if name not in there), None)
    if absent is not None:
        raise UnreadableError(f"{file.name} has no column {absent!r}: choose its columns again.")


def find_rows(opened: IO[bytes]) -> NDArray[np.int64]:
    """Where the lines of a CSV file begin, and where the last one ends; a line break between quotes ends none, and empty lines are none."""
    starts, place, quotes = [np.zeros(1, np.int64)], 0, 0
    opened.seek(0)
    while chunk := opened.read(2**20):
        data = np.frombuffer(chunk, np.uint8)
        inside = (np.cumsum(data == ord('"')) + quotes) % 2
        starts.append(np.flatnonzero((data == ord("\n")) & (inside == 0)) + place + 1)
        quotes, place = int(inside[-1]), place + len(chunk)
    found = np.unique(np.concatenate([*starts, np.array([place])]))
    return np.concatenate([found[:-1][np.diff(found) > 1], found[-1:]])


def one_hot(cells: Sequence[str], words: Sequence[str]) -> NDArray[np.float32]:
    """For each cell a number for each word, 1 for the one that it is."""
    place: Mapping[str, int] = {word: number for number, word in enumerate(words)}
    found = np.zeros((len(cells), len(words) + 1), np.float32)
    found[np.arange(len(cells)), [place.get(cell, len(words)) for cell in cells]] = 1
    return found[:, :-1]


def to_classes(cells: Sequence[str], classes: Sequence[str]) -> NDArray[Any]:
    """The number of the class of each cell; -1 where it is none."""
    place = {word: number for number, word in enumerate(classes)}
    return np.array([place.get(cell, -1) for cell in cells], np.int64)
