"""Random commands of every kind, some of which the graph refuses."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.document import clip
from graph_engine.graph.annotate import Annotate, new_id
from graph_engine.graph.annotation import COLOURS, Annotation
from graph_engine.graph.bends import Bend
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Connect, Disconnect, Macro, Move, RemoveNodes, Rename, SetParams, SetSettings, Silence
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.modes import SetMode
from graph_engine.graph.node import Mode, Node
from tests.engine.cases import random_value

Maker = Callable[[Graph, random.Random], Command | None]


def _node(graph: Graph, rng: random.Random) -> Node | None:
    return rng.choice(list(graph)) if len(graph) else None


def _add(graph: Graph, rng: random.Random) -> Command:
    spec = rng.choice(list(registry()))
    return AddNode(new_node(graph, spec, None, spec.initial if rng.random() < 0.8 else {}, (rng.randint(-50, 50), rng.random())))


def _remove(graph: Graph, rng: random.Random) -> Command | None:
    nodes = list(graph.nodes)
    return RemoveNodes(rng.sample(nodes, min(len(nodes), rng.randint(1, 3)))) if nodes else None


def _connect(graph: Graph, rng: random.Random) -> Command | None:
    """Any output to any input: forwards, backwards, onto taken ports and onto itself."""
    sources, targets = [n for n in graph if n.spec.outputs], [n for n in graph if n.spec.inputs]
    if not sources or not targets:
        return None
    source, target = rng.choice(sources), rng.choice(targets)
    return Connect(source.id, rng.choice(source.spec.outputs).name, target.id, rng.choice(target.spec.inputs).name)


def _disconnect(graph: Graph, rng: random.Random) -> Command | None:
    edges = list(graph.edges)
    return Disconnect(rng.sample(edges, min(len(edges), rng.randint(1, 3)))) if edges else None


def _set(graph: Graph, rng: random.Random) -> Command | None:
    node = _node(graph, rng)
    if node is None or not node.spec.params:
        return None
    params = rng.sample(node.spec.params, rng.randint(1, min(2, len(node.spec.params))))
    return SetParams(node.id, {p.name: random_value(p, rng) for p in params})


def _silence(graph: Graph, rng: random.Random) -> Command | None:
    node = _node(graph, rng)
    codes = [d.code for d in graph.check().nodes[node.id].diagnostics] if node else []
    return node and Silence(node.id, rng.sample(sorted({*codes, *node.silenced, "lint.bias-before-norm"}), 1))


def _bend(graph: CoreGraph, rng: random.Random) -> Command | None:
    """Points for some edges, or none any more."""
    edges = list(graph.edges)
    chosen = rng.sample(edges, min(len(edges), rng.randint(1, 3)))
    return Bend({id: tuple((float(rng.randint(0, 9)), rng.random()) for _ in range(rng.randint(0, 3))) for id in chosen}, "Bend")


def _mode(graph: CoreGraph, rng: random.Random) -> Command | None:
    """Some nodes bypassed, muted or switched on; not every one can be."""
    nodes = list(graph.nodes)
    mode: Mode = rng.choice(["active", "active", "bypassed", "bypassed", "muted"])
    return SetMode(rng.sample(nodes, min(len(nodes), rng.randint(1, 2))), mode) if nodes else None


def _rename(graph: Graph, rng: random.Random) -> Command | None:
    node = _node(graph, rng)
    return node and Rename(node.id, rng.choice(["first", "second", "third", "fourth", "class", "forward"]))


def _move(graph: Graph, rng: random.Random) -> Command | None:
    nodes = list(graph.nodes)
    chosen = rng.sample(nodes, min(len(nodes), rng.randint(1, 3)))
    return Move({id: (rng.uniform(-500, 500), float(rng.randint(-500, 500))) for id in chosen}) if nodes else None


def _settings(graph: Graph, rng: random.Random) -> Command:
    part, values = rng.choice(
        [
            ("training.epochs", range(1, 50)),
            ("training.loss", ["MSELoss", "CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss"]),
            ("training.batch_size", [1, 16]),
            ("training.optimizer", ["SGD", "Adam"]),
            ("training.optimizer.lr", [0.5, 0.1]),
            ("data.dataset", ["digits", "digits28"]),
        ]
    )
    return SetSettings(graph.settings.replaced(part, rng.choice(list(values))), part)


def _paste(graph: Graph, rng: random.Random) -> Command | None:
    nodes = list(graph.nodes)
    chosen = rng.sample(nodes, min(len(nodes), rng.randint(1, 4)))
    return clip.paste(graph, clip.copy(graph, chosen), (10.0, 10.0)) if nodes else None


def _annotate(graph: Graph, rng: random.Random) -> Command:
    ids = [*graph.annotations, new_id(graph)]
    id = rng.choice(ids)
    rect = (rng.uniform(-500, 500), float(rng.randint(-500, 500)), 200.0, 100.0)
    made = Annotation(id, rng.choice(["frame", "note"]), rng.choice(["", "Encoder", "ß → ∞"]), rng.choice(COLOURS), rect)
    return Annotate({id: made if rng.random() < 0.8 or id not in graph.annotations else None}, "Annotate")


def _macro(graph: Graph, rng: random.Random) -> Command:
    """A few commands made for the graph as it is now; a later one may be refused for what an earlier one did."""
    parts = [make(graph, rng) for make in rng.choices([_set, _move, _connect, _rename, _disconnect, _remove], k=3)]
    return Macro("Several", [p for p in parts if p is not None])


EDITS: Mapping[str, Maker] = {
    "add": _add,
    "remove": _remove,
    "connect": _connect,
    "connect again": _connect,
    "disconnect": _disconnect,
    "set": _set,
    "set again": _set,
    "silence": _silence,
    "bend": _bend,
    "mode": _mode,
    "mode again": _mode,
    "rename": _rename,
    "move": _move,
    "annotate": _annotate,
    "settings": _settings,
    "paste": _paste,
    "macro": _macro,
}
"""Makers of commands; None where the graph has nothing to make one of."""
