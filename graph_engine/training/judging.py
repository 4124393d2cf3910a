"""Finds out what a trained network does with data that it has not learned from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn import metrics
from torch import Tensor, nn

from graph_engine.errors import RunError
from graph_engine.settings.datasets import Field
from graph_engine.training import rundir
from graph_engine.training.control import Control
from graph_engine.training.evaluate import trained
from graph_engine.training.live.outline import Outline
from graph_engine.training.live.sample import PARTS, Data, shares
from graph_engine.training.results import Classes, Curve, Mistake, Quantities, Results
from graph_engine.training.sample import Sample

MOST_CLASSES = 200
"""More than so many cannot be told apart in a picture."""

MOST_MISTAKES = 200
"""Mistakes that are told, and of these at most `OF_A_KIND` of one class taken for another."""

OF_A_KIND = 12

MOST_CURVES = 8
CURVE_POINTS = 200
MOST_QUANTITIES = 4000

MOST_SCORED = 200_000
"""Answers that curves are made of."""


def results(run_dir: Path, part: str = "validation", control: Control | None = None) -> Results:
    """What the network of a run does with a part of its data.

    Args:
        run_dir: folder of the run.
        part: ``validation`` or ``test``.
        control: ends it early.

    Raises:
        RunError: the folder is not that of a run, or the run has no weights yet, or they are not of this network; or it was ended.
    """
    with trained(run_dir) as (train, model, seed):
        outline = Outline.from_plain(json.loads((run_dir / rundir.OUTLINE).read_text(encoding="utf-8")))
        data = Data.of_run(run_dir, train.read_data(seed), seed)
        held = data.parts[PARTS.index(part)]
        batches = list(_answers(model, data, part, outline, train.BATCH_SIZE, control or Control()))
        answers = list(zip(*(given for given, _ in batches), strict=True))
        targets = [torch.cat(column) for column in zip(*(expected for _, expected in batches), strict=True)]
    classes, quantities = [], []
    for place, field in enumerate(data.option.targets):
        loss = data.losses[place].option
        wanted = targets[place]
        if loss.target != "class":
            quantities.append(_quantities(field, torch.cat(answers[place]), wanted))
        elif field.choices <= MOST_CLASSES:
            found = [shares(_classes_last(scores, field), loss) for scores in answers[place]]
            classes.append(_classes(data, part, place, found, wanted))
    return Results(str(run_dir), part, len(held), tuple(classes), tuple(quantities))


def _answers(
    model: nn.Module, data: Data, part: str, outline: Outline, size: int, control: Control
) -> Iterator[tuple[list[Tensor], tuple[Tensor, ...]]]:
    """What the network gives for each target and what it should give, batch by batch."""
    ends, held = outline.bodies[""].outputs, data.parts[PARTS.index(part)]
    model.eval()
    with torch.inference_mode():
        for rows in torch.arange(len(held)).split(size):
            if control.wish == "stop":
                raise RunError("Looking at the results was ended.")
            whole = held[rows]
            samples = data.cut(whole)
            given = model(*(samples[number] for number in outline.fed))
            found = dict(zip(ends, given if len(ends) > 1 else (given,), strict=True))
            yield [found[answer].float() for answer in outline.answers], whole[len(data.option.inputs) :]


def _classes_last(scores: Tensor, field: Field) -> Tensor:
    """Scores with the classes in the last dimension."""
    return scores if scores.shape[-1] == field.choices and scores.shape[1] != field.choices else scores.movedim(1, -1)


def _classes(data: Data, part: str, place: int, found: Sequence[Tensor], wanted: Tensor) -> Classes:
    field = data.option.targets[place]
    labels = tuple(field.classes or data.words.get(field.name, ()) or map(str, range(field.choices)))
    held = torch.cat([scores.reshape(-1, field.choices) for scores in found])
    samples, expected, first = [], [], 0
    for scores in found:  # each batch is cut to its own length
        rows = wanted[first : first + len(scores)]
        rows = rows[:, : scores.shape[1]] if scores.dim() == 3 else rows
        expected.append(rows.reshape(-1))
        samples.append(torch.arange(first, first + len(scores)).repeat_interleave(rows[0].numel()))
        first += len(scores)
    truth, of = torch.cat(expected), torch.cat(samples)
    if field.padding is not None:
        real = truth != field.padding
        held, truth, of = held[real], truth[real], of[real]
    said = held.argmax(dim=1)
    counts = torch.zeros(field.choices, field.choices, dtype=torch.int64)
    counts.index_put_((truth, said), torch.ones_like(truth), accumulate=True)
    return Classes(
        field.name,
        labels,
        tuple(map(tuple, counts.tolist())),
        tuple(_mistakes(data, part, labels, held, truth, said, of)),
        tuple(_curves(labels, held, truth)),
    )


def _mistakes(data: Data, part: str, labels: Sequence[str], held: Tensor, truth: Tensor, said: Tensor, of: Tensor) -> Iterator[Mistake]:
    """The mistakes, those of which the network is surest first."""
    wrong = (said != truth).nonzero()[:, 0]
    sure = held[wrong, said[wrong]]
    told: Counter[tuple[int, int]] = Counter()
    for row in wrong[sure.argsort(descending=True, stable=True)].tolist():
        kind = expected, found = int(truth[row]), int(said[row])
        if told[kind] < OF_A_KIND:
            told[kind] += 1
            index = int(of[row])
            given, picture = data.given(data.sample(part, index), index)
            yield Mistake(index, expected, found, float(held[row, found]), Sample(given, labels[expected], labels[found], picture))
        if told.total() == MOST_MISTAKES:
            return


def _curves(labels: Sequence[str], held: Tensor, truth: Tensor) -> list[Curve]:
    """The curves of the classes that are told from the others worst; of two classes, of the second."""
    rows = torch.linspace(0, len(truth) - 1, min(len(truth), MOST_SCORED)).long()
    scores, expected = held[rows].numpy(), truth[rows].numpy()
    found = []
    for number in range(1 if len(labels) == 2 else 0, len(labels)):
        hits = expected == number
        if not 0 < hits.sum() < len(hits):
            continue  # there is nothing to tell it from
        false, true, _ = metrics.roc_curve(hits, scores[:, number])
        precision, recall, _ = metrics.precision_recall_curve(hits, scores[:, number])
        mean = metrics.average_precision_score(hits, scores[:, number])
        found.append(Curve(labels[number], _thin(false, true), float(metrics.auc(false, true)), _thin(recall, precision), float(mean)))
    return sorted(found, key=lambda curve: curve.area)[:MOST_CURVES]


def _thin(across: Any, up: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Some of the points of a curve, its ends among them."""
    rows = np.unique(np.linspace(0, len(across) - 1, min(len(across), CURVE_POINTS)).astype(int))
    return tuple(across[rows].tolist()), tuple(up[rows].tolist())


def _quantities(field: Field, found: Tensor, wanted: Tensor) -> Quantities:
    of = torch.arange(len(wanted)).repeat_interleave(wanted[0].numel())
    a, b = wanted.reshape(-1).float(), found.reshape(-1)
    errors, around = b - a, a - a.mean()
    explained = 1 - float(errors.square().sum() / around.square().sum()) if around.any() else 0.0
    rows = torch.linspace(0, len(a) - 1, min(len(a), MOST_QUANTITIES)).long()
    expected, given, samples = (tuple(tensor[rows].tolist()) for tensor in (a, b, of))
    return Quantities(field.name, expected, given, samples, float(errors.mean()), float(errors.std(correction=0)), explained)
