"""Faults that people make, planted one at a time into sound networks: which node is to blame for what, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from graph_engine import Graph
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands, insert
from graph_engine.graph.history import History
from graph_engine.spec.faults import Fix
from tests.data.faults.networks import chain

Plant = Callable[[Graph], None]


class Fault(NamedTuple):
    """One row.

    Attributes:
        network: what the fault is planted in, by the name of its maker.
        plant: what is done to it.
        code: of the finding that is expected.
        node: name of the node that is to blame; "" for the document as a whole.
        fix: ``whole`` where the first repair leaves no error and takes the finding away; ``none`` where none is certain.
        what: the fault in words.
    """

    network: str
    plant: Plant
    code: str
    node: str
    fix: Literal["whole", "none"]
    what: str


def put(name: str, **params: Any) -> Plant:
    """Sets parameters."""
    return lambda graph: graph.set(graph.named(name), **params)


def without(name: str) -> Plant:
    """Takes a node out and joins its neighbours."""

    def plant(graph: Graph) -> None:
        blamed = Diagnostic("error", "planted", graph.named(name).id, None, "")
        History(graph).execute(commands(graph, blamed, Fix("Take out", remove=True)))

    return plant


def before(name: str, block: str, port: str = "input", **params: Any) -> Plant:
    """Puts a node in front of another."""
    return lambda graph: History(graph).execute(insert(graph, graph.inputs(graph.named(name).id, port)[0], block, params))


def cut(source: str, target: str) -> Plant:
    """Removes the edge between two nodes."""

    def plant(graph: Graph) -> None:
        [edge] = [e for e in graph.incoming(graph.named(target).id) if e.source == graph.named(source).id]
        graph.disconnect(edge)

    return plant


def join(source: str, target: str, port: str | None = None) -> Plant:
    """Draws an edge."""

    def plant(graph: Graph) -> None:
        graph.connect(graph.named(source), graph.named(target), target_port=port)

    return plant


def add(block: str, name: str, source: str | None = None, **params: Any) -> Plant:
    """Adds a node, fed by another or by none."""

    def plant(graph: Graph) -> None:
        node = graph.add(block, name=name, **params)
        if source is not None:
            graph.connect(graph.named(source), node)

    return plant


def train(**settings: Any) -> Plant:
    """Sets training settings."""
    return lambda graph: graph.configure(training=settings)


def augment(**settings: Any) -> Plant:
    """Switches augmentations on."""
    return lambda graph: graph.configure(augmentation=settings)


def learn(**settings: Any) -> Plant:
    """Sets data settings."""
    return lambda graph: graph.configure(data=settings)


def both(*plants: Plant) -> Plant:
    """Several of these, one after the other."""

    def plant(graph: Graph) -> None:
        for each in plants:
            each(graph)

    return plant


def deep(before_name: str, layers: int, activation: str) -> Plant:
    """Puts many layers of one width in front of a node."""

    def plant(graph: Graph) -> None:
        target = graph.named(before_name)
        [edge] = graph.incoming(target.id)
        graph.disconnect(edge)
        rows = [
            row for i in range(1, layers + 1) for row in ((f"added_{i}", "Linear", {"out_features": 32}), (f"added_{i}_after", activation))
        ]
        graph.connect(chain(graph, graph[edge.source], *rows), target)

    return plant


def joined(name: str) -> Plant:
    """Joins what a node receives with itself, along the batch."""

    def plant(graph: Graph) -> None:
        target = graph.named(name)
        [edge] = graph.incoming(target.id)
        graph.disconnect(edge)
        node = graph.add("Concat", name="joined", dim=0)
        for _ in range(2):
            graph.connect(edge.source, node)
        graph.connect(node, target)

    return plant


FAULTS = (
    # sizes that were set and do not fit
    Fault("cnn", put("conv2", in_channels=32), "shape.in-channels", "conv2", "whole", "channels set to another layer's"),
    Fault("cnn", put("norm1", num_features=32), "shape.num-features", "norm1", "whole", "normalization of other channels"),
    Fault("cnn", put("hidden", in_features=1600), "shape.in-features", "hidden", "whole", "features counted for another picture size"),
    Fault("cnn", put("head", in_features=128), "shape.in-features", "head", "whole", "features of another hidden layer"),
    Fault("lstm", put("lstm", input_size=64), "shape.input-size", "lstm", "whole", "input size of other embeddings"),
    Fault("transformer", put("layer1_attention", embed_dim=64), "shape.embed-dim", "layer1_attention", "whole", "another model width"),
    Fault("transformer", put("layer1_attention", kdim=64), "shape.kdim", "layer1_attention", "whole", "keys of another width"),
    Fault(
        "transformer", put("layer2_norm1", normalized_shape=64), "shape.normalized-shape", "layer2_norm1", "whole", "norm of another width"
    ),
    Fault(
        "transformer",
        put("layer1_attention", num_heads=5),
        "shape.heads",
        "layer1_attention",
        "whole",
        "heads that do not divide the width",
    ),
    Fault("transformer", put("layer1_attention", num_heads=64), "shape.heads", "layer1_attention", "whole", "more heads than features"),
    Fault("mobilenet", put("b2_depthwise", groups=7), "shape.groups", "b2_depthwise", "whole", "groups that do not divide the channels"),
    Fault("cnn", without("flatten"), "lint.linear-on-map", "hidden", "whole", "Flatten forgotten"),
    Fault(
        "colour",
        both(put("head", in_features=400), without("flatten")),
        "shape.in-features",
        "head",
        "whole",
        "Flatten forgotten, features counted with it",
    ),
    # windows
    Fault("cnn", put("conv1", kernel_size=31, padding=0), "shape.kernel-too-large", "conv1", "whole", "kernel larger than the picture"),
    Fault("cnn", put("conv2", dilation=9, padding=1), "shape.kernel-too-large", "conv2", "whole", "dilation too large"),
    Fault("cnn", put("pool2", kernel_size=15), "shape.kernel-too-large", "pool2", "whole", "window larger than the map"),
    Fault("colour", put("conv2", kernel_size=[15, 3]), "shape.kernel-too-large", "conv2", "whole", "kernel too high"),
    Fault("colour", put("pool2", padding=2), "param.padding-over-half", "pool2", "whole", "padding over half of the window"),
    Fault("cnn", put("conv1", padding="same", stride=2), "param.same-stride", "conv1", "whole", "same padding with a stride"),
    Fault(
        "cnn", put("conv1", padding=30, padding_mode="reflect"), "shape.padding-too-large", "conv1", "whole", "mirrors more than there is"
    ),
    Fault("colour", put("conv2", kernel_size=2, stride=3), "lint.stride-skips", "conv2", "whole", "stride longer than the kernel"),
    Fault("colour", put("pool1", kernel_size=2, stride=4), "lint.stride-skips", "pool1", "whole", "pooling that skips"),
    Fault("colour", put("conv2", kernel_size=1, stride=2), "lint.stride-skips", "conv2", "whole", "1×1 with a stride in the main path"),
    # layouts and numbers of dimensions
    Fault("colour", put("x", shape=[32, 32, 3]), "shape.kernel-too-large", "conv1", "whole", "picture with its channels behind"),
    Fault("bottleneck", put("x", shape=[32, 32, 3]), "lint.channels-last", "stem", "whole", "channels behind, padded"),
    Fault(
        "colour",
        both(put("x", shape=[32, 32, 3]), put("conv1", in_channels=3)),
        "shape.in-channels",
        "conv1",
        "whole",
        "channels behind, counted right",
    ),
    Fault("cnn", put("x", shape=[28, 28, 1]), "lint.channels-last", "conv1", "whole", "grey picture with its channel behind"),
    Fault("regression", before("norm1", "Reshape", shape=["N", 2, 2, 2, 2, 2]), "shape.rank", "norm1", "none", "six dimensions"),
    Fault("cnn", put("x", shape=[28, 28]), "shape.rank", "conv1", "whole", "grey picture without a channel dimension"),
    Fault("series", put("x", shape=["T", 6]), "shape.free-size", "conv1", "whole", "series as (T, features)"),
    Fault("series", put("x", shape=[50, 6]), "shape.in-channels", "conv1", "whole", "series of fixed length as (T, features)"),
    Fault("series", without("steps"), "shape.free-size", "head", "whole", "channels and time not swapped back"),
    Fault("regression", before("norm1", "Reshape", shape=["N", 32, 1, 1]), "shape.rank", "norm1", "whole", "BatchNorm1d on a map"),
    Fault("cnn", before("norm2", "Flatten"), "shape.rank", "norm2", "none", "BatchNorm2d on a vector"),
    Fault("attention", put("turned", dims=[0, 1, 2]), "shape.matmul", "scores", "whole", "keys not transposed"),
    Fault("attention", put("turned", dims=[0, 2, 2]), "param.permutation", "turned", "none", "a dimension named twice"),
    Fault("attention", put("weights", dim=3), "shape.no-such-dim", "weights", "whole", "softmax over a dimension that is not there"),
    Fault("cnn", put("flatten", start_dim=5), "shape.no-such-dim", "flatten", "whole", "flatten from a dimension that is not there"),
    Fault("cnn", put("flatten", start_dim=3, end_dim=1), "param.flatten-order", "flatten", "whole", "flatten backwards"),
    Fault("language_model", put("sheets", shape=[-1, 16, 15]), "shape.reshape", "sheets", "none", "sizes that do not come out even"),
    Fault("cnn", before("hidden", "Reshape", shape=["N", 1600]), "shape.reshape", "reshape1", "whole", "counted for another picture size"),
    Fault("cnn", before("hidden", "Reshape", shape=[-1, -1]), "param.two-holes", "reshape1", "whole", "two sizes left open"),
    Fault("language_model", put("sheets", shape=["M", 16, 16]), "shape.unknown-name", "sheets", "none", "a size that has no such name"),
    Fault("language_model", put("sheets", shape=["N", 4, 16, 16]), "shape.mask", "layer1_attention", "none", "mask of another shape"),
    # branches that meet
    Fault(
        "resnet",
        both(without("stage2a_norm3"), without("stage2a_project")),
        "shape.broadcast",
        "stage2a_add",
        "whole",
        "shortcut not projected",
    ),
    Fault("resnet", put("stage3a_project", out_channels=128), "shape.broadcast", "stage3a_add", "whole", "shortcut to other channels"),
    Fault("resnet", put("stage3a_project", stride=1), "shape.broadcast", "stage3a_add", "whole", "shortcut without the stride"),
    Fault("mobilenet", put("b3_squeeze", out_channels=32), "shape.broadcast", "b3_add", "whole", "block that changes its channels"),
    Fault("mobilenet", before("b1_gated", "Flatten"), "lint.batch-broadcast", "b1_gated", "none", "map flattened in front of its gate"),
    Fault("transformer", put("layer1_narrow", out_features=48), "shape.broadcast", "layer1_add2", "whole", "feed-forward of another width"),
    Fault("transformer", put("where", embedding_dim=16), "shape.broadcast", "sum", "whole", "positions of another width"),
    Fault("unet", put("join2", dim=2), "shape.concat", "join2", "whole", "joined along the height"),
    Fault("unet", put("context", output_size=8), "shape.concat", "join2", "whole", "branches of other sizes"),
    Fault("unet", put("join1", dim=0), "shape.concat", "join1", "whole", "joined along the batch, other channels"),
    Fault("unet", put("join1", dim=7), "shape.no-such-dim", "join1", "whole", "joined along a dimension that is not there"),
    # kinds of numbers
    Fault("lstm", put("x", dtype="float32"), "dtype.mismatch", "embed", "whole", "tokens declared as floats"),
    Fault("lstm", without("embed"), "shape.rank", "lstm", "whole", "Embedding forgotten in front of an LSTM"),
    Fault("autoencoder", put("x", dtype="int64"), "dtype.mismatch", "wide1", "whole", "numbers declared as tokens"),
    Fault("colour", put("x", dtype="uint8"), "dtype.mismatch", "conv1", "whole", "picture as bytes"),
    # what is missing
    Fault("cnn", put("conv1", out_channels=None), "param.missing", "conv1", "whole", "filters not set"),
    Fault("cnn", put("head", out_features=None), "param.missing", "head", "whole", "features not set"),
    Fault("lstm", put("lstm", hidden_size=None), "param.missing", "lstm", "whole", "hidden size not set"),
    Fault("cnn", put("x", shape=None), "param.missing", "x", "whole", "shape of the input not set"),
    Fault("cnn", put("x", shape=[1, "N", 28]), "param.batch-name", "x", "none", "batch named in the shape"),
    Fault("cnn", cut("relu1", "pool1"), "port.unconnected", "pool1", "none", "a layer not connected"),
    Fault("attention", cut("value", "mixed"), "port.unconnected", "mixed", "none", "a factor not connected"),
    Fault("resnet", cut("stage1a_norm2", "stage1a_add"), "port.unconnected", "stage1a_add", "none", "a sum of one"),
    Fault("lstm", put("embed", padding_idx=500), "param.padding-idx", "embed", "whole", "padding row that is not there"),
    Fault("lstm", put("lstm", proj_size=64), "param.proj-size", "lstm", "whole", "projection as wide as the state"),
    Fault("cnn", put("norm1", eps=0.0), "param.eps", "norm1", "whole", "division by zero"),
    # what the batch and the data ask for
    Fault("cnn", put("head", out_features=12), "data.classes", "head", "whole", "more scores than classes"),
    Fault("cnn", both(before("y", "Dropout"), put("head", out_features=9)), "data.classes", "head", "whole", "fewer scores than classes"),
    Fault("cnn", learn(dataset="digits"), "data.input-shape", "x", "whole", "another data set chosen"),
    Fault("cnn", both(augment(mixing="mixup"), train(loss="NLLLoss")), "data.augmentation", "", "whole", "classes mixed for another loss"),
    Fault("cnn", train(loss="MSELoss"), "data.loss", "", "whole", "a regression loss for classes"),
    Fault("cnn", train(batch_size=1), "lint.batch-of-one", "norm1", "whole", "batch normalization of one sample"),
    Fault("lstm", put("lstm", batch_first=False), "param.batch-first", "lstm", "whole", "batch taken for time"),
    Fault(
        "transformer", put("layer1_attention", batch_first=False), "param.batch-first", "layer1_attention", "whole", "batch taken for time"
    ),
    Fault(
        "language_model",
        put("layer1_attention", batch_first=False),
        "shape.mask",
        "layer1_attention",
        "whole",
        "batch taken for time, with a mask",
    ),
    # losses
    Fault("cnn", before("y", "Softmax", dim=-1), "lint.softmax-before-loss", "softmax1", "whole", "softmax twice"),
    Fault("unet", before("y", "Sigmoid"), "lint.sigmoid-before-loss", "sigmoid1", "whole", "sigmoid twice"),
    Fault("cnn", before("y", "ReLU"), "lint.bounded-scores", "relu4", "whole", "scores that cannot be negative"),
    Fault("cnn", before("y", "Sigmoid"), "lint.bounded-scores", "sigmoid1", "whole", "scores between 0 and 1"),
    Fault("regression", before("y", "ReLU"), "lint.relu-before-regression", "relu1", "whole", "prediction that cannot be negative"),
    Fault("cnn", train(loss="NLLLoss"), "lint.loss-needs-log-softmax", "head", "whole", "NLLLoss of scores"),
    Fault(
        "cnn",
        both(before("y", "Softmax", dim=-1), train(loss="NLLLoss")),
        "lint.loss-needs-log-softmax",
        "softmax1",
        "whole",
        "NLLLoss of probabilities",
    ),
    Fault("unet", train(loss="BCELoss"), "lint.loss-needs-sigmoid", "mask", "whole", "BCELoss of scores"),
    # layers that undo, repeat or waste each other
    Fault("cnn", put("conv1", bias=True), "lint.bias-before-norm", "conv1", "whole", "bias that normalization removes"),
    Fault("regression", put("hidden1", bias=True), "lint.bias-before-norm", "hidden1", "whole", "bias that normalization removes"),
    Fault("cnn", before("norm2", "Dropout"), "lint.dropout-before-norm", "dropout1", "whole", "dropout in front of batch normalization"),
    Fault("cnn", put("dropout", p=1.0), "lint.dropout-all", "dropout", "whole", "dropout of everything"),
    Fault(
        "autoencoder",
        both(put("code", out_features=48), put("wide2", out_features=64)),
        "lint.linear-linear",
        "code",
        "whole",
        "two linear layers in a row",
    ),
    Fault("cnn", before("pool1", "ReLU"), "lint.repeated-activation", "relu4", "whole", "rectified twice"),
    Fault("lstm", put("lstm", num_layers=1), "lint.recurrent-dropout", "lstm", "whole", "dropout between layers of one"),
    Fault("attention", put("weights", dim=0), "lint.softmax-over-batch", "weights", "whole", "softmax over the batch"),
    Fault("attention", put("weights", dim=None), "param.softmax-dim", "weights", "whole", "softmax without its dimension"),
    Fault(
        "resnet",
        before("flatten", "AdaptiveAvgPool2d", output_size=1),
        "lint.pool-of-nothing",
        "adaptive_avg_pool1",
        "whole",
        "pooled twice",
    ),
    Fault(
        "resnet",
        before("flatten", "Conv2d", out_channels=64, kernel_size=3, padding=1),
        "lint.kernel-on-point",
        "conv1",
        "whole",
        "3×3 on a single point",
    ),
    Fault(
        "bottleneck",
        both(put("stem", kernel_size=1, padding=0), put("middle", kernel_size=1, padding=0), put("conv4", kernel_size=1, padding=0)),
        "lint.receptive-field",
        "pool",
        "none",
        "sees single pixels only",
    ),
    Fault("regression", deep("hidden2", 12, "ReLU"), "lint.deep-plain-stack", "added_12", "none", "many layers, no normalization"),
    Fault("regression", deep("hidden2", 4, "Sigmoid"), "lint.saturating-stack", "added_4_after", "none", "many sigmoids in a row"),
    Fault("autoencoder", joined("wide1"), "lint.concat-batch", "joined", "whole", "joined along the batch, alike otherwise"),
    Fault("cnn", put("flatten", start_dim=0), "lint.batch-flattened", "flatten", "whole", "batch flattened in front of a Linear"),
    # sequences
    Fault(
        "transformer",
        both(without("sum"), lambda graph: graph.remove(graph.named("where"), graph.named("places"))),
        "lint.no-positions",
        "layer1_attention",
        "none",
        "nothing tells the order",
    ),
    Fault(
        "language_model", cut("sheets", "layer2_attention"), "lint.no-causal-mask", "layer2_attention", "whole", "second layer looks ahead"
    ),
    Fault("decoder", cut("mask", "layer2"), "lint.no-causal-mask", "layer2", "whole", "second layer looks ahead"),
    Fault("decoder", put("layer1", batch_first=False), "shape.mask", "layer1", "whole", "batch taken for time"),
    Fault("true_unet", put("up2", scale_factor=4.0), "shape.concat", "join2", "whole", "enlarged too much"),
    Fault("convnext", without("to_first1"), "shape.broadcast", "add1", "whole", "channels left behind"),
    Fault(
        "lstm",
        both(learn(dataset="languages"), put("x", shape=["T"]), put("embed", num_embeddings=100)),
        "lint.embedding-too-small",
        "embed",
        "whole",
        "table smaller than the vocabulary",
    ),
    # the graph as a whole
    Fault("cnn", add("Linear", "spare", "flatten", out_features=5), "graph.dead-end", "spare", "none", "a branch that ends"),
    Fault("cnn", add("Input", "extra", shape=[3]), "graph.unused-input", "extra", "whole", "an input that nothing reads"),
    Fault("cnn", lambda graph: graph.remove(graph.named("y")), "graph.no-output", "", "none", "no output"),
)
