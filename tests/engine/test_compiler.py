"""The module that source becomes: open to inspection, rebuilt with the weights of what did not change, lean in memory."""

from __future__ import annotations

import inspect
import os
import pickle
import threading
import time
import weakref
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from graph_engine import Graph, compiler
from graph_engine.compiler import load_class
from graph_engine.spec.tensor import size_at
from graph_engine.templates import Template, templates
from tests.benchmarks.by_hand import Residual
from tests.engine.graphs import documents_cnn, residual, sequence


def test_a_module_can_be_inspected_and_pickled() -> None:
    graph = documents_cnn()
    module = graph.compile()
    assert inspect.getsource(type(module)) in graph.to_python()
    again = pickle.loads(pickle.dumps(module))
    sample = torch.randn(1, 1, 28, 28)
    assert type(again) is type(module) and torch.equal(again(sample), module(sample))


def test_two_graphs_of_one_name_have_classes_of_their_own() -> None:
    one, two = documents_cnn(), documents_cnn()
    two.set("n2", kernel_size=5)
    assert type(one.compile()) is not type(two.compile())
    assert type(one.compile()) is type(documents_cnn().compile())


def test_many_threads_may_compile_at_once() -> None:
    graph = residual(2)
    graph.check()
    text, failures = graph.to_python(), list[BaseException]()

    def work() -> None:
        try:
            load_class(text, graph.name)()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_rebuilding_keeps_the_weights_of_what_did_not_change() -> None:
    graph = documents_cnn()
    before = graph.compile()
    graph.set("n5", out_channels=48)
    graph.rename("n11", "hidden")
    graph.connect(graph.named("relu1"), graph.add("Dropout"))
    after = graph.compile(previous=before)
    assert after.conv1.weight is before.conv1.weight and after.linear2.bias is before.linear2.bias
    for name in ("conv2", "conv3", "hidden"):
        layer = getattr(after, name)
        for weight in layer.parameters():
            assert not weight.is_meta and weight.requires_grad
            assert 0 < weight.abs().max() < 1, "as torch initializes it"
    assert after(torch.randn(2, 1, 28, 28)).shape == (2, 10)
    assert before(torch.randn(2, 1, 28, 28)).shape == (2, 10)


def test_rebuilding_keeps_the_tensors_that_the_network_holds() -> None:
    graph = Graph("held")
    x, joined, out = graph.add("Input", shape=[4]), graph.add("Add"), graph.add("Output")
    for node in (x, graph.add("Parameter", size=[4]), graph.add("Constant", size=[1], fill_value=0.5)):
        graph.connect(node, joined)
    graph.connect(joined, out)
    before = graph.compile()
    before.load_state_dict({"parameter1": torch.full((4,), 3.0)})
    for node in (graph.add("Parameter", size=[1, 1], mean=5.0, std=0.0), graph.add("Arange", end=4, dtype="float32")):
        graph.connect(node, joined)
    after = graph.compile(previous=before)
    assert after.parameter1 is before.parameter1 and after.parameter2.requires_grad
    assert torch.equal(after(torch.zeros(2, 4)), 8.5 + torch.arange(4).expand(2, 4))
    assert list(after.state_dict()) == ["parameter1", "parameter2"], "a constant is in the source, not among the weights"
    assert torch.equal(after.to(torch.float64).arange1, torch.arange(4.0, dtype=torch.float64)), "it follows the network"


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_rebuilding_without_a_change_is_the_same_network(template: Template) -> None:
    graph = template.open()
    before = graph.compile().eval()
    after = graph.compile(previous=before).eval()
    assert [n for n, _ in after.named_parameters()] == [n for n, _ in before.named_parameters()]
    assert all(a is b for a, b in zip(after.parameters(), before.parameters(), strict=True))
    assert not any(t.is_meta for t in (*after.parameters(), *after.buffers()))
    arriving = [graph.check().nodes[n.id].outputs["output"] for n in graph if n.block == "Input"]
    inputs = [torch.ones([size_at(s, {"N": 2, "T": 5, "S": 6}) for s in x.shape], dtype=getattr(torch, x.dtype)) for x in arriving]
    torch.testing.assert_close(before(*inputs), after(*inputs), rtol=0, atol=0)


def test_rebuilding_initializes_every_kind_of_layer() -> None:
    graph = Graph("kinds")
    tokens = graph.add("Input", shape=["T"], dtype="int64")
    layers = [graph.add("Embedding", num_embeddings=9, embedding_dim=8, padding_idx=0)]
    layers += [graph.add(b, hidden_size=8, batch_first=True) for b in ("RNN", "GRU", "LSTM")]
    layers += [graph.add("MultiheadAttention", num_heads=2, batch_first=True, add_bias_kv=True), graph.add("LayerNorm")]
    layers += [graph.add("Permute", dims=[0, 2, 1]), graph.add("BatchNorm1d"), graph.add("Conv1d", out_channels=4, kernel_size=1)]
    sequence(graph, tokens, *layers, graph.add("Output"))
    for port in ("key", "value"):
        graph.connect(layers[3], layers[4], target_port=port)
    torch.manual_seed(0)
    module = graph.compile(previous=nn.Module())
    assert all(bool(t.isfinite().all()) and not t.is_meta for t in module.state_dict().values())
    assert not module.embedding1.weight[0].any(), "the row for padding is zero"
    assert torch.equal(module.batch_norm1.running_var, torch.ones(8)) and torch.equal(module.layer_norm1.weight, torch.ones(8))
    assert module(torch.ones(2, 5, dtype=torch.int64)).shape == (2, 4, 5)


class Live(TorchDispatchMode):
    """Counts the bytes of the tensors that are alive at once."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, Tensor) and tensor.numel():
                key = tensor.untyped_storage().data_ptr()
                self.alive[key] = tensor.nbytes
                weakref.finalize(tensor, self.alive.pop, key, None)
        self.peak = max(self.peak, sum(self.alive.values()))
        return result


def peak(module: nn.Module) -> int:
    """Bytes of activations held at most in inference."""
    sample = torch.randn(4, 3, 32, 32)
    with torch.no_grad(), Live() as live:
        module(sample)
    return live.peak


def test_memory_at_its_peak_is_that_of_code_by_hand() -> None:
    generated = residual(6, size=32).compile()
    assert peak(generated.eval()) <= 1.02 * peak(Residual(6).eval())


def test_modules_of_last_week_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler.platformdirs, "user_cache_path", lambda name: tmp_path)
    folder = tmp_path / "modules"
    folder.mkdir()
    old, new = folder / "archloom_generated_old.py", folder / "archloom_generated_new.py"
    for path, age in ((old, compiler.WEEK + 60), (new, 60)):
        path.write_text("", encoding="utf-8")
        os.utime(path, (time.time() - age,) * 2)
    compiler.load_class("class Fresh:\n    pass\n", "Fresh")
    assert not old.exists() and new.exists()
