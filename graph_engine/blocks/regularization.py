"""Layers that act in training only."""

from __future__ import annotations

from graph_engine.blocks.activation import same
from graph_engine.blocks.convolution import LAYOUT
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import BoolParam, FloatParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_rank
from graph_engine.spec.tensor import TensorSpec, shape_text


def channelwise(n: int) -> Rule:
    """As `same`, for layers that drop whole channels over ``n`` dimensions; 0 is any number of them."""

    def infer(at: Site) -> Inferred:
        expect_rank(at.input(), (n + 2,) if n else range(2, 100), LAYOUT.get(n, "(N, C, …)"))
        return same(at)

    return infer


def sampled(at: Site) -> Inferred:
    """Mean and variance of one shape."""
    mean, variance = at.input("mean"), at.input("log_variance")
    for port, x in (("mean", mean), ("log_variance", variance)):
        expect_dtype(x, ("float32",), port)
    if mean.shape != variance.shape:
        raise Fault(
            "shape.sample",
            "mean is {mean}, but log_variance is {variance}; both must have one shape.",
            port="log_variance",
            mean=shape_text(mean.shape),
            variance=shape_text(variance.shape),
        )
    return Inferred((mean,))


def diverged(at: Site) -> Inferred:
    """A number for each sample, from tensors of one shape."""
    [mean] = sampled(at).outputs
    expect_rank(mean, range(2, 100), "(N, …, features)", "mean")
    return Inferred((TensorSpec(mean.shape[:1]),))


def _dropout(id: str, summary: str, what: str, infer: Rule = same, layout: str = "Any shape") -> BlockSpec:
    return BlockSpec(
        id=id,
        category="Regularization",
        summary=summary,
        inputs=(Port("input", f"{layout}."),),
        outputs=(Port("output", "The shape of the input."),),
        params=(
            FloatParam(name="p", default=0.5, minimum=0.0, maximum=1.0, help=f"Probability of {what} to be zeroed."),
            BoolParam(name="inplace", default=False, advanced=True, help="Overwrite the input to save memory."),
        ),
        infer=infer,
        call=Call("module", f"nn.{id}", positional=1),
        keywords=("overfitting",),
    )


Dropout = _dropout("Dropout", "Zeroes random elements in training, so that the network relies on none of them.", "an element")
Dropout1d = _dropout("Dropout1d", "Zeroes random channels of a sequence in training.", "a channel", channelwise(1), LAYOUT[1])
Dropout2d = _dropout("Dropout2d", "Zeroes random channels of an image in training.", "a channel", channelwise(2), LAYOUT[2])
Dropout3d = _dropout("Dropout3d", "Zeroes random channels of a volume in training.", "a channel", channelwise(3), LAYOUT[3])
AlphaDropout = _dropout("AlphaDropout", "Dropout for SELU: it keeps mean and variance of the activations.", "an element")
FeatureAlphaDropout = _dropout(
    "FeatureAlphaDropout", "AlphaDropout of whole channels.", "a channel", channelwise(0), "(N, C) or (N, C, L) or (N, C, H, W)"
)
DropPath = BlockSpec(
    id="DropPath",
    category="Regularization",
    summary="Leaves a whole branch out for some samples in training: stochastic depth, in front of the sum of a residual connection.",
    inputs=(Port("input", "Any shape."),),
    outputs=(Port("output", "The shape of the input."),),
    params=(FloatParam(name="p", default=0.1, minimum=0.0, maximum=1.0, help="Probability of a sample to be zeroed."),),
    infer=same,
    call=Call("module", "modules.DropPath", positional=1),
    keywords=("stochastic depth", "residual", "overfitting", "droppath"),
)
GaussianSample = BlockSpec(
    id="GaussianSample",
    category="Regularization",
    summary="Draws from a normal distribution so that gradients pass, as in a variational autoencoder; when evaluating, gives the mean.",
    inputs=(Port("mean", "(N, …, features)."), Port("log_variance", "(N, …, features): the logarithm of the variance.")),
    outputs=(Port("output", "The shape of the mean."),),
    infer=sampled,
    call=Call("module", "modules.GaussianSample", arguments=("mean", "log_variance")),
    keywords=("vae", "reparameterization", "random", "noise", "variational"),
)
GaussianDivergence = BlockSpec(
    id="GaussianDivergence",
    category="Regularization",
    summary="How far each sample's normal distributions are from the standard one (Kullback–Leibler): what a variational autoencoder "
    "pays for its code.",
    inputs=(Port("mean", "(N, …, features)."), Port("log_variance", "(N, …, features): the logarithm of the variance.")),
    outputs=(Port("output", "(N,): the divergence in nats, summed over the features."),),
    infer=diverged,
    call=Call("module", "modules.GaussianDivergence", arguments=("mean", "log_variance")),
    keywords=("vae", "kl", "kullback-leibler", "variational", "prior"),
)
