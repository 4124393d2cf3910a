"""Networks as files that other programs run: the batch stays free, the numbers stay the same, and what does not work is told."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

from graph_engine import Graph
from graph_engine.errors import RunError
from graph_engine.export import formats
from graph_engine.export.formats import Made, compare, export, export_weights
from graph_engine.export.network import built
from graph_engine.templates import template


@pytest.fixture
def small() -> Graph:
    graph = Graph("small")
    x, linear, relu, out = (
        graph.add("Input", name="x", shape=[6]),
        graph.add("Linear", out_features=3),
        graph.add("ReLU"),
        graph.add("Output", name="y"),
    )
    for source, target in ((x, linear), (linear, relu), (relu, out)):
        graph.connect(source, target)
    return graph


def test_onnx_has_the_names_of_the_nodes_and_a_free_batch(small: Graph, tmp_path: Path) -> None:
    told = export(small, "onnx", tmp_path / "net.onnx", None)
    onnx.checker.check_model(onnx.load(tmp_path / "net.onnx"))
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    assert [one.name for one in (*session.get_inputs(), *session.get_outputs())] == ["x", "y"]
    assert session.run(None, {"x": torch.zeros(7, 6).numpy()})[0].shape == (7, 3)
    assert told[0] == "It has fresh weights (seed 0), which have learned nothing."
    assert "with batches of 2 and 5" in told[-1]


@pytest.mark.filterwarnings("ignore:.*torch.jit.load:DeprecationWarning")
def test_an_archive_gives_the_same_to_the_bit(small: Graph, tmp_path: Path) -> None:
    network = built(small, None)
    export_weights(small, tmp_path / "weights.safetensors", None)
    told = export(small, "pt2", tmp_path / "net.pt2", tmp_path / "weights.safetensors")
    assert told[-1] == "Its outputs are those of the network to the bit, with batches of 2 and 5."
    inputs = network.draw(4)
    assert torch.equal(torch.export.load(tmp_path / "net.pt2").module()(*inputs), network.run(inputs)[0])
    export(small, "torchscript", tmp_path / "net.pt", None)
    assert torch.jit.load(tmp_path / "net.pt")(*inputs).shape == (4, 3)


def test_weights_of_another_network_are_refused(small: Graph, tmp_path: Path) -> None:
    export_weights(template("mlp_digits").open(), tmp_path / "other.safetensors", None)
    with pytest.raises(RunError, match="are not this network's: for"):
        export(small, "pt2", tmp_path / "net.pt2", tmp_path / "other.safetensors")
    with pytest.raises(RunError, match=r"has no weights.safetensors"):
        export(small, "pt2", tmp_path / "net.pt2", tmp_path)


def test_what_torch_cannot_follow_is_told_with_its_node(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"gives up at \w+\. \S"):
        export(template("gru_languages").open(), "pt2", tmp_path / "net.pt2", None)
    assert not (tmp_path / "net.pt2").exists()


def test_a_file_that_gives_other_numbers_is_not_written(small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = built(small, None)
    wrong = Made(b"", lambda inputs: [one + 0.1 for one in network.run(inputs)])
    monkeypatch.setitem(formats.FORMATS, "pt2", formats.FORMATS["pt2"]._replace(make=lambda network, say: wrong))
    with pytest.raises(RunError, match=r"they differ by 0\.1\. It is not written"):
        export(small, "pt2", tmp_path / "net.pt2", None)
    assert not (tmp_path / "net.pt2").exists()
    assert "1e-06 at most" in compare(network, lambda inputs: [one + 1e-6 for one in network.run(inputs)])[-1].replace("9.5e-07", "1e-06")


def test_a_package_that_is_not_installed_is_told(small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"needs the packages onnx and onnxscript: run “pip install 'archloom\[onnx\]'”"):
        export(small, "onnx", tmp_path / "net.onnx", None)
