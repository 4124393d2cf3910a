"""Graphs that several tests use."""

from __future__ import annotations

import random
from itertools import pairwise

from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.errors import GraphError
from graph_engine.graph.node import Node
from tests.engine.cases import random_value


def documents_cnn() -> Graph:
    """The convolutional network of the documents: 93,322 parameters on 28×28 pictures."""
    graph = Graph("digits_cnn")
    sequence(
        graph,
        graph.add("Input", shape=[1, 28, 28]),
        graph.add("Conv2d", out_channels=32, kernel_size=3),
        graph.add("ReLU"),
        graph.add("MaxPool2d", kernel_size=2),
        graph.add("Conv2d", out_channels=64, kernel_size=3),
        graph.add("ReLU"),
        graph.add("MaxPool2d", kernel_size=2),
        graph.add("Conv2d", out_channels=64, kernel_size=3),
        graph.add("ReLU"),
        graph.add("Flatten"),
        graph.add("Linear", out_features=64),
        graph.add("ReLU"),
        graph.add("Linear", out_features=10),
        graph.add("Output"),
    )
    return graph


def sequence(graph: Graph, *nodes: Node) -> None:
    """Connects each node to the next."""
    for a, b in pairwise(nodes):
        graph.connect(a, b)


def residual(blocks: int, channels: int = 8, size: int = 8) -> Graph:
    """A residual network: each block is two convolutions with normalization, and a connection around them."""
    graph = Graph(f"residual_{blocks}")
    x = graph.add("Input", shape=[3, size, size])
    before = graph.add("Conv2d", out_channels=channels, kernel_size=3, padding=1)
    graph.connect(x, before)
    for _ in range(blocks):
        inside = [
            graph.add("Conv2d", out_channels=channels, kernel_size=3, padding=1, bias=False),
            graph.add("BatchNorm2d"),
            graph.add("ReLU"),
            graph.add("Conv2d", out_channels=channels, kernel_size=3, padding=1, bias=False),
            graph.add("BatchNorm2d"),
        ]
        joined, after = graph.add("Add"), graph.add("ReLU")
        sequence(graph, before, *inside, joined, after)
        graph.connect(before, joined)
        before = after
    sequence(
        graph, before, graph.add("AdaptiveAvgPool2d", output_size=1), graph.add("Flatten"), graph.add("Linear", out_features=10),
        graph.add("Output"),
    )  # fmt: skip
    return graph


def grouped(groups: int, layers: int) -> Graph:
    """Layers in a row, so many in each of some groups, which all differ."""
    graph = Graph("grouped")
    parts = [[graph.add("Linear", out_features=8) for _ in range(layers)] for _ in range(groups)]
    sequence(graph, graph.add("Input", shape=[8]), *(layer for part in parts for layer in part), graph.add("Output"))
    for part in parts:
        graph.group(part, "Part")
    return graph


def nested(depth: int, repeat: int) -> Graph:
    """A layer in so many groups, each of which is repeated."""
    graph = Graph("nested")
    inner = graph.add("Linear", out_features=8)
    sequence(graph, graph.add("Input", shape=[8]), inner, graph.add("Output"))
    for level in range(depth):
        inner = graph.group([inner], f"Level {level}")
        graph.set(inner, repeat=repeat)
    return graph


def random_graph(rng: random.Random, nodes: int, *, like_a_person: bool = False) -> Graph:
    """Blocks with random parameters, connected at random where an edge may exist.

    Args:
        rng: the source of chance.
        nodes: how many.
        like_a_person: with the palette's parameters mostly, every input fed, and inputs and outputs where a network has them.
    """
    graph = Graph("random")
    specs = list(registry())
    if like_a_person:
        for _ in range(rng.randint(1, 2)):
            graph.add("Input", shape=rng.choice([(8,), (5, 8), (3, 12, 12), ("T", 8)]))
        specs = [s for s in specs if s.inputs and s.outputs]
    for _ in range(nodes):
        spec = rng.choice(specs)
        params = dict(spec.initial)
        if not like_a_person or rng.random() < 0.3:
            params |= {p.name: random_value(p, rng) for p in spec.params if not p.inferred or rng.random() < 0.1}
        node = graph.add(spec.id, **params)
        for port in spec.inputs:
            for _ in range(spec.minimum_inputs if port.variadic else 1):
                if like_a_person or rng.random() < 0.8:
                    connect_at_random(graph, node, port.name, rng)
    if like_a_person:
        ends = [n for n in graph if n.spec.outputs and next(graph.outgoing(n.id), None) is None]
        for end in rng.sample(ends, min(len(ends), rng.randint(1, 3))):
            graph.connect(end, graph.add("Output"))
    return graph


def connect_at_random(graph: Graph, node: Node, port: str, rng: random.Random) -> None:
    """Feeds a port from any output that may, late ones rather than early ones; where the rest of the graph allows none, not at all."""
    others = [n for n in graph if n.spec.outputs and n is not node]
    if others:
        source = others[-rng.randint(1, min(4, len(others)))] if rng.random() < 0.8 else rng.choice(others)
        try:
            graph.connect(source, node, rng.choice(source.spec.outputs).name if rng.random() < 0.3 else None, port)
        except GraphError:
            return


def sound_graph(rng: random.Random, nodes: int) -> Graph:
    """Blocks of the palette with random parameters, connected at random, of which only those stay that fit; all results are returned."""
    graph = Graph("sound")
    for _ in range(rng.randint(1, 2)):
        graph.add("Input", shape=rng.choice([(8,), (5, 8), (3, 12, 12), ("T", 8), (2, 6, 6, 6)]))
    if rng.random() < 0.5:
        graph.add("Input", shape=rng.choice([("T",), (6,)]), dtype="int64")
    specs = [s for s in registry() if s.outputs and not s.recorded and not s.foreign and s.call.kind != "input"]
    for _ in range(nodes):
        spec = rng.choice(specs)
        params = dict(spec.initial)
        if rng.random() < 0.5:
            params |= {p.name: random_value(p, rng) for p in spec.params if not p.inferred and rng.random() < 0.5}
        node = graph.add(spec.id, **params)
        for port in node.spec.inputs:
            if not port.optional or rng.random() < 0.3:
                for _ in range(max(spec.minimum_inputs, rng.randint(1, 3)) if port.variadic else 1):
                    connect_at_random(graph, node, port.name, rng)
        report = graph.check().nodes[node.id]
        if report.status != "ok" or any(d.severity == "error" and "unused" not in d.code for d in report.diagnostics):
            graph.remove(node)
    for node in list(graph):
        for port in node.spec.outputs:
            if (
                not graph.outputs(node.id, port.name)
                and (port is node.spec.outputs[0] or rng.random() < 0.3)
                and not port.is_off(node.params)
            ):
                graph.connect(node, graph.add("Output"), source_port=port.name)
    return graph
