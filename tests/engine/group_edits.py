"""Random commands on groups, and random edits inside them; some are refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from graph_engine import Graph
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.blocks import registry
from graph_engine.document import clip
from graph_engine.errors import ArchloomError
from graph_engine.graph import groups, regroup
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Connect, Disconnect, Macro, RemoveNodes, Rename, SetParams
from graph_engine.graph.definition import Definition, Exposed
from graph_engine.graph.forms import SetForm
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.node import Form, Node
from graph_engine.graph.sharing import Share, Unshare
from tests.engine.cases import random_value
from tests.engine.edits import EDITS
from tests.engine.graphs import sequence

Maker = Callable[[CoreGraph, random.Random], Command | None]

WORKED = sorted(EDITS.keys() - {"add", "set", "set again", "silence", "macro"})
"""Edits of any graph."""


def plain(report: CheckedGraph) -> Any:
    """A check as values that can be compared, the content of groups included."""
    nodes = [(node._replace(inside=()), [plain(content) for content in node.inside]) for node in report.nodes.values()]
    return nodes, sorted(report.order), report.diagnostics, report.parameters, report.flops, report.memory, report.ok


def consistent(graph: Graph) -> None:
    """Fails where the books of a document do not agree with each other."""
    ids = [n.id for g in graph.graphs() for n in g]
    assert len(ids) == len(set(ids))
    for g in graph.graphs():
        assert {n.id: n.spec.definition for n in g if hasattr(n.spec, "definition")} == dict(g.groups)
        assert {n.id: n.mode for n in g if n.mode != "active"} == dict(g.modes)
        assert {n.name for n in g} == g._names.keys()
        for node in g:
            assert node.params.keys() == node.spec.defaults.keys()
            if node.id in g.groups:
                assert node.spec == g.definitions[g.groups[node.id]].spec
        for edge in g.edges.values():
            g[edge.source].spec.output(edge.source_port)
            assert edge in g.inputs(edge.target, edge.target_port)
        for id, owner in g.owners.items():
            assert owner in g and owner not in g.owners and g[owner].spec == g[id].spec and g[owner].params == g[id].params
    for definition in graph.definitions.values():
        assert definition.current() == definition.shown


def anywhere(graph: Graph, rng: random.Random) -> Command | None:
    """A command for the network or for the content of one of its groups."""
    where = rng.choice(list(graph.graphs()))
    make = rng.choice([*GROUP_EDITS.values(), *(EDITS[name] for name in WORKED)])
    command = make(where, rng)  # type: ignore[arg-type]
    return groups.In(where.id, command) if command is not None and isinstance(where, Definition) else command


def small(rng: random.Random) -> Graph:
    """A network of layers that go well together, with a branch and some shared weights."""
    graph = Graph("small")
    x, y = graph.add("Input", shape=[6], name="x"), graph.add("Output")
    nodes: list[Node] = [x]
    for _ in range(rng.randint(3, 7)):
        block = rng.choice(["Linear", "Linear", "LayerNorm", "ReLU", "Tanh", "Dropout", "Add"])
        node = graph.add(block, **({"out_features": 6} if block == "Linear" else {}))
        graph.connect(nodes[-1], node)
        if block == "Add":
            graph.connect(rng.choice(nodes), node)
        nodes.append(node)
    sequence(graph, nodes[-1], y)
    linear = [n for n in nodes if n.block == "Linear"]
    if len(linear) > 1 and rng.random() < 0.5:
        graph.share(*rng.sample(linear, 2))
    return graph


def _stretch(graph: CoreGraph, rng: random.Random) -> list[str]:
    """Some nodes next to each other, mostly whole."""
    nodes = list(graph.nodes)
    if not nodes:
        return []
    found = [rng.choice(nodes)]
    for _ in range(rng.randint(0, 4)):
        following = [e.target for e in graph.outgoing(found[-1])] or [e.source for e in graph.incoming(found[0])]
        if following:
            found.append(rng.choice(following))
    return found if rng.random() < 0.8 else rng.sample(nodes, min(len(nodes), rng.randint(1, 4)))


def _group(graph: CoreGraph, rng: random.Random) -> Command:
    return regroup.group(graph, _stretch(graph, rng), rng.choice(["Block", "Cell", "é Λ", "class", "Net"]))


def _used(graph: CoreGraph, rng: random.Random) -> Node | None:
    return graph[rng.choice(list(graph.groups))] if graph.groups else None


def _dissolve(graph: CoreGraph, rng: random.Random) -> Command | None:
    node = _used(graph, rng)
    return node and regroup.dissolve(graph, node.id)


def _use(graph: CoreGraph, rng: random.Random) -> Command | None:
    """Another use, between two nodes that are connected."""
    if not graph.definitions:
        return None
    definition = rng.choice(list(graph.definitions.values()))
    node = new_node(graph, definition.spec, None, {}, (0.0, 0.0))
    spec, edges = definition.spec, list(graph.edges.values())
    if not edges or not spec.inputs or not spec.outputs:
        return AddNode(node)
    edge = rng.choice(edges)
    into = [Connect(edge.source, edge.source_port, node.id, p.name) for p in spec.inputs]
    at = graph.inputs(edge.target, edge.target_port).index(edge)
    after = Connect(node.id, spec.outputs[0].name, edge.target, edge.target_port, at)
    return Macro("Put a group in between", [AddNode(node), *into, Disconnect([edge.id]), after])


def _repeat(graph: CoreGraph, rng: random.Random) -> Command | None:
    node = _used(graph, rng)
    return node and SetParams(node.id, {"repeat": rng.randint(1, 4), "share_weights": rng.random() < 0.3})


def _give(graph: CoreGraph, rng: random.Random) -> Command | None:
    """Another value for an exposed parameter."""
    node = _used(graph, rng)
    names = [p for p in node.spec.params if p.name not in ("repeat", "share_weights")] if node else []
    if node is None or not names:
        return None
    param = rng.choice(names)
    return SetParams(node.id, {param.name: random_value(param, rng)})


def _set(graph: CoreGraph, rng: random.Random) -> Command | None:
    nodes = [n for n in graph if n.spec.params and n.id not in graph.groups]
    if not nodes:
        return None
    node = rng.choice(nodes)
    widths = [p for p in node.spec.params if p.name == "out_features"]
    param = rng.choice(widths or node.spec.params)
    return SetParams(node.id, {param.name: rng.choice([6, 6, 12, 3]) if widths else random_value(param, rng)})


def _share(graph: CoreGraph, rng: random.Random) -> Command | None:
    nodes = [n for n in graph if n.spec.call.kind == "module"]
    same = [n for n in nodes if n.spec == nodes[0].spec] if nodes and rng.random() < 0.8 else nodes
    return Share([n.id for n in rng.sample(same, min(len(same), rng.randint(1, 3)))]) if same else None


def _unshare(graph: CoreGraph, rng: random.Random) -> Command | None:
    sharing = [*graph.owners, *graph.owners.values()]
    return Unshare(rng.choice(sharing)) if sharing else None


def _expose(graph: CoreGraph, rng: random.Random) -> Command | None:
    """Of the graph: of a definition what it exposes, of the network nothing."""
    if not isinstance(graph, Definition):
        return None
    pairs = [(n.id, p.name) for n in graph for p in n.spec.params]
    chosen = rng.sample(pairs, min(len(pairs), rng.randint(0, 3)))
    kept = [e for e in graph.exposed if rng.random() < 0.8]
    return groups.SetExposed([*kept, *(Exposed(rng.choice(["width", "size", param, "x"]), node, param) for node, param in chosen)])


def _describe(graph: CoreGraph, rng: random.Random) -> Command | None:
    if not isinstance(graph, Definition):
        return None
    return groups.Describe(rng.choice(["Block", "Head", "", "nn", 'a "quoted" name\\']), rng.choice(["", "What it does."]))


def _port(graph: CoreGraph, rng: random.Random) -> Command | None:
    """A port more, one less, or one under another name."""
    ports = [n for n in graph if n.spec.call.kind in ("input", "output")]
    if not isinstance(graph, Definition) or not ports or rng.random() < 0.4:
        return AddNode(new_node(graph, registry()[rng.choice(["Input", "Output"])], None, {}, (0.0, 0.0)))
    port = rng.choice(ports)
    return RemoveNodes([port.id]) if rng.random() < 0.4 else Rename(port.id, rng.choice(["x", "left", "right", "output", "out", "width"]))


def _paste_elsewhere(graph: CoreGraph, rng: random.Random) -> Command | None:
    """What is copied in one graph of the document and pasted in another."""
    source = rng.choice(list(graph.root.graphs()))
    return clip.paste(graph, clip.copy(source, _stretch(source, rng)), (5.0, 5.0))


def _add(graph: CoreGraph, rng: random.Random) -> Command:
    return EDITS["add"](graph, rng)  # type: ignore[arg-type,return-value]


def _form(graph: CoreGraph, rng: random.Random) -> Command | None:
    forms: list[Form] = ["whole", "collapsed", "expanded"]
    return SetForm({id: rng.choice(forms) for id in _stretch(graph, rng)}) if len(graph) else None


def _drop(graph: CoreGraph, rng: random.Random) -> Command | None:
    """A definition that may still be used."""
    return groups.RemoveDefinition(rng.choice(list(graph.definitions))) if graph.definitions and graph is graph.root else None


GROUP_EDITS: Mapping[str, Maker] = {
    "group": _group,
    "group again": _group,
    "dissolve": _dissolve,
    "use": _use,
    "repeat": _repeat,
    "give": _give,
    "set": _set,
    "share": _share,
    "unshare": _unshare,
    "expose": _expose,
    "describe": _describe,
    "port": _port,
    "paste elsewhere": _paste_elsewhere,
    "add": _add,
    "drop": _drop,
    "form": _form,
}
"""Makers of commands for one graph of a document; None where there is nothing to make one of."""


def edited(graph: Graph, rng: random.Random, steps: int) -> None:
    """Edits at random, of which only those stay that leave the network sound."""
    for _ in range(steps):
        try:
            command = anywhere(graph, rng)
            if command is not None:
                graph._do(command)
        except ArchloomError:
            continue
        if command is not None and not graph.check().ok:
            with graph.edit():
                command.undo(graph)
