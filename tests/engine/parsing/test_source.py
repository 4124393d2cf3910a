"""Python text as people write it, read without being run: the graph computes what the text does, or one sentence tells why not."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (everybody's name for it)
from torch import Tensor, nn
from torch.overrides import get_testing_overrides

from graph_engine import Graph
from graph_engine.errors import SourceError
from graph_engine.parsing.calls import OWN_DEFAULTS, TRAINED
from graph_engine.parsing.index import functions
from graph_engine.spec.params import REQUIRED

WRITTEN = Path(__file__).parents[2] / "data" / "written"


def module(text: str, name: str) -> nn.Module:
    """The module that the text itself makes when it runs."""
    space: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "__name__": "written"}
    sys.modules.setdefault("written", sys.modules[__name__])  # where a dataclass looks for its own module
    exec(compile(text, "written", "exec", dont_inherit=True), space)
    if "net" in space:
        return space["net"].eval()
    needs = [p for p in list(inspect.signature(space[name]).parameters.values()) if p.default is p.empty]
    return space[name](*(space[str(p.annotation.__name__)]() for p in needs)).eval()


def plain(names: dict[str, Tensor]) -> dict[tuple[str, ...], list[str]]:
    """Names of tensors by what an import leaves of them: places in containers, whatever stands in front of their number."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, tensor in names.items():
        parts = [piece for part in name.split(".") for piece in ([part] if re.fullmatch(r"[a-z_]*[a-z]\d+", part) else part.split("_"))]
        short = [re.sub(r"^[a-z_]+(\d+)$", r"\1", piece) for piece in parts]
        found.setdefault((*short, str(tuple(tensor.shape))), []).append(name)
    return found


