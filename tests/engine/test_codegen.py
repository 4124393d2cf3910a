"""Generated code: what a good engineer would have written, and lean in memory; what is rebuilt keeps the weights of what did not change."""

from __future__ import annotations

import ast
import inspect
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graph_engine import Graph
from graph_engine.codegen.library import names
from graph_engine.codegen.module import class_name
from graph_engine.errors import CheckError
from graph_engine.spec.tensor import size_at
from graph_engine.templates import templates
from tests.engine.graphs import documents_cnn, random_graph, residual, sequence
from tests.engine.oracle import quiet

CNN = '''"""digits_cnn: a PyTorch network. Written by Archloom."""

from torch import Tensor, nn


class DigitsCnn(nn.Module):
    """The network digits_cnn.

    Shapes:
        x: (N, 1, 28, 28)
        returns: (N, 10)
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.relu1 = nn.ReLU()
        self.max_pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3)
        self.relu2 = nn.ReLU()
        self.max_pool2 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(64, 64, kernel_size=3)
        self.relu3 = nn.ReLU()
        self.flatten1 = nn.Flatten()
        self.linear1 = nn.Linear(576, 64)
        self.relu4 = nn.ReLU()
        self.linear2 = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # (N, 32, 26, 26)
        x = self.relu1(x)
        x = self.max_pool1(x)  # (N, 32, 13, 13)
        x = self.conv2(x)  # (N, 64, 11, 11)
        x = self.relu2(x)
        x = self.max_pool2(x)  # (N, 64, 5, 5)
        x = self.conv3(x)  # (N, 64, 3, 3)
        x = self.relu3(x)
        x = self.flatten1(x)  # (N, 576)
        x = self.linear1(x)  # (N, 64)
        x = self.relu4(x)
        x = self.linear2(x)  # (N, 10)
        return x
'''


