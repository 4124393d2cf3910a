"""How the learning rate can change over a run: torch's schedulers, with its parameters and defaults.

Those that need a function (LambdaLR, MultiplicativeLR) cannot be declared; SequentialLR is what a warm-up becomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graph_engine.settings.option import Option
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, IntsParam, Param


@dataclass(frozen=True, kw_only=True)
class ScheduleOption(Option):
    """A scheduler.

    Attributes:
        length: its parameter that is the length of the run, in steps or epochs, where it is left out.
    """

    length: str = ""


OWN = ("every", "warmup")
"""Parameters that are not torch's: how often a scheduler moves on, and how long the rate rises before it begins."""

_WARMUP = IntParam(
    name="warmup", default=0, minimum=0, help="Steps (or epochs, as it goes by) over which the rate rises from nearly nothing first."
)
_MOMENTUM = (
    BoolParam(name="cycle_momentum", default=True, advanced=True, help="Let the momentum (or the first beta) fall as the rate rises."),
    FloatParam(name="base_momentum", default=0.8, minimum=0.0, maximum=1.0, advanced=True, help="The least momentum."),
    FloatParam(name="max_momentum", default=0.9, minimum=0.0, maximum=1.0, advanced=True, help="The greatest momentum."),
)


def _every(default: Literal["step", "epoch"]) -> Param:
    return ChoiceParam(name="every", default=default, options=("step", "epoch"), help="What it counts.")


def _gamma(default: float) -> Param:
    return FloatParam(name="gamma", default=default, minimum=0.0, help="Factor of the learning rate.")


def _eta_min() -> Param:
    return FloatParam(name="eta_min", default=0.0, minimum=0.0, help="The least learning rate.")


def _total(help: str) -> Param:
    return IntParam(name="total_iters", default=5, minimum=1, help=help)


CONSTANT = ScheduleOption(id="constant", summary="The learning rate stays as the optimizer has it.")

