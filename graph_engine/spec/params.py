"""Declared hyper-parameters: their kinds, limits and help.

A kind says how a value is read and which values are legal. The inspector has one editor per kind, documents and command
lines read values through `Param.parse`; nothing asks which block a parameter belongs to.
"""

from __future__ import annotations

import ast
import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from graph_engine.errors import ParamError, quoted
from graph_engine.spec.tensor import ITEM_SIZES


class Required:
    """The default of a parameter that has none; a singleton."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = Required()


@dataclass(frozen=True, kw_only=True)
class Param:
    """A declared hyper-parameter.

    Attributes:
        name: torch's name.
        default: torch's default, or `REQUIRED`.
        help: one sentence.
        optional: None is a legal value.
        inferred: left out (None), it follows from the inputs; written out in generated source.
        advanced: seldom changed; shown folded away.
        visible: where it is shown: on the card and in forms, in forms only, or nowhere because it is not for people.
    """

    kind: ClassVar[str] = "any"

    name: str
    help: str
    default: Any = REQUIRED
    optional: bool = False
    inferred: bool = False
    advanced: bool = False
    visible: Literal["always", "form", "never"] = "always"

    def __post_init__(self) -> None:
        if self.inferred:
            object.__setattr__(self, "default", None)
        if self.default is None:
            object.__setattr__(self, "optional", True)
        if self.default is not REQUIRED:
            object.__setattr__(self, "default", self.parse(self.default))

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def parse(self, value: Any) -> Any:
        """The value in its stored form.

        Raises:
            ParamError: the value is of another type, or outside the limits.
        """
        if value is None:
            if self.optional or self.required:  # a required one that is not set yet is for the check to tell
                return None
            raise self.refuse(value)
        return self.read(value)

    def read(self, value: Any) -> Any:
        """As `parse`, for a value that is not None."""
        return value

    def limits(self) -> str:
        """The legal values, in words that complete "… must be"."""
        return "any value"

    def refuse(self, value: Any) -> ParamError:
        return ParamError(f"{self.name} must be {self.limits()}, not {quoted(value)}.")


@dataclass(frozen=True, kw_only=True)
class IntParam(Param):
    """A whole number."""

    kind = "int"
    minimum: int | None = None
    maximum: int | None = None

    def read(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(value)
        if (self.minimum is not None and value < self.minimum) or (self.maximum is not None and value > self.maximum):
            raise self.refuse(value)
        return value

    def limits(self) -> str:
        return "a whole number" + _range(self.minimum, self.maximum)


@dataclass(frozen=True, kw_only=True)
class FloatParam(Param):
    """A finite number.

    Attributes:
    """

    kind = "float"
    minimum: float | None = None
    maximum: float | None = None

    def read(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
            raise self.refuse(value)
        if (self.minimum is not None and value < self.minimum) or (self.maximum is not None and value > self.maximum):
            raise self.refuse(value)
        return float(value)

    def limits(self) -> str:
        return "a number" + _range(self.minimum, self.maximum)


@dataclass(frozen=True, kw_only=True)
class BoolParam(Param):
    """True or False."""

    kind = "bool"

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(value)
        return value

    def limits(self) -> str:
        return "true or false"


@dataclass(frozen=True, kw_only=True)
class ChoiceParam(Param):
    """One word of a list."""

    kind = "choice"
    options: tuple[str, ...] = ()

    def read(self, value: Any) -> str:
        if value not in self.options or not isinstance(value, str):
            raise self.refuse(value)
        return value

    def limits(self) -> str:
        return "one of " + ", ".join(self.options)


@dataclass(frozen=True, kw_only=True)
class DtypeParam(ChoiceParam):
    """A dtype, by torch's name of it."""

    options: tuple[str, ...] = tuple(ITEM_SIZES)


@dataclass(frozen=True, kw_only=True)
class TextParam(Param):
    """A line of text.

    Attributes:
        form: what it must look like, as a regular expression for all of it.
        shown: that form in words, completing "… must be".
    """

    kind = "text"
    form: str = ".*"
    shown: str = "a line of text"

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not value.isprintable() or not re.fullmatch(self.form, value):
            raise self.refuse(value)
        return value

    def limits(self) -> str:
        return self.shown


@dataclass(frozen=True, kw_only=True)
class PathParam(TextParam):
    """The dotted name of a class or function of any Python package or file: what it names is read before the value is set."""

    kind = "path"
    form: str = r"[^\W\d]\w*(\.[^\W\d]\w*)+"
    shown: str = "a dotted name, such as timm.layers.Mlp"


@dataclass(frozen=True, kw_only=True)
class FileParam(TextParam):
    """A file or a folder of the user's own, by its path; a document stores it relative to itself where it lies near.

    Attributes:
        suffixes: what the names of such files end in; empty where it is a folder.
    """

    kind = "file"
    form: str = "(?s:.{1,4000})"
    shown: str = "a path"
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NamesParam(Param):
    """Any number of names, of columns for instance.

    Attributes:
        most: how many there may be; None where there is no limit.
        options: those that can be chosen, as far as they are known. Others are kept, so that a document can be read whatever became of
            its data; whoever uses them tells that they are not there.
    """

    kind = "names"
    most: int | None = None
    options: tuple[str, ...] = ()

    def read(self, value: Any) -> tuple[str, ...]:
        names = (value,) if isinstance(value, str) else value
        if not isinstance(names, Sequence) or not all(isinstance(name, str) and name.isprintable() and name for name in names):
            raise self.refuse(value)
        if self.most is not None and len(names) > self.most:
            raise self.refuse(value)
        return tuple(dict.fromkeys(names))

    def limits(self) -> str:
        return "one name" if self.most == 1 else "a list of names"


