"""Groups: made, entered, repeated, exposed, nested, shared, dissolved; and what becomes of them in checks, files and code."""

from __future__ import annotations

import itertools

import pytest
import torch

from graph_engine import Graph
from graph_engine.analysis.fixes import commands
from graph_engine.document import clip
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import DocumentError, GraphError
from graph_engine.graph import groups, regroup
from graph_engine.graph.commands import RemoveNodes, Rename, SetParams
from graph_engine.graph.definition import Exposed
from graph_engine.graph.history import History
from graph_engine.graph.sharing import Share, Unshare
from graph_engine.templates import template


def chain(*blocks: tuple[str, dict], shape=(1, 8, 8), name="net") -> tuple[Graph, list]:
    g = Graph(name)
    nodes = [g.add("Input", shape=list(shape)), *(g.add(block, **params) for block, params in blocks), g.add("Output")]
    for a, b in itertools.pairwise(nodes):
        g.connect(a, b)
    return g, nodes


@pytest.fixture
def net() -> Graph:
    conv = {"out_channels": 4, "kernel_size": 3, "padding": 1, "bias": False}
    g, _ = chain(("Conv2d", conv), ("BatchNorm2d", {}), ("ReLU", {}), ("Flatten", {}), ("Linear", {"out_features": 3}))
    return g


