"""The losses that can be chosen, with torch's parameters and defaults, and what each expects of prediction and target.

Of torch's losses these are left out: those of two or three outputs (CosineEmbeddingLoss, MarginRankingLoss, TripletMarginLoss,
GaussianNLLLoss), which a network can draw itself and end in a LossTerm; CTCLoss and MultiLabelMarginLoss, whose targets no data set here
has; LinearCrossEntropyLoss and AdaptiveLogSoftmaxWithLoss, which are layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from graph_engine.settings.datasets import Field
from graph_engine.settings.option import Option, Selected
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, FloatsParam, IntParam

FACTOR = FloatParam(
    name="factor", default=1.0, minimum=0.0, advanced=True, help="How often it counts beside other losses and terms, which add up."
)
_BALANCE = (
    ChoiceParam(
        name="balance",
        default="none",
        options=("none", "balanced", "by hand"),
        advanced=True,
        help="How much a class counts. balanced: the rarer it is in the training part, the more; by hand: as weight says. The loss is the "
        "mean over the samples then.",
    ),
    FloatsParam(
        name="weight", default=(), length=None, minimum=0.0, advanced=True, help="How much each class counts, in their order, by hand."
    ),
)
OWN = ("factor", "balance", "weight")
"""Parameters that the script says otherwise than as arguments of the loss."""

SPANS = {"shares": (0.0, 1.0), "signs": (-1.0, 1.0), "counts": (0.0, float("inf"))}
"""Least and greatest target of losses that do not take any."""


@dataclass(frozen=True, kw_only=True)
class LossOption(Option):
    """A loss.

    Attributes:
        target: ``class`` is the number of a class, with the prediction holding one score per class in dimension 1; ``same``
            is a tensor of the prediction's shape.
        expects: what the prediction is to be. ``scores`` may be any numbers, the greatest of which counts.
        takes: which numbers the target may hold: any, from 0 to 1, -1 and 1, or from 0 on.
        always: arguments that are written whatever is chosen.
    """

    target: Literal["class", "same"]
    expects: Literal["logits", "log-probabilities", "probabilities", "values", "scores", "distances"]
    takes: Literal["any", "shares", "signs", "counts"] = "any"
    always: str = ""


_LOSSES = (
    LossOption(
        id="CrossEntropyLoss",
        summary="Classification: scores (logits) against the number of the class.",
        target="class",
        expects="logits",
        params=(
            FloatParam(
                name="label_smoothing", default=0.0, minimum=0.0, maximum=1.0, help="Share of the target that is spread over all classes."
            ),
            *_BALANCE,
        ),
    ),
    LossOption(
        id="NLLLoss",
        summary="Classification: log-probabilities, from LogSoftmax for instance, against the number of the class.",
        target="class",
        expects="log-probabilities",
        params=_BALANCE,
    ),
    LossOption(
        id="MultiMarginLoss",
        summary="Classification: the score of the class is to be greater than all others by a margin.",
        target="class",
        expects="scores",
        params=(
            IntParam(name="p", default=1, minimum=1, maximum=2, advanced=True, help="The power of what is missing to the margin."),
            FloatParam(name="margin", default=1.0, help="By how much."),
            *_BALANCE,
        ),
    ),
    LossOption(id="MSELoss", summary="Regression: mean squared error.", target="same", expects="values"),
    LossOption(id="L1Loss", summary="Regression: mean absolute error.", target="same", expects="values"),
    LossOption(
        id="SmoothL1Loss",
        summary="Regression: squared error where it is small, absolute error beyond; outliers count less.",
        target="same",
        expects="values",
        params=(FloatParam(name="beta", default=1.0, minimum=0.0, help="The error at which the one gives way to the other."),),
    ),
    LossOption(
        id="HuberLoss",
        summary="Regression: SmoothL1Loss times delta, so that small errors count as in MSELoss.",
        target="same",
        expects="values",
        params=(FloatParam(name="delta", default=1.0, minimum=1e-12, help="The error at which squared gives way to absolute."),),
    ),
    LossOption(
        id="BCEWithLogitsLoss",
        summary="Several yes-or-no answers: a score (logit) for each against 0 or 1.",
        target="same",
        expects="logits",
        takes="shares",
    ),
    LossOption(
        id="BCELoss",
        summary="Several yes-or-no answers: a probability for each, from Sigmoid for instance, against 0 or 1.",
        target="same",
        expects="probabilities",
        takes="shares",
    ),
    LossOption(
        id="MultiLabelSoftMarginLoss",
        summary="Several yes-or-no answers: BCEWithLogitsLoss, the mean taken over the answers of a sample first.",
        target="same",
        expects="logits",
        takes="shares",
    ),
    LossOption(
        id="PoissonNLLLoss",
        summary="Counts: the rate of a Poisson distribution, or its logarithm, against what was counted.",
        target="same",
        expects="values",
        takes="counts",
        params=(
            BoolParam(name="log_input", default=True, help="The prediction is the logarithm of the rate."),
            BoolParam(name="full", default=False, advanced=True, help="Add what depends on the target only."),
            FloatParam(name="eps", default=1e-8, minimum=0.0, advanced=True, help="Keeps the logarithm from 0."),
        ),
    ),
    LossOption(
        id="SoftMarginLoss",
        summary="Several yes-or-no answers: a score for each against -1 or 1.",
        target="same",
        expects="logits",
        takes="signs",
    ),
    LossOption(
        id="HingeEmbeddingLoss",
        summary="Pairs: a distance against 1 for those that belong together and -1 for others, which are to be a margin apart.",
        target="same",
        expects="distances",
        takes="signs",
        params=(FloatParam(name="margin", default=1.0, help="How far pairs that do not belong together are to be apart."),),
    ),
    LossOption(
        id="KLDivLoss",
        summary="Distributions: log-probabilities, from LogSoftmax for instance, against probabilities.",
        target="same",
        expects="log-probabilities",
        takes="shares",
        always='reduction="batchmean"',
        params=(BoolParam(name="log_target", default=False, help="The target is the logarithm of the probabilities."),),
    ),
)

LOSSES = tuple(replace(option, params=(*option.params, FACTOR)) for option in _LOSSES)


def loss_for(target: Field, chosen: Selected[LossOption], *, alone: bool) -> Selected[LossOption]:
    """The loss of a target: the chosen one, or, beside other targets that it fits, the first one that fits this target."""
    wanted = "class" if target.choices else "same"
    if alone or chosen.option.target == wanted:
        return chosen
    option = next(option for option in LOSSES if option.target == wanted)
    return Selected(option, option.read({}))


def target_losses(training: Mapping[str, Any], targets: Sequence[Field]) -> list[Selected[LossOption]]:
    """The loss of each target, in their order.

    Args:
        training: the section of the settings.
        targets: of the data set.
    """
    alone = len(targets) == 1
    own: Mapping[str, Selected[LossOption]] = {} if alone else training["losses"]
    return [own.get(field.name) or loss_for(field, training["loss"], alone=alone) for field in targets]


def loss_setting(field: Field, targets: Sequence[Field]) -> str:
    """The dotted name of the setting that chooses the loss of a target."""
    return "training.loss" if len(targets) == 1 else f"training.losses.{field.name}"


def misfits(field: Field, loss: Selected[LossOption]) -> Iterator[str]:
    """Why the weights of a loss do not fit a target, each in a sentence."""
    balance, weight = loss.params.get("balance", "none"), loss.params.get("weight", ())
    if balance == "none":
        return
    if not field.classes or field.shape:
        yield f"{loss.id}: weights are for classes with names, but {field.name} has none: set balance to none."
    elif balance == "by hand" and len(weight) != len(field.classes):
        yield f"{loss.id}: weight has {len(weight)} numbers, but {field.name} has {len(field.classes)} classes: give one for each."
    elif balance == "by hand" and not any(weight):
        yield f"{loss.id}: all weights are 0, so that nothing is learned: give one that is greater."


def beyond(field: Field, loss: Selected[LossOption]) -> tuple[float, float] | None:
    """The numbers that a target goes from and to, where these are known and its loss is not made for them."""
    known = field.bounds
    if known is None or loss.option.takes == "any" or loss.params.get("log_target"):
        return None
    least, most = SPANS[loss.option.takes]
    fits = known == (least, most) if loss.option.takes == "signs" else least <= known[0] and known[1] <= most
    return None if fits else known
