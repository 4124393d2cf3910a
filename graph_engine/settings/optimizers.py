"""The optimizers that can be chosen, with torch's parameters and defaults.

Two of torch's are not among them: Muon takes matrices only, SparseAdam sparse gradients only, and a network has both kinds.
"""

from __future__ import annotations

from graph_engine.settings.option import Option
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, FloatsParam, IntParam, Param


def _lr(default: float) -> Param:
    return FloatParam(name="lr", default=default, minimum=0.0, help="Learning rate: the size of a step.")


def _weight_decay(default: float = 0.0) -> Param:
    return FloatParam(name="weight_decay", default=default, minimum=0.0, help="Strength of the L2 penalty on the weights.")


def _eps(default: float = 1e-8) -> Param:
    return FloatParam(name="eps", default=default, minimum=0.0, advanced=True, help="Added to the denominator for numerical stability.")


def _float(name: str, default: float, help: str, maximum: float | None = None) -> Param:
    return FloatParam(name=name, default=default, minimum=0.0, maximum=maximum, advanced=True, help=help)


_BETAS = FloatsParam(
    name="betas",
    default=(0.9, 0.999),
    minimum=0.0,
    maximum=1.0,
    advanced=True,
    help="Smoothing of the running means of the gradient and of its square.",
)
_MOMENTUM = FloatParam(name="momentum", default=0.0, minimum=0.0, help="Share of the last step that carries over.")
_AMSGRAD = BoolParam(name="amsgrad", default=False, advanced=True, help="Use the AMSGrad variant.")
_DECOUPLED = BoolParam(name="decoupled_weight_decay", default=False, advanced=True, help="Decay the weights themselves, as AdamW does.")
_FUSED = BoolParam(
    name="fused", default=None, advanced=True, help="One pass over all weights instead of several: faster, with other rounding."
)

OPTIMIZERS = (
    Option(
        id="AdamW",
        summary="Adam with decoupled weight decay: a good first choice.",
        params=(_lr(1e-3), _BETAS, _eps(), _weight_decay(1e-2), _AMSGRAD, _FUSED),
    ),
    Option(
        id="Adam",
        summary="Adaptive step sizes from running estimates of the gradient's first two moments.",
        params=(_lr(1e-3), _BETAS, _eps(), _weight_decay(), _AMSGRAD, _FUSED, _DECOUPLED),
    ),
    Option(
        id="SGD",
        summary="Stochastic gradient descent, with momentum where it is set.",
        params=(
            _lr(1e-3),
            _MOMENTUM,
            _float("dampening", 0.0, "Share of the gradient that is left out of the momentum."),
            _weight_decay(),
            BoolParam(name="nesterov", default=False, help="Use Nesterov momentum; needs a momentum above 0."),
            _FUSED,
        ),
    ),
    Option(
        id="RMSprop",
        summary="Divides the step by a running mean of the gradient's magnitude; often used for recurrent networks.",
        params=(
            _lr(1e-2),
            FloatParam(name="alpha", default=0.99, minimum=0.0, maximum=1.0, help="Smoothing of the running mean."),
            _eps(),
            _weight_decay(),
            _MOMENTUM,
            BoolParam(name="centered", default=False, advanced=True, help="Divide by the estimated spread, the mean taken off."),
        ),
    ),
    Option(
        id="NAdam",
        summary="Adam with Nesterov momentum.",
        params=(
            _lr(2e-3),
            _BETAS,
            _eps(),
            _weight_decay(),
            _float("momentum_decay", 4e-3, "How fast the momentum grows over the first steps."),
            _DECOUPLED,
        ),
    ),
    Option(
        id="RAdam",
        summary="Adam that waits with adaptive steps until their estimates are sound: a warm-up of its own.",
        params=(_lr(1e-3), _BETAS, _eps(), _weight_decay(), _DECOUPLED),
    ),
    Option(
        id="Adamax",
        summary="Adam by the greatest gradient so far, not by their mean square; calm where gradients are sparse.",
        params=(_lr(2e-3), _BETAS, _eps(), _weight_decay()),
    ),
    Option(
        id="Adadelta",
        summary="Step sizes from the ratio of past steps to past gradients; the learning rate hardly matters.",
        params=(_lr(1.0), _float("rho", 0.9, "Smoothing of the running means.", 1.0), _eps(1e-6), _weight_decay()),
    ),
    Option(
        id="Adagrad",
        summary="Smaller and smaller steps for weights that have had large gradients; for sparse features.",
        params=(
            _lr(1e-2),
            _float("lr_decay", 0.0, "How fast the learning rate falls with the steps."),
            _weight_decay(),
            _float("initial_accumulator_value", 0.0, "What the sum of squared gradients begins with."),
            _eps(1e-10),
            _FUSED,
        ),
    ),
    Option(
        id="Adafactor",
        summary="Adam in little memory: the squares of a matrix's gradients are kept by row and column only.",
        params=(
            _lr(1e-2),
            FloatParam(name="beta2_decay", default=-0.8, maximum=0.0, advanced=True, help="How the smoothing grows with the steps."),
            _float("d", 1.0, "Steps are cut where their root mean square is greater."),
            _weight_decay(),
        ),
    ),
    Option(
        id="ASGD",
        summary="Stochastic gradient descent that averages the weights over late steps.",
        params=(
            _lr(1e-2),
            _float("lambd", 1e-4, "How fast the weights decay."),
            _float("alpha", 0.75, "The power with which the learning rate falls."),
            _float("t0", 1e6, "The step at which averaging begins."),
            _weight_decay(),
        ),
    ),
    Option(
        id="Rprop",
        summary="Looks at the signs of gradients only; for batches that are all of the data.",
        params=(
            _lr(1e-2),
            FloatsParam(name="etas", default=(0.5, 1.2), minimum=0.0, advanced=True, help="Factors by which a step shrinks and grows."),
            FloatsParam(name="step_sizes", default=(1e-6, 50.0), minimum=0.0, advanced=True, help="The least and the greatest step."),
        ),
    ),
    Option(
        id="LBFGS",
        summary="Second order, with a line search; for small networks and batches that are all of the data. A step evaluates many times.",
        params=(
            _lr(1.0),
            IntParam(name="max_iter", default=20, minimum=1, help="Iterations of a step."),
            IntParam(name="max_eval", default=None, minimum=1, advanced=True, help="Evaluations of a step; 1.25 an iteration if empty."),
            _float("tolerance_grad", 1e-7, "A step ends where the greatest gradient is less."),
            _float("tolerance_change", 1e-9, "A step ends where less changes."),
            IntParam(name="history_size", default=100, minimum=1, advanced=True, help="Updates that are kept."),
            ChoiceParam(name="line_search_fn", default=None, options=("strong_wolfe",), help="How the length of a step is found."),
        ),
    ),
)
