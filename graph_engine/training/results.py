"""What a trained network does with data that it has not learned from: where it errs, and how sure it is. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from graph_engine.training.sample import Sample


class Mistake(NamedTuple):
    """A sample of which the network says something else than it is.

    Attributes:
        number: of the sample in its part of the data, from 0.
        expected, found: numbers of classes.
        share: how sure the network is of what it says, from 0 to 1.
        sample: for people.
    """

    number: int
    expected: int
    found: int
    share: float
    sample: Sample


class Curve(NamedTuple):
    """How the answers for one class change with the score from which it counts as found.

    Attributes:
        label: of the class.
        roc: share of the others that are taken for it, and share of it that is found (T. Fawcett, An introduction to ROC analysis, 2006).
        area: below that curve.
        precision: share of it that is found, and share of what is taken for it that is it.
        mean: average precision.
    """

    label: str
    roc: tuple[tuple[float, ...], tuple[float, ...]]
    area: float
    precision: tuple[tuple[float, ...], tuple[float, ...]]
    mean: float


class Classes(NamedTuple):
    """What was found for a target that is classes.

    Attributes:
        target: its name.
        labels: of the classes.
        counts: a row for each class that it is, a column for each that the network says.
        mistakes: those of which the network is surest first; not all, where they are many.
        curves: of the classes that are told from the others worst.
    """

    target: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]
    curves: tuple[Curve, ...]

    @property
    def accuracy(self) -> float:
        """Share of what is right."""
        return sum(row[place] for place, row in enumerate(self.counts)) / max(1, sum(map(sum, self.counts)))


class Quantities(NamedTuple):
    """What was found for a target that is numbers.

    Attributes:
        target: its name.
        expected, found: the numbers, some of them where they are many.
        samples: the sample that each is of.
        mean, spread: of the differences between what was found and what was expected; the spread is their standard deviation.
        explained: the coefficient of determination, R²: 1 where all are met, 0 where their mean would do as well.
    """

    target: str
    expected: tuple[float, ...]
    found: tuple[float, ...]
    samples: tuple[int, ...]
    mean: float
    spread: float
    explained: float


class Results(NamedTuple):
    """What the network of a run does with a part of its data, target by target.

    Attributes:
        run_dir: folder of the run.
        part: ``validation`` or ``test``.
        samples: how many there are.
        classes, quantities: of the targets of either kind.
        message: why there is nothing, in a sentence.
    """

    run_dir: str
    part: str
    samples: int = 0
    classes: tuple[Classes, ...] = ()
    quantities: tuple[Quantities, ...] = ()
    message: str | None = None

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Results:
        """The results from JSON."""
        classes = tuple(map(_classes, plain.pop("classes")))
        quantities = tuple(
            Quantities(target, tuple(map(float, expected)), tuple(map(float, found)), tuple(samples), *map(float, rest))
            for target, expected, found, samples, *rest in plain.pop("quantities")
        )
        return cls(**plain, classes=classes, quantities=quantities)


def _classes(plain: Sequence[Any]) -> Classes:
    target, labels, counts, mistakes, curves = plain
    return Classes(
        target,
        tuple(labels),
        tuple(map(tuple, counts)),
        tuple(Mistake(n, expected, found, share, Sample.of(sample)) for n, expected, found, share, sample in mistakes),
        tuple(Curve(label, _pair(roc), area, _pair(precision), mean) for label, roc, area, precision, mean in curves),
    )


def _pair(plain: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    across, up = plain
    return tuple(across), tuple(up)
