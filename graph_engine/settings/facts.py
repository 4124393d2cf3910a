"""What a look at a user's own data has found. A document stores it, so that it is opened, checked and drawn without the data.

`graph_engine.data.look` makes it; the declarations in `graph_engine.settings.own` say which tensors follow; the checks tell what is
wrong with the data; a panel shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, ValidationError

from graph_engine.errors import ParamError
from graph_engine.spec.params import Param

MOST_VALUES = 2000
"""Classes, or values of a column, at most; a column with more of them is no choice among some."""

MOST_NAMES = 500
"""Files that are told by name at most."""

Count = Annotated[int, Field(ge=0)]
Real = Annotated[float, AllowInfNan(False)]
Kind = Literal["number", "whole", "word", "text", "time"]


class _Known(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnFacts(_Known):
    """A column of a table.

    Attributes:
        kind: ``number``; ``whole``, numbers without a fraction; ``word``, one of some; ``text``, words that seldom occur again; ``time``.
        missing: cells without a value, or with one that is not of the kind.
        distinct: how many different values there are.
        values, counts: the values in their order and how often each occurs, where they are few.
        least, greatest, mean, spread: of numbers; the spread is the standard deviation.
        longest: letters of the longest value, of words and texts.
        sorted: whether values never become less from row to row.
        tells: names of other columns that this one determines: each of its values goes with one value there.
    """

    name: str
    kind: Kind
    missing: Count = 0
    distinct: Count = 0
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    least: Real | None = None
    greatest: Real | None = None
    mean: Real | None = None
    spread: Real | None = None
    longest: Count = 0
    sorted: bool = False
    tells: tuple[str, ...] = ()


class ArrayFacts(_Known):
    """A named array, whose first dimension counts the samples.

    Attributes:
        shape: of one sample.
        dtype: numpy's name of it.
        missing: values that are not a number, or infinite.
        least, greatest: of its finite values.
        distinct: how many values there are, of whole numbers in one dimension.
    """

    name: str
    shape: tuple[Annotated[int, Field(ge=1)], ...]
    dtype: str
    missing: Count = 0
    least: Real | None = None
    greatest: Real | None = None
    distinct: Count = 0


class PairFacts(_Known):
    """Files with pictures and labels of a fixed size each.

    Attributes:
        pictures, labels: names of the files, relative to the folder of the data.
        samples: how many.
        part: ``train``, ``validation`` or ``test`` where the name says so.
    """

    pictures: str
    labels: str
    samples: Count
    part: str = ""


class Facts(_Known):
    """What is known of some data.

    Attributes:
        size, changed: bytes in all, and the time of the last change in nanoseconds: where they are others now, so is the data.
        samples: how many there are.
        classes, counts: names of the classes, and how many samples each has.
        columns: of a table.
        arrays: of a file of arrays.
        pairs: of files with pictures and labels.
        sizes: width and height of pictures and how many have them, the most frequent first.
        colours: how many colours pictures have, 1 or 3; the greatest number of all.
        parts: names of parts that folders, or file names, divide the data into.
        separator: between the cells of a table.
        letters, words: how many different ones a text has.
        length: letters of a text in all, or of the longest of several.
        unreadable: names of files that cannot be read, relative to the folder of the data; they are left out.
        repeated: samples that are identical with one before them.
    """

    size: Count
    changed: Count
    samples: Count
    classes: tuple[str, ...] = ()
    counts: tuple[Count, ...] = ()
    columns: tuple[ColumnFacts, ...] = ()
    arrays: tuple[ArrayFacts, ...] = ()
    pairs: tuple[PairFacts, ...] = ()
    sizes: tuple[tuple[int, int, int], ...] = ()
    colours: Literal[0, 1, 3] = 0
    parts: tuple[str, ...] = ()
    separator: str = ""
    letters: Count = 0
    words: Count = 0
    length: Count = 0
    unreadable: tuple[str, ...] = ()
    repeated: Count = 0

    def column(self, name: str) -> ColumnFacts | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, kw_only=True)
class FactsParam(Param):
    """What a look at the data has found: stored, and for no person to edit."""

    kind = "facts"

    def read(self, value: Any) -> Facts:
        if isinstance(value, Facts):
            return value
        try:
            return Facts.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ParamError(f"{self.name} is damaged at {place}: {first['msg'][:1].lower()}{first['msg'][1:]}.") from None

    def limits(self) -> str:
        return "what a look at the data has found"
