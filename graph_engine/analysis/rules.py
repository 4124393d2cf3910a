"""One function per rule that looks beyond a single node's shapes. To add a rule, write the function; the checks find it.

A rule for nodes sees one healthy node and its direct neighbours: of itself everything, of a neighbour its block, name and parameters.
It runs again when one of these is edited, and, where it is declared to look at shapes, when its shapes change. A rule for graphs sees
everything. It runs again when nodes, edges, names or settings change; where it is declared to look at shapes, when a shape changes; and
when a parameter of a block in the categories that it names is edited.

Rules here tell what breaks or does not fit together; advice is in `graph_engine.analysis.lints`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph_engine.analysis.checked import CheckedNode, weight_shapes
from graph_engine.analysis.diagnostics import Diagnostic, Severity
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.losses import LOSSES, LossOption, loss_setting, target_losses
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.faults import Fix, Insert
from graph_engine.spec.tensor import Dim, N, Shape, Size, as_size, shape_text

ANY = "any"
"""In place of a category: all of them."""


class Found(NamedTuple):
    """What a rule found; `Diagnostic` without the parts that the rule's declaration knows."""

    message: str
    node: str | None = None
    port: str | None = None
    fixes: tuple[Fix, ...] = ()


class NodeView(NamedTuple):
    """What a rule for nodes sees.

    Attributes:
        graph: the graph as it computes, without bypassed and muted nodes.
        node: a node whose status is ``ok``.
        checked: what the check knows of it.
        params: value of every parameter, where it is checked; None where it is inferred.
    """

    graph: CoreGraph
    node: Node
    checked: CheckedNode
    params: Mapping[str, Any]

    def sources(self) -> list[Node]:
        """The nodes that feed it, port by port."""
        return [self.graph[e.source] for e in self.graph.incoming(self.node.id)]

    def targets(self) -> list[Node]:
        """The nodes that it feeds."""
        return [self.graph[e.target] for e in self.graph.outgoing(self.node.id)]


class Index:
    """The nodes of a graph by block, category and kind of call, each in the order in which they were added."""

    def __init__(self, graph: CoreGraph, order: Sequence[str] = ()):
        self.order = order
        self._found: dict[str, list[Node]] = defaultdict(list)
        self._switched: list[Node] = []
        places: dict[str, tuple[list[Node], ...]] = {}
        for node in graph:
            spec = node.spec
            lists = places.get(spec.id)
            if lists is None:
                keys = (f"block {spec.id}", f"category {spec.category}", f"kind {spec.call.kind}", f"target {spec.call.target}")
                lists = (*(self._found[k] for k in keys), *([self._switched] if spec.switched_outputs else ()))
                places[spec.id] = lists
            for found in lists:
                found.append(node)

    def of(self, what: str, *names: str) -> list[Node]:
        """The nodes of some blocks, categories, kinds or targets of call: ``of("block", "Linear")``."""
        return [node for name in names for node in self._found.get(f"{what} {name}", ())]

    @property
    def switched(self) -> Sequence[Node]:
        """The nodes with an output that a parameter can switch off."""
        return self._switched


@dataclass(frozen=True)
class GraphView:
    """What a rule for graphs sees.

    Attributes:
        graph: the graph as it computes, without bypassed and muted nodes.
        nodes: what the check knows of each node.
        index: the nodes by block, category and kind.
        drawn: the graph with the nodes that do not compute.
    """

    graph: CoreGraph
    nodes: Mapping[str, CheckedNode]
    index: Index
    drawn: CoreGraph

    def healthy(self, what: str, *names: str) -> list[Node]:
        """As `Index.of`, without those that are at fault or wait."""
        return [n for n in self.index.of(what, *names) if self.nodes[n.id].status == "ok"]

    def last(self) -> list[tuple[Node, str]]:
        """The nodes and ports that feed the outputs that are compared with targets, each once."""
        ends = (self.graph.inputs(n.id, "input") for n in self.index.of("target", "output"))
        return list(dict.fromkeys((self.graph[e.source], e.source_port) for edges in ends for e in edges))


NodeRule = Callable[[NodeView], Iterator[Found]]
GraphRule = Callable[[GraphView], Iterator[Found]]


