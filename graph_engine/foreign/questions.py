"""Questions as requests to the process that answers them, and its replies as answers. Needs no torch.

The process runs a module on concrete sizes only. What a size of a result has to do with the free sizes that arrive is solved here: every
free size takes three values, a polynomial of second degree goes through the results, and further runs, with values beside those, say
whether it holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from graph_engine.data.look import Look
from graph_engine.settings.facts import Facts
from graph_engine.settings.own import OWN
from graph_engine.spec.call import Names
from graph_engine.spec.foreign import Answer, Question
from graph_engine.spec.signature import Signature
from graph_engine.spec.tensor import Dim, Size, TensorSpec, size_at

SECONDS = 60.0
"""How long a module may take to be imported, constructed and run."""

MOST_FREE = 3
"""Free sizes that may arrive at once, the batch included."""

BATCHES = ((2, 4, 6), (3, 5, 3))
"""Values of the batch: those that a polynomial goes through, and those that it is tested with."""

LENGTHS = (
    ((192, 384, 576), (97, 397, 494)),
    ((48, 96, 144), (31, 86, 115)),
    ((12, 24, 36), (11, 22, 29)),
    ((4, 6, 8), (5, 7, 9)),
)
"""The same for other free sizes; the smaller ones where a module cannot take the greater."""

Point = Mapping[str, int]


def to_read(path: str, folder: Path | None) -> dict[str, Any]:
    """The request for the signature of a class.

    Args:
        path: its dotted name.
        folder: where the document lies: a file beside it can be imported.
    """
    return {"do": "read", "path": path, "folder": str(folder) if folder is not None else None}


def to_run(question: Question, folder: Path | None) -> dict[str, Any]:
    """The request for what a module makes of tensors; `refused` tells which question needs none."""
    scales = [[*grid, *tests] for grid, tests in _scales(question)]
    return {
        "do": "run",
        "path": question.path,
        "folder": str(folder) if folder is not None else None,
        "init": question.init,
        "call": question.call,
        "passed": [[keyword, spec.dtype] for keyword, spec in question.inputs],
        "scales": [[[[size_at(s, at) for s in spec.shape] for _, spec in question.inputs] for at in points] for points in scales],
    }


def to_look(path: str, params: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """The request for what a data set of a class holds.

    Args:
        path: its dotted name.
        params: values of its parameters; those that are left out have their defaults.
        folder: where the document lies.

    Raises:
        ParamError: there is no such parameter, or a value is outside its limits.
    """
    values = next(option for option in OWN if option.id == "dataset").read({**params, "path": path})
    return {
        "do": "look",
        "path": path,
        "folder": str(folder) if folder is not None else None,
        **{name: values[name] for name in ("arguments", "test_arguments")},
    }


def refused(question: Question) -> Answer | None:
    """The answer to a question that nobody needs to be asked."""
    if len(_names(question)) > MOST_FREE:
        return Answer(f"{question.name} receives more than {MOST_FREE} free sizes at once: give some of them a number.")
    return None


def to_signature(reply: Mapping[str, Any]) -> Signature | str:
    """The signature that was read, or one sentence on why it could not be."""
    return str(reply["refusal"]) if "refusal" in reply else Signature(*reply["signature"])


def to_found(path: str, reply: Mapping[str, Any]) -> Look | str:
    """What a look at a data set has found and what it proposes to choose, or one sentence on why it could not be read."""
    if "refusal" in reply:
        return str(reply["refusal"])
    facts = Facts.model_validate(reply["facts"])
    return Look("dataset", facts, {"path": path, "facts": facts, "targets": tuple(reply["targets"])})


def to_answer(question: Question, reply: Mapping[str, Any]) -> Answer:
    """The answer in a reply."""
    if "refusal" in reply:
        return Answer(reply["refusal"])
    grid, tests = _scales(question)[reply["scale"]]
    outputs: list[TensorSpec] = []
    for number, (_, dtype) in enumerate(reply["results"][0]):
        shapes = [result[number][0] for result in reply["results"]]
        sizes: list[Size] = []
        for place in range(len(shapes[0])):
            if any(len(shape) != len(shapes[0]) for shape in shapes):
                return Answer(f"{question.name} returns a tensor whose number of dimensions depends on what it receives.")
            size = solve([shape[place] for shape in shapes], grid, tests)
            if size is None:
                return Answer(
                    f"{question.name}: how dimension {place} of what it returns follows from {_free(question)} cannot be told: "
                    "give that size a number."
                )
            sizes.append(size)
        outputs.append(TensorSpec(tuple(sizes), dtype))
    flops = _polynomial(reply["flops"][: len(grid)], grid)
    return Answer(
        "",
        _names_of(reply["returns"]),
        tuple(outputs),
        {name: tuple(shape) for name, shape in reply["weights"].items()},
        {name: tuple(shape) for name, shape in reply["buffers"].items()},
        size_at(flops[0] // flops[1], {"N": 1}),
    )


def solve(values: Sequence[int], grid: Sequence[Point], tests: Sequence[Point]) -> Size | None:
    """The size that has those values at the points of ``grid`` and then of ``tests``; None where none is found.

    Integer division, as of a stride, is looked for with every remainder that rounds another way.
    """
    numerator, divisor = _polynomial(values[: len(grid)], grid)
    points = list(zip((*grid, *tests), values, strict=True))
    for rest in sorted(range(1 - divisor, divisor), key=abs):
        size = (numerator + rest) // divisor
        if all(size_at(size, at) == value for at, value in points):
            return size
    return None


def _polynomial(values: Sequence[int], grid: Sequence[Point]) -> tuple[Size, int]:
    """The polynomial of second degree in each name through the values at the points of a grid, as numerator and divisor."""
    names = tuple(grid[0])
    rows = _inverse(tuple(tuple(at.values()) for at in grid))
    factors = [sum((c * v for c, v in zip(row, values, strict=True)), Fraction(0)) for row in rows]
    divisor = math.lcm(*(f.denominator for f in factors))
    total: Size = 0
    for factor, powers in zip(factors, _powers(len(names)), strict=True):
        term: Size = int(factor * divisor)
        for name, power in zip(names, powers, strict=True):
            for _ in range(power):
                term = term * Dim.named(name)
        total = total + term
    return total, divisor


@lru_cache(maxsize=16)
def _inverse(points: tuple[tuple[int, ...], ...]) -> list[list[Fraction]]:
    """What makes factors of values: the inverse of the matrix of all monomials at all points, by Gauss and Jordan."""
    powers = _powers(len(points[0]))
    rows = [
        [Fraction(math.prod(x**p for x, p in zip(point, power, strict=True))) for power in powers]
        + [Fraction(int(i == j)) for j in range(len(points))]
        for i, point in enumerate(points)
    ]
    for column in range(len(rows)):
        pivot = next(r for r in range(column, len(rows)) if rows[r][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [v / rows[column][column] for v in rows[column]]
        for r in range(len(rows)):
            if r != column and (factor := rows[r][column]):
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[column], strict=True)]
    return [row[len(rows) :] for row in rows]


def _powers(names: int) -> list[tuple[int, ...]]:
    return list(product(range(3), repeat=names))


def _scales(question: Question) -> list[tuple[list[Point], list[Point]]]:
    """For each scale the points through which polynomials go, and those with which they are tested."""
    names = _names(question)
    scales: list[tuple[list[Point], list[Point]]] = []
    for lengths in LENGTHS if names - {"N"} else LENGTHS[:1]:
        values = [BATCHES if name == "N" else lengths for name in sorted(names)]
        grid: list[Point] = [dict(zip(sorted(names), at, strict=True)) for at in product(*(v[0] for v in values))]
        tests: list[Point] = [dict(zip(sorted(names), at, strict=True)) for at in zip(*(v[1] for v in values), strict=True)]
        scales.append((grid, tests))
    return scales


def _names(question: Question) -> frozenset[str]:
    return frozenset().union(*(s.names() for _, spec in question.inputs for s in spec.shape if isinstance(s, Dim)))


def _free(question: Question) -> str:
    return " and ".join(sorted(_names(question)))


def _names_of(plain: Any) -> str | Names:
    return plain if isinstance(plain, str) else tuple(map(_names_of, plain))
