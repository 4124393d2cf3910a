"""The optimizers that can be chosen, with torch's parameters and defaults."""

from __future__ import annotations

from graph_engine.settings.option import Option
from graph_engine.spec.params import BoolParam, FloatParam, Param


def _lr(default: float) -> Param:
    return FloatParam(name="lr", default=default, minimum=0.0, help="Learning rate: the size of a step.")


def _weight_decay(default: float) -> Param:
    return FloatParam(name="weight_decay", default=default, minimum=0.0, help="Strength of the L2 penalty on the weights.")


_EPS = FloatParam(name="eps", default=1e-8, minimum=0.0, advanced=True, help="Added to the denominator for numerical stability.")

OPTIMIZERS = (
    Option(
        id="AdamW",
        summary="Adam with decoupled weight decay: a good first choice.",
        params=(
            _lr(1e-3),
            _EPS,
            _weight_decay(1e-2),
            BoolParam(name="amsgrad", default=False, advanced=True, help="Use the AMSGrad variant."),
        ),
    ),
    Option(
        id="Adam",
        summary="Adaptive step sizes from running estimates of the gradient's first two moments.",
        params=(
            _lr(1e-3),
            _EPS,
            _weight_decay(0.0),
            BoolParam(name="amsgrad", default=False, advanced=True, help="Use the AMSGrad variant."),
        ),
    ),
    Option(
        id="SGD",
        summary="Stochastic gradient descent, with momentum where it is set.",
        params=(
            _lr(1e-3),
            FloatParam(name="momentum", default=0.0, minimum=0.0, help="Share of the last step that carries over."),
            _weight_decay(0.0),
            BoolParam(name="nesterov", default=False, help="Use Nesterov momentum; needs a momentum above 0."),
        ),
    ),
    Option(
        id="RMSprop",
        summary="Divides the step by a running mean of the gradient's magnitude; often used for recurrent networks.",
        params=(
            _lr(1e-2),
            FloatParam(name="alpha", default=0.99, minimum=0.0, maximum=1.0, help="Smoothing of the running mean."),
            _EPS,
            _weight_decay(0.0),
            FloatParam(name="momentum", default=0.0, minimum=0.0, help="Share of the last step that carries over."),
        ),
    ),
)