class Declared(NamedTuple):
    """A rule, how its findings are labelled, and what makes it run again.

    Attributes:
        code, severity: of its findings.
        function: the rule.
        shapes: it looks at shapes.
        params: categories of the blocks whose parameters it looks at; of a rule for nodes, empty.
        whole: it says something of a whole network, not of the content of a group.
    """

    code: str
    severity: Severity
    function: Any
    shapes: bool
    params: frozenset[str] = frozenset()
    whole: bool = False

    def run(self, view: NodeView | GraphView) -> list[Diagnostic]:
        """What it finds."""
        on = view.node.id if isinstance(view, NodeView) else None
        return [Diagnostic(self.severity, self.code, on or f.node, f.port, f.message, f.fixes) for f in self.function(view)]


CAUSES: set[str] = set()
"""Codes of findings on nodes that are the cause where a shape does not fit further on."""

NODE_RULES: list[tuple[frozenset[str], Declared]] = []
"""Rules for nodes with the blocks and categories that they concern."""
GRAPH_RULES: list[Declared] = []


class NodeRules(NamedTuple):
    """The rules that concern one block, those apart that look at shapes."""

    plain: tuple[Declared, ...]
    shaped: tuple[Declared, ...]


_OF_BLOCK: dict[str, NodeRules] = {}


def rules_for(spec: BlockSpec) -> NodeRules:
    """The rules for nodes of a block."""
    found = _OF_BLOCK.get(spec.id)
    if found is None:
        rules = [rule for concerned, rule in NODE_RULES if spec.id in concerned or spec.category in concerned]
        plain, shaped = tuple(r for r in rules if not r.shapes), tuple(r for r in rules if r.shapes)
        found = _OF_BLOCK[spec.id] = NodeRules(plain, shaped)
    return found


def node_rule(code: str, severity: Severity, *concerned: str, shapes: bool = False, cause: bool = False) -> Callable[[NodeRule], NodeRule]:
    """Declares a rule for nodes of some blocks or categories.

    Args:
        code, severity: of its findings.
        concerned: ids and categories of the blocks.
        shapes: it looks at shapes.
        cause: where a shape does not fit further on, what it finds is the cause.
    """

    def declare(function: NodeRule) -> NodeRule:
        if cause:
            CAUSES.add(code)
        NODE_RULES.append((frozenset(concerned), Declared(code, severity, function, shapes)))
        return function

    return declare


def graph_rule(
    code: str, severity: Severity, *, shapes: bool = False, params: tuple[str, ...] = (), whole: bool = False
) -> Callable[[GraphRule], GraphRule]:
    """Declares a rule for graphs.

    Args:
        code, severity: of its findings.
        shapes: it looks at shapes.
        params: categories of the blocks whose parameters it looks at.
        whole: it says something of a whole network, not of the content of a group.
    """

    def declare(function: GraphRule) -> GraphRule:
        GRAPH_RULES.append(Declared(code, severity, function, shapes, frozenset(params), whole))
        return function

    return declare


@node_rule("param.batch-first", "warning", "RNN", "LSTM", "GRU", "MultiheadAttention", shapes=True)
def batch_is_read_as_time(view: NodeView) -> Iterator[Found]:
    """With ``batch_first`` off, torch reads dimension 0 as time; here dimension 0 is the batch."""
    first = next(iter(view.checked.inputs.values()))
    if not view.params["batch_first"] and first.shape[0] == "N":
        yield Found(
            f"{view.node.name}: batch_first is off, so it takes the batch N for the time and dimension 1 for the batch.",
            port=view.node.spec.inputs[0].name,
            fixes=(Fix("Turn batch_first on", {"batch_first": True}),),
        )


@node_rule("param.softmax-dim", "warning", "Softmax")
def softmax_without_dim(view: NodeView) -> Iterator[Found]:
    """Torch guesses the dimension and warns that it will not for ever."""
    if view.params["dim"] is None:
        yield Found(f"{view.node.name}: dim is not set, so torch has to guess it.", fixes=(Fix("Set dim to -1", {"dim": -1}),))


@graph_rule("graph.empty", "error", whole=True)
def nothing_to_run(view: GraphView) -> Iterator[Found]:
    """A network needs nodes."""
    if not len(view.drawn):
        yield Found("The network is empty: add an Input, layers and an Output.")


@graph_rule("graph.no-input", "error", whole=True)
def no_input(view: GraphView) -> Iterator[Found]:
    """Without an input nothing flows."""
    if len(view.drawn) and not view.index.of("kind", "input"):
        yield Found("The network has no Input: add one and connect it to the first layer.")


