"""Sound networks of the usual shapes, made of the program's blocks: faults are planted in them, and none may be found without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph_engine import Graph
from graph_engine.graph.node import Node


def chain(graph: Graph, start: Node, *rows: tuple[str, str] | tuple[str, str, Mapping[str, Any]]) -> Node:
    """Adds nodes one behind the other.

    Args:
        graph: where.
        start: what feeds the first.
        rows: name, block and parameters of each.

    Returns:
        The last one.
    """
    for name, block, *params in rows:
        node = graph.add(block, name=name, **(params[0] if params else {}))
        graph.connect(start, node)
        start = node
    return start


def cnn() -> Graph:
    """A classifier of pictures as in textbooks, with normalization and dropout."""
    graph = Graph("cnn")
    chain(
        graph,
        graph.add("Input", name="x", shape=[1, 28, 28]),
        ("conv1", "Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1, "bias": False}),
        ("norm1", "BatchNorm2d"),
        ("relu1", "ReLU"),
        ("pool1", "MaxPool2d", {"kernel_size": 2}),
        ("conv2", "Conv2d", {"out_channels": 32, "kernel_size": 3, "padding": 1, "bias": False}),
        ("norm2", "BatchNorm2d"),
        ("relu2", "ReLU"),
        ("pool2", "MaxPool2d", {"kernel_size": 2}),
        ("flatten", "Flatten"),
        ("hidden", "Linear", {"out_features": 64}),
        ("relu3", "ReLU"),
        ("dropout", "Dropout", {"p": 0.2}),
        ("head", "Linear", {"out_features": 10}),
        ("y", "Output"),
    )
    return graph


def colour() -> Graph:
    """A small classifier of colour pictures, without normalization."""
    graph = Graph("colour")
    chain(
        graph,
        graph.add("Input", name="x", shape=[3, 32, 32]),
        ("conv1", "Conv2d", {"out_channels": 8, "kernel_size": 5}),
        ("relu1", "ReLU"),
        ("pool1", "AvgPool2d", {"kernel_size": 2}),
        ("conv2", "Conv2d", {"out_channels": 16, "kernel_size": 5}),
        ("relu2", "ReLU"),
        ("pool2", "AvgPool2d", {"kernel_size": 2}),
        ("flatten", "Flatten"),
        ("head", "Linear", {"out_features": 10}),
        ("y", "Output"),
    )
    return graph


def _basic_block(graph: Graph, start: Node, name: str, channels: int, stride: int = 1) -> Node:
    inside = chain(
        graph,
        start,
        (f"{name}_conv1", "Conv2d", {"out_channels": channels, "kernel_size": 3, "stride": stride, "padding": 1, "bias": False}),
        (f"{name}_norm1", "BatchNorm2d"),
        (f"{name}_relu1", "ReLU"),
        (f"{name}_conv2", "Conv2d", {"out_channels": channels, "kernel_size": 3, "padding": 1, "bias": False}),
        (f"{name}_norm2", "BatchNorm2d"),
    )
    around = start
    if stride != 1:
        around = chain(
            graph,
            start,
            (f"{name}_project", "Conv2d", {"out_channels": channels, "kernel_size": 1, "stride": stride, "bias": False}),
            (f"{name}_norm3", "BatchNorm2d"),
        )
    joined = chain(graph, inside, (f"{name}_add", "Add"))
    graph.connect(around, joined)
    return chain(graph, joined, (f"{name}_relu2", "ReLU"))


def resnet() -> Graph:
    """ResNet-18 with its four stages."""
    graph = Graph("resnet")
    node = chain(
        graph,
        graph.add("Input", name="x", shape=[3, 64, 64]),
        ("stem_conv", "Conv2d", {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}),
        ("stem_norm", "BatchNorm2d"),
        ("stem_relu", "ReLU"),
        ("stem_pool", "MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    )
    for stage, channels in enumerate((64, 128, 256, 512), start=1):
        node = _basic_block(graph, node, f"stage{stage}a", channels, 1 if stage == 1 else 2)
        node = _basic_block(graph, node, f"stage{stage}b", channels)
    chain(
        graph, node, ("pool", "AdaptiveAvgPool2d", {"output_size": 1}), ("flatten", "Flatten"), ("head", "Linear", {"out_features": 10}),
        ("y", "Output"),
    )  # fmt: skip
    return graph


def bottleneck() -> Graph:
    """ResNet's other block: 1×1, 3×3, 1×1, with the stride where the first version has it."""
    graph = Graph("bottleneck")
    stem = chain(
        graph,
        graph.add("Input", name="x", shape=[3, 32, 32]),
        ("stem", "Conv2d", {"out_channels": 64, "kernel_size": 3, "padding": 1, "bias": False}),
        ("stem_norm", "BatchNorm2d"),
        ("stem_relu", "ReLU"),
    )
    inside = chain(
        graph,
        stem,
        ("reduce", "Conv2d", {"out_channels": 32, "kernel_size": 1, "stride": 2, "bias": False}),
        ("norm1", "BatchNorm2d"),
        ("relu1", "ReLU"),
        ("middle", "Conv2d", {"out_channels": 32, "kernel_size": 3, "padding": 1, "bias": False}),
        ("norm2", "BatchNorm2d"),
        ("relu2", "ReLU"),
        ("widen", "Conv2d", {"out_channels": 128, "kernel_size": 1, "bias": False}),
        ("norm3", "BatchNorm2d"),
    )
    around = chain(
        graph, stem, ("project", "Conv2d", {"out_channels": 128, "kernel_size": 1, "stride": 2, "bias": False}), ("norm4", "BatchNorm2d")
    )
    joined = chain(graph, inside, ("add", "Add"))
    graph.connect(around, joined)
    chain(
        graph, joined, ("relu3", "ReLU"), ("conv4", "Conv2d", {"out_channels": 128, "kernel_size": 3, "padding": 1}), ("relu4", "ReLU"),
        ("pool", "AdaptiveAvgPool2d", {"output_size": 1}), ("flatten", "Flatten"), ("head", "Linear", {"out_features": 10}),
        ("y", "Output"),
    )  # fmt: skip
    return graph


