"""What every block promises, from one routine: a new block is tested before its author writes a test."""

from __future__ import annotations

import inspect
import os
import random
import subprocess
import sys
import typing
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.graph.node import Node
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.faults import Fault
from graph_engine.spec.tensor import N, TensorSpec, size_at
from graph_engine.templates import templates
from tests.engine.cases import Case, random_case
from tests.engine.oracle import quiet, resolve

USES = 3
BLOCKS = [spec for spec in registry() if not (spec.foreign or spec.recorded)]
SIZES: tuple[Mapping[str, int], ...] = ({"N": 9, "T": 11, "H": 10, "W": 12}, {"N": 10, "T": 9, "H": 13, "W": 11})

UNDECLARED: Mapping[str | tuple[str, str], str] = {
    "device": "where it runs is a matter of training",
    "dtype": "weights are float32",
    ("ConvTranspose", "padding_mode"): "transposed convolutions take zeros only",
    ("Hardtanh", "min_value"): "the old name of min_val",
    ("Hardtanh", "max_value"): "the old name of max_val",
    ("EmbeddingBag", "include_last_offset"): "bags are the rows of the input, so there are no offsets",
    ("Upsample", "recompute_scale_factor"): "it changes a rounding inside",
    ("Transformer", "custom_encoder"): "code, not a number",
    ("Transformer", "custom_decoder"): "code, not a number",
    ("TransformerEncoder", "encoder_layer"): "it is made of the parameters of the layer",
    ("TransformerDecoder", "decoder_layer"): "it is made of the parameters of the layer",
    ("TransformerEncoder", "norm"): "a LayerNorm behind the stack is a node of its own",
    ("TransformerDecoder", "norm"): "a LayerNorm behind the stack is a node of its own",
    ("TransformerEncoder", "mask_check"): "it goes with enable_nested_tensor and only costs time",
    "_weight": "private",
    "_freeze": "private",
    "args": "stands for what the overloads name",
    "kwargs": "stands for what the overloads name",
}
"""Constructor arguments of torch that blocks leave out, of all blocks or of those of one name, each with its reason."""


class Use(NamedTuple):
    """One use of a block, as a whole network: an Input for each tensor, an Output for each result."""

    case: Case
    graph: Graph
    node: Node
    feeds: tuple[TensorSpec, ...]

    @property
    def name(self) -> str:
        return f"{self.case.spec.id.lower()}_{zlib.crc32(str(self.case).encode()):08x}"

    def arguments(self, sizes: Mapping[str, int]) -> list[Tensor]:
        """Random inputs; whole numbers are small enough to be tokens of any table."""
        torch.manual_seed(0)
        made = []
        for spec in self.feeds:
            shape, dtype = [size_at(s, sizes) for s in spec.shape], getattr(torch, spec.dtype)
            made.append(torch.randn(shape).to(dtype) if dtype.is_floating_point else torch.zeros(shape, dtype=dtype))
        return made


def feed(graph: Graph, x: TensorSpec) -> tuple[Node, list[TensorSpec]] | None:
    """A node that gives ``x``, made of Inputs and what rearranges them; None where that cannot be."""

    def given(*shape: Any) -> Node:
        fed.append(TensorSpec((N, *shape), x.dtype))
        return graph.add("Input", shape=[s if isinstance(s, int) else str(s) for s in shape], dtype=x.dtype)

    fed: list[TensorSpec] = []
    shape = list(x.shape)
    free = [s for s in shape if not isinstance(s, int)]
    if shape and shape[0] is N and free.count(N) == 1 and all(len(str(s)) == 1 for s in free):
        return given(*shape[1:]), fed
    if free == [N]:
        at = shape.index(N)
        node = graph.add("Permute", dims=[*range(1, at + 1), 0, *range(at + 1, len(shape))])
        graph.connect(given(*(s for s in shape if s is not N)), node)
        return node, fed
    if len(free) == 1 and isinstance(shape[0], type(N)) and shape[0].divide(N):
        node = graph.add("Reshape", shape=[-1, *shape[1:]])
        graph.connect(given(shape[0].divide(N), *shape[1:]), node)
        return node, fed
    if not free and len(shape) == 2 and x.is_floating:
        turned, node = graph.add("Permute", dims=[1, 0]), graph.add("MatMul")
        graph.connect(given(shape[0]), turned)
        graph.connect(turned, node)
        graph.connect(given(shape[1]), node)
        return node, fed
    return None


