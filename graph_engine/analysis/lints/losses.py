"""What the last layers give, and what the targets are, against what the loss expects."""

from __future__ import annotations

from collections.abc import Iterator

from graph_engine.analysis.rules import Found, GraphView, graph_rule
from graph_engine.graph.node import Node
from graph_engine.settings.losses import LossOption, beyond, loss_setting, misfits, target_losses
from graph_engine.spec.faults import Fix

PROBABILITIES = ("Softmax", "LogSoftmax")
BOUNDED = ("ReLU", "ReLU6", "Sigmoid", "Tanh", "Hardtanh", "Hardsigmoid", "Softsign", "Softplus")
"""Activations whose results do not reach over all numbers."""


def _gives_scores(node: Node) -> bool:
    """Whether the results of a node are sums of products, and so any numbers."""
    return "out_features" in node.params or "out_channels" in node.params


def _last(view: GraphView) -> Iterator[tuple[Node, LossOption, str]]:
    """The nodes that feed an output and nothing else, with its loss and the setting that chooses that."""
    training, targets = view.graph.settings.training, view.graph.settings.data["dataset"].option.targets
    outputs = view.index.of("target", "output")
    for place, output in enumerate(outputs):
        several = len(outputs) == len(targets) > 1
        loss = target_losses(training, targets)[place].option if several else training["loss"].option
        setting = loss_setting(targets[place], targets) if several else "training.loss"
        for edge in view.graph.inputs(output.id, "input"):
            if sum(1 for _ in view.graph.outgoing(edge.source)) == 1:
                yield view.graph[edge.source], loss, setting


def _take_out(node: Node) -> tuple[Fix, ...]:
    return (Fix(f"Take {node.name} out", remove=True),)


@graph_rule("lint.softmax-before-loss", "warning", whole=True)
def softmax_before_cross_entropy(view: GraphView) -> Iterator[Found]:
    """Cross-entropy applies log-softmax itself; a softmax in front of it flattens the gradient."""
    for last, loss, _ in _last(view):
        if (loss.expects, loss.target) == ("logits", "class") and last.block in PROBABILITIES:
            effect = "with this one in front of it the network learns slowly" if last.block == "Softmax" else "this one is not needed"
            yield Found(f"{last.name}: {loss.id} applies softmax itself; {effect}.", last.id, None, _take_out(last))


@graph_rule("lint.sigmoid-before-loss", "warning", whole=True)
def sigmoid_before_binary_cross_entropy(view: GraphView) -> Iterator[Found]:
    """BCEWithLogitsLoss applies the sigmoid itself; after a second one all probabilities lie between 0.5 and 0.73."""
    for last, loss, _ in _last(view):
        if (loss.expects, loss.target) == ("logits", "same") and last.block == "Sigmoid":
            message = f"{last.name}: {loss.id} applies the sigmoid itself; after two of them no probability falls below a half."
            yield Found(message, last.id, None, _take_out(last))


@graph_rule("lint.bounded-scores", "warning", whole=True)
def scores_are_cut_off(view: GraphView) -> Iterator[Found]:
    """Scores may be any number; an activation that bounds them keeps the network from being certain, and a ReLU stops the gradient."""
    for last, loss, _ in _last(view):
        twice = loss.target == "same" and last.block == "Sigmoid"  # which is told otherwise
        bounds = last.block in BOUNDED and not twice
        if (loss.expects == "logits" and bounds) or (loss.expects == "scores" and (bounds or last.block in PROBABILITIES)):
            yield Found(f"{last.name}: {loss.id} takes scores of any size, but {last.block} bounds them.", last.id, None, _take_out(last))


@graph_rule("lint.relu-before-regression", "hint", whole=True)
def rectified_prediction(view: GraphView) -> Iterator[Found]:
    """A ReLU cannot predict values below zero, and where it gives zero nothing is learned."""
    for last, loss, _ in _last(view):
        if loss.expects == "values" and last.block == "ReLU":
            message = f"{last.name}: a network that ends in ReLU cannot predict values below 0, and learns nothing where it gives 0."
            yield Found(message, last.id, None, _take_out(last))


@graph_rule("lint.loss-needs-log-softmax", "warning", whole=True)
def log_probabilities_are_missing(view: GraphView) -> Iterator[Found]:
    """NLLLoss picks out the log-probability of the class; of raw scores or probabilities it makes a loss without a bottom."""
    for last, loss, setting in _last(view):
        if loss.expects == "log-probabilities" and (last.block == "Softmax" or _gives_scores(last)):
            instead = Fix("Use CrossEntropyLoss", settings={setting: "CrossEntropyLoss"}, remove=last.block == "Softmax")
            given = "probabilities" if last.block == "Softmax" else "raw scores"
            fixes = (instead,) if loss.target == "class" else ()
            yield Found(f"{last.name}: {loss.id} expects log-probabilities, but receives {given}.", last.id, None, fixes)


@graph_rule("lint.loss-needs-sigmoid", "warning", whole=True)
def probabilities_are_missing(view: GraphView) -> Iterator[Found]:
    """BCELoss takes the logarithm of the prediction, which must lie between 0 and 1."""
    for last, loss, setting in _last(view):
        if loss.expects == "probabilities" and (_gives_scores(last) or last.block in ("ReLU", "Tanh")):
            fixes = (Fix("Use BCEWithLogitsLoss", settings={setting: "BCEWithLogitsLoss"}),) if _gives_scores(last) else ()
            yield Found(f"{last.name}: {loss.id} expects probabilities from 0 to 1, from a Sigmoid for instance.", last.id, None, fixes)


@graph_rule("data.target-range", "warning", whole=True)
def targets_are_beyond_the_loss(view: GraphView) -> Iterator[Found]:
    """A loss for shares, signs or counts makes something else of other numbers, mostly without a word."""
    data = view.graph.settings.data["dataset"].option
    for field, loss in zip(data.targets, target_losses(view.graph.settings.training, data.targets), strict=True):
        known = beyond(field, loss)
        if known is not None:
            wanted = {"shares": "numbers from 0 to 1", "signs": "-1 and 1", "counts": "numbers from 0 on"}[loss.option.takes]
            better = "BCEWithLogitsLoss" if loss.option.takes == "signs" and known == (0.0, 1.0) else "MSELoss"
            fix = Fix(f"Use {better}", settings={loss_setting(field, data.targets): better})
            span = f"{field.name} of {data.title} goes from {known[0]:g} to {known[1]:g}"
            yield Found(f"{loss.id} takes {wanted}, but {span}.", fixes=(fix,))


@graph_rule("data.class-weights", "warning", whole=True)
def weights_do_not_fit(view: GraphView) -> Iterator[Found]:
    """There is a weight for each class, or none."""
    data = view.graph.settings.data["dataset"].option
    for field, loss in zip(data.targets, target_losses(view.graph.settings.training, data.targets), strict=True):
        setting = loss_setting(field, data.targets)
        plain = {"name": loss.id, **loss.params, "balance": "none"}
        for message in misfits(field, loss):
            yield Found(message, fixes=(Fix("Let all classes count alike", settings={setting: plain}),))
