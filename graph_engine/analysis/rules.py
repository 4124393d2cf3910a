"""One function per rule that looks beyond a single node's shapes. To add a rule, write the function; the checks find it.

A rule for nodes sees one healthy node and its neighbours, and runs again when the node or what feeds it changes. A rule for graphs sees
everything, and runs when nodes, edges or settings change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from graph_engine.analysis.checked import CheckedNode
from graph_engine.analysis.diagnostics import Diagnostic, Severity
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node
from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.losses import LossOption, loss_for
from graph_engine.spec.faults import Fix
from graph_engine.spec.tensor import Dim, N, Shape, Size, as_size, shape_text


class Found(NamedTuple):
    """What a rule found; `Diagnostic` without the parts that the rule's declaration knows."""

    message: str
    node: str | None = None
    port: str | None = None
    fixes: tuple[Fix, ...] = ()


class NodeView(NamedTuple):
    """What a rule for nodes sees.

    Attributes:
        graph: the graph.
        node: a node whose status is ``ok``.
        params: value of every parameter, inferred ones included.
        checked: what the check knows of it.
    """

    graph: CoreGraph
    node: Node
    params: Mapping[str, Any]
    checked: CheckedNode


class GraphView(NamedTuple):
    """What a rule for graphs sees: the graph and what the check knows of each node."""

    graph: CoreGraph
    nodes: Mapping[str, CheckedNode]


NodeRule = Callable[[NodeView], Iterator[Found]]
GraphRule = Callable[[GraphView], Iterator[Found]]


class Declared(NamedTuple):
    """A rule and how its findings are labelled."""

    code: str
    severity: Severity
    function: Any

    def run(self, view: NodeView | GraphView) -> Iterator[Diagnostic]:
        for found in self.function(view):
            node = view.node.id if isinstance(view, NodeView) else found.node
            yield Diagnostic(self.severity, self.code, node, found.port, found.message, found.fixes)


NODE_RULES: dict[str | None, list[Declared]] = {}
"""Rules for nodes by the block that they concern; None holds those that concern all."""
GRAPH_RULES: list[Declared] = []


def node_rule(code: str, severity: Severity, *blocks: str) -> Callable[[NodeRule], NodeRule]:
    """Declares a rule for nodes of some blocks, or of all."""

    def declare(function: NodeRule) -> NodeRule:
        for block in blocks or (None,):
            NODE_RULES.setdefault(block, []).append(Declared(code, severity, function))
        return function

    return declare


def graph_rule(code: str, severity: Severity) -> Callable[[GraphRule], GraphRule]:
    """Declares a rule for graphs."""

    def declare(function: GraphRule) -> GraphRule:
        GRAPH_RULES.append(Declared(code, severity, function))
        return function

    return declare


@node_rule("param.batch-first", "warning", "RNN", "LSTM", "GRU", "MultiheadAttention")
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


@node_rule("lint.recurrent-dropout", "hint", "RNN", "LSTM", "GRU")
def dropout_behind_the_only_layer(view: NodeView) -> Iterator[Found]:
    """Dropout acts between layers; a single layer has no between."""
    if view.params["dropout"] and view.params["num_layers"] == 1:
        yield Found(
            f"{view.node.name}: dropout acts between layers, so with num_layers=1 it does nothing.",
            fixes=(Fix("Set dropout to 0", {"dropout": 0.0}),),
        )


@graph_rule("graph.empty", "error")
def nothing_to_run(view: GraphView) -> Iterator[Found]:
    """A network needs nodes."""
    if not len(view.graph):
        yield Found("The network is empty: add an Input, layers and an Output.")


@graph_rule("graph.no-input", "error")
def no_input(view: GraphView) -> Iterator[Found]:
    """Without an input nothing flows."""
    if len(view.graph) and not any(n.spec.call.kind == "input" for n in view.graph):
        yield Found("The network has no Input: add one and connect it to the first layer.")


@graph_rule("graph.no-output", "error")
def no_output(view: GraphView) -> Iterator[Found]:
    """Without an output nothing is computed."""
    if len(view.graph) and not any(n.spec.call.kind == "output" for n in view.graph):
        yield Found("The network has no Output: add one and connect the last layer to it.")


@graph_rule("port.switched-off", "error")
def result_is_switched_off(view: GraphView) -> Iterator[Found]:
    """An output that a parameter switches off cannot feed anything."""
    for node in view.graph:
        for port in node.spec.switched_outputs:
            if port.is_off(node.params) and view.graph.outputs(node.id, port.name):
                given, wanted = ("off", True) if port.least == 1 else (node.params[port.needs], port.least)
                yield Found(
                    f"{node.name}: {port.name} is connected, but {port.needs} is {given}, so it is not computed.",
                    node.id,
                    port.name,
                    (Fix(f"Turn {port.needs} on" if wanted is True else f"Set {port.needs} to {wanted}", {port.needs: wanted}),),
                )


