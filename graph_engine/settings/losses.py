"""The losses that can be chosen, with torch's parameters and defaults, and what each expects of prediction and target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graph_engine.settings.datasets import Field
from graph_engine.settings.option import Option, Selected
from graph_engine.spec.params import BoolParam, FloatParam


@dataclass(frozen=True, kw_only=True)
class LossOption(Option):
    """A loss.

    Attributes:
        target: ``class`` is the number of a class, with the prediction holding one score per class in dimension 1; ``same``
            is a tensor of the prediction's shape.
        expects: what the prediction is to be.
    """

    target: Literal["class", "same"]
    expects: Literal["logits", "log-probabilities", "probabilities", "values"]


LOSSES = (
    LossOption(
        id="CrossEntropyLoss",
        summary="Classification: scores (logits) against the number of the class.",
        target="class",
        expects="logits",
        params=(
            FloatParam(
                name="label_smoothing", default=0.0, minimum=0.0, maximum=1.0, help="Share of the target that is spread over all classes."
            ),
        ),
    ),
    LossOption(
        id="NLLLoss",
        summary="Classification: log-probabilities, from LogSoftmax for instance, against the number of the class.",
        target="class",
        expects="log-probabilities",
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
    ),
    LossOption(
        id="BCELoss",
        summary="Several yes-or-no answers: a probability for each, from Sigmoid for instance, against 0 or 1.",
        target="same",
        expects="probabilities",
    ),
    LossOption(
        id="MultiLabelSoftMarginLoss",
        summary="Several yes-or-no answers: BCEWithLogitsLoss, the mean taken over the answers of a sample first.",
        target="same",
        expects="logits",
    ),
    LossOption(
        id="PoissonNLLLoss",
        summary="Counts: the rate of a Poisson distribution, or its logarithm, against what was counted.",
        target="same",
        expects="values",
        params=(
            BoolParam(name="log_input", default=True, help="The prediction is the logarithm of the rate."),
            BoolParam(name="full", default=False, advanced=True, help="Add what depends on the target only."),
            FloatParam(name="eps", default=1e-8, minimum=0.0, advanced=True, help="Keeps the logarithm from 0."),
        ),
    ),
)


def loss_for(target: Field, chosen: Selected[LossOption], *, alone: bool) -> Selected[LossOption]:
    """The loss of a target: the chosen one, or, beside other targets that it fits, the first one that fits this target."""
    wanted = "class" if target.choices else "same"
    if alone or chosen.option.target == wanted:
        return chosen
    option = next(option for option in LOSSES if option.target == wanted)
    return Selected(option, option.read({}))