def network(case: Case) -> Use | None:
    """The case as a network; None where an input cannot be fed, or the case is a wrong one."""
    spec = case.spec
    graph = Graph(f"{spec.id} alone", f"One {spec.id}, fed and read.")
    node = graph.add(spec.id, **{k: v for k, v in case.params.items() if v is not None})
    fed: list[TensorSpec] = []
    for port in spec.inputs:
        x = case.inputs[port.name]
        for one in x if type(x) is tuple else [x] if x is not None else []:
            made = feed(graph, one)
            if made is None:
                return None
            graph.connect(made[0], node, target_port=port.name)
            fed += made[1]
    if not spec.inputs and spec.call.kind != "input":  # a network has an input all the same
        fed = [TensorSpec((N, 2))]
        graph.connect(graph.add("Input", shape=[2]), graph.add("Output"))
    if spec.call.kind == "input":
        fed = [TensorSpec((N, *graph.check().shapes[node.id]["output"][1:]), case.params["dtype"])]
    for port in spec.outputs:
        if not port.is_off(node.params):
            graph.connect(node, graph.add("Output"), port.name)
    return Use(case, graph, node, tuple(fed)) if graph.check().ok else None


def _uses(spec: BlockSpec) -> list[Use]:
    rng, found = random.Random(zlib.crc32(spec.id.encode())), list[Use]()
    for i in range(4_000):
        case = random_case(spec, rng, free=i % 2 == 0, sound=True)
        try:
            case.infer()
        except Fault:
            continue
        use = network(case)
        if use is not None and all(use.name != u.name for u in found):
            found.append(use)
            if len(found) == USES or (not spec.params and len(found) == 2):
                return found
    raise AssertionError(f"{spec.id}: only {len(found)} of its cases make a network")


USED = [use for spec in BLOCKS for use in _uses(spec)]
EACH = pytest.mark.parametrize("use", USED, ids=lambda u: u.name)


@pytest.mark.parametrize("spec", BLOCKS, ids=lambda s: s.id)
def test_everything_is_explained(spec: BlockSpec) -> None:
    texts = {"summary": spec.summary} | {f"{p.name}": p.help for p in (*spec.inputs, *spec.outputs, *spec.params)}
    for what, text in texts.items():
        assert len(text) > 3 and text.endswith("."), f"{spec.id}.{what}: {text!r}"
    assert spec.category and spec.stem.isidentifier()
    page = spec.call.kind in ("module", "function", "method") and not spec.call.target.startswith("modules.")
    assert spec.reference.startswith("https://docs.pytorch.org/") if page else not spec.reference


@pytest.mark.parametrize("spec", [s for s in BLOCKS if s.call.kind == "module"], ids=lambda s: s.id)
def test_parameters_are_torchs_own(spec: BlockSpec) -> None:
    cls = resolve(spec.call.target)
    theirs = (_signature(resolve(spec.call.inner)) if spec.call.inner else {}) | _signature(cls)
    passed = inspect.signature(cls.forward).parameters
    ours = {p.name: p for p in spec.params}
    assert list(ours) == [n for n in (*theirs, *passed) if n in ours], "torch's names, in torch's order"
    assert {n for n in set(theirs) - set(ours) if (spec.id.rstrip("123d"), n) not in UNDECLARED} <= set(UNDECLARED)
    for name, param in ours.items():
        default = (theirs if name in theirs else passed)[name].default
        default = default.__name__ if inspect.isfunction(default) else default
        assert param.required or param.inferred if default is inspect.Parameter.empty else param.default == default, name


def _signature(cls: type) -> dict[str, inspect.Parameter]:
    """The constructor's parameters; of one that takes ``*args``, what its overloads and those of its base name."""
    found: dict[str, inspect.Parameter] = {}
    init = cls.__init__  # type: ignore[misc]
    for function in (*typing.get_overloads(init), init):
        for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
            found.setdefault(name, parameter)
    if "kwargs" in found and "input_size" in found:
        base = inspect.signature(nn.RNNBase.__init__).parameters
        found |= {"proj_size": base["proj_size"]} if cls is nn.LSTM else {}
    return found


def _within(key: str, node: Node) -> str:
    """The name of a tensor inside a node: "" where the node is that tensor."""
    return key.removeprefix(node.name).removeprefix(".")


