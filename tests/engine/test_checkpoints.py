"""Skeletons of networks whose tensors are all that is there: what names and shapes tell, with the weights, and what they do not."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from app.cli import main
from graph_engine import Graph
from graph_engine.errors import ImportModuleError


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(16), nn.MultiheadAttention(16, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.randn(1, 1, 16))
        self.table = nn.Embedding(100, 16)
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.reader = nn.LSTM(16, 8, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(16, 5)


CONVOLUTIONS = nn.Sequential(
    nn.Conv2d(3, 8, 3, 2, 1),
    nn.BatchNorm2d(8),
    nn.Conv2d(8, 8, 3, groups=8),
    nn.PReLU(),
    nn.ConvTranspose2d(8, 4, 2),
    nn.Flatten(),
    nn.Linear(9, 2),
)


def learned(module: nn.Module) -> list[Tensor]:
    return [t for t in module.state_dict().values() if t.is_floating_point()]


def test_names_and_shapes_tell_layers_groups_and_repeats(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Net()
    save_file(module.state_dict(), tmp_path / "net.safetensors")
    graph = Graph.from_checkpoint(tmp_path / "net.safetensors")
    told = {
        n.name: (n.block, {k: n.params[k] for k in ("repeat", "num_layers", "bidirectional", "embedding_dim") if k in n.params})
        for n in graph
    }
    assert told["table"] == ("Embedding", {"embedding_dim": 16}) and told["blocks"] == ("Group", {"repeat": 3})
    assert told["reader"] == ("LSTM", {"num_layers": 2, "bidirectional": True}) and told["start"][0] == "Parameter"
    weights = graph.weights
    assert len(weights) == len(learned(module)) and {tuple(t.shape) for t in weights.values()} == {tuple(t.shape) for t in learned(module)}
    assert torch.equal(weights["blocks.2.attention.out_proj.weight"], module.blocks[2].attention.out_proj.weight)  # type: ignore[index, union-attr]
    assert torch.equal(weights["blocks.1.mlp.linear2.weight"], module.blocks[1].mlp[2].weight)  # type: ignore[index, union-attr]
    assert graph.report is not None and "left to you" in str(graph.report) and "attention" in str(graph.report)
    graph.save(tmp_path / "kept.archloom")
    assert Graph.load(tmp_path / "kept.archloom").weights.keys() == weights.keys()


@pytest.mark.parametrize(
    "wrapped", [lambda s: s, lambda s: {"model": s, "epoch": 3}, lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}}]
)
def test_what_pytorch_saved_is_read_without_running_it(wrapped: Any, tmp_path: Path) -> None:
    torch.save(wrapped(CONVOLUTIONS.state_dict()), tmp_path / "net.pth")
    graph = Graph.from_checkpoint(tmp_path / "net.pth")
    assert [n.block for n in graph] == ["Input", "Conv2d", "BatchNorm2d", "Conv2d", "PReLU", "ConvTranspose2d", "Linear", "Output"]
    second, turned = [n for n in graph if n.block.startswith("Conv")][1:]
    assert (second.params["in_channels"], second.params["groups"], turned.params["out_channels"]) == (8, 8, 4)
    assert next(iter(graph)).params["shape"] == (3, 224, 224)
    assert sum(t.numel() for t in graph.weights.values() if t.is_floating_point()) == sum(t.numel() for t in learned(CONVOLUTIONS))


class Hostile:
    def __reduce__(self) -> Any:
        return (print, ("ran",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(Hostile()), "cannot be read|only running its code"),
        (b"nonsense", "cannot be read|only running its code"),
    ],
)
def test_what_is_no_checkpoint_is_told_and_not_run(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(ImportModuleError, match=message):
        Graph.from_checkpoint(tmp_path / "net.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pt")
    with pytest.raises(ImportModuleError, match="no tensors by name"):
        Graph.from_checkpoint(tmp_path / "none.pt")
    assert "ran" not in capsys.readouterr().out


def test_the_terminal_takes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(CONVOLUTIONS.state_dict(), tmp_path / "net.pth")
    assert main(["import", str(tmp_path / "net.pth"), "-o", str(tmp_path / "net.archloom")]) == 0
    assert "proposed from the names and shapes" in capsys.readouterr().out
