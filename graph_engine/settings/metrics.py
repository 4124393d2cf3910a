"""What can be measured beside the loss: torchmetrics' metrics by declaration, for which targets they are, and which way they become better.

All of them have a state that is a sum over samples, so that they are exact over batches of any size and over several processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.losses import LossOption, target_losses
from graph_engine.settings.option import Selected

Kind = Literal["classes", "tokens", "answers", "quantities"]

BINS = 100
"""Thresholds between 0 and 1 that curves are counted at."""

_CURVE = f"thresholds={BINS}"


class Metric(NamedTuple):
    """A metric.

    Attributes:
        id: its name in figures and curves.
        title: what it is called, and what it tells.
        call: the class of torchmetrics.
        kinds: of targets that it is for.
        given: its arguments.
        least: how many classes there must be more than.
        shares: it takes shares of 1, not scores.
        is_better: ``more`` or ``less``.
    """

    id: str
    title: str
    call: str
    kinds: tuple[Kind, ...]
    given: str = ""
    least: int = 0
    shares: bool = False
    is_better: Literal["more", "less"] = "more"


_BOTH: tuple[Kind, ...] = ("classes", "answers")

METRICS = (
    Metric("top3", "Share of samples whose class is among the three highest scores", "Accuracy", ("classes", "tokens"), "top_k=3", 3),
    Metric("top5", "Share of samples whose class is among the five highest scores", "Accuracy", ("classes", "tokens"), "top_k=5", 5),
    Metric("right", "Share of the answers that are right", "Accuracy", ("answers",), 'average="micro"'),
    Metric("precision", "Precision, the mean over the classes", "Precision", _BOTH, 'average="macro"'),
    Metric("recall", "Recall, the mean over the classes; also balanced accuracy", "Recall", _BOTH, 'average="macro"'),
    Metric("f1", "F1 score, the mean over the classes", "F1Score", _BOTH, 'average="macro"'),
    Metric("f1_micro", "F1 score of all answers together", "F1Score", ("answers",), 'average="micro"'),
    Metric("auroc", "Area below the ROC curve, the mean over the classes", "AUROC", _BOTH, _CURVE, shares=True),
    Metric("average_precision", "Average precision, the mean over the classes", "AveragePrecision", _BOTH, _CURVE, shares=True),
    Metric("mcc", "Matthews' correlation coefficient", "MatthewsCorrCoef", _BOTH),
    Metric("kappa", "Cohen's kappa", "CohenKappa", ("classes",)),
    Metric("perplexity", "Perplexity of the tokens", "Perplexity", ("tokens",), is_better="less"),
    Metric("mse", "Mean squared error", "MeanSquaredError", ("quantities",), is_better="less"),
    Metric("mape", "Mean absolute error as a share of what is told", "MeanAbsolutePercentageError", ("quantities",), is_better="less"),
    Metric("r2", "Coefficient of determination", "R2Score", ("quantities",)),
    Metric("explained_variance", "Share of the variance that is explained", "ExplainedVariance", ("quantities",)),
)


class Asked(NamedTuple):
    """A metric of a target.

    Attributes:
        name: in figures and curves: its id, behind the name of the target where there are several.
        place: of the target.
        metric: which one.
        kind: of the target.
    """

    name: str
    place: int
    metric: Metric
    kind: Kind


def kind_of(field: Field, loss: Selected[LossOption]) -> Kind | None:
    """What a target is for metrics; None where none is made for it."""
    option = loss.option
    if option.target == "class":
        return None if not field.choices else "classes" if field.classes and not field.shape else "tokens"
    if field.choices:
        return None
    if option.takes == "shares" and option.expects in ("logits", "probabilities"):
        return "answers" if len(field.shape) == 1 else None
    return "quantities" if option.expects == "values" and not loss.params.get("log_input") else None


def asked(training: Mapping[str, Any], dataset: DatasetOption) -> list[Asked]:
    """The metrics that are switched on, for each target that they are for.

    Args:
        training: the section of the settings.
        dataset: with sizes in its shapes.
    """
    return [one for one in _possible(training, dataset) if one.metric.id in training["metrics"]]


def offered(training: Mapping[str, Any], dataset: DatasetOption) -> tuple[str, ...]:
    """Ids of the metrics that are for any target."""
    return tuple(dict.fromkeys(one.metric.id for one in _possible(training, dataset)))


def measured(training: Mapping[str, Any], dataset: DatasetOption) -> dict[str, str]:
    """What is measured of the validation part, each with what is better: ``more`` or ``less``; without terms of the loss."""
    found = {"loss": "less"}
    several = len(dataset.targets) > 1
    for field, loss in zip(dataset.targets, target_losses(training, dataset.targets), strict=True):
        prefix = f"{field.name}_" if several else ""
        found |= {f"{prefix}loss": "less"} if several else {}
        if loss.option.target == "class":
            found |= {f"{prefix}accuracy": "more"} | ({f"{prefix}exact": "more"} if field.padding is not None else {})
        else:
            found |= {f"{prefix}mae": "less", f"{prefix}rmse": "less"}
    found |= {"exact": "more"} if dataset.whole else {}
    return found | {one.name: one.metric.is_better for one in asked(training, dataset)}


def unknown(training: Mapping[str, Any], dataset: DatasetOption) -> Iterator[tuple[str, str]]:
    """Settings that name a metric which this data or this run does not have, each with a sentence."""
    if not dataset.targets:
        return
    there = offered(training, dataset)
    for name in training["metrics"]:
        if name not in there:
            known = any(metric.id == name for metric in METRICS)
            why = f"is not for what {dataset.title} is to tell" if known else "is no metric"
            yield "metrics", f"{name} {why}: there {'are' if there else 'is'} {', '.join(there) or 'none'}."
    names = measured(training, dataset)
    for name in training["best_by"]:
        if name not in names:
            yield "best_by", f"The best epoch cannot be told by {name}, which is not measured: choose one of {', '.join(names)}."


def constructor(one: Asked, field: Field) -> str:
    """The metric as it is made in the script."""
    metric, count = one.metric, field.choices
    common = "sync_on_compute=False"
    if metric.call == "Perplexity" or one.kind == "quantities":
        padding = f"ignore_index={field.padding}, " if metric.call == "Perplexity" and field.padding is not None else ""
        return f"{'' if metric.call == 'Perplexity' else 'torchmetrics.'}{metric.call}({padding}{common})"
    if one.kind == "answers":
        labels = int(field.shape[0])
        task = 'task="binary"' if labels == 1 else f'task="multilabel", num_labels={labels}'
        given = metric.given if labels > 1 or metric.given == _CURVE else ""
    else:
        task, given = f'task="multiclass", num_classes={count}', metric.given
        given += ', average="micro"' if metric.call == "Accuracy" else ""
        given += f", ignore_index={field.padding}" if field.padding is not None else ""
    return f"torchmetrics.{metric.call}({', '.join(filter(None, (task, given, 'validate_args=False', common)))})"


def prediction(one: Asked, loss: LossOption, output: str, field: Field) -> str:
    """What of an output a metric is given, as it stands in the script."""
    if one.kind == "quantities":
        return f"{output}.flatten()"
    if one.metric.call == "Perplexity":
        return f"{output}.movedim(1, -1)"
    if one.kind == "answers":
        shares = f"{output}.sigmoid()" if loss.expects == "logits" else output
        return f"{shares}.flatten()" if field.shape == (1,) else shares
    if not one.metric.shares:
        return output
    return f"{output}.exp()" if loss.expects == "log-probabilities" else f"{output}.softmax(dim=1)"


def truth(one: Asked, target: str, field: Field) -> str:
    """What of a target a metric is given, as it stands in the script."""
    if one.kind == "quantities":
        return f"{target}.flatten()"
    if one.kind == "answers":
        return f"({target} > 0.5).int()" + (".flatten()" if field.shape == (1,) else "")
    return target


def _possible(training: Mapping[str, Any], dataset: DatasetOption) -> Iterator[Asked]:
    targets: Sequence[Field] = dataset.targets
    for place, (field, loss) in enumerate(zip(targets, target_losses(training, targets), strict=True)):
        kind = kind_of(field, loss)
        for metric in METRICS:
            if kind in metric.kinds and (not metric.least or field.choices > metric.least):
                assert kind is not None
                yield Asked(metric.id if len(targets) == 1 else f"{field.name}_{metric.id}", place, metric, kind)