SCHEDULES = (
    CONSTANT,
    ScheduleOption(
        id="CosineAnnealingLR",
        summary="Falls along half a cosine to the end of the run: a good first choice.",
        params=(
            IntParam(name="T_max", inferred=True, minimum=1, help="How long it falls; all of the run if empty."),
            _eta_min(),
            _every("step"),
            _WARMUP,
        ),
        length="T_max",
    ),
    ScheduleOption(
        id="OneCycleLR",
        summary="Rises to a high rate and falls to nearly none, in one run.",
        params=(
            FloatParam(name="max_lr", default=1e-2, minimum=0.0, help="The highest learning rate; the optimizer's own is not used."),
            IntParam(name="total_steps", inferred=True, minimum=1, advanced=True, help="How long it takes; all of the run if empty."),
            FloatParam(name="pct_start", default=0.3, minimum=0.0, maximum=1.0, help="Share of the run over which it rises."),
            ChoiceParam(name="anneal_strategy", default="cos", options=("cos", "linear"), advanced=True, help="How it falls."),
            _MOMENTUM[0],
            FloatParam(name="base_momentum", default=0.85, minimum=0.0, maximum=1.0, advanced=True, help="The least momentum."),
            FloatParam(name="max_momentum", default=0.95, minimum=0.0, maximum=1.0, advanced=True, help="The greatest momentum."),
            FloatParam(name="div_factor", default=25.0, minimum=1.0, help="It begins with max_lr divided by this."),
            FloatParam(name="final_div_factor", default=1e4, minimum=1.0, help="It ends with the first rate divided by this."),
            BoolParam(name="three_phase", default=False, advanced=True, help="Fall to the first rate and then further, in two phases."),
            _every("step"),
        ),
        length="total_steps",
    ),
    ScheduleOption(
        id="ReduceLROnPlateau",
        summary="Falls when the validation loss has not become better for some epochs.",
        params=(
            FloatParam(name="factor", default=0.1, minimum=0.0, maximum=0.999999, help="Factor of the learning rate."),
            IntParam(name="patience", default=10, minimum=0, help="Epochs without progress that are waited for."),
            FloatParam(name="threshold", default=1e-4, minimum=0.0, advanced=True, help="Less progress than this counts as none."),
            ChoiceParam(
                name="threshold_mode", default="rel", options=("rel", "abs"), advanced=True, help="A share of the best or a value."
            ),
            IntParam(name="cooldown", default=0, minimum=0, advanced=True, help="Epochs after a fall before it looks again."),
            FloatParam(name="min_lr", default=0.0, minimum=0.0, help="The least learning rate."),
            FloatParam(name="eps", default=1e-8, minimum=0.0, advanced=True, help="A smaller change is not made."),
        ),
    ),
    ScheduleOption(
        id="LinearLR",
        summary="Changes evenly between two shares of the optimizer's rate; with its defaults a short warm-up.",
        params=(
            FloatParam(name="start_factor", default=1 / 3, minimum=1e-12, maximum=1.0, help="Share of the rate at the beginning."),
            FloatParam(name="end_factor", default=1.0, minimum=0.0, maximum=1.0, help="Share of the rate at the end."),
            _total("How long it changes."),
            _every("step"),
            _WARMUP,
        ),
    ),
    ScheduleOption(
        id="StepLR",
        summary="Falls by a factor every so many epochs or steps.",
        params=(
            IntParam(name="step_size", default=10, minimum=1, help="How long between falls."),
            _gamma(0.1),
            _every("epoch"),
            _WARMUP,
        ),
    ),
    ScheduleOption(
        id="MultiStepLR",
        summary="Falls by a factor at given epochs or steps.",
        params=(
            IntsParam(name="milestones", default=(30, 60, 90), minimum=1, single=False, help="When it falls."),
            _gamma(0.1),
            _every("epoch"),
            _WARMUP,
        ),
    ),
    ScheduleOption(
        id="ExponentialLR",
        summary="Falls by a factor every epoch or step.",
        params=(_gamma(0.95), _every("epoch"), _WARMUP),
    ),
    ScheduleOption(
        id="PolynomialLR",
        summary="Falls to 0 along a power of the time left.",
        params=(
            _total("How long it falls."),
            FloatParam(name="power", default=1.0, minimum=0.0, help="The power; 1 falls evenly."),
            _every("epoch"),
            _WARMUP,
        ),
    ),
    ScheduleOption(
        id="ConstantLR",
        summary="A share of the optimizer's rate for some time, then all of it.",
        params=(
            FloatParam(name="factor", default=1 / 3, minimum=0.0, maximum=1.0, help="The share."),
            _total("How long."),
            _every("epoch"),
            _WARMUP,
        ),
    ),
    ScheduleOption(
        id="CosineAnnealingWarmRestarts",
        summary="Falls along half a cosine again and again.",
        params=(
            IntParam(name="T_0", default=10, minimum=1, help="How long the first fall takes."),
            IntParam(name="T_mult", default=1, minimum=1, help="Factor by which each fall is longer than the one before."),
            _eta_min(),
            _every("epoch"),
            _WARMUP,
        ),
    ),
    ScheduleOption(
        id="CyclicLR",
        summary="Rises and falls between two rates again and again.",
        params=(
            FloatParam(name="base_lr", default=1e-4, minimum=0.0, help="The least learning rate."),
            FloatParam(name="max_lr", default=1e-2, minimum=0.0, help="The greatest learning rate."),
            IntParam(name="step_size_up", default=2000, minimum=1, help="How long it rises."),
            IntParam(name="step_size_down", default=None, minimum=1, advanced=True, help="How long it falls; as it rises if empty."),
            ChoiceParam(
                name="mode",
                default="triangular",
                options=("triangular", "triangular2", "exp_range"),
                advanced=True,
                help="Peaks of one height, half as high each, or falling by gamma.",
            ),
            FloatParam(name="gamma", default=1.0, minimum=0.0, advanced=True, help="Factor of the peaks at each step in exp_range."),
            *_MOMENTUM,
            _every("step"),
        ),
    ),
)