def mobilenet() -> Graph:
    """Inverted residuals: expand, filter each channel by itself, squeeze, and gates on the channels."""
    graph = Graph("mobilenet")
    node = chain(
        graph,
        graph.add("Input", name="x", shape=[3, 64, 64]),
        ("stem", "Conv2d", {"out_channels": 16, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False}),
        ("stem_norm", "BatchNorm2d"),
        ("stem_relu", "ReLU"),
    )
    for i, (channels, stride) in enumerate(((16, 1), (24, 2), (24, 1), (40, 2), (40, 1)), start=1):
        wide = 6 * (16, 16, 24, 24, 40)[i - 1]
        filtered = chain(
            graph,
            node,
            (f"b{i}_expand", "Conv2d", {"out_channels": wide, "kernel_size": 1, "bias": False}),
            (f"b{i}_norm1", "BatchNorm2d"),
            (f"b{i}_relu1", "ReLU"),
            (f"b{i}_depthwise", "Conv2d",
             {"out_channels": wide, "kernel_size": 3, "stride": stride, "padding": 1, "groups": wide, "bias": False}),
            (f"b{i}_norm2", "BatchNorm2d"),
            (f"b{i}_relu2", "ReLU"),
        )  # fmt: skip
        gate = chain(
            graph,
            filtered,
            (f"b{i}_mean", "AdaptiveAvgPool2d", {"output_size": 1}),
            (f"b{i}_narrow", "Conv2d", {"out_channels": 8, "kernel_size": 1}),
            (f"b{i}_relu3", "ReLU"),
            (f"b{i}_widen", "Conv2d", {"out_channels": wide, "kernel_size": 1}),
            (f"b{i}_gate", "Sigmoid"),
        )
        gated = chain(graph, filtered, (f"b{i}_gated", "Multiply"))
        graph.connect(gate, gated)
        out = chain(
            graph,
            gated,
            (f"b{i}_squeeze", "Conv2d", {"out_channels": channels, "kernel_size": 1, "bias": False}),
            (f"b{i}_norm3", "BatchNorm2d"),
        )
        if stride == 1:
            joined = chain(graph, out, (f"b{i}_add", "Add"))
            graph.connect(node, joined)
            out = joined
        node = out
    chain(
        graph, node, ("pool", "AdaptiveAvgPool2d", {"output_size": 1}), ("flatten", "Flatten"), ("dropout", "Dropout", {"p": 0.2}),
        ("head", "Linear", {"out_features": 10}), ("y", "Output"),
    )  # fmt: skip
    return graph


