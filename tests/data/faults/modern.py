"""More sound networks, of blocks that came later than the textbooks' ones."""

from __future__ import annotations

from graph_engine import Graph
from graph_engine.graph.node import Node
from tests.data.faults.networks import chain


def true_unet() -> Graph:
    """Down, and up again by enlarging, with shortcuts."""
    graph = Graph("true_unet")

    def double(start: Node, name: str, channels: int) -> Node:
        return chain(
            graph,
            start,
            (f"{name}_conv1", "Conv2d", {"out_channels": channels, "kernel_size": 3, "padding": 1, "bias": False}),
            (f"{name}_norm1", "BatchNorm2d"),
            (f"{name}_relu1", "ReLU"),
            (f"{name}_conv2", "Conv2d", {"out_channels": channels, "kernel_size": 3, "padding": 1, "bias": False}),
            (f"{name}_norm2", "BatchNorm2d"),
            (f"{name}_relu2", "ReLU"),
        )

    down1 = double(graph.add("Input", name="x", shape=[3, 64, 64]), "down1", 16)
    down2 = double(chain(graph, down1, ("shrink1", "MaxPool2d", {"kernel_size": 2})), "down2", 32)
    bottom = double(chain(graph, down2, ("shrink2", "MaxPool2d", {"kernel_size": 2})), "bottom", 64)
    join2 = chain(graph, chain(graph, bottom, ("up2", "Upsample", {"scale_factor": 2.0})), ("join2", "Concat", {"dim": 1}))
    graph.connect(down2, join2)
    wide = chain(graph, double(join2, "wide2", 32), ("up1", "ConvTranspose2d", {"out_channels": 16, "kernel_size": 2, "stride": 2}))
    join1 = chain(graph, wide, ("join1", "Concat", {"dim": 1}))
    graph.connect(down1, join1)
    chain(graph, double(join1, "wide1", 16), ("classes", "Conv2d", {"out_channels": 10, "kernel_size": 1}), ("y", "Output"))
    return graph


def convnext() -> Graph:
    """Depth-wise filters, then two linear layers on each point, channels last."""
    graph = Graph("convnext")
    node = chain(
        graph, graph.add("Input", name="x", shape=[3, 64, 64]), ("stem", "Conv2d", {"out_channels": 32, "kernel_size": 4, "stride": 4})
    )
    for i in range(1, 4):
        out = chain(
            graph,
            node,
            (f"filter{i}", "Conv2d", {"out_channels": 32, "kernel_size": 7, "padding": 3, "groups": 32}),
            (f"to_last{i}", "Permute", {"dims": [0, 2, 3, 1]}),
            (f"norm{i}", "LayerNorm"),
            (f"wide{i}", "Linear", {"out_features": 128}),
            (f"gelu{i}", "GELU"),
            (f"narrow{i}", "Linear", {"out_features": 32}),
            (f"to_first{i}", "Permute", {"dims": [0, 3, 1, 2]}),
            (f"add{i}", "Add"),
        )
        graph.connect(node, out)
        node = out
    chain(
        graph, node, ("pool", "AdaptiveAvgPool2d", {"output_size": 1}), ("flatten", "Flatten"), ("norm", "LayerNorm"),
        ("head", "Linear", {"out_features": 10}), ("y", "Output"),
    )  # fmt: skip
    return graph