@graph_rule("graph.dead-end", "warning")
def result_goes_nowhere(view: GraphView) -> Iterator[Found]:
    """What reaches no output is not part of the network."""
    feeding = {edge.source for edge in view.graph.edges.values()}
    for node in view.graph:
        if node.id not in feeding and node.spec.outputs and view.nodes[node.id].status == "ok":
            port = node.spec.outputs[0].name
            yield Found(f"{node.name}: its result goes nowhere, so it is left out of the network.", node.id, port)


@graph_rule("data.input-shape", "warning")
def data_does_not_fit_the_input(view: GraphView) -> Iterator[Found]:
    """The data set's samples must have the shapes and dtypes of the inputs."""
    data = _dataset(view)
    inputs = [n for n in view.graph if n.spec.call.kind == "input"]
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


@graph_rule("data.classes", "warning")
def class_count_differs(view: GraphView) -> Iterator[Found]:
    """A classifier gives one score for each class of the data, at every step where the target is a sequence."""
    data = _dataset(view)
    for node, field, loss in _targets(view, data):
        shape = view.nodes[node.id].inputs["input"].shape
        rank, classes = len(field.shape) + 2, field.choices
        if loss.target != "class" or not classes or (len(shape) == rank and classes in (shape[1], shape[-1])):
            continue
        [edge] = view.graph.inputs(node.id, "input")
        last = view.graph[edge.source]
        fixes: tuple[Fix, ...] = ()
        if len(shape) == rank and "out_features" in last.params:
            fixes = (Fix(f"Set out_features to {classes}", {"out_features": classes}),)
        wanted = shape_text((N, *map(as_size, field.shape), classes))
        one = "one score for each class" if field.classes else "one score for each token"
        yield Found(
            f"{last.name}: {loss.id} wants {wanted}, {one} of {data.id}, but the network gives {shape_text(shape)}.",
            last.id,
            edge.source_port,
            fixes,
        )


@graph_rule("data.target-shape", "warning")
def numbers_differ_in_shape(view: GraphView) -> Iterator[Found]:
    """A loss between numbers compares tensors of one shape."""
    data = _dataset(view)
    for node, field, loss in _targets(view, data):
        shape = view.nodes[node.id].inputs["input"].shape
        wanted = (N, *map(as_size, field.shape))
        if loss.target != "same" or field.choices or (len(shape) == len(wanted) and _takes(shape[1:], wanted[1:], {})):
            continue
        [edge] = view.graph.inputs(node.id, "input")
        last = view.graph[edge.source]
        fixes: tuple[Fix, ...] = ()
        if len(shape) == len(wanted) and "out_features" in last.params and isinstance(wanted[-1], int):
            fixes = (Fix(f"Set out_features to {wanted[-1]}", {"out_features": wanted[-1]}),)
        yield Found(
            f"{last.name}: {loss.id} compares with {field.name} of {data.id}, {shape_text(wanted)}, but the network gives "
            f"{shape_text(shape)}.",
            last.id,
            edge.source_port,
            fixes,
        )


@graph_rule("data.loss", "warning")
def loss_does_not_fit_the_target(view: GraphView) -> Iterator[Found]:
    """Classes and quantities need losses of different kinds."""
    data = _dataset(view)
    for node, field, loss in _targets(view, data):
        if (loss.target == "class") != bool(field.choices):
            kind, better = ("numbers of classes", "CrossEntropyLoss") if field.choices else ("quantities", "MSELoss")
            yield Found(f"{node.name}: {field.name} of {data.id} holds {kind}, for which {loss.id} is not made: choose {better}.", node.id)


def _targets(view: GraphView, data: DatasetOption) -> Iterator[tuple[Node, Field, LossOption]]:
    """The healthy outputs, each with what it is compared with and by which loss, where there are as many as targets."""
    outputs = [n for n in view.graph if n.spec.call.kind == "output"]
    if len(outputs) == len(data.targets):
        for node, field in zip(outputs, data.targets, strict=True):
            if view.nodes[node.id].status == "ok":
                chosen = loss_for(field, view.graph.settings.training["loss"], alone=len(outputs) == 1)
                yield node, field, chosen.option


@graph_rule("lint.softmax-before-loss", "warning")
def softmax_before_cross_entropy(view: GraphView) -> Iterator[Found]:
    """Cross-entropy applies log-softmax itself; a softmax in front of it flattens the gradient."""
    loss: LossOption = view.graph.settings.training["loss"].option
    if loss.expects != "logits":
        return
    for end in view.graph:
        if end.spec.call.kind != "output":
            continue
        for edge in view.graph.inputs(end.id, "input"):
            last = view.graph[edge.source]
            if last.block == "Softmax":
                yield Found(
                    f"{last.name}: {loss.id} applies softmax itself; with this one in front of it the network learns slowly.",
                    last.id,
                    None,
                    (Fix(f"Take {last.name} out", remove=True),),
                )