def unet() -> Graph:
    """Down and up again with shortcuts; the way up spreads one value per channel, as no block enlarges pictures."""
    graph = Graph("unet")
    x = graph.add("Input", name="x", shape=[3, 32, 32])

    def double(start: Node, name: str, channels: int) -> Node:
        return chain(
            graph,
            start,
            (f"{name}_conv1", "Conv2d", {"out_channels": channels, "kernel_size": 3, "padding": 1}),
            (f"{name}_relu1", "ReLU"),
            (f"{name}_conv2", "Conv2d", {"out_channels": channels, "kernel_size": 3, "padding": 1}),
            (f"{name}_relu2", "ReLU"),
        )

    down1 = double(x, "down1", 16)
    down2 = double(chain(graph, down1, ("shrink1", "MaxPool2d", {"kernel_size": 2})), "down2", 32)
    bottom = double(chain(graph, down2, ("shrink2", "MaxPool2d", {"kernel_size": 2})), "bottom", 64)
    context = chain(graph, bottom, ("context", "AdaptiveAvgPool2d", {"output_size": 16}))
    join2 = chain(graph, down2, ("join2", "Concat", {"dim": 1}))
    graph.connect(context, join2)
    up2 = double(join2, "up2", 32)
    wide = chain(graph, up2, ("wide", "AdaptiveAvgPool2d", {"output_size": 32}))
    join1 = chain(graph, down1, ("join1", "Concat", {"dim": 1}))
    graph.connect(wide, join1)
    chain(graph, double(join1, "up1", 16), ("mask", "Conv2d", {"out_channels": 1, "kernel_size": 1}), ("y", "Output"))
    graph.configure(training={"loss": "BCEWithLogitsLoss"})
    return graph


def autoencoder() -> Graph:
    """Through a bottleneck and back."""
    graph = Graph("autoencoder")
    chain(
        graph,
        graph.add("Input", name="x", shape=[64]),
        ("wide1", "Linear", {"out_features": 32}),
        ("relu1", "ReLU"),
        ("code", "Linear", {"out_features": 4}),
        ("wide2", "Linear", {"out_features": 32}),
        ("relu2", "ReLU"),
        ("back", "Linear", {"out_features": 64}),
        ("y", "Output"),
    )
    graph.configure(training={"loss": "MSELoss"})
    return graph


def regression() -> Graph:
    """A table in, a number out."""
    graph = Graph("regression")
    chain(
        graph,
        graph.add("Input", name="x", shape=[10]),
        ("hidden1", "Linear", {"out_features": 32, "bias": False}),
        ("norm1", "BatchNorm1d"),
        ("tanh1", "Tanh"),
        ("hidden2", "Linear", {"out_features": 32}),
        ("tanh2", "Tanh"),
        ("head", "Linear", {"out_features": 1}),
        ("y", "Output"),
    )
    graph.configure(training={"loss": "HuberLoss"})
    return graph


def series() -> Graph:
    """A temporal convolution network over a series of free length."""
    graph = Graph("series")
    chain(
        graph,
        graph.add("Input", name="x", shape=[6, "T"]),
        ("conv1", "Conv1d", {"out_channels": 16, "kernel_size": 3, "padding": 1, "in_channels": 6}),
        ("relu1", "ReLU"),
        ("conv2", "Conv1d", {"out_channels": 16, "kernel_size": 3, "padding": 2, "dilation": 2}),
        ("relu2", "ReLU"),
        ("steps", "Permute", {"dims": [0, 2, 1]}),
        ("head", "Linear", {"out_features": 3, "in_features": 16}),
        ("y", "Output"),
    )
    graph.configure(training={"loss": "L1Loss"})
    return graph


def lstm() -> Graph:
    """A classifier of texts: two layers, read in both directions."""
    graph = Graph("lstm")
    node = chain(
        graph,
        graph.add("Input", name="x", shape=["T"], dtype="int64"),
        ("embed", "Embedding", {"num_embeddings": 500, "embedding_dim": 32}),
        ("lstm", "LSTM", {"hidden_size": 64, "num_layers": 2, "batch_first": True, "dropout": 0.2, "bidirectional": True}),
    )
    last = graph.add("Permute", name="last", dims=[1, 0, 2])
    graph.connect(node, last, source_port="h_n")
    chain(graph, last, ("flatten", "Flatten"), ("head", "Linear", {"out_features": 10}), ("y", "Output"))
    return graph


