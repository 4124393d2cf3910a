"""Networks in files: what torch.export wrote, for a free size of the batch or for one; and modules that only torch.export can look into."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.export import Dim

from graph_engine import Graph
from graph_engine.errors import ImportModuleError
from graph_engine.importing.exported import interpreted
from graph_engine.importing.proposals import propose, proposed
from graph_engine.importing.source import load


class Block(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.conv(x)))
        y += x
        return y


class Pictures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 2, 1)
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.pool, self.drop, self.head = nn.AdaptiveAvgPool2d(1), nn.Dropout(0.3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(torch.flatten(self.pool(self.blocks(self.stem(x))), 1)))


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.start = nn.Embedding(50, 16), nn.Parameter(torch.randn(1, 1, 16))
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, ids: Tensor) -> Tensor:
        x = torch.cat([self.start.expand(ids.size(0), -1, -1), self.embedding(ids)], 1)
        return self.head(self.layer(x)[:, 0])


class Writes(nn.Module):
    """Writes into a part of a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        part = y[:, 2:4]
        part *= 2
        y[:, :1].zero_()
        y[:, 5:] = x[:, :1]
        return y.tanh()


IMAGES, IDS = torch.randn(2, 3, 8, 8), torch.randint(0, 50, (2, 7))


@pytest.mark.parametrize("is_free", [True, False])
@pytest.mark.parametrize(("module", "given"), [(Pictures(), IMAGES), (Words(), IDS)])
def test_an_exported_program_is_the_network_that_was_exported(module: nn.Module, given: Tensor, is_free: bool, tmp_path: Path) -> None:
    module.eval()
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(module, (given,), dynamic_shapes=({0: Dim.AUTO},) if is_free else None), path)
    read = load(str(path))
    graph = Graph.from_module(read, proposed(read), "net")
    report = graph.report
    assert report is not None and report.bitwise and not report.opaque, str(report)
    assert any("run by torch.export, gives the same to the bit" in note for note in report.notes)
    assert {name.removeprefix("blocks.") for name in graph.weights} >= {"head.weight", "head.bias"}
    made = graph.compile().eval()
    assert torch.equal(made(given), module(given))
    if isinstance(module, Pictures):
        assert [n.name for n in graph if n.id in graph.groups] == ["blocks"] and made.train()
        assert [i.shape for i in propose(read).inputs] == ["3x8x8:float32"]


@pytest.mark.parametrize(("module", "given", "is_free"), [(Pictures(), IMAGES, True), (Pictures(), IMAGES, False), (Words(), IDS, True)])
@pytest.mark.filterwarnings("ignore")
def test_an_onnx_file_is_the_network_that_was_exported(module: nn.Module, given: Tensor, is_free: bool, tmp_path: Path) -> None:
    module.eval()
    path = tmp_path / "net.onnx"
    torch.onnx.export(module, (given,), path, dynamic_shapes=({0: Dim("batch")},) if is_free else None, verbose=False)
    read = load(str(path))
    graph = Graph.from_module(read, proposed(read), "net")
    report = graph.report
    assert report is not None and report.bitwise and not report.opaque, str(report)
    assert any("run by onnxruntime" in note for note in report.notes)
    assert torch.allclose(graph.compile().eval()(given), module(given), atol=1e-5)
    assert torch.equal(graph.weights["head.weight"], module.head.weight)  # type: ignore[arg-type, union-attr]
    if isinstance(module, Pictures):
        assert [n.name for n in graph if n.id in graph.groups] == ["blocks"]


def test_operators_of_onnx_without_a_counterpart_are_told(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    nodes = [helper.make_node("Hardmax", ["x"], ["a"]), helper.make_node("Hardmax", ["a"], ["b"]), helper.make_node("Relu", ["b"], ["y"])]
    graph = helper.make_graph(nodes, "net", [info("x", TensorProto.FLOAT, ["N", 4])], [info("y", TensorProto.FLOAT, ["N", 4])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "net.onnx")
    with pytest.raises(ImportModuleError, match=r"no counterpart here: 2 × Hardmax\."):
        load(str(tmp_path / "net.onnx"))
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(ImportModuleError, match=r"bad\.onnx cannot be read"):
        load(str(tmp_path / "bad.onnx"))


def test_operators_without_a_counterpart_are_told_by_name_and_number() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.ops.aten._fused_rms_norm(x, [4], None, None)[0] + torch.ops.aten._fused_rms_norm(x, [4], None, None)[0]

    program = torch.export.export(Odd(), (torch.randn(2, 4),))
    graph = program.graph
    for node in graph.nodes:
        if "rms_norm" in str(node.target):
            node.target = torch.ops.prims.view_of.default  # of another namespace
    with pytest.raises(ImportModuleError, match=r"no counterpart here: 2 × prims\.view_of\.default"):
        interpreted(program)


def test_what_cannot_be_recorded_is_exported(tmp_path: Path) -> None:
    module = Writes().eval()
    graph = Graph.from_module(module, torch.randn(2, 6))
    assert graph.report is not None and graph.report.bitwise and graph.report.way == "by way of torch.export"
    assert "test_import_files.py, line" in graph.report.notes[0]


def test_a_module_that_fails_says_so() -> None:
    class Fails(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ValueError("no such thing")

    with pytest.raises(ImportModuleError, match="Fails does not run on these inputs: ValueError: no such thing"):
        Graph.from_module(Fails(), torch.randn(2, 6))


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.pt2").write_bytes(b"nonsense")
    with pytest.raises(ImportModuleError, match=r"bad\.pt2 cannot be read as an exported program"):
        load(str(tmp_path / "bad.pt2"))
    with pytest.raises(ImportModuleError, match="There is no file"):
        load(str(tmp_path / "none.pt2"))
