"""Which tensors follow from what data of the user's own holds and from what was chosen for it, and what its reader is told."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.facts import ArrayFacts, ColumnFacts, Facts
from graph_engine.spec.params import NamesParam, Param

FEW = 20
"""Whole numbers of no more different values are taken for classes."""

_TAKEN = ("samples", "outputs", "loss", "sums", "model", "torch", "trim", "data", "rows", "found", "words", "math", "nn", "load",
          "added", "results", "sizes", "states")  # fmt: skip
"""Names that mean something else where the training script names the tensors of a sample."""

_ENDS = ("_class", "_loss", "_outputs", "_sums", "_term")
"""What the names of other variables there end in."""


def identifier(name: str, taken: Iterable[str] = ()) -> str:
    """A Python name that is like another one and not taken yet."""
    text = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "column"
    if text[0].isdigit() or keyword.iskeyword(text) or text in _TAKEN or text.endswith(_ENDS) or not text.isidentifier():
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


def fit_pictures(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
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


def fit_records(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
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


def fit_table(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    used = features(facts, values)
    targets = [column for name in values["targets"] if (column := facts.column(name)) is not None]
    width = sum(len(column.values) if column.kind == "word" else 1 for column in used)
    fields = [
        Field(column.name, (), "int64", classes=column.values)
        if is_class(column, values["target_type"])
        else Field(column.name, (1,), bounds=_bounds(column, values))
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


def _bounds(column: ColumnFacts, values: Mapping[str, Any]) -> tuple[float, float] | None:
    """Between what the numbers of a column lie that the network is to tell as they are."""
    if column.least is None or column.greatest is None or values["target_scaling"] != "none":
        return None
    return column.least, column.greatest


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
    scaled = target and values.get("target_scaling", "none") != "none"
    return Field(array.name, array.shape or (1,), bounds=(array.least or 0.0, array.greatest or 0.0) if known and not scaled else None)


def fit_arrays(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
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


def fit_dataset(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    chosen = set(values["targets"])
    inputs = [_array_field(array, values, target=False) for array in facts.arrays if array.name not in chosen]
    targets = [_named(_array_field(array, values, target=True), facts) for array in facts.arrays if array.name in chosen]
    fields = {field.name: field for field in (*inputs, *targets)}
    arguments = {
        "path": values["path"],
        "arguments": ast.literal_eval(values["arguments"]),
        "test_arguments": ast.literal_eval(values["test_arguments"]),
        "inputs": {field.name: field.dtype for field in inputs},
        "targets": {field.name: field.dtype for field in targets},
        "choices": {name: field.choices for name, field in fields.items() if field.choices},
        "split": values["split"],
        "memory": values["memory"],
    }
    return _fit(option, facts, inputs, targets, arguments)


def _named(field: Field, facts: Facts) -> Field:
    """A target with the names that the data has for its classes, where it has as many."""
    return replace(field, classes=facts.classes) if 0 < len(field.classes) <= len(facts.classes) else field


def fit_series(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
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


def fit_texts(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
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


def fit_text(option: DatasetOption, values: Mapping[str, Any]) -> DatasetOption:
    facts: Facts | None = values["facts"]
    if facts is None:
        return option
    arguments = {"path": values["path"], **{name: values[name] for name in ("tokens", "vocabulary", "length", "split")}}
    shape = (values["length"],)
    text = Field("text", shape, "int64", vocabulary=values["vocabulary"])
    following = Field("next", shape, "int64", vocabulary=values["vocabulary"], continues="text")
    return _fit(option, facts, (text,), (following,), arguments)