def _encoder_layer(graph: Graph, start: Node, name: str, mask: Node | None = None) -> Node:
    attention = graph.add("MultiheadAttention", name=f"{name}_attention", num_heads=4, batch_first=True, need_weights=False)
    for port in ("query", "key", "value"):
        graph.connect(start, attention, target_port=port)
    if mask is not None:
        graph.connect(mask, attention, target_port="attn_mask")
    joined = chain(graph, attention, (f"{name}_dropout1", "Dropout", {"p": 0.1}), (f"{name}_add1", "Add"))
    graph.connect(start, joined)
    middle = chain(graph, joined, (f"{name}_norm1", "LayerNorm"))
    out = chain(
        graph,
        middle,
        (f"{name}_wide", "Linear", {"out_features": 128}),
        (f"{name}_gelu", "GELU"),
        (f"{name}_narrow", "Linear", {"out_features": 32}),
        (f"{name}_add2", "Add"),
    )
    graph.connect(middle, out)
    return chain(graph, out, (f"{name}_norm2", "LayerNorm"))


def transformer() -> Graph:
    """A classifier of texts with two encoder layers; positions are looked up."""
    graph = Graph("transformer")
    tokens = chain(
        graph, graph.add("Input", name="x", shape=[20], dtype="int64"), ("embed", "Embedding", {"num_embeddings": 500, "embedding_dim": 32})
    )
    places = chain(
        graph,
        graph.add("Input", name="places", shape=[20], dtype="int64"),
        ("where", "Embedding", {"num_embeddings": 20, "embedding_dim": 32}),
    )
    node = chain(graph, tokens, ("sum", "Add"))
    graph.connect(places, node)
    for i in (1, 2):
        node = _encoder_layer(graph, node, f"layer{i}")
    chain(graph, node, ("flatten", "Flatten"), ("head", "Linear", {"out_features": 10}), ("y", "Output"))
    return graph


def language_model() -> Graph:
    """A decoder only: two layers that may not look ahead, a score for each token at each place."""
    graph = Graph("language_model")
    mask = chain(graph, graph.add("Input", name="mask", shape=[4, 16, 16]), ("sheets", "Reshape", {"shape": [-1, 16, 16]}))
    tokens = chain(
        graph, graph.add("Input", name="x", shape=[16], dtype="int64"), ("embed", "Embedding", {"num_embeddings": 80, "embedding_dim": 32})
    )
    places = chain(
        graph,
        graph.add("Input", name="places", shape=[16], dtype="int64"),
        ("where", "Embedding", {"num_embeddings": 16, "embedding_dim": 32}),
    )
    node = chain(graph, tokens, ("sum", "Add"))
    graph.connect(places, node)
    for i in (1, 2):
        node = _encoder_layer(graph, node, f"layer{i}", mask)
    chain(graph, node, ("scores", "Linear", {"out_features": 80}), ("order", "Permute", {"dims": [0, 2, 1]}), ("y", "Output"))
    return graph


def attention() -> Graph:
    """Self-attention from its primitives: query times key, softmax, times value."""
    graph = Graph("attention")
    x = graph.add("Input", name="x", shape=[12, 16])
    query, key, value = (graph.add("Linear", name=name, out_features=16) for name in ("query", "key", "value"))
    for node in (query, key, value):
        graph.connect(x, node)
    turned = chain(graph, key, ("turned", "Permute", {"dims": [0, 2, 1]}))
    scores = graph.add("MatMul", name="scores")
    graph.connect(query, scores, target_port="input")
    graph.connect(turned, scores, target_port="other")
    mixed = chain(graph, scores, ("weights", "Softmax", {"dim": -1}), ("mixed", "MatMul"))
    graph.connect(value, mixed, target_port="other")
    chain(graph, mixed, ("flatten", "Flatten"), ("head", "Linear", {"out_features": 10}), ("y", "Output"))
    return graph


NETWORKS: Mapping[str, Callable[[], Graph]] = {
    make.__name__: make
    for make in (
        cnn, colour, resnet, bottleneck, mobilenet, unet, autoencoder, regression, series, lstm, transformer, language_model, attention,
    )
}  # fmt: skip