def outputs(g: Graph, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    module = g.compile().eval()
    return module(*(torch.ones(2, *n.params["shape"]) for n in g if n.block == "Input"))


def grouped(g: Graph, *names: str, title: str = "Conv block"):
    return g.group([g.named(n) for n in names], title)


def test_a_group_computes_what_its_nodes_did(net: Graph) -> None:
    before, flat = outputs(net), net.check()
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    report = net.check()
    assert report.ok
    assert (report.parameters, report.flops, report.memory) == (flat.parameters, flat.flops, flat.memory)
    assert report.shapes[node.id] == {"output": ("N", 4, 8, 8)}
    assert torch.equal(outputs(net), before)
    source = net.to_python()
    assert "class ConvBlock(nn.Module):" in source and "self.conv_block1 = ConvBlock()" in source


def test_making_and_dissolving_are_undone_exactly(net: Graph) -> None:
    history, texts = History(net), [to_text(net)]
    history.execute(regroup.group(net, [net.named(n).id for n in ("conv1", "batch_norm1", "relu1")], "Conv block"))
    texts.append(to_text(net))
    history.execute(regroup.dissolve(net, net.named("conv_block1").id))
    texts.append(to_text(net))
    assert {n.name: n.params for n in net} == {n.name: n.params for n in from_text(texts[0], Graph)}
    assert not net.definitions
    for text in reversed(texts[:-1]):
        history.undo()
        assert to_text(net) == text
    for text in texts[1:]:
        history.redo()
        assert to_text(net) == text


def test_saved_and_opened_it_is_the_same(net: Graph, tmp_path) -> None:
    node = grouped(net, "conv1", "batch_norm1")
    net.inside(node).expose("channels", net.inside(node).graph.named("conv1"), "out_channels")
    net.set(node, channels=8, repeat=2)
    net.save(tmp_path / "a.archloom")
    again = Graph.load(tmp_path / "a.archloom")
    assert to_text(again) == to_text(net)
    assert again.to_python() == net.to_python()


def test_exposed_values_and_what_follows_from_them_become_arguments(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    inside = net.inside(node)
    inside.expose("channels", inside.graph.named("conv1"), "out_channels")
    source = net.to_python()
    assert "def __init__(self, channels: int = 4) -> None:" in source
    assert "nn.BatchNorm2d(channels)" in source and "= ConvBlock()" in source
    net.set(node, channels=6)
    assert "= ConvBlock(channels=6)" in net.to_python()
    assert net.check().shapes[node.id]["output"] == ("N", 6, 8, 8)
    inside.set(inside.graph.named("conv1"), out_channels=5)
    assert node.params["channels"] == 6  # it was set on this use
    net.set(node, channels=5)
    inside.set(inside.graph.named("conv1"), out_channels=7)
    assert node.params["channels"] == 7  # it was as inside


def test_repeated_it_runs_through_a_sequence(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    net.set(node, repeat=4)
    source = net.to_python()
    assert "ConvBlock(1)," in source and "*(ConvBlock(4) for _ in range(3))," in source and "def __init__(self, in_channels: int)" in source
    module = net.compile()
    assert sum(p.numel() for p in module.parameters()) == net.check().parameters
    assert "conv_block1.3.conv1.weight" in module.state_dict()
    before = outputs(net)
    net.dissolve(node)
    assert len(net) == 2 + 4 * 3 + 2
    assert torch.equal(outputs(net), before)


def test_repeated_with_the_same_weights(net: Graph) -> None:
    g, _ = chain(("Linear", {"out_features": 6}), ("Tanh", {}), ("Linear", {"out_features": 2}), shape=(6,))
    node = grouped(g, "linear1", "tanh1", title="Cell")
    g.set(node, repeat=3, share_weights=True)
    assert "for _ in range(3):" in g.to_python()
    assert sum(p.numel() for p in g.compile().parameters()) == g.check().parameters == 6 * 6 + 6 + 6 * 2 + 2
    before = outputs(g)
    g.dissolve(node)
    assert len(g.owners) == 4
    assert torch.equal(outputs(g), before)


def test_weights_that_repetitions_cannot_share_are_told(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    net.set(node, repeat=2, share_weights=True)
    assert [d.code for d in net.check().diagnostics if d.severity == "error"] == ["share.mismatch"]


def test_repeated_with_several_ports_it_is_a_loop() -> None:
    g = Graph("two")
    x, memory = g.add("Input", shape=[5, 8], name="x"), g.add("Input", shape=[7, 8], name="memory")
    layer, norm = g.add("MultiheadAttention", num_heads=2, batch_first=True), g.add("LayerNorm")
    add, y = g.add("Add"), g.add("Output")
    g.connect(x, layer, target_port="query")
    g.connect(memory, layer, target_port="key")
    g.connect(memory, layer, target_port="value")
    g.connect(x, add)
    g.connect(layer, add)
    g.connect(add, norm)
    g.connect(norm, y)
    node = g.group([layer, add, norm], "Layer")
    ports = [p.name for p in node.spec.inputs]
    g.set(node, repeat=3)
    assert g.check().ok, g.check().diagnostics
    assert "for layer in self.layer1:" in g.to_python() and "nn.ModuleList([Layer() for _ in range(3)])" in g.to_python()
    assert len(ports) == 2
    before = outputs(g)
    g.dissolve(node)
    assert torch.equal(outputs(g), before)


def test_used_twice_with_weights_of_its_own(net: Graph) -> None:
    first = grouped(net, "conv1", "batch_norm1", "relu1")
    second = net.use(first)
    edge = next(e for e in net.edges.values() if e.source == first.id)
    net.disconnect(edge)
    net.connect(first, second)
    net.connect(second, net.named("flatten1"))
    source = net.to_python()
    assert source.count("class ConvBlock(nn.Module)") == 1
    assert "self.conv_block1 = ConvBlock(1)" in source and "self.conv_block2 = ConvBlock(4)" in source
    assert sum(p.numel() for p in net.compile().parameters()) == net.check().parameters
    net.dissolve(first)
    assert len(net.definitions) == 1
    net.dissolve(second)
    assert not net.definitions and net.check().ok


def test_a_group_stands_where_one_of_its_nodes_stood() -> None:
    """Between them another node may be: the rows of a layout are read from left to right, then down."""
    graph = template("cnn_digits").open()
    nodes = [graph.named(name) for name in ("conv1", "relu1", "max_pool1")]
    assert graph.group(nodes, "Stage").position in [node.position for node in nodes]


def test_nested_groups_become_nested_classes(net: Graph) -> None:
    inner = grouped(net, "conv1", "batch_norm1", "relu1")
    outer = net.group([inner, net.named("flatten1")], "Features")
    inside = net.inside("Conv block")
    inside.expose("channels", inside.graph.named("conv1"), "out_channels")
    net.inside(outer).expose("width", inner, "channels")
    net.set(outer, width=9)
    source = net.to_python()
    assert source.index("class ConvBlock") < source.index("class Features") < source.index("class Net(")
    assert "ConvBlock(channels=width)" in source and "Features(width=9)" in source
    assert net.compile()(torch.zeros(2, 1, 8, 8)).shape == (2, 3)
    assert net.check().inside((outer.id, inner.id)).shapes[inside.graph.named("conv1").id]["output"] == ("N", 9, 8, 8)


def test_uses_that_differ_in_structure_get_classes_of_their_own() -> None:
    g = Graph("net")
    x, a, b = g.add("Input", shape=[6, 4]), g.add("LSTM", hidden_size=4, batch_first=True), g.add("Linear", out_features=4)
    y, h = g.add("Output"), g.add("Output")
    g.connect(x, a)
    g.connect(a, b)
    g.connect(b, y)
    g.connect(a, h, "h_n")
    first = g.group([a], "Reader")
    second = g.use(first)
    g.disconnect(next(g.incoming(b.id)))
    g.connect(first, second)
    g.connect(second, b)
    assert g.check().ok
    module = g.compile()
    assert [tuple(t.shape) for t in module(torch.zeros(2, 6, 4))] == [(2, 6, 4), (1, 2, 4)]


def test_siamese_branches_share_one_module() -> None:
    g = Graph("siamese")
    left, right = g.add("Input", shape=[5], name="left"), g.add("Input", shape=[5], name="right")
    a, b, join, y = g.add("Linear", out_features=4), g.add("Linear", out_features=9), g.add("Subtract"), g.add("Output")
    for source, target in ((left, a), (right, b), (a, join), (b, join), (join, y)):
        g.connect(source, target)
    g.share(a, b)
    assert b.params["out_features"] == 4
    g.set(b, out_features=7)
    assert a.params["out_features"] == 7
    module = g.compile()
    assert sum(p.numel() for p in module.parameters()) == g.check().parameters == 5 * 7 + 7
    assert torch.equal(module(torch.ones(2, 5), torch.ones(2, 5)), torch.zeros(2, 7))
    again = from_text(to_text(g), Graph)
    assert to_text(again) == to_text(g) and again.owners == g.owners
    history = History(g)
    before = to_text(g)
    history.execute(RemoveNodes([a.id]))
    assert not g.owners
    history.undo()
    assert to_text(g) == before
    history.execute(Unshare(b.id))
    assert not g.owners
    history.execute(Share([b.id, a.id]))
    assert g.owners == {a.id: b.id}
    history.undo()
    history.undo()
    assert to_text(g) == before
    g.set(left, shape=[6])
    assert [d.code for d in g.check().diagnostics if d.severity == "error"] == ["share.mismatch"]


def test_groups_share_weights_like_layers(net: Graph) -> None:
    g = Graph("siamese")
    xs = [g.add("Input", shape=[5], name=name) for name in ("left", "right")]
    a, act, join, y = g.add("Linear", out_features=4), g.add("ReLU"), g.add("Subtract"), g.add("Output")
    g.connect(xs[0], a)
    g.connect(a, act)
    g.connect(act, join)
    g.connect(join, y)
    first = g.group([a, act], "Branch")
    second = g.use(first)
    g.connect(xs[1], second)
    g.connect(second, join)
    g.share(first, second)
    assert sum(p.numel() for p in g.compile().parameters()) == g.check().parameters == 24
    with pytest.raises(GraphError, match="stop sharing"):
        g.dissolve(first)


def test_ports_follow_edits_inside(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    history, before = History(net), to_text(net)
    definition = net.inside(node).graph
    x = definition.named("x")
    history.execute(groups.In(definition.id, Rename(x.id, "image")))
    assert [p.name for p in node.spec.inputs] == ["image"]
    assert net.inputs(node.id, "image") and net.check().ok
    history.execute(groups.In(definition.id, RemoveNodes([x.id])))
    assert not node.spec.inputs and not list(net.incoming(node.id))
    assert {d.code for d in net.check().diagnostics} >= {"port.unconnected"}
    while history.undo():
        pass
    assert to_text(net) == before
    while history.redo():
        pass
    while history.undo():
        pass
    assert to_text(net) == before


def test_a_removed_parameter_is_exposed_no_longer(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    outer = net.group([node], "Outer")
    inside = net.inside("Conv block")
    inside.expose("channels", inside.graph.named("conv1"), "out_channels")
    net.inside(outer).expose("width", node, "channels")
    history, before = History(net), to_text(net)
    history.execute(groups.In(inside.graph.id, RemoveNodes([inside.graph.named("conv1").id])))
    assert "width" not in outer.params and "channels" not in node.params
    history.undo()
    assert to_text(net) == before


def test_a_group_cannot_contain_itself(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    with pytest.raises(GraphError, match="inside itself"):
        net.inside(node).use(node)
    outer = net.group([node], "Outer")
    with pytest.raises(GraphError, match="inside itself"):
        net.inside("Conv block").use(outer)


def test_a_selection_that_encloses_a_path_outside_is_refused() -> None:
    g = Graph("net")
    x, a, b, c, y = g.add("Input", shape=[4]), *(g.add("Linear", out_features=4) for _ in range(3)), g.add("Output")
    for source, target in itertools.pairwise((x, a, b, c, y)):
        g.connect(source, target)
    with pytest.raises(GraphError, match="linear2 lies between them"):
        g.group([a, c], "Wrong")
    with pytest.raises(GraphError, match="stay outside"):
        g.group([x, y], "Wrong")


def test_findings_inside_name_the_node_and_the_way_to_it(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    second = net.use(node)
    net.connect(net.named("x1") if "x1" in {n.name for n in net} else next(iter(net)), second)
    inside = net.inside(node)
    conv = inside.graph.named("conv1")
    inside.set(conv, kernel_size=40, padding=0)
    found = [d for d in net.check().diagnostics if d.severity == "error"]
    assert [(d.node, d.code, d.path) for d in found] == [(conv.id, "shape.kernel-too-large", (node.id,))]
    assert not net.check().ok
    with pytest.raises(GraphError):
        net.to_python()


def test_copied_into_another_document_the_definition_comes_along(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    text = clip.copy(net, [node.id])
    other = Graph("other")
    History(other).execute(clip.paste(other, text))
    assert [d.name for d in other.definitions.values()] == ["Conv block"]
    history, before = History(net), to_text(net)
    history.execute(clip.paste(net, text))
    assert len(net.definitions) == 1 and len(net.groups) == 2
    history.undo()
    assert to_text(net) == before
    net.inside(node).set(net.inside(node).graph.named("conv1"), out_channels=9)
    History(net).execute(clip.paste(net, text))
    assert sorted(d.name for d in net.definitions.values()) == ["Conv block", "Conv block 2"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"definition": "g1"', '"definition": "g7"', "g7"),
        ('["n2.output", "n3.input"]', '["n2.output", "n99.input"]', "n99"),
        ('"block": "Conv2d"', '"block": "Group", "definition": "g1"', "contains itself"),
    ],
)
def test_a_damaged_document_is_told(net: Graph, old: str, new: str, message: str) -> None:
    grouped(net, "conv1", "batch_norm1", "relu1")
    text = to_text(net)
    assert old in text
    with pytest.raises(DocumentError, match=message):
        from_text(text.replace(old, new), Graph)


def test_weights_are_kept_over_an_edit(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    net.set(node, repeat=2)
    module = net.compile()
    net.set(net.named("linear1"), out_features=5)
    again = net.compile(previous=module)
    kept = module.state_dict()
    assert all(torch.equal(t, kept[n]) for n, t in again.state_dict().items() if n.startswith("conv_block1"))


def test_a_learned_tensor_inside_a_group() -> None:
    g, nodes = chain(("Linear", {"out_features": 4}), shape=(4,))
    p, add = g.add("Parameter", size=[1, 4]), g.add("Add")
    g.disconnect(next(g.incoming(nodes[-1].id)))
    g.connect(nodes[1], add)
    g.connect(p, add)
    g.connect(add, nodes[-1])
    node = g.group([p, add], "Shift")
    g.set(node, repeat=2)
    module = g.compile()
    assert sum(t.numel() for t in module.parameters()) == g.check().parameters
    g.set(nodes[1], out_features=4, bias=False)
    again = g.compile(previous=module)
    assert not any(t.is_meta for t in again.state_dict().values())


def test_exposing_keeps_names_apart(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    inside, before = net.inside(node), to_text(net)
    for name in ("x", "repeat"):
        with pytest.raises(GraphError, match=f"called {name}"):
            inside.expose(name, inside.graph.named("conv1"), "out_channels")
    assert to_text(net) == before
    History(net).execute(groups.In(inside.graph.id, groups.SetExposed([Exposed("c", inside.graph.named("conv1").id, "out_channels")])))
    assert "c" in node.params


def test_typing_inside_merges_into_one_step(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    inside = net.inside(node)
    conv = inside.graph.named("conv1")
    inside.expose("channels", conv, "out_channels")
    history, before = History(net), to_text(net)
    for value in (5, 6, 7):
        history.execute(groups.In(inside.graph.id, SetParams(conv.id, {"out_channels": value})), gesture="typing")
    assert len(history.done) == 1 and node.params["channels"] == 7
    history.undo()
    assert to_text(net) == before
    history.redo()
    assert node.params["channels"] == 7


def test_what_stands_between_brackets_makes_a_class_of_its_own() -> None:
    g, _ = chain(("Slice", {"index": "..., 1:"}), shape=(5,))
    node = grouped(g, "slice1", title="Part")
    g.inside(node).expose("places", g.inside(node).graph.named("slice1"), "index")
    other = g.use(node, places="..., :2")
    g.connect(g.named("x"), other)
    g.connect(other, g.add("Output"))
    x = torch.arange(10.0).view(2, 5)
    whole, part = g.compile()(x)
    assert torch.equal(whole, x[..., 1:]) and torch.equal(part, x[..., :2])


def test_a_recurrent_layer_in_a_group_takes_lengths() -> None:
    g, _ = chain(("GRU", {"hidden_size": 4, "batch_first": True}), shape=("T", 3))
    lengths = g.add("Input", name="ends", shape=[], dtype="int64")
    g.connect(lengths, g.named("gru1"), target_port="lengths")
    node = grouped(g, "gru1", title="Reader")
    assert "lengths" in [port.name for port in node.spec.inputs]
    module, x = g.compile(), torch.randn(2, 5, 3)
    torch.testing.assert_close(module(x, torch.tensor([5, 2]))[1, :2], module(x[1:, :2], torch.tensor([2]))[0])
    assert g.to_python().count("def run_packed") == 1


def test_shapes_in_a_class_are_told_by_its_arguments(net: Graph) -> None:
    node = grouped(net, "conv1", "batch_norm1", "relu1")
    inside = net.inside(node)
    inside.expose("channels", inside.graph.named("conv1"), "out_channels")
    pool = net.add("MaxPool2d", kernel_size=2)
    second = net.use(node, channels=6)
    net.disconnect(next(net.incoming(net.named("flatten1").id)))
    for a, b in itertools.pairwise((node, pool, second, net.named("flatten1"))):
        net.connect(a, b)
    source = net.to_python()
    assert "x: (N, in_channels, H, H)" in source and "returns: (N, channels, H, H)" in source
    assert "self.conv1(x)  # (N, channels, H, H)" in source and "first use" not in source
    assert "ConvBlock(1)" in source and "ConvBlock(4, channels=6)" in source


def test_one_exposed_parameter_sets_several_of_one_kind() -> None:
    g, nodes = chain(("Linear", {"out_features": 6}), ("Linear", {"out_features": 6}), ("Dropout", {}), shape=(6,))
    node = g.group(nodes[1:-1], "Block")
    inside = g.inside(node)
    for layer in nodes[1:3]:
        inside.expose("width", layer, "out_features")
    g.set(node, width=9)
    assert g.check().shapes[node.id]["output"] == ("N", 9)
    assert "nn.Linear(6, width)" in g.to_python() and "nn.Linear(width, width)" in g.to_python() and "Block(width=9)" in g.to_python()
    assert to_text(from_text(to_text(g), Graph)) == to_text(g)
    with pytest.raises(GraphError, match="other limits"):
        inside.expose("width", nodes[3], "p")
    with pytest.raises(GraphError, match="already"):
        inside.expose("height", nodes[1], "out_features")
    with pytest.raises(GraphError, match="says nothing in a group"):
        inside.expose("shape", inside.graph.named("x"), "shape")


def test_an_exposed_parameter_holds_for_all_that_share_weights() -> None:
    g, nodes = chain(("Linear", {"out_features": 6}), ("Linear", {"out_features": 6}), shape=(6,))
    g.share(nodes[1], nodes[2])
    node = g.group(nodes[1:-1], "Twice")
    inside = g.inside(node)
    inside.expose("bias", nodes[2], "bias")
    g.set(node, bias=False)
    assert g.check().ok and g.check().parameters == 36 == sum(p.numel() for p in g.compile().parameters())


def test_weights_count_once_wherever_the_first_use_lies() -> None:
    g, nodes = chain(("Linear", {"out_features": 6}), shape=(6,))
    spare = g.add("Linear", out_features=6)
    g.connect(nodes[0], spare)
    g.share(spare, nodes[1])
    assert g.check().parameters == 42 == sum(p.numel() for p in g.compile().parameters())
    g.unshare(spare)
    assert g.check().parameters == 42


def test_a_layer_named_as_an_argument_keeps_its_name() -> None:
    g, nodes = chain(("Softmax", {"dim": 1}), ("Sum", {"dim": [1]}), shape=(6, 4))
    node = g.group(nodes[1:-1], "Part")
    inside = g.inside(node)
    inside.rename(nodes[1], "kept")
    inside.expose("kept", nodes[2], "keepdim")
    g.set(node, kept=True)
    assert g.check().shapes[node.id]["output"] == ("N", 1, 4)
    assert g.compile()(torch.zeros(2, 6, 4)).shape == (2, 1, 4)


def test_repairs_inside_are_those_that_help() -> None:
    g, nodes = chain(("MultiheadAttention", {"num_heads": 3, "batch_first": True}), ("Flatten", {}), shape=(5, 8))
    for port in ("key", "value"):
        g.connect(nodes[0], nodes[1], target_port=port)
    node = g.group([nodes[1]], "Part")
    [error] = [d for d in g.check().diagnostics if d.severity == "error"]
    assert error.path == (node.id,) and error.fixes
    inside = g.inside(node)
    History(g).execute(groups.In(inside.graph.id, commands(inside.graph, error, error.fixes[0])))
    assert g.check().ok
    inside.expose("heads", nodes[1], "num_heads")
    g.set(node, heads=3)
    [error] = [d for d in g.check().diagnostics if d.severity == "error"]
    assert not error.fixes, "the use has a value of its own"


def test_an_input_inside_is_not_told_to_be_of_another_dtype() -> None:
    g, nodes = chain(("Embedding", {"num_embeddings": 9, "embedding_dim": 4}), ("ReLU", {}), shape=(5,))
    g.group([nodes[1]], "Part")
    [error] = [d for d in g.check().diagnostics if d.severity == "error"]
    assert (error.code, error.fixes) == ("dtype.mismatch", ())


def test_rules_inside_follow_the_settings(net: Graph) -> None:
    grouped(net, "conv1", "batch_norm1", "relu1")
    net.check()
    net.configure(training={"batch_size": 1})
    assert "lint.batch-of-one" in {d.code for d in net.check().diagnostics}
    net.configure(training={"batch_size": 8})
    assert "lint.batch-of-one" not in {d.code for d in net.check().diagnostics}