@graph_rule("graph.no-output", "error", whole=True)
def no_output(view: GraphView) -> Iterator[Found]:
    """Without an output nothing is computed."""
    if len(view.drawn) and not view.index.of("kind", "output"):
        yield Found("The network has no Output: add one and connect the last layer to it.")


@graph_rule("port.switched-off", "error", params=(ANY,))
def result_is_switched_off(view: GraphView) -> Iterator[Found]:
    """An output that a parameter switches off cannot feed anything."""
    for node in view.index.switched:
        for port in node.spec.switched_outputs:
            if port.is_off(node.params) and view.graph.outputs(node.id, port.name):
                yield Found(
                    f"{node.name}: {port.name} is connected, but {port.needs} is off, so it is not computed.",
                    node.id,
                    port.name,
                    (Fix(f"Turn {port.needs} on", {port.needs: True}),),
                )


@graph_rule("share.mismatch", "error", shapes=True, params=(ANY,))
def shared_weights_do_not_fit(view: GraphView) -> Iterator[Found]:
    """Nodes that compute with the same weights need weights of the same shapes."""
    for id, owner in view.graph.owners.items():
        node, other = view.nodes[id], view.nodes[owner]
        if node.status == other.status == "ok" and dict(weight_shapes(node)) != dict(weight_shapes(other)):
            yield Found(
                f"{view.graph[id].name}: shares the weights of {view.graph[owner].name}, but what it receives needs some of other shapes; "
                "feed both with one width, or let it stop sharing.",
                id,
            )


@graph_rule("graph.dead-end", "warning", shapes=True)
def result_goes_nowhere(view: GraphView) -> Iterator[Found]:
    """What reaches no output is not part of the network."""
    feeding = {edge.source for edge in view.drawn.edges.values()}
    for node in view.graph:
        if node.id not in feeding and node.spec.outputs and node.spec.inputs and view.nodes[node.id].status == "ok":
            port = node.spec.outputs[0].name
            yield Found(f"{node.name}: its result goes nowhere, so it is left out of the network.", node.id, port)


@graph_rule("data.input-shape", "warning", shapes=True, whole=True)
def data_does_not_fit_the_input(view: GraphView) -> Iterator[Found]:
    """The data set's samples must have the shapes and dtypes of the inputs."""
    data = _dataset(view)
    inputs = view.index.of("kind", "input")
    if len(inputs) != len(data.inputs):
        return
    lengths: dict[Size, Size] = {}
    for node, field in zip(inputs, data.inputs, strict=True):
        if view.nodes[node.id].status != "ok":
            continue
        given = view.nodes[node.id].outputs["output"]
        wanted = tuple(map(as_size, field.shape))
        if not _takes(given.shape[1:], wanted, lengths) or given.dtype != field.dtype:
            what = f"as {field.name} " if len(inputs) > 1 else ""
            yield Found(
                f"{node.name}: the data set {data.id} gives {what}{shape_text(wanted)} {field.dtype}, "
                f"but the Input is declared {shape_text(given.shape[1:])} {given.dtype}.",
                node.id,
                "output",
                (Fix(f"Set the Input to {shape_text(wanted)} {field.dtype}", {"shape": field.shape, "dtype": field.dtype}),),
            )


def _dataset(view: GraphView) -> DatasetOption:
    chosen = view.graph.settings.data["dataset"]
    data: DatasetOption = chosen.option
    return data.sized(chosen.params)


def _takes(given: Shape, wanted: Shape, lengths: dict[Size, Size]) -> bool:
    """Whether an input of one shape takes data of another: a free size takes any, and the same in each place where it stands."""
    return len(given) == len(wanted) and all(
        lengths.setdefault(size, data) == data if isinstance(size, Dim) else size == data for size, data in zip(given, wanted, strict=True)
    )


@graph_rule("graph.unused-input", "warning")
def input_feeds_nothing(view: GraphView) -> Iterator[Found]:
    """An argument of the network that nothing reads."""
    inputs = view.index.of("kind", "input")
    for node in inputs:
        if len(view.graph) > 1 and next(view.graph.outgoing(node.id), None) is None:
            fixes = (Fix(f"Take {node.name} out", remove=True),) if len(inputs) > 1 else ()
            yield Found(f"{node.name}: nothing reads this input.", node.id, "output", fixes)


