"""Data of the user's own: what a look at it has found that will make training fail, or its figures better than they are.

Nothing is read here; `graph_engine.settings.facts` has the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graph_engine.analysis.rules import Found, GraphView, graph_rule
from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.facts import ColumnFacts, Facts
from graph_engine.settings.fits import features
from graph_engine.settings.option import Selected
from graph_engine.spec.faults import Fix

NOTABLE = 0.005
"""Repeated samples of a smaller share change no figure that anybody reads."""

NAMED = 3
"""Names that a message holds at most."""


class _Own(NamedTuple):
    """Data of the user's own that has been looked at."""

    chosen: Selected[DatasetOption]
    facts: Facts
    name: str


def _own(view: GraphView) -> Iterator[_Own]:
    chosen = view.graph.settings.data["dataset"]
    facts = chosen.params.get("facts")
    if chosen.option.is_own and facts is not None and chosen.params["path"]:
        yield _Own(chosen, facts, chosen.params["path"].replace("\\", "/").rstrip("/").rpartition("/")[2])


def _set(title: str, name: str, value: object) -> tuple[Fix, ...]:
    return (Fix(title, settings={f"data.dataset.{name}": value}),)


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


@graph_rule("data.no-file", "warning", whole=True)
def no_file_is_chosen(view: GraphView) -> Iterator[Found]:
    """A kind of data is chosen, but not where it is."""
    chosen = view.graph.settings.data["dataset"]
    if chosen.option.is_own and (chosen.params["facts"] is None or not chosen.params["path"]):
        yield Found(f"{chosen.option.title}: no {'class' if chosen.option.is_foreign else 'file or folder'} is chosen yet.")


@graph_rule("data.nothing-told", "warning", whole=True)
def nothing_is_to_be_told(view: GraphView) -> Iterator[Found]:
    """Without a target there is no loss; without an input there is nothing to tell it from."""
    for own in _own(view):
        if not own.chosen.option.targets:
            yield Found(f"{own.name}: nothing of it is to be told yet; choose its targets.")
        elif not own.chosen.option.inputs:
            yield Found(f"{own.name}: the network receives nothing of it; choose fewer targets, or other features.")


@graph_rule("data.repeated-samples", "warning", whole=True)
def samples_are_in_several_parts(view: GraphView) -> Iterator[Found]:
    """What was learned by heart is no success in a test."""
    for own in _own(view):
        share = own.facts.repeated / max(1, own.facts.samples)
        if share >= NOTABLE and own.chosen.params.get("once") is False and own.chosen.params["split"] != "grouped":
            yield Found(
                f"{own.name}: {own.facts.repeated:,} of {own.facts.samples:,} samples ({share:.1%}) are the same as another one, so that "
                "the validation and the test part hold some that were learned by heart.",
                fixes=_set("Take each sample once", "once", True),
            )


@graph_rule("data.leak", "warning", whole=True)
def feature_tells_the_target(view: GraphView) -> Iterator[Found]:
    """A feature that holds the answer will not be there when the network is used."""
    for own in _own(view):
        if own.chosen.id != "table":
            continue
        targets, used = own.chosen.params["targets"], features(own.facts, own.chosen.params)
        for column in used:
            told = [name for name in targets if name == column.name or name in column.tells]
            if told:
                rest = tuple(other.name for other in used if other is not column)
                why = "is itself to be told" if told[0] == column.name else _evidence(column, own.facts.column(told[0]))
                fixes = _set(f"Leave {column.name} out", "features", rest) if rest else ()
                yield Found(f"{column.name} of {own.name} gives the answer away: it {why}.", fixes=fixes)


def _evidence(column: ColumnFacts, told: ColumnFacts | None) -> str:
    name = told.name if told is not None else ""
    if told is not None and told.kind == "number":
        return f"rises or falls with {name} throughout"
    return f"has {column.distinct} values, and each of them goes with one of {name}" if column.values else f"goes with {name} throughout"


@graph_rule("data.shuffled-series", "warning", whole=True)
def series_is_shuffled(view: GraphView) -> Iterator[Found]:
    """Between two rows that are known, one in the middle is no forecast."""
    for own in _own(view):
        if own.chosen.id == "series" and own.chosen.params["split"] == "random":
            yield Found(
                f"{own.name}: windows are divided by chance, so that those of the test part overlap with some that were learned from.",
                fixes=_set("Divide by time", "split", "by time"),
            )