@EACH
def test_the_module_does_what_was_inferred(use: Use) -> None:
    with quiet():
        report, module = use.graph.check(), use.graph.compile()
    checked = report.nodes[use.node.id]
    own = {_within(k, use.node): tuple(v.shape) for k, v in module.state_dict().items()}
    assert own == {**checked.weights, **checked.buffers}
    learned = {_within(k, use.node) for k, _ in module.named_parameters()}
    assert learned == set(checked.weights)
    assert checked.parameters == sum(p.numel() for p in module.parameters())
    ends = [n for n in use.graph if n.spec.call.kind == "output"]
    for sizes in SIZES:
        with quiet():
            result = module(*use.arguments(sizes))
        for end, tensor in zip(ends, result if isinstance(result, tuple) else (result,), strict=True):
            expected = report.nodes[end.id].inputs["input"]
            assert tuple(tensor.shape) == tuple(size_at(s, sizes) for s in expected.shape)
            assert str(tensor.dtype) == f"torch.{expected.dtype}"


@EACH
def test_it_is_saved_and_opened_again(use: Use) -> None:
    again = from_text(to_text(use.graph), Graph)
    assert to_text(again) == to_text(use.graph)
    assert again.to_python() == use.graph.to_python()
    assert dict(again.check().nodes) == dict(use.graph.check().nodes)


# what follows is asked of all files at once, since a process costs more than a file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of every use, and of every template, as a file, with weights and inputs beside it."""
    folder = tmp_path_factory.mktemp("generated")
    for one in templates():
        (folder / f"template_{one.id}.py").write_text(one.graph.to_python(), encoding="utf-8")
    for use in USED:
        (folder / f"{use.name}.py").write_text(use.graph.to_python(), encoding="utf-8")
    return folder


def run(*command: str | Path, folder: Path) -> str:
    """What a command prints, where it succeeds."""
    done = subprocess.run([sys.executable, *map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def test_the_source_is_formatted(folder: Path) -> None:
    run("-m", "ruff", "format", "--isolated", "--check", "--diff", "--line-length", "88", ".", folder=folder)


def test_the_source_passes_the_linter(folder: Path) -> None:
    run("-m", "ruff", "check", "--isolated", "--line-length", "88", "--select", "E,F,W,I,UP,B,RUF100", ".", folder=folder)


def test_the_source_passes_the_type_checker(folder: Path) -> None:
    """Strictly, but for calls of what torch itself has no types for, ``Tensor.split``."""
    cache = Path(__file__).parent.parent.parent / ".mypy_cache"
    run("-m", "mypy", "--cache-dir", cache, "--follow-imports=silent", "--strict", "--allow-untyped-calls", ".", folder=folder)


ALONE = """
import importlib, sys, warnings
import torch
warnings.simplefilter("ignore")
torch.set_num_threads(1)
for name, (cls, weights, arguments) in torch.load("given.pt").items():
    module = getattr(importlib.import_module(name), cls)()
    module.load_state_dict(weights)
    module.eval()
    with torch.no_grad():
        result = module(*arguments)
    torch.save((module.state_dict(), result), name + ".pt")
assert not [m for m in sys.modules if m.startswith(("graph_engine", "app"))]
"""


def test_the_source_alone_gives_the_same_bits_and_weights_go_both_ways(folder: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        modules, given = {}, {}
        for use in USED:
            torch.manual_seed(1)
            with quiet():
                modules[use.name] = module = use.graph.compile().eval()
            given[use.name] = (type(module).__name__, module.state_dict(), use.arguments(SIZES[0]))
        torch.save(given, folder / "given.pt")
        (folder / "alone.py").write_text(ALONE)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run([sys.executable, "alone.py"], cwd=folder, capture_output=True, text=True, env=environment, check=False)
        assert not done.returncode, done.stderr
        for name, module in modules.items():
            weights, theirs = torch.load(folder / f"{name}.pt")
            with torch.no_grad(), quiet():
                ours = module(*given[name][2])
            for a, b in zip(ours if isinstance(ours, tuple) else (ours,), theirs if isinstance(theirs, tuple) else (theirs,), strict=True):
                assert torch.equal(a.nan_to_num(), b.nan_to_num()), name
            assert not any(module.load_state_dict(weights))
    finally:
        torch.set_num_threads(threads)
