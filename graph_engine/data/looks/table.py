"""A look at a table: the kinds of its columns, what they hold, and which tell which."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.data.looks.files import Stamp, stamp
from graph_engine.data.unreadable import UnreadableError
from graph_engine.settings.facts import MOST_VALUES, ColumnFacts, Facts, Kind

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")

TOLD = ("target", "targets", "label", "labels", "class", "classes", "y", "species", "outcome", "diagnosis", "quality", "survived", "price")
"""Names of columns that are most likely to be told."""

COMPARED = 40
"""Columns that are held against each other at most, of as many rows as follows."""

ROWS = 100_000

LONG = 60
"""Letters of a longest value beyond which a column holds texts, unless it has few values."""

_FEW_WHOLE = 100
"""Whole numbers of no more different values are listed."""


def look(file: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What a table holds, to tell one column from the others.

    Raises:
        UnreadableError: it cannot be read as a table.
    """
    facts = measure(file)
    usable = [column for column in facts.columns if column.kind in ("number", "whole") or (column.kind == "word" and column.values)]
    if len(usable) < 2:
        raise UnreadableError(f"{file.name} has no two columns with numbers or few words: one is to be told from the others.")
    named = [column.name for column in usable if column.name.strip().lower() in TOLD]
    classes = [column.name for column in usable if column.kind == "word"]
    target = (named or classes or [usable[-1].name])[-1]
    ids = [column.name for column in usable if _is_number_of_row(column, facts.samples) and column.name != target]
    kept = tuple(column.name for column in usable if column.name not in (target, *ids)) if ids else ()
    told = next(column for column in usable if column.name == target)
    scaling = "none" if told.kind == "word" or (told.kind == "whole" and told.values) else "standard"
    return facts, {"targets": (target,), "features": kept, "target_scaling": scaling, **_split(facts, target)}


