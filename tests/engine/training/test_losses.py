"""Losses: each computes what torch computes, is refused or warned of where it does not fit, and several add up and are told apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from graph_engine import Graph
from graph_engine.analysis.fixes import commands
from graph_engine.codegen.project import project_files
from graph_engine.errors import ParamError, RunError
from graph_engine.graph.history import History
from graph_engine.graph.node import Node
from graph_engine.settings.losses import LOSSES
from graph_engine.templates import template
from graph_engine.training.control import Control
from graph_engine.training.evaluate import evaluate
from graph_engine.training.loading import loaded
from graph_engine.training.run import run
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState
from tests.engine.data.makers import network
from tests.engine.training.helpers import ROOT, TYPED, change, metrics, small_net
from tests.engine.training.test_settings import stopping_at

WEIGHTS = [1.0, 2.0, 0.5, 1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 1.0]


def two_parts(**training: Any) -> Graph:
    graph = template("two_parts_wine").graph
    graph.configure(training={"epochs": 2, "batch_size": 24, "threads": 1, "device": "cpu", **training})
    return graph


def trained(graph: Graph, folder: Path) -> tuple[Path, dict[str, float]]:
    run_dir = new_run(graph, folder)
    record = run(run_dir, lambda _: None, Control())
    assert record.state is RunState.FINISHED, record.message
    return run_dir, dict(record.metrics)


def put_before_output(graph: Graph, block: str) -> Node:
    """Puts an activation behind the last layer."""
    end = graph.named("output")
    [edge] = graph.inputs(end.id, "input")
    made = graph.add(block, **({"dim": 1} if "Softmax" in block else {}))
    graph.disconnect(edge)
    graph.connect(graph[edge.source], made)
    graph.connect(made, end)
    return made


BEFORE = {"probabilities": "Sigmoid", "log-probabilities": "LogSoftmax"}
TARGETS = {"any": (-2.0, 2.0), "shares": (0.0, 1.0), "signs": (-1.0, 1.0), "counts": (0.0, 5.0)}


@pytest.mark.parametrize("option", LOSSES, ids=lambda option: option.id)
def test_every_loss_trains_on_targets_that_it_is_made_for(option: Any, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    if option.target == "class":
        y = np.arange(90) % 3
    else:
        low, high = TARGETS[option.takes]
        y = draw.uniform(low, high, (90, 3)).astype(np.float32)
        y = np.where(y > 0, 1, -1).astype(np.float32) if option.takes == "signs" else np.round(y) if option.takes == "counts" else y
        y[0], y[1] = low, high
    np.savez(tmp_path / "data.npz", x=draw.normal(size=(90, 5)).astype(np.float32), y=y)
    graph = network(tmp_path / "data.npz", targets=["y"])
    graph.configure(training={"loss": option.id, "epochs": 1, "threads": 1, "device": "cpu"})
    if option.expects in BEFORE:
        put_before_output(graph, BEFORE[option.expects])
    assert not [d for d in graph.check().diagnostics if d.code.startswith(("data.", "lint.loss"))]
    _, found = trained(graph, tmp_path / "runs")
    assert np.isfinite(found["train/loss"])


@pytest.mark.parametrize(
    ("loss", "span", "words", "instead"),
    [
        ("SoftMarginLoss", (0, 1), "SoftMarginLoss takes -1 and 1, but y of Your arrays goes from 0 to 1.", "BCEWithLogitsLoss"),
        ("HingeEmbeddingLoss", (0, 2), "takes -1 and 1, but y of Your arrays goes from 0 to 2.", "MSELoss"),
        ("BCELoss", (0, 255), "BCELoss takes numbers from 0 to 1, but y of Your arrays goes from 0 to 255.", "MSELoss"),
        ("KLDivLoss", (-1, 1), "KLDivLoss takes numbers from 0 to 1, but", "MSELoss"),
        ("PoissonNLLLoss", (-3, 4), "PoissonNLLLoss takes numbers from 0 on, but", "MSELoss"),
    ],
)
def test_targets_that_a_loss_is_not_made_for_are_told(loss: str, span: tuple[int, int], words: str, instead: str, tmp_path: Path) -> None:
    y = np.linspace(*span, 60, dtype=np.float32).reshape(30, 2)
    np.savez(tmp_path / "data.npz", x=np.ones((30, 4), np.float32), y=y)
    graph = network(tmp_path / "data.npz", targets=["y"], target_scaling="none")
    graph.configure(training={"loss": loss})
    [found] = [d for d in graph.check().diagnostics if d.code == "data.target-range"]
    assert words in found.message
    History(graph).execute(commands(graph, found, found.fixes[0]))
    assert graph.settings.training["loss"].id == instead
    assert not [d for d in graph.check().diagnostics if d.code == "data.target-range"]


def test_softmax_in_front_of_a_margin_is_told() -> None:
    graph = small_net(loss="MultiMarginLoss")
    soft = put_before_output(graph, "Softmax")
    assert [d.message for d in graph.check().diagnostics if d.code == "lint.bounded-scores"] == [
        f"{soft.name}: MultiMarginLoss takes scores of any size, but Softmax bounds them."
    ]


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"])
def test_classes_count_as_their_weights_say(loss: str, tmp_path: Path) -> None:
    graph = small_net(loss={"name": loss, "balance": "by hand", "weight": WEIGHTS})
    run_dir = new_run(graph, tmp_path)
    scores, classes = torch.randn(50, 10).log_softmax(dim=1), torch.arange(50) % 10
    with loaded(run_dir / "source") as train:
        model = nn.Identity()
        value, _ = train.judge(model, (scores, classes))
        parts = [train.judge(model, (scores[some], classes[some]))[0] * len(scores[some]) for some in (slice(0, 7), slice(7, 50))]
    each = getattr(nn, loss)(reduction="none")(scores, classes)
    weight = torch.tensor(WEIGHTS)[classes]
    assert torch.allclose(value, (each * weight).mean(), atol=1e-6)
    assert torch.allclose(sum(parts) / 50, value, atol=1e-6)  # batches of any size add up


def test_balanced_classes_are_found_in_the_training_part_and_resumed(tmp_path: Path) -> None:
    y = np.repeat(np.arange(3), [200, 80, 20])
    np.savez(tmp_path / "data.npz", x=np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32) + y[:, None], y=y)
    graph = network(tmp_path / "data.npz", targets=["y"])
    loss = {"name": "CrossEntropyLoss", "balance": "balanced", "label_smoothing": 0.1}
    graph.configure(training={"loss": loss, "epochs": 2, "batch_size": 16, "threads": 1, "device": "cpu"})
    whole, found = trained(graph, tmp_path / "runs")
    with loaded(whole / "source") as train:
        [labels] = train.read_data(0)[0].tensors[1:]
        weight = train.LOSS.weight
    counts = torch.bincount(labels).float()
    assert torch.allclose(weight * counts, (weight * counts).mean().expand(3))
    assert weight[labels].mean() == pytest.approx(1.0, abs=1e-5)
    parted = new_run(graph, tmp_path / "runs")
    change(parted, "TELL_SECONDS = 1 / 30", "TELL_SECONDS = 0.0", "train.py")
    control = Control()
    assert run(parted, stopping_at(14, control, []), control).state is RunState.STOPPED
    assert run(parted, lambda _: None, Control(), resume=True).state is RunState.FINISHED
    assert metrics(parted) == metrics(whole)
    assert evaluate(whole)["val/loss"] == pytest.approx(found["val/loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ({"balance": "by hand", "weight": [1.0, 2.0]}, "weight has 2 numbers, but digit has 10 classes: give one for each."),
        ({"balance": "by hand", "weight": [0.0] * 10}, "all weights are 0, so that nothing is learned: give one that is greater."),
    ],
)
def test_weights_that_do_not_fit_are_refused(loss: dict[str, Any], words: str) -> None:
    graph = small_net(loss={"name": "CrossEntropyLoss", **loss})
    [found] = [d for d in graph.check().diagnostics if d.code == "data.class-weights"]
    assert found.message == f"CrossEntropyLoss: {words}"
    with pytest.raises(RunError, match=words[:20]):
        project_files(graph)
    History(graph).execute(commands(graph, found, found.fixes[0]))
    assert not [d for d in graph.check().diagnostics if d.code == "data.class-weights"]


LOSSES_OF_TWO = {
    "cultivar": {"name": "CrossEntropyLoss", "label_smoothing": 0.1, "balance": "balanced"},
    "proline": {"name": "HuberLoss", "factor": 0.25},
}


def test_several_targets_have_losses_and_factors_of_their_own(tmp_path: Path) -> None:
    graph = two_parts(losses=LOSSES_OF_TWO)
    run_dir, found = trained(graph, tmp_path / "runs")
    for part in ("train", "val", "test"):
        if part != "train":  # whose last value is that of a step
            assert found[f"{part}/loss"] == pytest.approx(found[f"{part}/cultivar_loss"] + 0.25 * found[f"{part}/proline_loss"], rel=1e-5)
    with loaded(run_dir / "source") as train:
        model = train.make_model().eval()
        held = train.read_data(0)[1]
        values = train.evaluate(model, held)
        with torch.inference_mode():
            cultivar, proline = model(*held.tensors[:2])
        assert values["cultivar_loss"] == pytest.approx(train.LOSSES["cultivar"](cultivar, held.tensors[2]).mean().item(), rel=1e-5)
        assert values["proline_loss"] == pytest.approx(nn.HuberLoss()(proline, held.tensors[3]).item(), rel=1e-5)
    lines = [row for row in metrics(run_dir) if row["name"] == "train/proline_loss"]
    assert [row["epoch"] for row in lines] == [1, 2]
    graph.save(tmp_path / "two.archloom")
    assert Graph.load(tmp_path / "two.archloom").settings == graph.settings


def test_the_script_of_several_losses_is_as_one_writes_it_and_gives_the_same(tmp_path: Path) -> None:
    graph = two_parts(losses=LOSSES_OF_TWO, epochs=1)
    run_dir, _ = trained(graph, tmp_path / "runs")
    project = tmp_path / "project"
    project.mkdir()
    for name, text in project_files(graph).items():
        (project / name).write_text(text)
    assert "    loss = cultivar_loss + 0.25 * proline_loss\n" in (project / "train.py").read_text()
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "check", *config, *TYPED, "."], cwd=project, check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--diff", *config, "."], cwd=project, check=True)
    subprocess.run([sys.executable, "train.py"], cwd=project, check=True, capture_output=True)
    assert metrics(project / "run") == metrics(run_dir)


def test_a_loss_for_a_target_is_set_by_its_name() -> None:
    graph = two_parts()
    settings = graph.settings.replaced("training.losses.proline", "L1Loss").replaced("training.losses.cultivar", "NLLLoss")
    assert {name: loss.id for name, loss in settings.training["losses"].items()} == {"proline": "L1Loss", "cultivar": "NLLLoss"}
    with pytest.raises(ParamError):
        graph.settings.replaced("training.losses.proline", "NoLoss")
    graph.configure(training={"losses": {"cultivar": "BCELoss"}})
    assert "CrossEntropyLoss is made for that" in next(d.message for d in graph.check().diagnostics if d.code == "data.loss")