class PythonText(str):
    """Python text that stands for a plain value."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class LiteralParam(Param):
    """Any plain value of Python: a number, text, a list, a dictionary. It is stored as the Python text that stands for it."""

    kind = "literal"

    def read(self, value: Any) -> PythonText:
        text = value if isinstance(value, str) else repr(value)
        if len(text) > LONGEST_LITERAL:
            raise self.refuse(value)
        try:
            return PythonText(repr(ast.literal_eval(text.strip())))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            if isinstance(value, str) and value.isprintable():
                return PythonText(repr(value))  # what is no Python value is text itself: relu means "relu"
            raise self.refuse(value) from None

    def limits(self) -> str:
        return "a Python value: a number, text, a list or a dictionary"


LONGEST_LITERAL = 4000
"""Characters of a `LiteralParam` at most."""


@dataclass(frozen=True, kw_only=True)
class IntsParam(Param):
    """One whole number, or one for each of ``length`` dimensions (any number of them where ``length`` is None).

    Attributes:
        words: words that are accepted in place of numbers (``same`` for a padding).
        single: one number may stand for all dimensions.
        holes: None may stand in place of a number.
        lengths: the least and the greatest number of them, where ``length`` is None.
    """

    kind = "ints"
    length: int | None = None
    minimum: int | None = None
    words: tuple[str, ...] = ()
    single: bool = True
    holes: bool = False
    lengths: tuple[int, int] | None = None

    def read(self, value: Any) -> int | str | tuple[int | None, ...]:
        if isinstance(value, str):
            if value in self.words:
                return value
            raise self.refuse(value)
        if isinstance(value, (int, float)):
            if not self.single:
                raise self.refuse(value)
            return self._one(value, value)
        if not isinstance(value, Sequence) or (self.length is not None and len(value) != self.length):
            raise self.refuse(value)
        if not value and (self.lengths is None or self.lengths[0]):
            raise self.refuse(value)
        if self.lengths is not None and not self.lengths[0] <= len(value) <= self.lengths[1]:
            raise self.refuse(value)
        return tuple(None if v is None and self.holes else self._one(v, value) for v in value)

    def _one(self, item: Any, value: Any) -> int:
        if isinstance(item, float) and item.is_integer():
            item = int(item)
        if isinstance(item, bool) or not isinstance(item, int) or (self.minimum is not None and item < self.minimum):
            raise self.refuse(value)
        return item

    def limits(self) -> str:
        many = f"{self.length} of them" if self.length is not None else "a list of them"
        many = f"{self.lengths[0]} to {self.lengths[1]} of them" if self.lengths is not None else many
        numbers = "a whole number" + _range(self.minimum, None)
        numbers = f"{numbers}, or {many}" if self.single else f"{many.replace('of them', 'of whole numbers')}{_range(self.minimum, None)}"
        return numbers + "".join(f", or {w!r}" for w in self.words)


@dataclass(frozen=True, kw_only=True)
class FloatsParam(Param):
    """Some finite numbers.

    Attributes:
        length: how many; None for any number of them.
    """

    kind = "floats"
    length: int | None = 2
    minimum: float | None = None
    maximum: float | None = None

    def read(self, value: Any) -> tuple[float, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str) or self.length not in (None, len(value)):
            raise self.refuse(value)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, (int, float)) or not abs(item) <= sys.float_info.max:
                raise self.refuse(value)
            if (self.minimum is not None and item < self.minimum) or (self.maximum is not None and item > self.maximum):
                raise self.refuse(value)
        return tuple(map(float, value))

    def limits(self) -> str:
        return f"{'numbers' if self.length is None else f'{self.length} numbers'}{_range(self.minimum, self.maximum)}"


@dataclass(frozen=True, kw_only=True)
class ShapeParam(Param):
    """Dimensions: whole numbers, or names for sizes that are free (``T``).

    Attributes:
        minimum: the least number allowed (-1 where torch computes one dimension).
    """

    kind = "shape"
    minimum: int = 1

    def read(self, value: Any) -> tuple[int | str, ...]:
        if isinstance(value, (int, str)):
            value = [value]
        if not isinstance(value, Sequence):
            raise self.refuse(value)
        dims: list[int | str] = []
        for item in value:
            named = isinstance(item, str) and item.isidentifier() and not keyword.iskeyword(item)
            number = isinstance(item, int) and not isinstance(item, bool) and item >= self.minimum and item != 0
            if not (named or number):
                raise self.refuse(value)
            dims.append(item)
        return tuple(dims)

    def limits(self) -> str:
        return f"a list of whole numbers{_range(self.minimum, None)} or names for free sizes"


def _range(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    if minimum is not None:
        return f" of at least {minimum}"
    if maximum is not None:
        return f" of at most {maximum}"
    return ""
