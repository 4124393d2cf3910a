"""The graph: which edges may exist and why not, names, reading, and that a refused edit leaves no trace."""

from __future__ import annotations

import keyword

import pytest
from torch import nn

from graph_engine import Graph
from graph_engine.document.write import to_text
from graph_engine.errors import (
    CycleError,
    EdgeError,
    GraphError,
    NodeNameError,
    ParamError,
    PortTakenError,
    SelfLoopError,
    UnknownBlockError,
    UnknownNodeError,
    UnknownPortError,
)
from graph_engine.graph.commands import Connect, Disconnect, Macro, Move, RemoveNodes, Rename, SetParams
from graph_engine.graph.names import RESERVED
from tests.engine.graphs import documents_cnn, sequence


@pytest.fixture
def chain() -> Graph:
    """Input → conv1 → relu1 → add1 → output."""
    graph = Graph("chain")
    sequence(graph, graph.add("Input", shape=[3, 8, 8]), graph.add("Conv2d", out_channels=3, kernel_size=1), graph.add("ReLU"),
             graph.add("Add"), graph.add("Output"))  # fmt: skip
    return graph


def reason(graph: Graph, source: str, target: str, source_port: str = "output", target_port: str = "input") -> EdgeError | None:
    return graph.check_edge(graph.named(source).id, source_port, graph.named(target).id, target_port)


def test_an_edge_that_may_exist(chain: Graph) -> None:
    assert reason(chain, "x", "add1") is None
    assert reason(chain, "conv1", "add1") is None, "a port for many takes several edges, from one node too"
    chain.connect("n2", "n4")
    chain.connect("n2", "n4")
    assert len(chain.inputs("n4", "input")) == 3


def test_a_taken_port_names_what_feeds_it(chain: Graph) -> None:
    refused = reason(chain, "x", "relu1")
    assert isinstance(refused, PortTakenError) and "relu1.input" in str(refused) and "conv1" in str(refused)


def test_a_cycle_is_told_with_its_path(chain: Graph) -> None:
    chain.disconnect(next(chain.incoming("n2")))
    refused = reason(chain, "add1", "conv1")
    assert isinstance(refused, CycleError)
    assert refused.path == ("n2", "n3", "n4", "n2")
    assert "conv1 → relu1 → add1 → conv1" in str(refused)


def test_a_node_does_not_feed_itself(chain: Graph) -> None:
    assert isinstance(reason(chain, "add1", "add1"), SelfLoopError)


@pytest.mark.parametrize(("ports", "word"), [(("outputs", "input"), "outputs"), (("output", "inputs"), "inputs")])
def test_unknown_ports_are_told_with_the_known_ones(chain: Graph, ports: tuple[str, str], word: str) -> None:
    refused = reason(chain, "conv1", "add1", *ports)
    assert isinstance(refused, UnknownPortError) and word in str(refused) and word[:-1] in str(refused)


def test_an_output_leads_nowhere_and_an_input_takes_nothing(chain: Graph) -> None:
    assert isinstance(reason(chain, "output", "add1"), UnknownPortError)
    assert isinstance(reason(chain, "conv1", "x"), UnknownPortError)
    with pytest.raises(UnknownPortError):
        chain.connect("n5", "n4")
    with pytest.raises(UnknownPortError):
        chain.connect("n4", "n1")


def test_connect_fills_the_first_port_with_room() -> None:
    graph = Graph("attention")
    x, attention = graph.add("Input", shape=[5, 8]), graph.add("MultiheadAttention", num_heads=2)
    ports = [graph.connect(x, attention).target_port for _ in range(5)]
    assert ports == ["query", "key", "value", "key_padding_mask", "attn_mask"]
    with pytest.raises(PortTakenError):
        graph.connect(x, attention)


def test_unknown_things_are_told_with_what_is_near() -> None:
    graph = Graph("unknown")
    with pytest.raises(UnknownBlockError, match="Did you mean Conv2d"):
        graph.add("Conv2D")
    with pytest.raises(ParamError, match=r"no parameter 'kernel'.*kernel_size"):
        graph.add("Conv2d", kernel=3)
    with pytest.raises(UnknownNodeError, match="'n9'"):
        graph["n9"]
    with pytest.raises(UnknownNodeError, match="'conv1'"):
        graph.named("conv1")
    with pytest.raises(EdgeError, match="'e9'"):
        graph.disconnect("e9")
    assert not len(graph)


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("out_channels", 0), ("out_channels", 1.5), ("out_channels", True), ("out_channels", "8"), ("kernel_size", [3]),
        ("kernel_size", [3, 3, 3]), ("kernel_size", []), ("kernel_size", "same"), ("padding", -1), ("padding", "full"), ("bias", 1),
        ("padding_mode", "mirror"), ("padding_mode", ["zeros"]), ("stride", {"h": 1}), ("out_channels", float("nan")),
        ("out_channels", float("inf")), ("kernel_size", [float("nan"), 1]),
    ],
)  # fmt: skip
def test_a_value_outside_its_limits_is_refused_with_the_limits(param: str, value: object) -> None:
    graph = Graph("limits")
    conv = graph.add("Conv2d", out_channels=8, kernel_size=3)
    before = to_text(graph)
    with pytest.raises(ParamError, match=f"^{param} must be .*, not "):
        graph.set(conv, **{"groups": 2, param: value})
    assert to_text(graph) == before, "not even the legal value beside it is set"


