"""What is imported, and with which inputs: read from text, tried on shapes, and told where it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine.errors import ImportModuleError
from graph_engine.foreign.outline import offers
from graph_engine.importing.proposals import propose, texts
from graph_engine.importing.source import examples, load

FILE = """
raise SystemExit("a file is read before it is run")

class Layer(Base):
    def __init__(self, width): ...
    def forward(self, x): ...

class Net(Base):
    \"\"\"What it is.

    More.
    \"\"\"
    def __init__(self, a, b=(1, 2), *, c, d="x"):
        self.layer = Layer(3)
    def forward(self, x): ...

class Config:
    def __init__(self): ...

class Empty(Base):
    def forward(self, x): ...

def small(): ...
def _helper(): ...
"""


def test_a_file_offers_what_may_be_a_network_and_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(FILE)
    found = offers(path)
    assert [o.name for o in found] == ["Empty", "small", "Net", "Layer"]
    net = found[2]
    assert (net.arguments, net.needs, net.summary) == ("a, b=(1, 2), c, d='x'", True, "What it is.")
    with pytest.raises(ImportModuleError, match="cannot be read"):
        offers(tmp_path / "none.py")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("torch.nn:Linear(3, out_features=4, bias=False)", {"in_features": 3, "out_features": 4, "bias": None}),
        ("torch.nn::Identity", {}),
        ("torch.nn:modules.linear.Linear(1,\n 2)", {"in_features": 1}),
    ],
)
def test_a_call_is_plain_values(source: str, expected: dict[str, Any]) -> None:
    module = load(source)
    assert {name: getattr(module, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("torch.nn.Linear", "does not name a module"),
        ("torch.nn:Linear(__import__('os'), 2)", "no plain values"),
        ("torch.nn:Linear(1, 2", "does not name a module"),
        ("torch.nn:Linear(1)", "cannot be called with these arguments"),
        ("torch.nn:Linear", "cannot be called without arguments"),
        ("torch:zeros(3)", "gives a Tensor"),
        ("torch.nn:Lineal(3)", "has nothing called Lineal"),
    ],
)
def test_what_names_no_module_is_told(source: str, message: str) -> None:
    with pytest.raises(ImportModuleError, match=message):
        load(source)


def test_inputs_go_by_name_where_they_are_named() -> None:
    by_name = examples(["ids=4:int64<9", "mask=4:bool"])
    assert isinstance(by_name, dict) and [(n, tuple(t.shape), t.dtype) for n, t in by_name.items()] == [
        ("ids", (2, 4), torch.int64),
        ("mask", (2, 4), torch.bool),
    ]
    assert isinstance(examples(["3x4", ""]), tuple)
    assert texts(["a", "b", "c"], {"a": "1", "b": "2"}) == ["1", "2"] and texts(["a", "b", "c"], {"a": "1", "c": "2"}) == ["a=1", "c=2"]
    with pytest.raises(ImportModuleError, match="each another one"):
        examples(["ids=4", "4"])


class Cifar(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4 * 30 * 30, 2)

    def forward(self, picture: Tensor) -> Tensor:
        return self.head(self.conv(picture).flatten(1))


class Decides(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(7, 2)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        return self.linear(x) if bool(x.sum() > 0) else self.linear(-x)


class Impossible(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(7, 2)

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("never")


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (Cifar(), {"picture": "3x32x32"}),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), {"input": "1x28x28"}),
        (nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 2)), {"input": "16:int64<50"}),
        (nn.LSTM(5, 6, batch_first=True), {"input": "16x5", "hx": ""}),
        (
            nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 1),
            {"src": "16x8", "mask": "", "src_key_padding_mask": "", "is_causal": ""},
        ),
        (Decides(), {"x": "7", "bias": ""}),
    ],
)
def test_the_shapes_that_are_proposed_run(module: nn.Module, expected: dict[str, str]) -> None:
    found = propose(module)
    assert {one.name: one.shape for one in found.inputs} == expected and not found.problem
    assert module.training


def test_where_nothing_runs_the_reason_is_told() -> None:
    found = propose(Impossible())
    assert found.problem == "RuntimeError: never" and found.inputs[0].shape == "7"