@graph_rule("data.missing-values", "hint", whole=True)
def values_are_missing(view: GraphView) -> Iterator[Found]:
    """What stands in for a missing value is made up."""
    for own in _own(view):
        if own.chosen.id not in ("table", "series"):
            continue
        used = {*own.chosen.params["targets"], *(c.name for c in features(own.facts, {"by": (), **own.chosen.params}))}
        gaps = sorted((c for c in own.facts.columns if c.missing and c.name in used), key=lambda c: -c.missing)
        if gaps:
            listed = _some([f"{c.name} {c.missing / own.facts.samples:.1%}" for c in gaps])
            what = "they lie on the line between their neighbours" if own.chosen.id == "series" else "they are filled in by the median"
            done = "their rows are left out" if own.chosen.params.get("missing") == "leave out" else what
            yield Found(f"{own.name}: values are missing ({listed}); {done}, and rows without a target are left out.")


@graph_rule("data.not-finite", "warning", whole=True)
def values_are_no_numbers(view: GraphView) -> Iterator[Found]:
    """One value that is not a number makes the loss none, and then every weight."""
    for own in _own(view):
        for array in own.facts.arrays:
            if array.missing:
                yield Found(f"{array.name} of {own.name}: {array.missing:,} values are not a number or infinite; the loss will be, too.")


@graph_rule("data.rare-class", "warning", whole=True)
def class_is_missing_from_a_part(view: GraphView) -> Iterator[Found]:
    """A class of which a part has no sample is not learned, or not measured."""
    for own in _own(view):
        for field in own.chosen.option.targets:
            column = next((c for c in own.facts.columns if field.classes and c.values == field.classes), None)
            counts = column.counts if column is not None else own.facts.counts
            if not field.classes or len(counts) != len(field.classes):
                continue
            rare = [f"{name} ({count})" for name, count in zip(field.classes, counts, strict=True) if count < 3]
            if rare:
                yield Found(
                    f"{own.name}: classes with less than three samples are missing from the training, the validation or the test part: "
                    f"{_some(rare)}."
                )


@graph_rule("data.picture-sizes", "hint", whole=True)
def pictures_differ_in_size(view: GraphView) -> Iterator[Found]:
    """Pictures of other proportions are squeezed."""
    for own in _own(view):
        if own.chosen.id == "pictures" and len(own.facts.sizes) > 1:
            shape = own.chosen.option.inputs[0].shape
            shares = {width / height for width, height, _ in own.facts.sizes if abs(width / height - shape[2] / shape[1]) > 0.05}  # type: ignore[operator]
            listed = _some([f"{width}×{height} ({count:,})" for width, height, count in own.facts.sizes])
            squeezed = "; those of other proportions are squeezed" if shares else ""
            yield Found(f"{own.name}: pictures have different sizes, {listed}. All are brought to {shape[2]}×{shape[1]}{squeezed}.")


@graph_rule("data.unreadable", "warning", whole=True)
def files_cannot_be_read(view: GraphView) -> Iterator[Found]:
    """Damaged files are left out."""
    for own in _own(view):
        if own.facts.unreadable:
            count = len(own.facts.unreadable)
            what = "file cannot be read and is" if count == 1 else "files cannot be read and are"
            yield Found(f"{own.name}: {count:,} {what} left out: {_some(list(own.facts.unreadable))}.")


@graph_rule("data.label-range", "warning", whole=True)
def labels_begin_below_zero(view: GraphView) -> Iterator[Found]:
    """Classes are counted from 0; a label below is none."""
    for own in _own(view):
        for array in own.facts.arrays:
            few = array.distinct and array.dtype.startswith("int") and array.least is not None and array.least < 0
            if array.name in own.chosen.params["targets"] and few and array.distinct <= 20 and not array.shape:
                yield Found(
                    f"{array.name} of {own.name}: {array.distinct} whole numbers from {array.least:g} to {array.greatest:g} are taken for "
                    "quantities, because classes are counted from 0; if they are classes, count them so."
                )


@graph_rule("data.tokens", "warning", params=("Embedding",), whole=True)
def tokens_arrive_as_quantities(view: GraphView) -> Iterator[Found]:
    """An Embedding looks up whole numbers; quantities have no rows in its table."""
    for own in _own(view):
        inputs = view.index.of("kind", "input")
        if own.chosen.id != "arrays" or len(inputs) != len(own.chosen.option.inputs):
            continue
        arrays = [array for array in own.facts.arrays if array.name not in own.chosen.params["targets"]]
        for node, array in zip(inputs, arrays, strict=True):
            fed = [view.graph[edge.target] for edge in view.graph.outgoing(node.id)]
            tokens = own.chosen.params["tokens"]
            if any(one.block == "Embedding" for one in fed) and array.dtype.startswith(("int", "uint")) and array.name not in tokens:
                yield Found(
                    f"{node.name}: an Embedding looks up what arrives as quantities; {array.name} of {own.name} holds whole numbers.",
                    node.id,
                    "output",
                    _set(f"Take {array.name} for tokens", "tokens", (*tokens, array.name)),
                )
