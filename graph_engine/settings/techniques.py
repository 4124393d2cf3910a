"""What else can be chosen for a run: how gradients are cut, whether weights are averaged, and when it ends early."""

from __future__ import annotations

from graph_engine.settings.option import Option
from graph_engine.spec.params import FloatParam, IntParam

NONE = Option(id="none", summary="Not at all.")

CLIPPINGS = (
    NONE,
    Option(
        id="norm",
        summary="All gradients shrink together where their norm is greater: their direction stays.",
        params=(
            FloatParam(name="max_norm", default=1.0, minimum=0.0, help="The greatest norm of all gradients together."),
            FloatParam(name="norm_type", default=2.0, minimum=1.0, advanced=True, help="Which norm: 2 is the usual length."),
        ),
    ),
    Option(
        id="value",
        summary="Each gradient is cut where it is greater.",
        params=(FloatParam(name="clip_value", default=0.5, minimum=0.0, help="The greatest gradient of a weight."),),
    ),
)

AVERAGES = (
    NONE,
    Option(
        id="EMA",
        summary="A running mean of the weights over the steps is what is measured and kept.",
        params=(
            FloatParam(name="decay", default=0.999, minimum=0.0, maximum=1.0, help="Share of the mean that carries over at each step."),
        ),
    ),
    Option(
        id="SWA",
        summary="The mean of the weights after each epoch, from some epoch on, is what is measured and kept.",
        params=(IntParam(name="start", default=3, minimum=1, help="The first epoch that counts."),),
    ),
)

STOPPINGS = (
    NONE,
    Option(
        id="patience",
        summary="The run ends when no epoch has been better than the best one for some time, by the validation loss or what best by names.",
        params=(
            IntParam(name="patience", default=5, minimum=1, help="Epochs without progress that are waited for."),
            FloatParam(name="min_delta", default=0.0, minimum=0.0, advanced=True, help="Less progress than this counts as none."),
        ),
    ),
)
