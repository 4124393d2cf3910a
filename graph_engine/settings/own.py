"""Data of the user's own: what can be chosen for each kind, and which tensors follow from that and from what the data holds.

The reader of each is told only what it needs to read the same again: `DatasetOption.arguments`, which the exported script shows.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.facts import ArrayFacts, ColumnFacts, Facts, FactsParam
from graph_engine.spec.params import BoolParam, ChoiceParam, FileParam, IntParam, NamesParam, Param

FEW = 20
"""Whole numbers of no more different values are taken for classes."""

_TAKEN = ("samples", "outputs", "loss", "sums", "model", "torch", "trim", "data", "rows", "found", "words", "math", "nn", "load")
"""Names that mean something else where the training script names the tensors of a sample."""

_FACTS = FactsParam(name="facts", default=None, visible="never", help="What a look at the data has found.")
_ONCE = BoolParam(
    name="once",
    default=False,
    help="Of samples that are identical take the first only, so that none is in two parts.",
)
_MEMORY = IntParam(
    name="memory",
    default=1024,
    minimum=0,
    advanced=True,
    help="Samples are kept in memory where they take no more MiB than this; otherwise each is read when it is needed.",
)
_CLASSES = ChoiceParam(
    name="target_type",
    default="auto",
    options=("auto", "classes", "numbers"),
    help="Whether whole numbers to be told are classes or quantities; auto takes them for classes where they are few.",
)


def _path(what: str, *suffixes: str) -> FileParam:
    return FileParam(name="path", default=None, suffixes=suffixes, help=what)


def _split(default: str, *others: str) -> ChoiceParam:
    words = {
        "stratified": "every class has the same share of each part",
        "random": "chance decides, the seed fixes it",
        "grouped": "samples of one group stay together",
        "by time": "the last ones are the test part, those before it the validation part",
        "given": "folders, files or a column say it",
        "in order": "the end is the test part, what comes before it the validation part",
    }
    options = (default, *others)
    told = "; ".join(f"{name}: {words[name]}" for name in options)
    return ChoiceParam(
        name="split", default=default, options=options, help=f"Which samples are in which part. {told[:1].upper()}{told[1:]}."
    )


def _scaling(default: str, *others: str, what: str) -> ChoiceParam:
    return ChoiceParam(
        name="scaling",
        default=default,
        options=(default, *others),
        help=f"How {what} are scaled, by what the training part holds. standard: mean 0, deviation 1; min-max: from 0 to 1; robust: "
        "median 0, middle half of width 1.",
    )


_TARGET_SCALING = ChoiceParam(
    name="target_scaling",
    default="none",
    options=("none", "standard"),
    help="How quantities to be told are scaled, by what the training part holds. standard: mean 0, deviation 1; losses and errors are in "
    "such units then.",
)

_TOKENS = (
    ChoiceParam(
        name="tokens",
        default="letters",
        options=("letters", "words", "byte pairs"),
        help="What a text is cut into. Byte pairs are frequent pieces of words, learned from the training part.",
    ),
    IntParam(
        name="vocabulary",
        default=256,
        minimum=4,
        maximum=1_000_000,
        help="How many token numbers there are: the commonest of the training part, and two for padding and what is unknown.",
    ),
)


def identifier(name: str, taken: Iterable[str] = ()) -> str:
    """A Python name that is like another one and not taken yet."""
    text = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "column"
    if text[0].isdigit() or keyword.iskeyword(text) or text in _TAKEN or not text.isidentifier():
        text = f"{text if text.isidentifier() else 'column_' + re.sub(r'[^0-9a-z_]', '', text)}_"
    known, number, made = set(taken), 2, text
    while made in known:
        made, number = f"{text}{number}", number + 1
    return made


def is_class(column: ColumnFacts, wanted: str) -> bool:
    """Whether a column to be told holds classes."""
    if column.kind == "whole":
        return wanted == "classes" or (wanted == "auto" and 0 < len(column.values) <= FEW)
    return column.kind == "word" and bool(column.values)


def features(facts: Facts, values: Mapping[str, Any]) -> list[ColumnFacts]:
    """The columns of a table that the network receives."""
    usable = [column for column in facts.columns if column.kind in ("number", "whole") or (column.kind == "word" and column.values)]
    if values["features"]:
        return [column for column in usable if column.name in values["features"]]
    return [column for column in usable if column.name not in (*values["targets"], *values["by"])]


def _fit(
    option: DatasetOption, facts: Facts, inputs: Iterable[Field], targets: Iterable[Field], arguments: Mapping[str, Any]
) -> DatasetOption:
    names = tuple(column.name for column in facts.columns) or tuple(array.name for array in facts.arrays)
    params: tuple[Param, ...] = tuple(replace(p, options=names) if isinstance(p, NamesParam) else p for p in option.params)
    fields = []
    taken: list[str] = []
    for field in (*inputs, *targets):
        taken.append(identifier(field.name, taken))
        fields.append(replace(field, name=taken[-1], original=field.name if field.name != taken[-1] else ""))
    count = len(fields) - len(list(targets := tuple(targets)))
    return replace(
        option,
        params=params,
        inputs=tuple(fields[:count]),
        targets=tuple(fields[count:]),
        samples=facts.samples,
        source=str(arguments["path"]),
        requirements=(*option.requirements, *["tokenizers"] * (arguments.get("tokens") == "byte pairs")),
        arguments=MappingProxyType(dict(arguments)),
    )


def _fit_pictures(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None or not facts.sizes:
        return option
    width, height, _ = facts.sizes[0]
    height, width = values["height"] or height, values["width"] or width
    colours = {"as they are": facts.colours or 3, "grey": 1, "colour": 3}[values["colour"]]
    arguments = {
        "path": values["path"],
        "classes": facts.classes,
        "shape": (colours, height, width),
        **{name: values[name] for name in ("scaling", "split", "once", "memory")},
        "leave_out": facts.unreadable,
    }
    image, label = Field("image", (colours, height, width)), Field("label", (), "int64", classes=facts.classes)
    return _fit(option, facts, (image,), (label,), arguments)


def _fit_records(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None or not facts.sizes:
        return option
    width, height, _ = facts.sizes[0]
    arguments = {
        "path": values["path"],
        "files": [(pair.pictures, pair.labels, pair.part) for pair in facts.pairs],
        "classes": len(facts.classes),
        "shape": (facts.colours or 1, height, width),
        **{name: values[name] for name in ("scaling", "split", "once", "memory")},
    }
    image, label = Field("image", (facts.colours or 1, height, width)), Field("label", (), "int64", classes=facts.classes)
    return _fit(option, facts, (image,), (label,), arguments)


def _fit_table(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    used = features(facts, values)
    targets = [column for name in values["targets"] if (column := facts.column(name)) is not None]
    width = sum(len(column.values) if column.kind == "word" else 1 for column in used)
    fields = [
        Field(column.name, (), "int64", classes=column.values) if is_class(column, values["target_type"]) else Field(column.name, (1,))
        for column in targets
    ]
    arguments = {
        "path": values["path"],
        "separator": facts.separator,
        "features": {column.name: column.values if column.kind == "word" else () for column in used},
        "targets": {column.name: field.classes for column, field in zip(targets, fields, strict=True)},
        **{name: values[name] for name in ("scaling", "target_scaling", "missing", "split")},
        "by": next(iter(values["by"]), ""),
        **{name: values[name] for name in ("once", "memory")},
    }
    return _fit(option, facts, (Field("features", (width,)),) if width else (), fields, arguments)


def _array_field(array: ArrayFacts, values: Mapping[str, Any], *, target: bool) -> Field:
    whole = array.dtype.startswith(("int", "uint", "bool"))
    tokens = array.name in values["tokens"] and whole and array.greatest is not None
    if tokens:
        return Field(array.name, array.shape, "int64", vocabulary=int(array.greatest or 0) + 1)
    few = whole and not array.shape and array.greatest is not None and array.least is not None and array.least >= 0
    wanted = values["target_type"]
    if target and few and (wanted == "classes" or (wanted == "auto" and 0 < array.distinct <= max(FEW, int(array.greatest or 0) // 2 + 1))):
        return Field(array.name, (), "int64", classes=tuple(map(str, range(int(array.greatest or 0) + 1))))
    known = array.least is not None and array.greatest is not None
    return Field(array.name, array.shape or (1,), bounds=(array.least or 0.0, array.greatest or 0.0) if known else None)


def _fit_arrays(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    chosen = set(values["targets"])
    inputs = [_array_field(array, values, target=False) for array in facts.arrays if array.name not in chosen]
    targets = [_array_field(array, values, target=True) for array in facts.arrays if array.name in chosen]
    whole = {field.name for field in (*inputs, *targets) if field.dtype == "int64"}
    arguments = {
        "path": values["path"],
        "inputs": {field.name: "int64" if field.name in whole else "float32" for field in inputs},
        "targets": {field.name: "int64" if field.name in whole else "float32" for field in targets},
        **{name: values[name] for name in ("scaling", "target_scaling", "split", "once", "memory")},
    }
    return _fit(option, facts, inputs, targets, arguments)


def _fit_series(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    numbers = [column.name for column in facts.columns if column.kind in ("number", "whole")]
    used = [name for name in numbers if not values["features"] or name in values["features"]]
    told = [name for name in values["targets"] if name in numbers]
    window, horizon = values["window"], values["horizon"]
    arguments = {
        "path": values["path"],
        "separator": facts.separator,
        "features": used,
        "targets": told,
        "time": next(iter(values["time"]), ""),
        **{name: values[name] for name in ("window", "horizon", "scaling", "split")},
    }
    past = (Field("past", (window, len(used))),) if used else ()
    future = (Field("future", (horizon,) if len(told) == 1 else (horizon, len(told))),) if told else ()
    return _fit(option, facts, past, future, arguments)


def _fit_texts(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    text, label = next(iter(values["text"]), ""), facts.column(next(iter(values["label"]), ""))
    classes = label.values if label is not None else facts.classes
    arguments = {
        "path": values["path"],
        "separator": facts.separator,
        "text": text,
        "label": label.name if label is not None else "",
        "classes": classes,
        **{name: values[name] for name in ("tokens", "vocabulary", "length", "split", "once")},
        "leave_out": facts.unreadable,
    }
    known = bool(classes) and (not facts.columns or facts.column(text) is not None)
    inputs = (Field("text", ("T",), "int64", vocabulary=values["vocabulary"], padding=0),) if known else ()
    return _fit(option, facts, inputs, (Field("label", (), "int64", classes=classes),) if known else (), arguments)


def _fit_text(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    arguments = {"path": values["path"], **{name: values[name] for name in ("tokens", "vocabulary", "length", "split")}}
    shape = (values["length"],)
    text = Field("text", shape, "int64", vocabulary=values["vocabulary"])
    following = Field("next", shape, "int64", vocabulary=values["vocabulary"], continues="text")
    return _fit(option, facts, (text,), (following,), arguments)


_YOURS: Mapping[str, Any] = {"inputs": (), "targets": (), "source": "your own", "licence": "as you have it"}
_TABLES = (".csv", ".tsv", ".parquet")
_TARGETS = NamesParam(name="targets", default=(), help="Columns to be told.")

OWN = (
    DatasetOption(
        id="pictures",
        title="Your pictures, a folder for each class",
        summary="A folder that holds a folder of pictures for each class, or such folders for training, validation and test.",
        reader="pictures.py",
        fitting=_fit_pictures,
        params=(
            _path("The folder that holds the folders of the classes."),
            _FACTS,
            ChoiceParam(
                name="colour", default="as they are", options=("as they are", "grey", "colour"), help="Colours that the network receives."
            ),
            IntParam(
                name="height",
                default=None,
                minimum=1,
                maximum=4096,
                help="Pictures are brought to this height; the commonest one if empty.",
            ),
            IntParam(name="width", default=None, minimum=1, maximum=4096, help="And to this width."),
            ChoiceParam(
                name="scaling",
                default="none",
                options=("none", "standard"),
                help="none: colours from 0 to 1. standard: mean 0 and deviation 1 for each colour, by the training part.",
            ),
            _split("stratified", "random", "given"),
            _ONCE,
            _MEMORY,
        ),
        requirements=("pillow", "numpy"),
        **_YOURS,
    ),
    *(
        DatasetOption(
            id=id,
            title=title,
            summary=summary,
            reader="records.py",
            fitting=_fit_records,
            params=(
                _path(what, *suffixes),
                _FACTS,
                ChoiceParam(
                    name="scaling",
                    default="none",
                    options=("none", "standard"),
                    help="none: colours from 0 to 1. standard: mean 0 and deviation 1 for each colour, by the training part.",
                ),
                _split("stratified", "random", "given"),
                _ONCE,
                _MEMORY,
            ),
            requirements=("numpy",),
            **_YOURS,
        )
        for id, title, summary, what, suffixes in (
            (
                "idx",
                "Your IDX files, as MNIST",
                "Pictures and labels as MNIST has them, packed with gzip or not.",
                "The file of the pictures, beside which that of the labels lies, or their folder.",
                (".gz", "-ubyte"),
            ),
            (
                "cifar",
                "Your CIFAR files, binary",
                "Pictures and labels in the binary form of CIFAR-10 or CIFAR-100.",
                "The folder of the files.",
                (),
            ),
        )
    ),
    DatasetOption(
        id="table",
        title="Your table",
        summary="A table in a CSV, TSV or Parquet file: columns to be told, and columns to tell them from.",
        reader="table.py",
        fitting=_fit_table,
        params=(
            _path("The file: CSV, TSV or Parquet.", *_TABLES),
            _FACTS,
            _TARGETS,
            NamesParam(
                name="features", default=(), help="Columns that the network receives; if empty, all others with numbers or few words."
            ),
            _CLASSES,
            _scaling("standard", "min-max", "robust", "none", what="numbers"),
            _TARGET_SCALING,
            ChoiceParam(
                name="missing",
                default="fill",
                options=("fill", "leave out"),
                help="Where a feature has no value: fill in the median of the training part (a word counts as none), or leave the row "
                "out. Rows without a target are always left out.",
            ),
            _split("stratified", "random", "grouped", "by time", "given"),
            NamesParam(
                name="by", default=(), most=1, help="The column that tells the group, the time or the part, where the split asks for one."
            ),
            _ONCE,
            _MEMORY,
        ),
        requirements=("polars", "numpy"),
        **_YOURS,
    ),
    DatasetOption(
        id="arrays",
        title="Your arrays",
        summary="An NPZ file, an NPY file or a folder of NPY files: arrays with a row for each sample, any of them inputs or targets.",
        reader="arrays.py",
        fitting=_fit_arrays,
        params=(
            _path("The file, or a folder of NPY files.", ".npz", ".npy"),
            _FACTS,
            NamesParam(name="targets", default=(), help="Arrays to be told; the others are inputs."),
            _CLASSES,
            NamesParam(name="tokens", default=(), help="Arrays of whole numbers that stand for tokens, to be looked up by an Embedding."),
            _scaling("none", "standard", "min-max", "robust", what="inputs"),
            _TARGET_SCALING,
            _split("stratified", "random", "in order"),
            _ONCE,
            _MEMORY,
        ),
        requirements=("numpy",),
        **_YOURS,
    ),
    DatasetOption(
        id="series",
        title="Your time series",
        summary="Columns of a table in the order of time, to be forecast from the rows before.",
        reader="series.py",
        fitting=_fit_series,
        params=(
            _path("The file: CSV, TSV or Parquet.", *_TABLES),
            _FACTS,
            NamesParam(name="targets", default=(), help="Columns to be forecast."),
            NamesParam(name="features", default=(), help="Columns that a forecast sees; if empty, all with numbers."),
            NamesParam(
                name="time", default=(), most=1, help="The column by which rows are put in order; if empty, they are as in the file."
            ),
            IntParam(name="window", default=24, minimum=1, maximum=100_000, help="Rows that a forecast sees."),
            IntParam(name="horizon", default=1, minimum=1, maximum=100_000, help="Rows that it covers."),
            _scaling("standard", "min-max", "robust", "none", what="columns"),
            _split("by time", "random"),
        ),
        requirements=("polars", "numpy"),
        **_YOURS,
    ),
    DatasetOption(
        id="texts",
        title="Your texts in classes",
        summary="Texts and the class of each: two columns of a table, or a folder of text files for each class.",
        reader="texts.py",
        fitting=_fit_texts,
        params=(
            _path("The table, or the folder that holds the folders of the classes.", *_TABLES),
            _FACTS,
            NamesParam(name="text", default=(), most=1, help="The column with the texts."),
            NamesParam(name="label", default=(), most=1, help="The column with the classes."),
            *_TOKENS,
            IntParam(name="length", default=256, minimum=1, maximum=100_000, help="Tokens of a text at most; the rest is cut off."),
            _split("stratified", "random"),
            _ONCE,
        ),
        requirements=("polars", "numpy"),
        **_YOURS,
    ),
    DatasetOption(
        id="text",
        title="Your text, to be continued",
        summary="A text file, or a folder of such, in samples whose next tokens are to be told.",
        reader="text.py",
        fitting=_fit_text,
        params=(
            _path("The text file, or a folder of text files.", ".txt", ".md"),
            _FACTS,
            *_TOKENS,
            IntParam(name="length", default=64, minimum=2, maximum=100_000, help="Tokens in a sample."),
            _split("in order", "random"),
        ),
        requirements=("numpy",),
        **_YOURS,
    ),
)
