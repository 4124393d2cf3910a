"""Normalization, what stands before it, and where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from graph_engine.analysis.rules import Found, GraphView, NodeView, graph_rule, node_rule
from graph_engine.graph.node import Node
from graph_engine.spec.faults import Fix

BATCH_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
WEIGHTED = ("Convolution", "Linear")
STEADY = ("Normalization", "Attention", "Recurrent", "Group")
"""Categories of blocks that keep signals and gradients in bounds by themselves."""
DEEP = 12
"""So many layers with weights in a row need normalization or shortcuts."""
SATURATED = {"Sigmoid": 4, "Tanh": 8}
"""Behind so many of these in a row hardly any gradient is left."""


@node_rule("lint.bias-before-norm", "hint", *WEIGHTED)
def bias_before_batch_norm(view: NodeView) -> Iterator[Found]:
    """Batch normalization subtracts the mean, and with it any bias in front of it."""
    targets = view.targets()
    if view.params.get("bias") is True and targets and all(t.block in BATCH_NORMS for t in targets):
        yield Found(
            f"{view.node.name}: its bias has no effect, because {targets[0].name} subtracts the mean right behind it.",
            fixes=(Fix("Turn bias off", {"bias": False}),),
        )


@node_rule("lint.dropout-before-norm", "warning", "Regularization")
def dropout_before_batch_norm(view: NodeView) -> Iterator[Found]:
    """Dropout changes the variance in training only, so that the statistics that batch normalization keeps are wrong afterwards."""
    after = next((t for t in view.targets() if t.block in BATCH_NORMS), None)
    if after is not None and view.params.get("p") != 0:
        yield Found(
            f"{view.node.name}: {after.name} learns the variance that dropout causes in training, and is wrong without it.",
            fixes=(Fix(f"Take {view.node.name} out", remove=True),),
        )


@node_rule("lint.dropout-all", "warning", "Regularization")
def dropout_of_everything(view: NodeView) -> Iterator[Found]:
    """With p = 1 nothing passes in training."""
    if view.params.get("p") == 1:
        yield Found(f"{view.node.name}: with p=1 it zeroes everything, so nothing is learned.", fixes=(Fix("Set p to 0.5", {"p": 0.5}),))


@graph_rule("lint.batch-of-one", "warning")
def batch_norm_of_one_sample(view: GraphView) -> Iterator[Found]:
    """With one sample in a batch the statistics are those of this sample alone."""
    norms = view.index.of("block", *BATCH_NORMS)
    if norms and view.graph.settings.training["batch_size"] == 1:
        yield Found(
            f"{norms[0].name}: batch normalization with batches of one sample learns from the noise of that sample.",
            norms[0].id,
            None,
            (Fix("Set the batch size to 16", settings={"training.batch_size": 16}),),
        )


@graph_rule("lint.deep-plain-stack", "hint")
def deep_without_normalization(view: GraphView) -> Iterator[Found]:
    """Without normalization or shortcuts, signals and gradients grow or shrink with every layer."""
    weighted, graph = view.index.of("category", *WEIGHTED), view.graph
    going_on = [n for n in weighted if any(graph[e.target].spec.category not in STEADY for e in graph.outgoing(n.id))]
    if len(going_on) < DEEP - 1:  # those before the last of a run lead to something that does not end it
        return
    yield from _runs(
        view,
        lambda node: node.spec.category in WEIGHTED,
        DEEP,
        "{name}: the " + str(DEEP) + "th layer in a row without normalization or a shortcut; networks this deep hardly learn.",
    )


@graph_rule("lint.saturating-stack", "hint")
def deep_and_saturating(view: GraphView) -> Iterator[Found]:
    """The slope of a sigmoid is at most a quarter, that of tanh mostly below one: the gradient fades with every layer."""
    for block, most in SATURATED.items():
        if len(view.index.of("block", block)) >= most:
            message = "{name}: " + f"the {most}th {block} in a row without normalization or a shortcut; the gradient fades on its way back."
            yield from _runs(view, partial(_is, block), most, message)


def _is(block: str, node: Node) -> bool:
    return node.block == block


def _runs(view: GraphView, counts: Callable[[Node], bool], most: int, message: str) -> Iterator[Found]:
    """The first node of each stack at which ``most`` nodes that count have followed each other."""
    graph, run = view.graph, dict[str, int]()
    for id in view.index.order:
        node = graph[id]
        sources = {e.source for e in graph.incoming(id)}
        if node.spec.category in STEADY or len(sources) > 1:
            run[id] = 0
            continue
        before = run[sources.pop()] if sources else 0
        if not counts(node):
            run[id] = before
            continue
        run[id] = before + 1
        if run[id] == most:
            yield Found(message.format(name=node.name), id)