@graph_rule("data.classes", "warning", shapes=True, whole=True)
def class_count_differs(view: GraphView) -> Iterator[Found]:
    """A classifier gives one score for each class of the data, at every step where the target is a sequence."""
    data = _dataset(view)
    for node, field, loss in _targets(view, data):
        if loss.target != "class" or not field.choices or view.nodes[node.id].status != "ok":
            continue
        shape, count = view.nodes[node.id].inputs["input"].shape, field.choices
        rank = len(field.shape) + 2
        if len(shape) == rank and count in (shape[1], shape[-1]):
            continue
        [edge] = view.graph.inputs(node.id, "input")
        last = view.graph[edge.source]
        blamed, fixes = last, list[Fix]()
        if len(shape) == rank:
            blamed, fixes = _to_width(view, last, count)
        elif rank == 2 and len(shape) > 2 and shape[1] == count and all(s == 1 for s in shape[2:]):
            fixes = [Fix("Insert Flatten before the Output", insert=(Insert("Flatten"),), node=node.id, port="input")]
        wanted = shape_text((N, *map(as_size, field.shape), count))
        unit = "class" if field.classes else "place" if field.places else "token"
        yield Found(
            f"{blamed.name}: {loss.id} wants {wanted}, one score for each {unit} of {data.id}, but the network gives {shape_text(shape)}.",
            blamed.id,
            edge.source_port if blamed is last else None,
            tuple(fixes),
        )


@graph_rule("data.target-shape", "warning", shapes=True, whole=True)
def numbers_differ_in_shape(view: GraphView) -> Iterator[Found]:
    """A loss between numbers compares tensors of one shape."""
    data = _dataset(view)
    for node, field, loss in _targets(view, data):
        if loss.target != "same" or field.choices or view.nodes[node.id].status != "ok":
            continue
        shape, wanted = view.nodes[node.id].inputs["input"].shape, (N, *map(as_size, field.shape))
        if len(shape) == len(wanted) and _takes(shape[1:], wanted[1:], {}):
            continue
        [edge] = view.graph.inputs(node.id, "input")
        last = view.graph[edge.source]
        blamed, fixes = last, list[Fix]()
        if len(shape) == len(wanted):
            blamed, fixes = _to_width(view, last, wanted[-1])
        yield Found(
            f"{blamed.name}: {loss.id} compares with {field.name} of {data.id}, {shape_text(wanted)}, but the network gives "
            f"{shape_text(shape)}.",
            blamed.id,
            edge.source_port if blamed is last else None,
            tuple(fixes),
        )


@graph_rule("data.loss", "warning", shapes=True, whole=True)
def loss_for_other_targets(view: GraphView) -> Iterator[Found]:
    """A loss that compares numbers makes nothing of the number of a class, nor the other way round."""
    data = _dataset(view)
    for _, field, loss in _targets(view, data):
        if (loss.target == "class") != bool(field.choices):
            better = next(option.id for option in LOSSES if option.target != loss.target)
            takes, given = ("compares numbers", "the number of a class") if field.choices else ("takes the number of a class", "quantities")
            yield Found(
                f"{loss.id} {takes}, but {data.id} gives {given}: {better} is made for that.",
                fixes=(Fix(f"Use {better}", settings={loss_setting(field, data.targets): better}),),
            )


def _targets(view: GraphView, data: DatasetOption) -> Iterator[tuple[Node, Field, LossOption]]:
    """The outputs, each with what it is compared with and by which loss, where there are as many as targets."""
    outputs = view.index.of("target", "output")
    if len(outputs) == len(data.targets):
        losses = target_losses(view.graph.settings.training, data.targets)
        for node, field, loss in zip(outputs, data.targets, losses, strict=True):
            yield node, field, loss.option


def _to_width(view: GraphView, last: Node, width: Size) -> tuple[Node, list[Fix]]:
    """The node that decides the width of what leaves ``last``, and what gives it another one, where a parameter can."""
    node = _decides_width(view, last)
    if "out_features" in node.params and isinstance(width, int):
        return node, [Fix(f"Set out_features to {width}", {"out_features": width})]
    return node, []


def _decides_width(view: GraphView, node: Node) -> Node:
    """The node behind which the number of features does not change any more."""
    while node.spec.category in ("Activation", "Regularization", "Normalization"):
        edges = list(view.graph.incoming(node.id))
        if len(edges) != 1:
            break
        node = view.graph[edges[0].source]
    return node