def test_names_are_numbered_and_free_ones_are_not_taken_twice() -> None:
    graph = Graph("names")
    assert [graph.add("Conv2d").name for _ in range(3)] == ["conv1", "conv2", "conv3"]
    assert [graph.add("Input").name, graph.add("Input").name] == ["x", "x1"]
    graph.remove(graph.named("conv2"))
    assert graph.add("Conv2d").name == "conv4", "the name of what is gone is not given to something else"
    graph.rename(graph.named("conv1"), "conv5")
    assert graph.add("Conv2d").name == "conv6"


@pytest.mark.parametrize(
    "name", ["", "1st", "two words", "class", "None", "forward", "training", "torch", "self", "__dunder__", "_modules", "a-b", "x\n", "ﬁ"]
)
def test_a_name_that_python_or_torch_would_not_take_is_refused(name: str) -> None:
    graph = Graph("names")
    node = graph.add("ReLU")
    with pytest.raises(NodeNameError):
        graph.rename(node, name)
    with pytest.raises(NodeNameError):
        graph.add("ReLU", name=name)
    assert node.name == "relu1" and len(graph) == 1


def test_a_name_of_another_node_is_refused_but_its_own_is_not() -> None:
    graph = Graph("names")
    a, b = graph.add("ReLU"), graph.add("ReLU")
    with pytest.raises(NodeNameError, match="relu2"):
        graph.rename(a, "relu2")
    graph.rename(b, "relu2")
    assert graph.named("relu2") is b


def test_reserved_names_are_those_of_a_module() -> None:
    taken = {name for name in dir(nn.Module()) if not name.startswith("__")}
    graph = Graph("names")
    for name in sorted(taken):
        if not keyword.iskeyword(name):
            with pytest.raises(NodeNameError):
                graph.check_name(name)
    assert {n for n in taken if not n.startswith("_")} <= RESERVED


def test_reading() -> None:
    graph = documents_cnn()
    assert len(graph) == 14 and [n.id for n in graph] == list(graph.nodes)
    assert graph.named("conv1") in graph and "n2" in graph and "n99" not in graph
    assert graph.path("n1", "n4") == ["n1", "n2", "n3", "n4"] and graph.path("n4", "n1") is None
    assert graph.ancestors("n3") == {"n1", "n2"} and graph.descendants("n12") == {"n13", "n14"}
    with pytest.raises(TypeError):
        graph.nodes["n1"] = graph["n2"]  # type: ignore[index]
    with pytest.raises(TypeError):
        graph["n2"].params["bias"] = False  # type: ignore[index]


def refused_edits() -> list[object]:
    ok = SetParams("n2", {"out_channels": 4})
    return [
        Connect("n1", "output", "n3", "input"),
        Connect("n1", "output", "n99", "input"),
        Disconnect(["e1", "e99"]),
        RemoveNodes(["n2", "n99"]),
        SetParams("n2", {"out_channels": 4, "kernel_size": 0}),
        SetParams("n99", {}),
        Rename("n2", "relu1"),
        Rename("n99", "free"),
        Move({"n2": (1.0, 1.0), "n99": (0.0, 0.0)}),
        Macro("both", [ok, Rename("n3", "free"), Disconnect(["e1"]), RemoveNodes(["n3"]), Connect("n4", "output", "n4", "input")]),
    ]


@pytest.mark.parametrize("command", refused_edits(), ids=lambda c: type(c).__name__)
def test_a_refused_edit_changes_nothing_and_tells_nobody(chain: Graph, command: object) -> None:
    before, report = to_text(chain), chain.check()
    told: list[object] = []
    chain.subscribe(told.append)
    with pytest.raises(GraphError), chain.edit():
        command.do(chain)  # type: ignore[attr-defined]
    assert to_text(chain) == before
    assert chain.edges.keys() == {"e1", "e2", "e3", "e4"}
    mirrored = {c.kind for changes in told for c in changes}  # type: ignore[attr-defined]
    assert mirrored <= {"node", "name", "edge-removed", "edge-added", "node-removed", "node-added"}
    assert chain.check().ok == report.ok and dict(chain.check().nodes) == dict(report.nodes)
