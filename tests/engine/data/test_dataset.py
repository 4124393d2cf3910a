"""`torch.utils.data.Dataset` classes of the user's own: looked at in a process of their own, read, trained on, exported."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from graph_engine import Graph
from graph_engine.codegen.project import write_project
from graph_engine.errors import DataError, ParamError, RunError
from graph_engine.training.run import train
from graph_engine.training.rundir import new_run

MODULES = Path(__file__).parent.parent.parent / "data" / "modules"


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Where a document lies, the data sets' file beside it."""
    shutil.copy(MODULES / "own_data.py", tmp_path)
    return tmp_path


def learning(folder: Path, path: str, **params: object) -> Graph:
    graph = Graph("learner")
    graph.save(folder / "learner.archloom")
    graph.learn_from(path, "dataset", **params)
    return graph


def test_what_samples_consist_of_is_found(beside: Path) -> None:
    data = learning(beside, "own_data.Rings").settings.data["dataset"]
    assert [(f.name, f.shape, f.dtype) for f in data.option.inputs] == [("input", (2,), "float32")]
    assert [(f.name, f.shape, f.classes) for f in data.option.targets] == [("target", (), ("inner", "outer"))]
    assert data.option.samples == 60 and data.params["facts"].counts == (30, 30)

    several = learning(beside, "own_data.Several", targets=["size"], tokens=["pair_right"]).settings.data["dataset"].option
    assert [(f.name, f.shape, f.dtype, f.vocabulary) for f in several.inputs] == [
        ("pair_left", (3,), "float32", None),
        ("pair_right", (2,), "int64", 41),
        ("picture", (3, 6, 5), "float32", None),
    ]
    assert [(f.name, f.shape) for f in several.targets] == [("size", (1,))]
    assert learning(beside, "own_data.small").settings.data["dataset"].option.samples == 20


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("own_data.Ragged", "input of the samples of own_data.Ragged has several shapes"),
        ("own_data.Failing", "Sample 0 of own_data.Failing cannot be read: KeyError: 'lost'"),
        ("own_data.Words", "input of a sample of own_data.Words is a str: only numbers"),
        ("own_data.Endless", "own_data.Endless makes a Endless, which is no data set"),
        ("own_data.Nothing", "own_data.Nothing cannot be made: AttributeError"),
        ("no_such.Thing", "no_such.Thing cannot be made: ModuleNotFoundError"),
        ("os.getcwd", "os.getcwd is part of Python"),
    ],
)
def test_what_cannot_be_learned_from_is_told_in_a_sentence(beside: Path, path: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        learning(beside, path)


def test_arguments_are_plain_values_by_name(beside: Path) -> None:
    assert learning(beside, "own_data.Rings", arguments={"count": 80}).settings.data["dataset"].option.samples == 80
    with pytest.raises(DataError, match="arguments must be a dictionary"):
        learning(beside, "own_data.Rings", arguments=[1])
    with pytest.raises(ParamError, match="has no parameter 'argument'"):
        learning(beside, "own_data.Rings", argument={})


def test_it_trains_alone_as_in_the_program_and_only_where_it_is_trusted(beside: Path) -> None:
    graph = learning(beside, "own_data.Rings", test_arguments={"train": False})
    (source,) = graph.nodes
    layer = graph.add("Linear", out_features=2)
    graph.connect(source, layer)
    graph.connect(layer, graph.add("Output"))
    graph.configure(training={"epochs": 2, "device": "cpu", "threads": 1})
    graph.save(beside / "learner.archloom")
    record = train(graph, beside / "run", lambda _: None)

    write_project(graph, beside / "project")
    assert (beside / "project" / "own_data.py").exists()
    alone = subprocess.run([sys.executable, "train.py"], cwd=beside / "project", capture_output=True, text=True, check=True)
    assert f"test/loss {record.metrics['test/loss']:.4g}" in alone.stdout

    stranger = Graph.load(beside / "learner.archloom")
    assert stranger.check().ok and stranger.foreign == {"own_data.Rings"} and not stranger.is_trusted
    with pytest.raises(RunError, match=r"own_data\.Rings is code that this document names"):
        new_run(stranger, beside / "runs")
    assert not (beside / "runs").exists()


def test_parts_by_arguments_keep_apart(beside: Path) -> None:
    sys.path.insert(0, str(beside))
    try:
        from graph_engine.data.readers.dataset import load

        known = {"inputs": {"input": "float32"}, "targets": {"target": "int64"}, "choices": {"target": 2}, "split": "random", "memory": 1}
        parts = load(0.2, 0.2, 0, "own_data.Rings", {"count": 50}, {"train": False}, **known)
        assert list(map(len, parts)) == [38, 12, 50]
        again = load(0.2, 0.2, 0, "own_data.Rings", {"count": 50}, {"train": False}, **{**known, "memory": 0})
        for one, other in zip(parts, again, strict=True):
            rows = torch.arange(len(one))
            assert all(torch.equal(a, b) for a, b in zip(one[rows], other[rows], strict=True))
        even = load(0.2, 0.2, 0, "own_data.Rings", {"count": 50}, {}, **{**known, "split": "stratified"})
        assert [int(part[torch.arange(len(part))][1].sum()) for part in even] == [15, 5, 5]
    finally:
        sys.path.remove(str(beside))
        sys.modules.pop("own_data", None)
