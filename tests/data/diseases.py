"""Networks that train well, and diseases to plant in them: what findings while training are measured by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from graph_engine import Graph
from graph_engine.analysis.fixes import insert
from graph_engine.graph.node import Node
from graph_engine.templates import template

TUNING = ("mlp_digits", "cnn_digits", "resnet_digits", "lstm_digits", "attention_digits", "autoencoder_digits", "lstm_co2", "lenet5_digits")
"""Templates that thresholds were chosen with."""

HELD_OUT = (
    "mlp_breast_cancer",
    "hybrid_digits",
    "mobilenet_digits",
    "gru_languages",
    "transformer_languages",
    "vit_digits",
    "tcn_co2",
    "mlp_diabetes",
    "vae_digits",
)
"""Templates that no threshold was chosen with: an MLP, CNNs with and without normalization, a recurrent network, Transformers of texts
and of pictures, and three that predict numbers."""

EPOCHS: Mapping[str, int] = {"autoencoder_digits": 12, "lstm_co2": 12, "vae_digits": 12, "tcn_co2": 12, "lenet5_digits": 3, "cnn_digits": 3}
"""Epochs for diseases that show at once; three for those that take long, eight for all others."""

Row = tuple[str, Mapping[str, Any]]


class Disease(NamedTuple):
    """Something that is planted.

    Attributes:
        code: of the finding that should tell it.
        plant: makes a healthy document ill; returns the names of the nodes that may be blamed, none where the whole network is meant.
        applies: whether a document can have it.
        spoil: what else is done to the prepared folder of a run.
    """

    code: str
    plant: Callable[[Graph], tuple[str, ...]]
    applies: Callable[[Graph], bool] = lambda graph: True
    spoil: Callable[[Path], None] = lambda run_dir: None


def classifies(graph: Graph) -> bool:
    """Whether the loss compares the scores of classes."""
    return graph.settings.training["loss"].option.target == "class"


def head(graph: Graph) -> Node:
    """The last layer with weights before the first Output."""
    checked = graph.check().nodes
    node = next(n for n in graph if n.block == "Output")
    while True:
        node = graph[graph.inputs(node.id, graph[node.id].spec.inputs[0].name)[0].source]
        if checked[node.id].parameters:
            return node


def before_head(graph: Graph, *rows: Row) -> tuple[str, ...]:
    """Puts blocks in front of the last layer; their names."""
    last = head(graph)
    return _insert(graph, last.id, last.spec.inputs[0].name, rows)


def behind_head(graph: Graph, *rows: Row) -> tuple[str, ...]:
    """Puts blocks behind the last layer; their names."""
    edge = next(iter(graph.outgoing(head(graph).id)))
    return _insert(graph, edge.target, edge.target_port, rows)


def _insert(graph: Graph, target: str, port: str, rows: tuple[Row, ...]) -> tuple[str, ...]:
    known = {node.id for node in graph}
    for block, params in rows:
        edge = next(e for e in graph.incoming(target) if e.target_port == port)
        graph._do(insert(graph, edge, block, params))
    return tuple(node.name for node in graph if node.id not in known)


def _rate(graph: Graph, rate: float) -> tuple[str, ...]:
    graph.configure(training={"optimizer.lr": rate})
    return ()


def _overfit(graph: Graph) -> tuple[str, ...]:
    for one in graph.graphs():
        for node in one:
            if node.block == "Dropout":
                graph.set(node, p=0.0)
    graph.configure(training={"epochs": 150, "optimizer": {"name": "AdamW", "lr": 3e-3, "weight_decay": 0.0}})
    return ()


def _few_and_wrong(run_dir: Path) -> None:
    """Leaves 64 samples to train on, whose targets are another sample's."""
    with (run_dir / "source" / "data.py").open("a", encoding="utf-8") as file:
        file.write(FEW_AND_WRONG)


FEW_AND_WRONG = """

_load = load


def load(*arguments, **options):
    train, *others = _load(*arguments, **options)
    *inputs, targets = (tensor[:64] for tensor in train.tensors)
    return TensorDataset(*inputs, targets.roll(7, 0)), *others
"""


def _underfit(graph: Graph) -> tuple[str, ...]:
    rate = graph.settings.training["optimizer"].params["lr"]
    graph.configure(training={"optimizer": {"name": "AdamW", "lr": rate, "weight_decay": 0.3 / rate}, "epochs": 15})
    return ()


def _plateau(graph: Graph) -> tuple[str, ...]:
    graph.configure(training={"schedule": {"name": "StepLR", "step_size": 1, "gamma": 1e-4}, "epochs": 10})
    return ()


DISEASES: Mapping[str, Disease] = {
    "learning rate 1": Disease("run.rate-too-high", lambda graph: _rate(graph, 1.0)),
    "learning rate 1e-7": Disease("run.rate-too-low", lambda graph: _rate(graph, 1e-7)),
    "eight sigmoids": Disease(
        "run.vanishing-gradients",
        lambda graph: before_head(graph, *(("Linear", {"out_features": 32}), ("Sigmoid", {})) * 8) and (),
    ),
    "layers that multiply by 30": Disease(
        "run.exploding-gradients",
        lambda graph: before_head(graph, *(("Linear", {"out_features": 32}), ("Scale", {"factor": 30.0})) * 6) and (),
    ),
    "ReLU below zero": Disease(
        "run.dead-units", lambda graph: before_head(graph, ("Linear", {"out_features": 32}), ("AddScalar", {"amount": -20.0}), ("ReLU", {}))
    ),
    "tanh far out": Disease(
        "run.saturation", lambda graph: before_head(graph, ("Linear", {"out_features": 32}), ("Scale", {"factor": 300.0}), ("Tanh", {}))
    ),
    "few samples, wrong targets": Disease("run.overfitting", _overfit, spoil=_few_and_wrong),
    "too strong decay": Disease("run.weight-decay", _underfit),
    "learning rate that ends": Disease("run.plateau", _plateau),
    "logarithm of zero": Disease(
        "run.not-finite", lambda graph: before_head(graph, ("Linear", {"out_features": 32}), ("ReLU", {}), ("Log", {}))
    ),
    "scores times 0": Disease("run.class-collapse", lambda graph: behind_head(graph, ("Scale", {"factor": 0.0})), classifies),
    "scores times 200": Disease("run.initial-loss", lambda graph: behind_head(graph, ("Scale", {"factor": 200.0})), classifies),
}


def shorten(run_dir: Path) -> None:
    """Leaves some hundred samples in each part of the data, so that a run is short on a slow machine, too."""
    with (run_dir / "source" / "data.py").open("a", encoding="utf-8") as file:
        file.write(SHORTER)


SHORTER = """

_whole = load


def load(*arguments, **options):
    parts = zip(_whole(*arguments, **options), (960, 320, 64))
    return tuple(TensorDataset(*(tensor[:most] for tensor in part.tensors)) for part, most in parts)
"""


def ill(name: str, disease: Disease) -> tuple[Graph, tuple[str, ...]]:
    """A template with a disease, and the nodes that may be blamed."""
    graph = template(name).open()
    graph.configure(training={"threads": 1, "device": "cpu", "epochs": EPOCHS.get(name, 8)})
    return graph, disease.plant(graph)
