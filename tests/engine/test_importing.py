"""Import of modules: small ones in the manner of the large; `python -m tests.zoo` tries the real ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (everybody's name for it)
from torch import Tensor, nn

from app.cli import main
from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.blocks.opaque import read
from graph_engine.codegen.project import write_project
from graph_engine.errors import DocumentError, ImportModuleError
from graph_engine.graph.groups import blocks_for
from graph_engine.templates import template
from tests.zoo import example


class Residual(nn.Module):
    def __init__(self, channels: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels // stride, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = nn.Conv2d(channels // stride, channels, 1, stride) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += identity
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.layer1 = nn.Sequential(Residual(8), Residual(8), Residual(8))
        self.layer2 = nn.Sequential(Residual(16, 2), Residual(16))
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.stem(x)))
        x = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)
        return self.fc(F.dropout(x, 0.2, self.training))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList([nn.Conv2d(3, 4, k, padding=k // 2) for k in (1, 3, 5)])
        self.aux = nn.Linear(12, 2)
        self.head = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.cat([F.relu(b(x)) for b in self.branches] + [], dim=1)
        x = x.mean((2, 3))
        return self.head(x), self.aux(x)


class Windows(nn.Module):
    """Attention in shifted windows, with a table of relative positions, a mask, and a class token."""

    def __init__(self, dim: int = 8, window: int = 4, shift: int = 2):
        super().__init__()
        self.window, self.shift = window, shift
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.table = nn.Parameter(torch.randn(49, 2))
        place = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")).flatten(1)
        away = (place[:, :, None] - place[:, None, :] + 3).permute(1, 2, 0)
        self.register_buffer("index", (away[..., 0] * 7 + away[..., 1]).flatten())
        self.token = nn.Parameter(torch.zeros(1, 1, dim))

    def forward(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        n = self.window
        x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        x = x.view(b, h // n, n, w // n, n, c).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, n * n, c)
        q, k, v = self.qkv(x).reshape(-1, n * n, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * (c // 2) ** -0.5) @ k.transpose(-2, -1)
        scores = scores + self.table[self.index].view(n * n, n * n, -1).permute(2, 0, 1).unsqueeze(0)
        area = torch.zeros(1, h, w, 1)
        for i, rows in enumerate((slice(0, -n), slice(-n, -self.shift), slice(-self.shift, None))):
            area[:, rows] = i
        area = area.view(1, h // n, n, w // n, n, 1).permute(0, 1, 3, 2, 4, 5).reshape(-1, n * n)
        mask = (area[:, None] - area[:, :, None]).ne(0).float() * -100
        scores = scores.view(b, -1, 2, n * n, n * n) + mask[None, :, None]
        x = self.proj((scores.view(-1, 2, n * n, n * n).softmax(-1) @ v).transpose(1, 2).reshape(-1, n * n, c))
        x = x.view(b, h // n, w // n, n, n, c).transpose(2, 3).reshape(b, h * w, c)
        return torch.cat((self.token.expand(b, -1, -1), x), 1)


class DecoderLayer(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.c_attn, self.c_proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim), nn.Dropout(0.1))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        b, t, c = x.size()
        q, k, v = self.c_attn(self.norm(x)).split(c, dim=2)
        q, k, v = (y.view(b, t, 2, c // 2).transpose(1, 2) for y in (q, k, v))
        causal = torch.tril(torch.ones(t, t, dtype=torch.bool))
        if mask is not None:
            causal = causal & mask[:, None, None, :].bool()
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=causal, dropout_p=0.1 if self.training else 0.0)
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c))
        return x + self.mlp(x)


class LanguageModel(nn.Module):
    """Its output layer is the table of its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(20, 8), nn.Embedding(12, 8)
        self.h = nn.ModuleList(DecoderLayer(8) for _ in range(3))
        self.ln_f, self.lm_head = nn.LayerNorm(8), nn.Linear(8, 20, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        x = self.wte(ids) + self.wpe(torch.arange(ids.size(1)).unsqueeze(0).expand(ids.size(0), -1))
        for layer in self.h:
            x = layer(x, mask)
        return {"logits": self.lm_head(self.ln_f(x))}


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.nn = nn.Linear(10, 4)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        y, (h, _) = self.lstm(self.embed(ids))
        return 1 - self.nn(y).sigmoid(), h.transpose(0, 1)[:, -1]


class Encoder(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), nn.Linear(8, 3))