def agree(text: str, name: str, *inputs: Tensor) -> Graph:
    """Holds the graph of a text against the text itself, with the same weights."""
    graph, original = Graph.from_source(text), module(text, name)
    assert graph.check().ok, graph.check().diagnostics
    made = graph.compile().eval()
    ours, theirs = made.state_dict(), original.state_dict()
    mine, wanted = plain(ours), plain(theirs)
    assert mine.keys() == wanted.keys()
    for key, names in mine.items():
        for own, other in zip(names, wanted[key], strict=True):
            ours[own].copy_(theirs[other])
    with torch.no_grad():
        for a, b in zip(_flat(made(*inputs)), _flat(original(*inputs)), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    again = Graph.from_source(graph.to_python())
    assert again.to_python() == graph.to_python()
    return graph


def _flat(result: Any) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else [t for part in result for t in _flat(part)]


def test_a_residual_network_as_the_field_writes_it() -> None:
    graph = agree((WRITTEN / "resnet.py").read_text(), "ResNet", torch.randn(2, 3, 32, 32))
    assert graph.named("x").params["shape"] == (3, 32, 32)  # found: no other common size fits the last layer
    assert graph.named("layer1").params["repeat"] == 3
    assert {d.name for d in graph.definitions.values()} == {"BasicBlock", "Shortcut", "BasicBlock 2"}


def test_a_unet_as_the_field_writes_it() -> None:
    graph = agree((WRITTEN / "unet.py").read_text(), "UNet", torch.randn(2, 3, 224, 224))
    assert [n.name for n in graph if n.id in graph.groups] == ["inc", "down1", "down2", "up1", "up2"]
    assert graph.inside("DoubleConv").graph.description == "Two convolutions, each with normalization and activation."


def test_a_language_model_as_the_field_writes_it() -> None:
    graph = agree((WRITTEN / "gpt.py").read_text(), "GPT", torch.randint(0, 65, (2, 16)))
    assert graph.named("transformer_h").params["repeat"] == 3
    assert list(graph.notes.values()) == [
        "the text does not tell what arrives; this fits: idx (N, 16) int64.",
        "how weights begin is not drawn: they begin as torch makes them.",
    ]


def test_a_sequence_to_sequence_model_as_the_field_writes_it() -> None:
    graph = agree((WRITTEN / "seq2seq.py").read_text(), "Seq2Seq", torch.randint(0, 40, (2, 7)), torch.randint(0, 30, (2, 5)))
    assert [graph.named(n).params["shape"] for n in ("src", "trg")] == [("T",), ("T",)]


def network(init: str, forward: str, takes: str = "x") -> str:
    """A class with a body."""
    lines = [textwrap.indent(part, "        ").replace("\n        def twice(", "\n    def twice(") for part in (init, forward)]
    start = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    return f"{start}{lines[0]}\n\n    def forward(self, {takes}):\n{lines[1]}\n"


FORMS = {
    "a container with names": ("self.net = nn.Sequential(OrderedDict(fc=nn.Linear(4, 8), act=nn.ReLU()))", "return self.net(x)"),
    "numbers on either side": ("self.a = nn.Linear(4, 4)", "x = self.a(x)\nreturn 1 - (2 * x + 1) / 3 - x ** 2"),
    "division by a tensor": ("self.a = nn.Linear(4, 4)", "return 1 / torch.exp(self.a(x)) + 2 / (x.abs() + 1)"),
    "functions of layers": ("self.a = nn.Linear(4, 4)", "return F.gelu(F.leaky_relu(self.a(x), 0.2)).softmax(dim=-1)"),
    "dropout by function": (
        "self.a = nn.Linear(4, 4)",
        "return F.dropout(self.a(x), 0.3, self.training) + F.dropout(x, training=self.training)",
    ),
    "one layer called twice": ("self.a = nn.Linear(4, 4)", "return self.a(torch.tanh(self.a(x)))"),
    "repeated with the same weights": ("self.a = nn.Linear(4, 4)", "for _ in range(3):\n    x = torch.relu(self.a(x))\nreturn x"),
    "zipped lists": (
        "self.a = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))\nself.b = nn.ModuleList([nn.LayerNorm(4), nn.LayerNorm(4)])",
        "for i, (a, b) in enumerate(zip(self.a, self.b)):\n    x = b(a(x)) + x if i else b(a(x))\nreturn x",
    ),
    "dimensions come and go": ("self.a = nn.Linear(4, 4)", "x = self.a(x)[:, None, :, None]\nreturn x.squeeze(1)[..., 0].flatten(1)"),
    "parts": (
        "self.a = nn.Linear(4, 6)",
        "a, b, c = self.a(x).chunk(3, dim=1)\nd, e = torch.split(x, 2, 1)\nreturn torch.stack([a, b * c, d - e], 1)",
    ),
    "a learned tensor": ("self.w = nn.Parameter(torch.ones(4))\nself.b = nn.Parameter(torch.zeros(1, 4))", "return x * self.w + self.b"),
    "several results": ("self.a = nn.Linear(4, 2)\nself.b = nn.Linear(4, 3)", "return self.a(x), self.b(x)"),
    "a method of its own": ("self.a = nn.Linear(4, 4)", "return self.twice(x)\n\ndef twice(self, x):\n    return self.a(x) * 2"),
    "conditions on plain values": (
        "self.deep = 2\nself.a = nn.Linear(4, 4)",
        "if self.deep > 1 and not self.deep == 3:\n    x = self.a(x)\nreturn x",
    ),
    "shapes asked": ("self.a = nn.Linear(4, 4)", "n, f = x.shape\nreturn self.a(x).view(n, f // 2, 2).transpose(1, 2).reshape(n, -1)"),
    "an inner function": (
        "self.a = nn.Linear(4, 4)",
        "def act(y, slope=0.1):\n    return F.leaky_relu(y, slope)\nreturn act(self.a(x), slope=0.3)",
    ),
}


@pytest.mark.parametrize("case", FORMS)
def test_what_people_write(case: str) -> None:
    text = "from collections import OrderedDict\n" * ("OrderedDict" in FORMS[case][0]) + network(*FORMS[case])
    agree(text, "Net", torch.rand(3, 4) + 0.1)


REFUSED = {
    "a condition on numbers": (("self.a = nn.Linear(4, 4)", "if x.sum() > 0:\n    x = self.a(x)\nreturn x"), 7, "compares numbers"),
    "an unknown layer": (("self.a = nn.Fancy(4)", "return self.a(x)"), 4, "nn.Fancy is not known"),
    "code from elsewhere": (("self.a = timm.Mlp(4)", "return self.a(x)"), 4, "timm"),
    "a wrong argument": (("self.a = nn.Linear(4, 4, wide=True)", "return self.a(x)"), 4, "no argument wide"),
    "a value out of limits": (("self.a = nn.Dropout(1.5)", "return self.a(x)"), 4, "p must be"),
    "no block": (("self.a = nn.Linear(4, 4)", "return torch.fft.fft(self.a(x))"), 7, "no block for fft"),
    "a loop without end": (("self.a = nn.Linear(4, 4)", "while True:\n    x = self.a(x)"), 7, "while loop"),
    "a loop too long": (("self.a = nn.Linear(4, 4)", "for _ in range(10 ** 9):\n    x = self.a(x)\nreturn x"), 7, "too long"),
    "nothing returned": (("self.a = nn.Linear(4, 4)", "self.a(x)"), 1, "returns no tensor"),
    "always dropping": (("self.a = nn.Linear(4, 4)", "return F.dropout(x)"), 7, "training=self.training"),
    "only while training": (("self.a = nn.Linear(4, 4)", "return self.a(x) if self.training else x"), 7, "only in training"),
    "an attribute that is not there": (("self.a = nn.Linear(4, 4)", "return self.b(x)"), 7, "b"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_told_with_its_line(case: str) -> None:
    (init, forward), line, words = REFUSED[case]
    with pytest.raises(SourceError) as found:
        Graph.from_source(network(init, forward))
    assert words in found.value.reason
    assert found.value.line == line
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "no Python"),
        ("x = 3\n", "no class of torch.nn.Module"),
        ("class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n", "needs width"),
        ("class Net(nn.Module):\n    pass\n", "no forward"),
        ("(" * 5000, "no Python"),
    ],
)
def test_what_is_no_network_is_told(text: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        Graph.from_source(text)


def test_a_row_of_layers_needs_no_class() -> None:
    graph = Graph.from_source("model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5408, 10))\n")
    assert [n.block for n in graph] == ["Input", "Conv2d", "ReLU", "Flatten", "Linear", "Output"]
    assert graph.named("x").params["shape"] == (1, 28, 28)
    assert graph.check().ok


def test_the_class_can_be_chosen_where_there_are_several() -> None:
    text = network("self.a = nn.Linear(4, 4)", "return self.a(x)") + network("self.b = nn.Linear(5, 5)", "return self.b(x)").replace(
        "Net", "Other"
    )
    assert Graph.from_source(text).name == "Other"
    assert Graph.from_source(text, "Net").named("a").block == "Linear"


def test_reading_needs_no_torch_and_runs_nothing() -> None:
    """The window's process reads text too: without torch, and whatever stands in it."""
    code = """
        import sys
        sys.modules["torch"] = None
        from graph_engine import Graph
        graph = Graph.from_source("import os\\nos.system('echo ran')\\nprint('ran')\\nclass N(nn.Module):\\n"
            "    def __init__(self):\\n        super().__init__()\\n        self.a = nn.Linear(4, 2)\\n"
            "    def forward(self, x):\\n        return self.a(x)\\n")
        assert graph.check().ok
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout == ""


OTHERWISE = ("norm", "conv", "linear", "embedding", "prelu", "unpool", "multi_head", "cell", "lstm", "gru", "rnn", "unflatten")


def test_functions_that_stand_for_layers_take_the_same_arguments() -> None:
    """By position and by default, as far as a layer is read from a function's call; what differs is declared."""
    overrides = get_testing_overrides()
    for name, specs in functions().items():
        for spec in specs:
            function = getattr(F, name, getattr(torch, name, None))
            if spec.call.kind != "module" or function is None or name in TRAINED or spec.switched_outputs:
                continue
            if any(
                w in name
                for w in ("norm", "conv", "linear", "embedding", "prelu", "unpool", "multi_head", "cell", "lstm", "gru", "rnn", "unflatten")
            ):
                continue  # by position they are alike, or they take weights or indices, and a call that does is refused
            try:
                form = list(inspect.signature(overrides.get(function, function)).parameters.values())
            except (TypeError, ValueError):
                continue
            theirs = [p for p in form[len(spec.inputs) :] if p.name not in ("inplace", "_stacklevel", "dtype")]
            for param, one in zip([p for p in spec.constructed if p.name != "inplace"], theirs, strict=False):
                assert param.name == one.name, f"{name}: {param.name} stands where {one.name} does"
                default = OWN_DEFAULTS.get(name, {}).get(param.name, param.default)
                if one.default is not one.empty and default is not REQUIRED and one.default is not None:
                    assert default == one.default, f"{name}: {param.name}"