def local_names(source: str) -> set[str]:
    """The variables of ``forward``."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def formatted(source: str, folder: Path) -> None:
    """Fails where a file is not as ruff writes it, with lines as long as names make them."""
    path = folder / "generated.py"
    path.write_text(source, encoding="utf-8")
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,W,I,UP,B", "--ignore", "E501"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "88", path], capture_output=True, text=True, check=False
        )
        assert not done.returncode, done.stdout + done.stderr


def test_the_documents_network_reads_as_if_written_by_hand() -> None:
    assert documents_cnn().to_python() == CNN


def test_it_is_the_same_every_time() -> None:
    assert residual(4).to_python() == residual(4).to_python()


def test_names_are_used_again_as_values_die() -> None:
    assert local_names(documents_cnn().to_python()) == {"x"}
    assert local_names(residual(20).to_python()) == {"x", "y"}, "two values live at a time"


def test_a_value_that_is_still_needed_keeps_its_name() -> None:
    graph = Graph("diamond")
    x = graph.add("Input", shape=[4])
    ends = [graph.add("Linear", out_features=4) for _ in range(5)]
    add = graph.add("Add")
    for end in ends:
        graph.connect(x, end)
        graph.connect(end, add)
    graph.connect(x, add)
    sequence(graph, add, graph.add("Output"))
    module, sample = graph.compile(), torch.randn(3, 4)
    layers = [getattr(module, n.name) for n in ends]
    expected = layers[0](sample)
    for layer in layers[1:]:
        expected = expected + layer(sample)
    assert torch.equal(module(sample), expected + sample)


@pytest.mark.parametrize("make", [documents_cnn, lambda: residual(3), *(t.open for t in templates())])
def test_every_line_leads_to_its_node(make: Callable[[], Graph]) -> None:
    graph = make()
    source = graph.source()
    lines = source.text.splitlines()
    for number, id in source.lines.items():
        holder, text = graph.holder(id), lines[number - 1]
        assert holder is not None
        layer = f"self.{holder[holder.owner(id)].name}"
        if text.lstrip().startswith("self.") or f"{layer}(" in text:
            assert layer in text
    written = {n.id for n in graph if n.spec.call.kind not in ("input", "output")}
    assert written <= set(source.lines.values())
    classes = [c for c in ast.parse(source.text).body if isinstance(c, ast.ClassDef) and c.name not in names()]
    assert len(classes) == 1 + len(graph.definitions)
    for statement in (s for c in classes for f in c.body if isinstance(f, ast.FunctionDef) for s in f.body):
        if "super()" not in lines[statement.lineno - 1]:
            assert set(range(statement.lineno, (statement.end_lineno or 0) + 1)) <= source.lines.keys(), ast.unparse(statement)


def test_an_error_at_run_time_leads_to_its_node() -> None:
    graph = documents_cnn()
    source, module = graph.source(), graph.compile()
    with pytest.raises(RuntimeError) as failed:
        module(torch.zeros(2, 1, 14, 14))
    frames = [t.lineno + 1 for t in failed.traceback if "archloom_generated" in str(t.path)]
    assert graph[source.lines[frames[-1]]].name == "conv3", "what is left of 14×14 there is 1×1"


def test_several_inputs_and_outputs_in_the_order_of_the_canvas() -> None:
    graph = Graph("two_ways")
    a, b = graph.add("Input", name="left", shape=[3]), graph.add("Input", name="right", shape=[3])
    add, multiply = graph.add("Add"), graph.add("Multiply")
    for node in (add, multiply):
        graph.connect(a, node)
        graph.connect(b, node)
    for node in (multiply, add, a):
        graph.connect(node, graph.add("Output"))
    graph.add("Input", name="spare", shape=[1])
    assert """
    def forward(
        self, left: Tensor, right: Tensor, spare: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        x = left * right
        y = left + right
        return x, y, left
""" in graph.to_python()
    x, y = torch.randn(2, 3), torch.randn(2, 3)
    product, total, same = graph.compile()(x, y, torch.zeros(2, 1))
    assert torch.equal(product, x * y) and torch.equal(total, x + y) and same is x


def test_states_of_a_recurrent_layer_are_passed_and_returned() -> None:
    graph = Graph("states")
    x = graph.add("Input", shape=["T", 4])
    first, second = graph.add("LSTM", hidden_size=5, batch_first=True), graph.add("LSTM", hidden_size=5, batch_first=True)
    graph.connect(x, first)
    graph.connect(first, second)
    graph.connect(first, second, "h_n", "h_0")
    graph.connect(first, second, "c_n", "c_0")
    graph.connect(second, graph.add("Output"))
    graph.connect(second, graph.add("Output"), "c_n")
    module, sample = graph.compile(), torch.randn(2, 7, 4)
    middle, states = module.lstm1(sample)
    expected, (_, c) = module.lstm2(middle, states)
    ours = module(sample)
    assert torch.equal(ours[0], expected) and torch.equal(ours[1], c)


def test_a_layer_that_torch_lacks_travels_along_once() -> None:
    graph = Graph("travels")
    first, second = graph.add("RotaryEmbedding"), graph.add("RotaryEmbedding", base=100.0)
    sequence(graph, graph.add("Input", shape=["T", 8]), first, second, graph.add("MeanPool"), graph.add("Output"))
    text = graph.to_python()
    assert text.count("class RotaryEmbedding(nn.Module):") == text.count("class MeanPool(nn.Module):") == 1
    assert "self.rotary_embedding2 = RotaryEmbedding(base=100.0)" in text
    assert text.count("class ") == 3 and "graph_engine" not in text


def test_a_stack_is_constructed_from_its_layer() -> None:
    graph = Graph("stack")
    stack = graph.add("TransformerDecoder", nhead=2, num_layers=3, batch_first=True)
    x, memory = graph.add("Input", shape=[5, 8]), graph.add("Input", shape=[7, 8])
    graph.connect(x, stack, target_port="tgt")
    graph.connect(memory, stack, target_port="memory")
    graph.connect(stack, graph.add("Output"))
    line = (
        "self.transformer_decoder1 = nn.TransformerDecoder(\n            nn.TransformerDecoderLayer(8, 2, batch_first=True), num_layers=3\n"
    )
    assert line in graph.to_python()


def test_outputs_follow_from_parameters() -> None:
    graph = Graph("parts")
    chunk, product = graph.add("Chunk", chunks=3, dim=1), graph.add("Add")
    graph.connect(graph.add("Input", shape=[6]), chunk)
    for port in ("part1", "part3"):
        graph.connect(chunk, product, port)
    graph.connect(product, graph.add("Output"))
    assert "x, _, y = torch.chunk(x, 3, dim=1)" in graph.to_python()
    graph.set(chunk, chunks=6)
    assert "x, _, y, _, _, _ = torch.chunk(x, 6, dim=1)" in graph.to_python()
    cut = graph.add("Split", split_size_or_sections=(1, 5), dim=1)
    graph.connect(graph.named("x"), cut)
    graph.connect(cut, product, "part1")
    assert "x.split((1, 5), dim=1)" in graph.to_python()


def test_what_reaches_no_output_is_left_out() -> None:
    graph = documents_cnn()
    loose = graph.add("Linear", out_features=7)
    graph.connect(graph.named("flatten1"), loose)
    report = graph.check()
    assert report.ok and report.parameters == 93_322
    assert [d.code for d in report.diagnostics] == ["graph.dead-end"]
    assert graph.to_python() == CNN


def test_a_graph_with_errors_is_refused_with_the_first() -> None:
    graph = documents_cnn()
    graph.set("n2", kernel_size=40)
    for refused in (graph.to_python, graph.compile, graph.source):
        with pytest.raises(CheckError, match="conv1: the kernel spans 40"):
            refused()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("digits_cnn", "DigitsCnn"), ("Digits CNN", "DigitsCNN"), ("数字", "Network"), ("3d net", "Network3dNet"), ("", "Network"),
        ("None", "NetworkNone"), ("class", "Class"), ("Tensor", "NetworkTensor"), ("nn", "Nn"), ("torch", "Torch"), ("True", "NetworkTrue"),
        ('"; import os #', "ImportOs"),
    ],
)  # fmt: skip
def test_any_name_gives_a_class(document: str, expected: str, tmp_path: Path) -> None:
    assert class_name(document) == expected
    graph = Graph(document, document)
    sequence(graph, graph.add("Input", shape=[2]), graph.add("ReLU"), graph.add("Output"))
    assert type(graph.compile()).__name__ == expected
    formatted(graph.to_python(), tmp_path)


@pytest.mark.parametrize(
    "name", ["输入", "é", "x", "h1", "y", "super", "print", "len", "int", "tuple", "object", "str", "nnn", "Torch", "DigitsCnn", "l", "O"]
)
def test_any_name_of_a_node_may_be_written(name: str, tmp_path: Path) -> None:
    graph = Graph("digits_cnn")
    x = graph.add("Input", name=name, shape=[4])
    y = graph.add("Input", name="y" if name != "y" else "z", shape=[4])
    linear = graph.add("Linear", name="x" if name != "x" else "y1", out_features=4)
    cat, add = graph.add("Concat", dim=1), graph.add("Add")
    sequence(graph, x, linear, cat, graph.add("Output"))
    graph.connect(y, cat)
    graph.connect(x, add)
    graph.connect(y, add)
    graph.connect(add, graph.add("Output"))
    module, a, b = graph.compile(), torch.randn(2, 4), torch.randn(2, 4)
    first, second = module(a, b)
    assert torch.equal(second, a + b) and torch.equal(first, torch.cat([getattr(module, linear.name)(a), b], dim=1))


@pytest.mark.parametrize(
    "description",
    [
        'Says """hello""".', "A \\ backslash \\", 'Ends in a "quote"', "Two\nlines", "Nul \0 and tab \t", "“Long” " + "word " * 60, '"' * 9,
        "\\" * 9,
    ],
)  # fmt: skip
def test_any_description_stays_inside_the_docstring(description: str) -> None:
    graph = Graph(description, description)
    sequence(graph, graph.add("Input", shape=[2]), graph.add("ReLU"), graph.add("Output"))
    tree = ast.parse(graph.to_python())
    assert [type(part) for part in tree.body] == [ast.Expr, ast.ImportFrom, ast.ClassDef]
    shown = " ".join(c if c.isprintable() else " " for c in description)[:20].split()[0]
    assert shown[0] in (inspect.getdoc(type(graph.compile())) or "")


@pytest.mark.parametrize("length", range(1, 30))
def test_lines_of_any_length_are_broken_as_ruff_breaks_them(length: int, tmp_path: Path) -> None:
    graph = Graph("long")
    long = "conv_" + "n" * 3 * length
    x, conv = graph.add("Input", name="x" * length, shape=[8, 9, 9]), graph.add(
        "Conv2d", name=long, out_channels=8, kernel_size=[3, 1], stride=[2, 1], padding=[1, 0], groups=4, bias=False, padding_mode="reflect"
    )  # fmt: skip
    cat, output = graph.add("Concat", dim=1), graph.add("Output")
    sequence(graph, x, conv, cat, output)
    for i in range(length):
        other = graph.add("Conv2d", name=f"branch_{i}", out_channels=1, kernel_size=[3, 1], stride=[2, 1], padding=[1, 0])
        sequence(graph, x, other, cat)
    attention = graph.add("MultiheadAttention", name="a" * 2 * length, num_heads=1, batch_first=True, average_attn_weights=False)
    words = graph.add("Input", name="words" + "w" * length, shape=["T", 8])
    for _ in range(3):
        graph.connect(words, attention)
    graph.connect(attention, graph.add("Output"))
    graph.connect(attention, graph.add("Output"), "weights")
    shape = [f"size_{i}" for i in range(min(length, 6))]
    reshaped = graph.add("Reshape", shape=["N", -1, *shape])
    sequence(graph, graph.add("Input", name="free_" + "f" * length, shape=[2, *shape]), reshaped, graph.add("Output"))
    formatted(graph.to_python(), tmp_path)


@pytest.mark.parametrize("seed", range(10))
def test_what_passes_the_check_runs_and_has_the_shapes_it_promised(seed: int) -> None:
    rng, ran = random.Random(seed), 0
    sizes = {"N": 3, "T": 11}
    for _ in range(200):
        graph = random_graph(rng, rng.randint(1, 7), like_a_person=True)
        report = graph.check()
        if not report.ok:
            continue
        ran += 1
        with quiet():
            module = graph.compile()
            inputs = [n for n in graph if n.spec.call.kind == "input"]
            arguments = [torch.zeros([size_at(s, sizes) for s in report.shapes[n.id]["output"]]) for n in inputs]
            if any(n.params["dtype"] != "float32" for n in inputs):
                continue
            results = module(*arguments)
        ends = [n for n in graph if n.spec.call.kind == "output"]
        for end, result in zip(ends, results if isinstance(results, tuple) else (results,), strict=True):
            promised = report.nodes[end.id].inputs["input"]
            assert tuple(result.shape) == tuple(size_at(s, sizes) for s in promised.shape), graph.to_python()
            assert str(result.dtype) == f"torch.{promised.dtype}"
        if ran == 4:
            return
    pytest.fail("hardly a graph passes")