TOKENS = torch.randint(1, 20, (2, 9))
MASK = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])
MODELS: list[tuple[Callable[[], nn.Module], Any]] = [
    (ResNet, torch.randn(1, 3, 8, 8)),
    (Inception, torch.randn(2, 3, 8, 8)),
    (Windows, torch.randn(1, 8, 8, 8)),
    (LanguageModel, (TOKENS, MASK)),
    (Tagger, TOKENS),
    (
        lambda: nn.Sequential(nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), nn.Linear(8, 3)),
        torch.randn(2, 5, 8),
    ),
]


@pytest.fixture(params=MODELS, ids=lambda row: getattr(row[0], "__name__", "model"))
def imported(request: pytest.FixtureRequest) -> tuple[nn.Module, Any, Graph]:
    torch.manual_seed(0)
    make, inputs = request.param
    module = make().eval()
    return module, inputs, Graph.from_module(module, inputs)


def test_it_gives_the_same_bits_at_other_sizes_of_the_batch(imported: tuple[nn.Module, Any, Graph]) -> None:
    _, _, graph = imported
    assert graph.report is not None and graph.report.bitwise, str(graph.report)
    assert not graph.report.opaque, str(graph.report)
    assert graph.check().ok


def test_every_weight_comes_along_and_nothing_else_is_learned(imported: tuple[nn.Module, Any, Graph]) -> None:
    module, _, graph = imported
    made = graph.compile()
    assert sum(p.numel() for p in made.parameters()) == sum(p.numel() for p in module.parameters())
    assert not made.load_state_dict(dict(graph.weights), strict=True).missing_keys


def test_a_new_graph_can_be_trained(imported: tuple[nn.Module, Any, Graph]) -> None:
    _, inputs, graph = imported
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    result = graph.compile().train()(*(x.repeat(2, *[1] * (x.dim() - 1)) for x in given))
    sum(t.float().sum() for t in (result if isinstance(result, tuple) else (result,))).backward()


