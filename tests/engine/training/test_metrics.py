"""Metrics: what a run says is what torchmetrics says of the whole part, however it was divided; any of them tells the best epoch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchmetrics

from graph_engine import Graph
from graph_engine.analysis.fixes import commands
from graph_engine.codegen.project import project_files
from graph_engine.errors import RunError
from graph_engine.graph.history import History
from graph_engine.settings.metrics import METRICS, asked, constructor, measured, offered
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

OF_CLASSES = ("top3", "precision", "recall", "f1", "auroc", "average_precision", "mcc", "kappa")


def trained(graph: Graph, folder: Path) -> tuple[Path, dict[str, float]]:
    run_dir = new_run(graph, folder)
    record = run(run_dir, lambda _: None, Control())
    assert record.state is RunState.FINISHED, record.message
    return run_dir, dict(record.metrics)


def answers(run_dir: Path) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """The script, and the outputs and targets of the validation part by the last weights."""
    from safetensors.torch import load_file

    with loaded(run_dir / "source") as train:
        model = train.make_model()
        model.load_state_dict(load_file(run_dir / "weights.safetensors"))
        model.eval()
        *inputs, targets = train.read_data(0)[1].tensors
        with torch.inference_mode():
            return train, model(*inputs), targets


def data_of(graph: Graph) -> Any:
    chosen = graph.settings.data["dataset"]
    return chosen.option.sized(chosen.params)


def test_metrics_of_classes_are_those_of_the_whole_part(tmp_path: Path) -> None:
    graph = small_net(epochs=1, batch_size=37, metrics=list(OF_CLASSES))
    run_dir, found = trained(graph, tmp_path)
    _, scores, digits = answers(run_dir)
    multi = {"task": "multiclass", "num_classes": 10}
    expected = {
        "top3": torchmetrics.Accuracy(top_k=3, average="micro", **multi)(scores, digits),
        "precision": torchmetrics.Precision(average="macro", **multi)(scores, digits),
        "recall": torchmetrics.Recall(average="macro", **multi)(scores, digits),
        "f1": torchmetrics.F1Score(average="macro", **multi)(scores, digits),
        "mcc": torchmetrics.MatthewsCorrCoef(**multi)(scores, digits),
        "kappa": torchmetrics.CohenKappa(**multi)(scores, digits),
        "auroc": torchmetrics.AUROC(thresholds=100, **multi)(scores.softmax(1), digits),
        "average_precision": torchmetrics.AveragePrecision(thresholds=100, **multi)(scores.softmax(1), digits),
    }
    assert {name: found[f"val/{name}"] for name in OF_CLASSES} == pytest.approx({n: float(v) for n, v in expected.items()}, abs=1e-5)
    assert found["val/auroc"] == pytest.approx(float(torchmetrics.AUROC(**multi)(scores.softmax(1), digits)), abs=5e-3)  # without bins
    again = evaluate(run_dir)
    assert [again[f"val/{name}"] for name in OF_CLASSES] == pytest.approx([found[f"val/{name}"] for name in OF_CLASSES], abs=1e-5)
    rows = metrics(run_dir)
    assert all(any(row["name"] == f"train/{name}" for row in rows) for name in OF_CLASSES)
    assert ["val/" + name for name in measured(graph.settings.training, data_of(graph))] == [n for n in found if n.startswith("val/")]


def test_metrics_of_quantities_and_of_several_answers(tmp_path: Path) -> None:
    graph = template("mlp_diabetes").graph
    every = offered(graph.settings.training, data_of(graph))
    assert every == ("mse", "mape", "r2", "explained_variance")
    graph.configure(training={"metrics": list(every), "epochs": 2, "threads": 1, "device": "cpu"})
    run_dir, found = trained(graph, tmp_path / "quantities")
    _, given, told = answers(run_dir)
    given, told = given.flatten(), told.flatten()
    assert found["val/mse"] == pytest.approx(torch.nn.functional.mse_loss(given, told).item(), rel=1e-4)
    assert found["val/r2"] == pytest.approx(1 - float((told - given).square().sum() / (told - told.mean()).square().sum()), abs=1e-4)
    assert found["val/explained_variance"] == pytest.approx(1 - float((told - given).var() / told.var()), abs=1e-4)
    assert found["val/mape"] == pytest.approx(float(((told - given) / told).abs().mean()), rel=1e-3)

    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 6)).astype(np.float32)
    np.savez(tmp_path / "labels.npz", x=x, y=(x[:, :3] + draw.normal(size=(200, 3)) > 0).astype(np.float32))
    graph = network(tmp_path / "labels.npz", targets=["y"], target_type="numbers")
    graph.configure(training={"loss": "BCEWithLogitsLoss", "epochs": 2, "threads": 1, "device": "cpu"})
    every = offered(graph.settings.training, data_of(graph))
    assert every == ("right", "precision", "recall", "f1", "f1_micro", "auroc", "average_precision", "mcc")
    graph.configure(training={"metrics": list(every)})
    run_dir, found = trained(graph, tmp_path / "answers")
    _, scores, told = answers(run_dir)
    labels = {"task": "multilabel", "num_labels": 3}
    assert found["val/right"] == pytest.approx(((scores > 0) == (told > 0.5)).float().mean().item(), abs=1e-5)
    assert found["val/f1_micro"] == pytest.approx(float(torchmetrics.F1Score(average="micro", **labels)(scores, told.int())), abs=1e-5)
    assert found["val/auroc"] == pytest.approx(float(torchmetrics.AUROC(**labels)(scores.sigmoid(), told.int())), abs=1e-2)


def test_perplexity_is_that_of_the_tokens(tmp_path: Path) -> None:
    graph = template("seq2seq_dates").graph
    assert offered(graph.settings.training, data_of(graph)) == ("top3", "top5", "perplexity")
    training = {"metrics": ["perplexity", "top3"], "epochs": 1, "threads": 1, "device": "cpu"}
    graph.configure(data={"validation": 0.45, "test": 0.5}, training=training)
    _, found = trained(graph, tmp_path)
    assert found["val/perplexity"] == pytest.approx(float(np.exp(found["val/loss"])), rel=1e-3)
    assert found["val/accuracy"] < found["val/top3"] <= 1


def test_every_metric_has_a_state_that_is_a_sum() -> None:
    seen = set()
    labels = small_net(loss="BCEWithLogitsLoss")
    for graph in (small_net(), template("mlp_diabetes").graph, template("seq2seq_dates").graph, labels):
        data = data_of(graph)
        graph.configure(training={"metrics": list(offered(graph.settings.training, data))})
        for one in asked(graph.settings.training, data):
            from torchmetrics.text import Perplexity

            made = eval(constructor(one, data.targets[one.place]), {"torchmetrics": torchmetrics, "Perplexity": Perplexity})
            assert {reduction.__name__ for reduction in made._reductions.values()} == {"dim_zero_sum"}
            assert bool(made.higher_is_better) == (one.metric.is_better == "more") or made.higher_is_better is None
            seen.add(one.metric.id)
    assert {metric.id for metric in METRICS} - seen == {"right", "f1_micro"}


def test_a_run_with_metrics_resumes_inside_an_epoch_to_the_same_bits_and_is_exported(tmp_path: Path) -> None:
    graph = small_net(epochs=2, batch_size=96, metrics=["f1", "auroc"], best_by=["f1"], keep="best")
    graph.configure(augmentation={"mixing": "mixup"})
    whole, parted = new_run(graph, tmp_path), new_run(graph, tmp_path)
    assert run(whole, lambda _: None, Control()).state is RunState.FINISHED
    change(parted, "TELL_SECONDS = 1 / 30", "TELL_SECONDS = 0.0", "train.py")
    control = Control()
    assert run(parted, stopping_at(17, control, []), control).state is RunState.STOPPED
    assert run(parted, lambda _: None, Control(), resume=True).state is RunState.FINISHED
    assert metrics(parted) == metrics(whole)
    project = tmp_path / "project"
    project.mkdir()
    for name, text in project_files(graph).items():
        (project / name).write_text(text)
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "check", *config, *TYPED, "."], cwd=project, check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--diff", *config, "."], cwd=project, check=True)
    subprocess.run([sys.executable, "-W", "error::UserWarning", "train.py"], cwd=project, check=True, capture_output=True)
    assert metrics(project / "run") == metrics(whole)
    assert "torchmetrics" in (project / "requirements.txt").read_text()
    plain = project_files(small_net())
    assert "measuring.py" not in plain and not any("torchmetrics" in text for text in plain.values())


def test_several_processes_add_up_what_each_has_seen(tmp_path: Path) -> None:
    graph = small_net()
    graph.configure(training={"metrics": ["f1", "mcc"], "epochs": 1, "batch_size": 71})
    with loaded(new_run(graph, tmp_path) / "source") as train:
        scores, digits = torch.randn(90, 10), torch.arange(90) % 10
        whole = train.judge(torch.nn.Identity(), (scores, digits))[1]
        shares = [train.judge(torch.nn.Identity(), (scores[rank::2], digits[rank::2]))[1] for rank in range(2)]
        assert torch.equal(sum(shares), whole)
        assert train.measures(whole.tolist())["f1"] == pytest.approx(
            float(torchmetrics.F1Score(task="multiclass", num_classes=10, average="macro")(scores, digits)), abs=1e-6
        )


@pytest.mark.parametrize(("best_by", "least"), [(["accuracy"], False), ([], True)])
def test_the_best_epoch_is_told_by_what_is_chosen(best_by: list[str], least: bool, tmp_path: Path) -> None:
    graph = small_net(epochs=4, keep="best", best_by=best_by, optimizer={"name": "AdamW", "lr": 0.05})
    run_dir, _ = trained(graph, tmp_path)
    name = "val/loss" if least else "val/accuracy"
    values = [row["value"] for row in metrics(run_dir) if row["name"] == name]
    assert evaluate(run_dir)[name] == pytest.approx(min(values) if least else max(values), abs=1e-6)


def test_a_run_ends_when_the_metric_that_is_watched_gets_no_better(tmp_path: Path) -> None:
    stopping = {"name": "patience", "patience": 1, "min_delta": 2.0}
    graph = small_net(epochs=5, stopping=stopping, best_by=["f1"], metrics=["f1"])
    run_dir, _ = trained(graph, tmp_path)
    assert max(row["epoch"] for row in metrics(run_dir)) == 2  # no F1 is better by 2


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"metrics": ["r2"]}, "r2 is not for what Handwritten digits, 8×8 is to tell: there are top3, top5, precision"),
        ({"metrics": ["none such"]}, "none such is no metric: there are top3"),
        ({"best_by": ["f1"]}, "cannot be told by f1, which is not measured: choose one of loss, accuracy."),
    ],
)
def test_what_is_not_for_this_data_is_refused(training: dict[str, Any], words: str) -> None:
    graph = small_net(**training)
    [found] = [d for d in graph.check().diagnostics if d.code == "data.metrics"]
    assert words in found.message
    with pytest.raises(RunError, match=words[:12]):
        project_files(graph)
    History(graph).execute(commands(graph, found, found.fixes[0]))
    assert not [d for d in graph.check().diagnostics if d.code == "data.metrics"]
    project_files(graph)
