"""Sequences: recurrent layers, attention, tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graph_engine.analysis.rules import Found, GraphView, NodeView, graph_rule, node_rule
from graph_engine.graph.node import Edge, Node
from graph_engine.settings.datasets import DatasetOption
from graph_engine.spec.faults import Fix
from graph_engine.spec.tensor import Shape

BLIND = ("Activation", "Normalization", "Regularization", "Arithmetic", "Linear", "Attention", "Embedding", "Input & output")
"""Categories of blocks that treat every step of a sequence alike."""


@node_rule("lint.recurrent-dropout", "hint", "RNN", "LSTM", "GRU")
def dropout_behind_the_only_layer(view: NodeView) -> Iterator[Found]:
    """Dropout acts between layers; a single layer has no between."""
    if view.params["dropout"] and view.params["num_layers"] == 1:
        yield Found(
            f"{view.node.name}: dropout acts between layers, so with num_layers=1 it does nothing.",
            fixes=(Fix("Set dropout to 0", {"dropout": 0.0}),),
        )


@graph_rule("lint.embedding-too-small", "warning", params=("Embedding",), whole=True)
def tokens_without_a_row(view: GraphView) -> Iterator[Found]:
    """Each token number of the data needs a row in the table that looks it up."""
    chosen = view.graph.settings.data["dataset"]
    data: DatasetOption = chosen.option
    inputs = view.index.of("kind", "input")
    if len(inputs) != len(data.inputs):
        return
    for node, field in zip(inputs, data.inputs, strict=True):
        for edge in view.graph.outgoing(node.id) if field.vocabulary else ():
            table = view.graph[edge.target]
            rows = table.params.get("num_embeddings")
            if rows is not None and rows < field.vocabulary:
                yield Found(
                    f"{table.name}: has {rows} rows, but {field.name} of {data.id} has {field.vocabulary} tokens.",
                    table.id,
                    edge.target_port,
                    (Fix(f"Set num_embeddings to {field.vocabulary}", {"num_embeddings": field.vocabulary}),),
                )


def _attends_to_itself(view: GraphView, node: Node) -> bool:
    """Whether all that an attention needs is one tensor."""
    fed = [view.graph.inputs(node.id, port.name) for port in node.spec.inputs if not port.optional]
    return all(fed) and len({(edges[0].source, edges[0].source_port) for edges in fed}) == 1


def _mask_port(node: Node) -> str | None:
    """The port of an attention that says who may look where."""
    return next((p.name for p in node.spec.inputs if p.name.endswith("mask") and "padding" not in p.name), None)


def _masks(view: GraphView, node: Node) -> Sequence[Edge]:
    port = _mask_port(node)
    return view.graph.inputs(node.id, port) if port is not None else ()


@graph_rule("lint.no-positions", "warning", params=("Attention",), whole=True)
def order_of_the_tokens_is_lost(view: GraphView) -> Iterator[Found]:
    """Attention sees a set: without an encoding of positions, a sentence and its words in any other order are the same to it."""
    told: set[str] = set()
    for node in view.index.of("category", "Attention"):
        if not _attends_to_itself(view, node) or _masks(view, node) or node.params.get("is_causal"):
            continue
        before = [view.graph[id] for id in view.graph.ancestors(node.id)]
        tables = [n for n in before if n.block == "Embedding"]
        sources = [n for n in before if not n.spec.inputs]
        blind = all(n.spec.category in BLIND and n.block != "MatMul" for n in before)
        if len(tables) == 1 and len(sources) == 1 and blind and tables[0].id not in told:
            told.add(tables[0].id)
            yield Found(f"{node.name}: nothing tells it the order of the tokens that {tables[0].name} looks up.", node.id)


@graph_rule("lint.no-causal-mask", "warning", shapes=True, params=("Attention",), whole=True)
def later_layer_sees_the_future(view: GraphView) -> Iterator[Found]:
    """Where one layer of self-attention may not look ahead, a later one that may gives the secret away."""
    layers = [n for n in view.healthy("category", "Attention") if _attends_to_itself(view, n) and not n.params.get("is_causal")]
    masks = {n.id: _masks(view, n) for n in layers}
    if all(masks.values()) or not any(masks.values()):
        return
    for node in layers:
        port = _mask_port(node)
        if masks[node.id] or port is None:
            continue
        before = view.graph.ancestors(node.id)
        for other in layers:
            if other.id not in before or not masks[other.id] or other.block != node.block or _width(view, other) != _width(view, node):
                continue
            between = before - view.graph.ancestors(other.id)
            if all(view.graph[id].spec.category in BLIND for id in between):
                [mask] = masks[other.id]
                yield Found(
                    f"{node.name}: has no mask, though {other.name} before it has one: it lets each step see those behind it.",
                    node.id,
                    port,
                    (Fix(f"Connect the mask of {other.name}", connect={port: (mask.source, mask.source_port)}),),
                )
                break


def _width(view: GraphView, node: Node) -> Shape:
    """The shape of what an attention receives first."""
    shape: Shape = view.nodes[node.id].inputs[node.spec.inputs[0].name].shape
    return shape