def test_the_module_is_as_before() -> None:
    module = ResNet().train()
    before = {name: t.clone() for name, t in module.state_dict().items()}
    state = torch.random.get_rng_state()
    Graph.from_module(module, torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert all(torch.equal(t, before[name]) for name, t in module.state_dict().items())
    assert all(m.training for m in module.modules())
    assert torch.equal(state, torch.random.get_rng_state())


def test_hierarchy_names_repeats_and_exposed_parameters() -> None:
    graph = Graph.from_module(ResNet(), torch.randn(1, 3, 8, 8))
    layer1 = graph.named("layer1")
    assert layer1.params["repeat"] == 3 and layer1.spec.title == "Residual"
    residual = next(d for d in graph.definitions.values() if d.name == "Residual")
    assert {e.name for e in residual.exposed} == {"out_channels"} == {e.param for e in residual.exposed}
    assert {"conv1", "bn1", "relu", "conv2", "bn2"} <= {n.name for n in residual}
    assert {"stem", "layer1", "layer2", "fc"} <= {n.name for n in graph}
    assert {name for name in graph.weights if name.startswith("layer1.")} == {
        name for name in ResNet().state_dict() if name.startswith("layer1.")
    }


def test_dropout_of_a_function_acts_in_training() -> None:
    made = Graph.from_module(ResNet(), torch.randn(1, 3, 8, 8)).compile()
    assert [m.p for m in made.modules() if isinstance(m, nn.Dropout)] == [0.2]


def test_tied_weights_stay_tied() -> None:
    graph = Graph.from_module(LanguageModel(), (TOKENS, MASK))
    blocks = [n.block for n in graph]
    assert blocks.count("Lookup") == blocks.count("Project") == blocks.count("Parameter") == 1
    assert graph.named("h").params["repeat"] == 3


class Caching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bias, self.cache = nn.Parameter(torch.randn(4)), dict[str, Tensor]()

    def forward(self, x: Tensor) -> Tensor:
        if "bias" not in self.cache:
            self.cache["bias"] = self.bias * 2
        return x + self.cache["bias"]


def test_what_a_module_keeps_for_the_next_time_stays_learned() -> None:
    module = Caching()
    graph = Graph.from_module(module, torch.randn(2, 4))
    assert "Parameter" in {n.block for n in graph} and not module.cache


class Depth(nn.Module):
    """Everybody writes their own."""

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (torch.rand(len(x), *[1] * (x.dim() - 1)) >= self.rate) / (1 - self.rate)


class Deep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop_path = nn.Linear(4, 4), Depth(0.25)

    def forward(self, x: Tensor) -> Tensor:
        y = x + self.drop_path(self.fc(x))
        return y.sin() if self.training else y.cos()


def test_stochastic_depth_stays_and_what_else_training_does_is_told() -> None:
    graph = Graph.from_module(Deep(), torch.randn(2, 4))
    assert graph.named("drop_path").block == "DropPath" and graph.named("drop_path").params["p"] == 0.25
    made = graph.compile().train()
    torch.manual_seed(0)
    assert not torch.equal(made(x := torch.randn(9, 4)), made.eval()(x))
    assert graph.report is not None and [n for n in graph.report.notes if n.startswith("Deep does something else while it is trained")]
    assert not Graph.from_module(ResNet(), torch.randn(2, 3, 8, 8)).report.notes  # type: ignore[union-attr]


class Deciding(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1e9:
            return x * 2
        return x + 1


def test_a_decision_by_data_is_told_with_its_line() -> None:
    graph = Graph.from_module(Deciding(), torch.randn(2, 4))
    assert graph.report is not None
    line = Deciding.forward.__code__.co_firstlineno + 1
    assert [d for d in graph.report.decisions if f"test_importing.py, line {line}" in d]
    assert f"line {line}" in str(graph.report)


class Spectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fftn(x, dim=(1,)).real


def test_what_has_no_block_still_runs_and_says_why(tmp_path: Any) -> None:
    graph = Graph.from_module(Spectrum(), torch.randn(2, 6))
    assert graph.report is not None and graph.report.bitwise and sum(graph.report.opaque.values()) == 2
    assert "torch.fft.fftn(x, dim=(1,))" in graph.to_python()
    graph.save(tmp_path / "spectrum.archloom")
    assert Graph.load(tmp_path / "spectrum.archloom").to_python() == graph.to_python()


class OfTheBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * (1.0 / x.size(0))


class Shrinking(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.size(0) > 2 else x * 2


@pytest.mark.parametrize("module", [OfTheBatch(), Shrinking()])
def test_what_cannot_be_drawn_is_refused_at_its_line(module: nn.Module) -> None:
    with pytest.raises(ImportModuleError, match=r"batch"):
        Graph.from_module(module, torch.randn(2, 4))


HOSTILE = [
    ("torch.load", "x", "x: (N, 3) float32"),
    ("torch.save", "x, 'f'", "x: (N, 3) float32"),
    ("Tensor.__reduce__", "x", "x: (N, 3) float32"),
    ("os.system", "x", "x: (N, 3) float32"),
    ("torch.relu", "x, __import__('os')", "x: (N, 3) float32"),
    ("torch.relu", "x, (lambda: 1)()", "x: (N, 3) float32"),
    ("torch.relu", "x.__class__", "x: (N, 3) float32"),
    ("torch.relu", "x, '{x}'", "x: (N, 3) float32"),
    ("Tensor.[]", "x, print(1)", "x: (N, 3) float32"),
    ("torch.relu", "x)\nimport os\nf(x", "x: (N, 3) float32"),
]


@pytest.mark.parametrize(("path", "arguments", "receives"), HOSTILE)
def test_a_document_cannot_make_an_operation_of_other_code(path: str, arguments: str, receives: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        read(path, arguments, receives, "output: (N, 3) float32")


def test_an_operation_without_a_block_says_when_something_else_arrives() -> None:
    graph = Graph.from_module(Spectrum(), torch.randn(2, 6))
    graph.set(graph.named("x"), shape=[8])
    assert "opaque.other-input" in {d.code for d in graph.check().diagnostics}


class Lengths(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph("Lengths")
        nodes = {name: self.graph.add(block, name=name, **params) for name, block, params in PACKED}
        for source, target, port in (("x", "table", None), ("table", "gru", None), ("x", "ends", None), ("ends", "gru", "lengths")):
            self.graph.connect(nodes[source], nodes[target], target_port=port)
        self.graph.connect(nodes["gru"], nodes["y"])


PACKED = [
    ("x", "Input", {"shape": [7], "dtype": "int64"}),
    ("table", "Embedding", {"num_embeddings": 20, "embedding_dim": 4}),
    ("ends", "Lengths", {}),
    ("gru", "GRU", {"hidden_size": 5, "batch_first": True}),
    ("y", "Output", {}),
]


def test_own_layers_and_sequences_read_to_their_ends_come_back() -> None:
    graph = Lengths().graph
    again = Graph.from_module(graph.compile(), torch.randint(0, 20, (3, 7)), "Lengths")
    assert again.report is not None and again.report.bitwise
    (unnamed,) = (node for node in again if node.spec.call.target == "output")  # what runs has no name for what it returns
    again.rename(unnamed, "y")
    assert again.to_python() == graph.to_python()


AS_BEFORE = ["cnn_digits", "mlp_wine", "unet_photographs", "siamese_digits", "mobilenet_digits", "gru_countries", "attention_digits"]


@pytest.mark.parametrize("name", AS_BEFORE)
def test_what_was_exported_comes_back_with_the_same_nodes(name: str) -> None:
    graph = template(name).graph
    again = Graph.from_module(graph.compile(), example(graph), graph.name)
    assert again.report is not None and again.report.bitwise
    assert _nodes(again) == _nodes(graph)


def _nodes(graph: Graph) -> list[Any]:
    return sorted((n.block, str({k: v for k, v in n.params.items() if v is not None})) for g in graph.graphs() for n in g)


def test_weights_lie_beside_the_document_and_training_begins_with_them(tmp_path: Path) -> None:
    graph = Graph.from_module(ResNet(), torch.randn(1, 3, 8, 8))
    graph.save(tmp_path / "net.archloom")
    assert '"weights": "net.safetensors"' in (tmp_path / "net.archloom").read_text(encoding="utf-8")
    opened = Graph.load(tmp_path / "net.archloom")
    opened.save(tmp_path / "copy.archloom")
    (tmp_path / "net.safetensors").unlink()
    expected = graph.compile().state_dict()
    for one in (opened, Graph.load(tmp_path / "copy.archloom")):
        assert all(torch.equal(t, expected[name]) for name, t in one.compile().state_dict().items())
    opened.rename(opened.named("fc"), "head")
    assert torch.equal(opened.compile().state_dict()["head.weight"], expected["fc.weight"])


def test_an_exported_project_begins_with_the_weights(tmp_path: Path) -> None:
    graph = template("mlp_digits").graph
    module = graph.compile()
    graph.weights = {name: t * 0 + 0.5 for name, t in module.state_dict().items()}
    write_project(graph, tmp_path / "project")
    source = (tmp_path / "project" / "train.py").read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import train; print(all(bool((p == 0.5).all()) for p in train.make_model().parameters()))"],
        cwd=tmp_path / "project",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "True\n", done.stderr
    assert "initial.safetensors" in source and "initial" not in template("mlp_digits").graph.to_python()


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/x.safetensors", "a\\\\b.safetensors", "net.pt", ""])
def test_a_document_names_weights_beside_it_only(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.archloom"
    Graph("net").save(path)
    path.write_text(path.read_text(encoding="utf-8").rstrip().removesuffix("}") + f',"weights": "{name}"}}', encoding="utf-8")
    with pytest.raises(DocumentError, match="weights"):
        Graph.load(path)


def test_missing_weights_are_told(tmp_path: Path) -> None:
    graph = Graph.from_module(Inception(), torch.randn(1, 3, 8, 8))
    graph.save(tmp_path / "net.archloom")
    (tmp_path / "net.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DocumentError, match=r"net\.safetensors"):
        Graph.load(tmp_path / "net.archloom").compile()


def test_the_terminal_imports_what_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.py").write_text(
        "import torch\nmodel = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())\n", encoding="utf-8"
    )
    target = tmp_path / "net.archloom"
    assert main(["import", f"{tmp_path / 'own.py'}:model", "-o", str(target), "--input", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bitwise"] and Graph.load(target).check().parameters == 15
    assert main(["import", "own:model", "-o", str(target), "--input", "4"]) == 1 and "already" in capsys.readouterr().err
    for source, words in (("nowhere.at_all:x", "nowhere"), (f"{tmp_path / 'own.py'}:torch", "neither"), ("json:loads", "called")):
        assert main(["import", source, "-o", str(tmp_path / "other.archloom"), "--input", "4"]) == 1
        assert words in capsys.readouterr().err


def test_operations_without_a_block_are_not_in_the_palette() -> None:
    assert "Opaque" in {s.id for s in registry()} and "Opaque" not in {s.id for s in blocks_for(Graph())}
