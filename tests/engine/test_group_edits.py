"""Groups under random edits: everything is undone exactly, checked the same in steps and afresh, and generated code holds its promises."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest
import torch

from graph_engine import Graph
from graph_engine.analysis.check import Checker
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import GraphError
from graph_engine.graph import groups
from graph_engine.graph.definition import Definition
from graph_engine.graph.history import History
from tests.engine.group_edits import GROUP_EDITS, anywhere, consistent, plain, small
from tests.engine.test_codegen import formatted


@pytest.mark.parametrize("seed", range(40))
def test_random_edits_of_groups(seed: int) -> None:
    rng = random.Random(seed)
    graph = small(rng)
    history = History(graph)
    texts = [to_text(graph)]
    for _ in range(40):
        what = rng.random()
        if what < 0.15:
            if history.undo():
                texts.pop()
        else:
            try:
                command = anywhere(graph, rng)
                if command is not None:
                    history.execute(command)
                    texts.append(to_text(graph))
            except GraphError as error:
                assert str(error).endswith("."), error
        assert to_text(graph) == texts[-1]
        consistent(graph)
        report = graph.check()
        if rng.random() < 0.5:
            assert plain(report) == plain(Checker(graph).check())
        if rng.random() < 0.3:
            again = from_text(to_text(graph), Graph)
            assert to_text(again) == to_text(graph)
            assert plain(again.check()) == plain(report)
            if report.ok:
                assert again.to_python() == graph.to_python()
        if report.ok:
            compile(graph.to_python(), "<generated>", "exec")
    for text in reversed(texts):
        assert to_text(graph) == text
        history.undo()
    for text in texts:
        assert to_text(graph) == text
        history.redo()


def outputs(graph: Graph, state: list[torch.Tensor] | None = None) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What a network gives, with given weights or fresh ones, and its weights in the order in which they are constructed."""
    module = graph.compile().eval()
    own = module.state_dict()
    if state is not None:
        assert [tuple(t.shape) for t in own.values()] == [tuple(t.shape) for t in state]
        module.load_state_dict(dict(zip(own, state, strict=True)))
    assert sum(p.numel() for p in module.parameters()) == graph.check().parameters
    torch.manual_seed(0)
    inputs = [torch.rand(2, *n.params["shape"]) for n in graph if n.block == "Input"]
    with torch.no_grad():
        found = module(*inputs)
    return list(found) if isinstance(found, tuple) else [found], list(module.state_dict().values())


@pytest.mark.parametrize("seed", range(20))
def test_grouping_repeating_and_dissolving_keep_what_is_computed(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    graph = small(rng)
    expected, state = outputs(graph)
    for _ in range(rng.randint(1, 3)):
        where = rng.choice(list(graph.graphs()))
        with contextlib.suppress(GraphError):
            command = GROUP_EDITS["group"](where, rng)
            History(graph).execute(groups.In(where.id, command) if isinstance(where, Definition) else command)
    assert graph.check().ok
    found, state = outputs(graph, state)
    assert all(map(torch.equal, found, expected))
    one = [n for n in graph if n.id in graph.groups and len(n.spec.inputs) == len(n.spec.outputs) == 1 and len(graph.sharing(n.id)) == 1]
    for node in one:
        graph.set(node, repeat=rng.randint(1, 3), share_weights=rng.random() < 0.3)
    formatted(graph.to_python(), tmp_path)
    expected, state = outputs(graph)
    while free := [id for id in graph.groups if len(graph.sharing(id)) == 1]:
        graph.dissolve(rng.choice(free))
        found, state = outputs(graph, state)
        assert all(map(torch.equal, found, expected))
    assert bool(graph.definitions) == bool(graph.groups)


@pytest.mark.parametrize("seed", range(20))
def test_the_code_of_any_uses_builds_what_the_check_promised(seed: int, tmp_path: Path) -> None:
    """Groups in groups with exposed parameters, used and repeated with other values of these, after other widths."""
    rng = random.Random(seed)
    graph = small(rng)
    history = History(graph)
    previous = None
    built = 0
    for _ in range(30):
        with contextlib.suppress(GraphError):
            where = rng.choice(list(graph.graphs()))
            make = GROUP_EDITS[rng.choice(["group", "use", "use", "repeat", "give", "give", "set", "share", "expose", "expose"])]
            command = make(where, rng)
            if command is not None:
                history.execute(groups.In(where.id, command) if isinstance(where, Definition) else command)
        if any(d.severity == "error" for d in graph.check().diagnostics):
            history.undo()
        report = graph.check()
        assert report.ok
        if rng.random() < 0.4:
            module = graph.compile(previous)
            assert sum(p.numel() for p in module.parameters()) == report.parameters
            kept = previous.state_dict() if previous else {}
            for name, tensor in module.state_dict().items():
                assert not tensor.is_meta
                assert name not in kept or kept[name].shape != tensor.shape or torch.equal(kept[name], tensor)
            free = {"N": 3, "T": 5, "H": 4, "W": 2, "S": 7}
            tensors = report.nodes[graph.named("x").id].outputs["output"], report.nodes[graph.named("output").id].inputs["input"]
            shape, expected = ([free.get(str(size), size) for size in tensor.shape] for tensor in tensors)
            x = torch.rand(shape)
            assert list(module(x).shape) == expected
            fresh = graph.compile()
            fresh.load_state_dict(module.state_dict())
            torch.testing.assert_close(fresh.eval()(x), module.eval()(x))
            previous, built = module, built + 1
    formatted(graph.to_python(), tmp_path)
    assert built