def densenet() -> Graph:
    """Every layer reads all before it."""
    graph = Graph("densenet")
    before = [
        chain(
            graph, graph.add("Input", name="x", shape=[3, 32, 32]), ("stem", "Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1})
        )
    ]
    for i in range(1, 13):
        joined = before[0]
        if i > 1:
            joined = graph.add("Concat", name=f"join{i}", dim=1)
            for each in before:
                graph.connect(each, joined)
        before.append(
            chain(
                graph,
                joined,
                (f"norm{i}", "BatchNorm2d"),
                (f"relu{i}", "ReLU"),
                (f"conv{i}", "Conv2d", {"out_channels": 12, "kernel_size": 3, "padding": 1, "bias": False}),
            )
        )
    chain(
        graph, before[-1], ("norm", "BatchNorm2d"), ("relu", "ReLU"), ("pool", "AdaptiveAvgPool2d", {"output_size": 1}),
        ("flatten", "Flatten"), ("head", "Linear", {"out_features": 10}), ("y", "Output"),
    )  # fmt: skip
    return graph


def mobilenet3() -> Graph:
    """Hard activations, and gates on the channels."""
    graph = Graph("mobilenet3")
    stem = chain(
        graph,
        graph.add("Input", name="x", shape=[3, 64, 64]),
        ("stem", "Conv2d", {"out_channels": 16, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False}),
        ("stem_norm", "BatchNorm2d"),
        ("stem_act", "Hardswish"),
        ("filter", "Conv2d", {"out_channels": 16, "kernel_size": 5, "stride": 2, "padding": 2, "groups": 16, "bias": False}),
        ("filter_norm", "BatchNorm2d"),
        ("filter_act", "Hardswish"),
    )
    gate = chain(
        graph,
        stem,
        ("mean", "AdaptiveAvgPool2d", {"output_size": 1}),
        ("narrow", "Conv2d", {"out_channels": 8, "kernel_size": 1}),
        ("narrow_act", "ReLU"),
        ("widen", "Conv2d", {"out_channels": 16, "kernel_size": 1}),
        ("gate", "Hardsigmoid"),
    )
    gated = chain(graph, stem, ("gated", "Multiply"))
    graph.connect(gate, gated)
    chain(
        graph,
        gated,
        ("conv", "Conv2d", {"out_channels": 64, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False}),
        ("norm", "BatchNorm2d"),
        ("act", "Hardswish"),
        ("pool", "AdaptiveAvgPool2d", {"output_size": 1}),
        ("point", "Conv2d", {"out_channels": 128, "kernel_size": 1}),
        ("point_act", "Hardswish"),
        ("flatten", "Flatten"),
        ("dropout", "Dropout"),
        ("head", "Linear", {"out_features": 10}),
        ("y", "Output"),
    )
    return graph


def vision_transformer() -> Graph:
    """Patches as tokens, with places and a token of its own for the answer."""
    graph = Graph("vision_transformer")
    chain(
        graph,
        graph.add("Input", name="x", shape=[3, 32, 32]),
        ("patches", "Conv2d", {"out_channels": 64, "kernel_size": 8, "stride": 8}),
        ("flat", "Flatten", {"start_dim": 2}),
        ("tokens", "Permute", {"dims": [0, 2, 1]}),
        ("answer", "ClassToken"),
        ("places", "LearnedPositionalEmbedding", {"max_length": 17}),
        ("layer1", "TransformerEncoderLayer", {"nhead": 4, "dim_feedforward": 128, "batch_first": True}),
        ("layer2", "TransformerEncoderLayer", {"nhead": 4, "dim_feedforward": 128, "batch_first": True}),
        ("first", "Select", {"dim": 1, "index": 0}),
        ("head", "Linear", {"out_features": 10}),
        ("y", "Output"),
    )
    return graph


def decoder() -> Graph:
    """A language model of whole layers."""
    graph = Graph("decoder")
    tokens = chain(
        graph,
        graph.add("Input", name="x", shape=["T"], dtype="int64"),
        ("embed", "Embedding", {"num_embeddings": 97, "embedding_dim": 64}),
        ("places", "SinusoidalPositionalEncoding"),
    )
    mask = chain(graph, tokens, ("mask", "CausalMask"))
    node = tokens
    for i in (1, 2):
        node = chain(graph, node, (f"layer{i}", "TransformerEncoderLayer", {"nhead": 4, "dim_feedforward": 128, "batch_first": True}))
        graph.connect(mask, node, target_port="src_mask")
    chain(graph, node, ("norm", "LayerNorm"), ("scores", "Linear", {"out_features": 97}), ("y", "Output"))
    return graph


def translator() -> Graph:
    """Encoder and decoder."""
    graph = Graph("translator")
    read = chain(
        graph,
        graph.add("Input", name="read", shape=["S"], dtype="int64"),
        ("read_embed", "Embedding", {"num_embeddings": 100, "embedding_dim": 64}),
        ("read_places", "SinusoidalPositionalEncoding"),
        ("encoder", "TransformerEncoderLayer", {"nhead": 4, "batch_first": True}),
    )
    written = chain(
        graph,
        graph.add("Input", name="written", shape=["T"], dtype="int64"),
        ("write_embed", "Embedding", {"num_embeddings": 100, "embedding_dim": 64}),
        ("write_places", "SinusoidalPositionalEncoding"),
    )
    mask = chain(graph, written, ("mask", "CausalMask"))
    decoder = graph.add("TransformerDecoderLayer", name="decoder", nhead=4, batch_first=True)
    graph.connect(written, decoder, target_port="tgt")
    graph.connect(read, decoder, target_port="memory")
    graph.connect(mask, decoder, target_port="tgt_mask")
    chain(graph, decoder, ("scores", "Linear", {"out_features": 100}), ("y", "Output"))
    return graph


def discriminator() -> Graph:
    """Real or made up: leaky activations, strides in place of pooling."""
    graph = Graph("discriminator")
    chain(
        graph,
        graph.add("Input", name="x", shape=[1, 32, 32]),
        ("conv1", "Conv2d", {"out_channels": 32, "kernel_size": 4, "stride": 2, "padding": 1}),
        ("act1", "LeakyReLU", {"negative_slope": 0.2}),
        ("conv2", "Conv2d", {"out_channels": 64, "kernel_size": 4, "stride": 2, "padding": 1, "bias": False}),
        ("norm2", "BatchNorm2d"),
        ("act2", "LeakyReLU", {"negative_slope": 0.2}),
        ("conv3", "Conv2d", {"out_channels": 1, "kernel_size": 8}),
        ("flatten", "Flatten"),
        ("y", "Output"),
    )
    graph.configure(training={"loss": "BCEWithLogitsLoss"})
    return graph


def generator() -> Graph:
    """Noise in, a picture between -1 and 1 out."""
    graph = Graph("generator")
    chain(
        graph,
        graph.add("Input", name="z", shape=[64, 1, 1]),
        ("up1", "ConvTranspose2d", {"out_channels": 64, "kernel_size": 8, "bias": False}),
        ("norm1", "BatchNorm2d"),
        ("relu1", "ReLU"),
        ("up2", "ConvTranspose2d", {"out_channels": 32, "kernel_size": 4, "stride": 2, "padding": 1, "bias": False}),
        ("norm2", "BatchNorm2d"),
        ("relu2", "ReLU"),
        ("up3", "ConvTranspose2d", {"out_channels": 1, "kernel_size": 4, "stride": 2, "padding": 1}),
        ("tanh", "Tanh"),
        ("y", "Output"),
    )
    graph.configure(training={"loss": "MSELoss"})
    return graph


MODERN = (true_unet, convnext, densenet, mobilenet3, vision_transformer, decoder, translator, discriminator, generator)