def look_series(file: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What a table holds, to forecast a column from what came before.

    Raises:
        UnreadableError: it cannot be read as a table, or has no numbers.
    """
    facts = measure(file)
    moments = [column.name for column in facts.columns if column.kind == "time"]
    numbers = [column for column in facts.columns if column.kind in ("number", "whole")]
    told = [column.name for column in numbers if not (column.sorted and _is_number_of_row(column, facts.samples))]
    if not told:
        raise UnreadableError(f"{file.name} has no column with numbers that could be forecast.")
    window = max(1, min(24, facts.samples // 20))
    return facts, {"time": tuple(moments[:1]), "targets": (told[-1],), "features": tuple(told), "window": window}


def guess(file: Path) -> str:
    """``texts`` where a column holds texts and another the classes, ``series`` where rows are in the order of time, or ``table``."""
    facts = measure(file)
    kinds = [column.kind for column in facts.columns]
    if "text" in kinds and any(column.values for column in facts.columns):
        return "texts"
    ordered = any(column.kind == "time" and column.sorted and column.distinct == facts.samples for column in facts.columns)
    return "series" if ordered and "word" not in kinds else "table"


def measure(file: Path) -> Facts:
    """What the columns hold.

    Raises:
        UnreadableError: the file cannot be read as a table.
    """
    return _measured(file, stamp(file))


@lru_cache(8)
def _measured(file: Path, known: Stamp) -> Facts:
    import polars as pl

    from graph_engine.data.tables import collect, scan

    separator = "" if file.suffix.lower() in (".parquet", ".pq") else find_separator(file)
    lazy = scan(file, separator)
    names = collect(file, lazy.head(0)).columns
    bad = next((name for name in names if not name.strip() or not name.isprintable()), None)
    if bad is not None:
        raise UnreadableError(f"{file.name} has a column without a name that can be shown, {bad!r}: name its columns in the first line.")
    figures = collect(
        file, lazy.select(pl.len().alias("rows"), *(one for place, name in enumerate(names) for one in _figures(place, name)))
    )
    row = figures.row(0, named=True)
    if not row["rows"]:
        raise UnreadableError(f"{file.name} has no rows.")
    sample = collect(file, lazy.head(ROWS))
    columns = [_column(file, lazy, sample, place, name, row) for place, name in enumerate(names)]
    told = _which_tell_which(sample, columns)
    size, changed = known
    usable = [column.name for column in columns if not _is_number_of_row(column, row["rows"])]
    repeated = int(collect(file, lazy.select(pl.len() - pl.struct(usable).n_unique())).item()) if usable else 0
    return Facts(
        size=size,
        changed=changed,
        samples=row["rows"],
        columns=tuple(column.model_copy(update={"tells": told[column.name]}) for column in columns),
        separator=separator,
        repeated=repeated,
    )


def find_separator(file: Path) -> str:
    """What stands between the cells of a table, by its first lines.

    Raises:
        UnreadableError: they are not UTF-8 text, or all of one cell.
    """
    with file.open("rb") as opened:
        head = opened.read(65536)
    if not head.strip():
        raise UnreadableError(f"{file.name} is empty.")
    text = _decoded(file, head)
    lines = text.splitlines()[:50]
    counts = {mark: len(next(csv.reader([lines[0]], delimiter=mark))) for mark in ",;\t|"}
    best = max(counts, key=lambda mark: counts[mark])
    if counts[best] < 2:
        return "\t" if file.suffix.lower() == ".tsv" else ","
    return best


def _decoded(file: Path, head: bytes) -> str:
    for cut in range(4):  # a letter may be cut in two
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise UnreadableError(f"{file} is not UTF-8 text: save it as UTF-8.")


def _figures(place: int, name: str) -> list[pl.Expr]:
    import polars as pl

    cell = pl.col(name)
    number = cell.cast(pl.Float64, strict=False)
    finite = number.filter(number.is_finite())
    return [
        (cell == "").sum().alias(f"{place} missing"),
        finite.len().alias(f"{place} numbers"),
        (finite == finite.round()).all().alias(f"{place} whole"),
        cell.filter(cell != "").n_unique().alias(f"{place} distinct"),
        cell.str.len_chars().max().alias(f"{place} longest"),
        finite.min().alias(f"{place} least"),
        finite.max().alias(f"{place} greatest"),
        finite.mean().alias(f"{place} mean"),
        finite.std(ddof=0).alias(f"{place} spread"),
    ]


def _column(file: Path, lazy: pl.LazyFrame, sample: pl.DataFrame, place: int, name: str, row: Mapping[str, Any]) -> ColumnFacts:
    import numpy as np

    from graph_engine.data.tables import to_moments, to_numbers

    def of(what: str) -> Any:
        return row[f"{place} {what}"]

    rows, filled, distinct = row["rows"], row["rows"] - of("missing"), of("distinct")
    kind: Kind = "text"
    missing, in_order = of("missing"), False
    if filled and of("numbers") >= 0.98 * filled:
        kind, missing = "whole" if of("whole") else "number", rows - of("numbers")
        in_order = bool((np.diff(to_numbers(sample[name])) >= 0).all())
    elif filled and not np.isnan(to_moments(sample[name].filter(sample[name] != ""))).any():
        kind = "time"
        in_order = bool((np.diff(to_moments(sample[name])) >= 0).all())
    elif distinct <= 20 or (distinct <= min(MOST_VALUES, filled / 2) and of("longest") <= LONG):
        kind = "word"
    values, counts = _values(file, lazy, name) if kind == "word" or (kind == "whole" and distinct <= _FEW_WHOLE) else ((), ())
    numeric = kind in ("number", "whole")
    facts = ColumnFacts(name=name, kind=kind, missing=missing, distinct=distinct, values=values, counts=counts, sorted=in_order)
    if not numeric:
        return facts.model_copy(update={"longest": of("longest") or 0})
    figures = {key: float(of(key)) for key in ("least", "greatest", "mean", "spread")}
    return facts.model_copy(update={key: value for key, value in figures.items() if math.isfinite(value)})


def _values(file: Path, lazy: pl.LazyFrame, name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The values of a column in their order, and how often each occurs."""
    import polars as pl

    from graph_engine.data.tables import collect

    counted = collect(file, lazy.select(pl.col(name)).filter(pl.col(name) != "").group_by(name).len())
    pairs = sorted(zip(counted[name].to_list(), counted["len"].to_list(), strict=True), key=lambda pair: _in_order(pair[0]))
    return tuple(value for value, _ in pairs), tuple(count for _, count in pairs)


def _in_order(value: str) -> tuple[float, str]:
    return (float(value), value) if re.fullmatch(r"[-+]?\d+(\.\d+)?", value) else (math.inf, value)


def _which_tell_which(sample: pl.DataFrame, columns: Sequence[ColumnFacts]) -> dict[str, tuple[str, ...]]:
    """For each column the others that it determines, as far as some rows show it."""
    import numpy as np
    import polars as pl

    from graph_engine.data.tables import to_numbers

    told: dict[str, list[str]] = {column.name: [] for column in columns}
    some = [column for column in columns if column.kind in ("number", "whole", "word") and column.distinct > 1][:COMPARED]
    numbers = {column.name: to_numbers(sample[column.name]) for column in some if column.kind != "word" and column.spread}
    for one in some:
        repeats = one.distinct * 5 <= sample.height and one.kind != "number"
        for other in some:
            if one.name == other.name:
                continue
            if one.name in numbers and other.name in numbers:
                both = ~np.isnan(numbers[one.name]) & ~np.isnan(numbers[other.name])
                a, b = numbers[one.name][both], numbers[other.name][both]
                close = len(a) > 10 and a.std() > 0 and b.std() > 0 and abs(float(np.corrcoef(a, b)[0, 1])) > 0.99999
                told[one.name] += [other.name] if close else []
            elif repeats and other.kind != "number":
                known = sample.filter((pl.col(one.name) != "") & (pl.col(other.name) != ""))
                pairs = known.select(pl.struct(one.name, other.name).n_unique(), pl.col(one.name).n_unique().alias("own")).row(0)
                told[one.name] += [other.name] if pairs[0] == pairs[1] else []
    return {name: tuple(others) for name, others in told.items()}


def _is_number_of_row(column: ColumnFacts, rows: int) -> bool:
    """Whether a column only counts the rows."""
    width = (column.greatest or 0) - (column.least or 0)
    return column.kind == "whole" and column.distinct == rows and column.sorted and width == rows - 1


def _split(facts: Facts, target: str) -> Mapping[str, Any]:
    """How rows are best divided: as a column says, or each class by its share."""
    for column in facts.columns:
        if (
            column.kind == "word"
            and column.name.lower() in ("split", "part", "set", "fold", "subset")
            and any("test" in v.lower() for v in column.values)
        ):
            return {"split": "given", "by": (column.name,)}
    found = facts.column(target)
    return {"split": "stratified" if found is not None and found.values and min(found.counts) >= 3 else "random"}
