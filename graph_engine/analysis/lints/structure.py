"""Layers that undo, repeat or waste each other."""

from __future__ import annotations

from collections.abc import Iterator

from graph_engine.analysis.rules import Found, GraphView, NodeView, graph_rule, node_rule
from graph_engine.spec.faults import Fix, Insert
from graph_engine.spec.tensor import N, shape_text

IDEMPOTENT = ("ReLU", "ReLU6")


@node_rule("lint.linear-linear", "warning", "Linear", shapes=True)
def two_linear_layers_are_one(view: NodeView) -> Iterator[Found]:
    """Two linear layers without a non-linearity between them compute what one of them could; a bottleneck on purpose is left alone."""
    targets = view.targets()
    if view.node.block != "Linear" or len(targets) != 1 or targets[0].block != "Linear":
        return
    inside, outside = view.params["out_features"], targets[0].params["out_features"]
    if outside is not None and inside >= min(view.checked.sizes["in_features"], outside):
        yield Found(
            f"{targets[0].name}: follows {view.node.name} without a non-linearity between them, so the two are one linear layer.",
            port="output",
            fixes=(Fix(f"Insert ReLU before {targets[0].name}", insert=(Insert("ReLU"),), node=targets[0].id, port="input"),),
        )


@graph_rule("lint.linear-on-map", "warning", shapes=True)
def linear_on_a_feature_map(view: GraphView) -> Iterator[Found]:
    """Linear acts on the last dimension: of a feature map that is its width, not its features."""
    for node in view.healthy("block", "Linear"):
        x = view.nodes[node.id].inputs["input"]
        if len(x.shape) > 2 and all(isinstance(s, int) for s in x.shape[1:]) and _is_map(view, node.id):
            yield Found(
                f"{node.name}: acts on the last dimension of {shape_text(x.shape)}, the width of a feature map.",
                node.id,
                "input",
                (Fix("Insert Flatten before it", insert=(Insert("Flatten"),)),),
            )


def _is_map(view: GraphView, id: str) -> bool:
    """Whether what a node receives comes, but for element-wise layers, from a convolution, a pooling or a picture."""
    while True:
        [edge] = view.graph.incoming(id)
        source = view.graph[edge.source]
        if source.spec.category in ("Convolution", "Pooling"):
            return True
        if not source.spec.inputs:
            return len(view.nodes[source.id].outputs[edge.source_port].shape) > 3
        if source.spec.category not in ("Activation", "Regularization") and not source.block.startswith("BatchNorm"):
            return False
        if len(list(view.graph.incoming(source.id))) != 1:
            return False
        id = source.id


@node_rule("lint.repeated-activation", "hint", "Activation")
def activation_twice(view: NodeView) -> Iterator[Found]:
    """A rectifier behind the same rectifier changes nothing."""
    sources = view.sources()
    if view.node.block in IDEMPOTENT and len(sources) == 1 and sources[0].block == view.node.block:
        yield Found(
            f"{view.node.name}: {sources[0].name} has rectified this already.", fixes=(Fix(f"Take {view.node.name} out", remove=True),)
        )


@node_rule("lint.batch-flattened", "warning", "Flatten", shapes=True, cause=True)
def batch_is_flattened(view: NodeView) -> Iterator[Found]:
    """Samples of a batch must stay apart."""
    x, y = view.checked.inputs["input"], view.checked.outputs["output"]
    if len(x.shape) > 1 and x.shape[0] is N and y.shape[0] is not N:
        yield Found(
            f"{view.node.name}: flattens the batch too, which mixes the samples.", fixes=(Fix("Set start_dim to 1", {"start_dim": 1}),)
        )


@node_rule("lint.batch-broadcast", "warning", "Arithmetic", shapes=True, cause=True)
def batch_meets_another_dimension(view: NodeView) -> Iterator[Found]:
    """Broadcasting aligns shapes at their ends: of tensors with fewer dimensions, the batch meets another dimension."""
    y = next(iter(view.checked.outputs.values())).shape
    if N not in y[1:] or "equation" in view.params:
        return
    for given in view.checked.inputs.values():
        for place, x in enumerate(given if isinstance(given, tuple) and not hasattr(given, "dtype") else (given,), start=1):
            if x is not None and x.shape and x.shape[0] is N and len(x.shape) < len(y):
                yield Found(
                    f"{view.node.name}: input {place}, {shape_text(x.shape)}, is spread so that its batch becomes dimension "
                    f"{len(y) - len(x.shape)} of {shape_text(y)}.",
                    port="input",
                )
                return


@node_rule("lint.concat-batch", "warning", "Concat", shapes=True)
def samples_are_joined(view: NodeView) -> Iterator[Found]:
    """Joined along the batch, the inputs become samples of their own, and the targets no longer fit."""
    xs, dim = view.checked.inputs["input"], view.params["dim"]
    if xs[0].shape and dim % len(xs[0].shape) == 0 and all(x.shape[0] is N for x in xs):
        rank = len(xs[0].shape)
        fits = rank > 1 and all(x.shape[2:] == xs[0].shape[2:] for x in xs)
        yield Found(
            f"{view.node.name}: joins along the batch, so {len(xs)} times as many samples leave as came.",
            fixes=(Fix("Join along dimension 1", {"dim": 1}),) if fits else (),
        )


@node_rule("lint.softmax-over-batch", "warning", "Softmax", "LogSoftmax", shapes=True)
def softmax_over_the_batch(view: NodeView) -> Iterator[Found]:
    """Probabilities that sum to 1 over the batch make each sample depend on the others in it."""
    x, dim = view.checked.inputs["input"], view.params["dim"]
    if dim is not None and len(x.shape) > 1 and x.shape[0] is N and dim % len(x.shape) == 0:
        yield Found(
            f"{view.node.name}: dim={dim} is the batch, so the samples compete with each other.", fixes=(Fix("Set dim to -1", {"dim": -1}),)
        )
