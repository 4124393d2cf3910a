"""What the last layers give against what the loss expects."""

from __future__ import annotations

from collections.abc import Iterator

from graph_engine.analysis.rules import Found, GraphView, graph_rule
from graph_engine.graph.node import Node
from graph_engine.settings.losses import LossOption
from graph_engine.spec.faults import Fix

PROBABILITIES = ("Softmax", "LogSoftmax")
BOUNDED = ("ReLU", "ReLU6", "Sigmoid", "Tanh", "Hardtanh", "Hardsigmoid", "Softsign", "Softplus")
"""Activations whose results do not reach over all numbers."""


def _gives_scores(node: Node) -> bool:
    """Whether the results of a node are sums of products, and so any numbers."""
    return "out_features" in node.params or "out_channels" in node.params


def _loss(view: GraphView) -> LossOption:
    loss: LossOption = view.graph.settings.training["loss"].option
    return loss


def _last(view: GraphView) -> Iterator[Node]:
    """The nodes that feed an output and nothing else."""
    for node, _ in view.last():
        if sum(1 for _ in view.graph.outgoing(node.id)) == 1:
            yield node


def _take_out(node: Node) -> tuple[Fix, ...]:
    return (Fix(f"Take {node.name} out", remove=True),)


@graph_rule("lint.softmax-before-loss", "warning", whole=True)
def softmax_before_cross_entropy(view: GraphView) -> Iterator[Found]:
    """Cross-entropy applies log-softmax itself; a softmax in front of it flattens the gradient."""
    loss = _loss(view)
    if (loss.expects, loss.target) == ("logits", "class"):
        for last in _last(view):
            if last.block in PROBABILITIES:
                effect = "with this one in front of it the network learns slowly" if last.block == "Softmax" else "this one is not needed"
                yield Found(f"{last.name}: {loss.id} applies softmax itself; {effect}.", last.id, None, _take_out(last))


@graph_rule("lint.sigmoid-before-loss", "warning", whole=True)
def sigmoid_before_binary_cross_entropy(view: GraphView) -> Iterator[Found]:
    """BCEWithLogitsLoss applies the sigmoid itself; after a second one all probabilities lie between 0.5 and 0.73."""
    loss = _loss(view)
    if (loss.expects, loss.target) == ("logits", "same"):
        for last in _last(view):
            if last.block == "Sigmoid":
                message = f"{last.name}: {loss.id} applies the sigmoid itself; after two of them no probability falls below a half."
                yield Found(message, last.id, None, _take_out(last))


@graph_rule("lint.bounded-scores", "warning", whole=True)
def scores_are_cut_off(view: GraphView) -> Iterator[Found]:
    """Scores may be any number; an activation that bounds them keeps the network from being certain, and a ReLU stops the gradient."""
    loss = _loss(view)
    if loss.expects == "logits":
        for last in _last(view):
            if last.block in BOUNDED and not (loss.target == "same" and last.block == "Sigmoid"):
                yield Found(
                    f"{last.name}: {loss.id} takes scores of any size, but {last.block} bounds them.", last.id, None, _take_out(last)
                )


@graph_rule("lint.relu-before-regression", "hint", whole=True)
def rectified_prediction(view: GraphView) -> Iterator[Found]:
    """A ReLU cannot predict values below zero, and where it gives zero nothing is learned."""
    loss = _loss(view)
    if loss.expects == "values":
        for last in _last(view):
            if last.block == "ReLU":
                message = f"{last.name}: a network that ends in ReLU cannot predict values below 0, and learns nothing where it gives 0."
                yield Found(message, last.id, None, _take_out(last))


@graph_rule("lint.loss-needs-log-softmax", "warning", whole=True)
def log_probabilities_are_missing(view: GraphView) -> Iterator[Found]:
    """NLLLoss picks out the log-probability of the class; of raw scores or probabilities it makes a loss without a bottom."""
    loss = _loss(view)
    if loss.expects == "log-probabilities":
        for last in _last(view):
            if last.block == "Softmax" or _gives_scores(last):
                instead = Fix("Use CrossEntropyLoss", settings={"training.loss": "CrossEntropyLoss"}, remove=last.block == "Softmax")
                given = "probabilities" if last.block == "Softmax" else "raw scores"
                yield Found(f"{last.name}: {loss.id} expects log-probabilities, but receives {given}.", last.id, None, (instead,))


@graph_rule("lint.loss-needs-sigmoid", "warning", whole=True)
def probabilities_are_missing(view: GraphView) -> Iterator[Found]:
    """BCELoss takes the logarithm of the prediction, which must lie between 0 and 1."""
    loss = _loss(view)
    if loss.expects == "probabilities":
        for last in _last(view):
            if _gives_scores(last) or last.block in ("ReLU", "Tanh"):
                fixes: tuple[Fix, ...] = ()
                if _gives_scores(last):
                    fixes = (Fix("Use BCEWithLogitsLoss", settings={"training.loss": "BCEWithLogitsLoss"}),)
                yield Found(f"{last.name}: {loss.id} expects probabilities from 0 to 1, from a Sigmoid for instance.", last.id, None, fixes)
