"""Networks with several inputs and outputs, sequences with padding and targets that are quantities train, resume and export."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine import Graph
from graph_engine.codegen.project import project_files
from graph_engine.errors import RunError
from graph_engine.templates import template, templates
from graph_engine.training.control import Control
from graph_engine.training.evaluate import evaluate
from graph_engine.training.loading import loaded
from graph_engine.training.run import run, train
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import ROOT, metrics
from tests.engine.training.test_run import ignore, stop_at

METRICS = {
    "mlp_wine": ("accuracy",),
    "mlp_diabetes": ("mae", "rmse"),
    "two_parts_wine": ("cultivar_accuracy", "cultivar_loss", "proline_mae", "proline_rmse", "proline_loss"),
    "gru_countries": ("first_accuracy", "first_loss", "last_accuracy", "last_loss", "exact"),
    "seq2seq_dates": ("accuracy", "exact"),
    "vae_digits": ("mae", "rmse", "kl_mean"),
}


def small(id: str) -> Graph:
    """A template with little to do."""
    graph = template(id).graph
    share = 0.45 if id in ("seq2seq_dates", "lstm_python", "gru_languages", "gru_countries") else 0.3
    graph.configure(data={"validation": share, "test": share}, training={"epochs": 2, "threads": 1, "device": "cpu"})
    return graph


@pytest.mark.parametrize("id", METRICS)
def test_stopped_and_resumed_gives_the_same_bits(id: str, tmp_path: Path) -> None:
    whole, parts = new_run(small(id), tmp_path), new_run(small(id), tmp_path)
    run(whole, ignore, Control())
    for step in (2, 6):
        control = Control()
        run(parts, stop_at(step, control), control, resume=True)  # type: ignore[arg-type]
    assert run(parts, ignore, Control(), resume=True).state is RunState.FINISHED
    assert metrics(parts) == metrics(whole)
    assert (parts / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()


@pytest.mark.parametrize(("id", "names"), METRICS.items())
def test_a_task_is_measured_by_its_metrics(id: str, names: tuple[str, ...], tmp_path: Path) -> None:
    record = train(small(id), tmp_path / "run", ignore)
    wanted = {"lr", *(f"{part}/{name}" for part in ("train", "val", "test") for name in ("loss", *names))}
    assert set(record.metrics) == wanted
    again = evaluate(tmp_path / "run")
    assert again == {name: value for name, value in record.metrics.items() if name.startswith(("val/", "test/"))}


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_the_project_of_every_template_is_clean_and_complete(template: Any, tmp_path: Path) -> None:
    graph = template.graph
    files = project_files(graph)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", *config, "--extend-per-file-ignores", "model.py:N812,model.py:RET504", "."],
        cwd=tmp_path,
        check=True,
    )
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", *config, "train.py", "data.py"], cwd=tmp_path, check=True)
    with loaded(tmp_path) as script:
        training, *_ = script.read_data(0)
        model = script.make_model()
        loss, sums = script.judge(model, training[torch.arange(2)])
    assert loss.isfinite()
    loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())
    assert sums[0] >= 2


def test_an_exported_project_of_two_inputs_and_two_outputs_runs_by_itself(tmp_path: Path) -> None:
    record = train(small("two_parts_wine"), tmp_path / "run", ignore)
    for name, text in project_files(small("two_parts_wine")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "train.py", "--run-dir", "alone"], cwd=tmp_path, check=True, capture_output=True, text=True, env={"PATH": ""}
    )
    last = done.stdout.splitlines()[-1]
    assert last.startswith("test ")
    assert f"test/cultivar_accuracy {record.metrics['test/cultivar_accuracy']:.4g}" in last
    assert (tmp_path / "alone" / "weights.safetensors").read_bytes() == (tmp_path / "run" / "weights.safetensors").read_bytes()


def test_an_answer_of_two_parts_is_right_where_both_are(tmp_path: Path) -> None:
    for name, text in project_files(small("gru_countries")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with loaded(tmp_path) as script:
        scores = tuple(nn.functional.one_hot(torch.tensor(places), 120).float() for places in ([3, 4, 5], [3, 4, 6]))
        targets = torch.tensor([3, 4, 0]), torch.tensor([3, 9, 6])
        assert script.count_whole(scores, targets).tolist() == [3, 1]
        measured = script.measures([3, 2, 3, 2, 3, 1, 6.0, 9.0])
        accuracy = {"first_accuracy": 2 / 3, "last_accuracy": 2 / 3, "exact": 1 / 3}
        assert measured == accuracy | {"first_loss": 2.0, "last_loss": 3.0}


class Echo(nn.Module):
    """Gives what comes before each token a score of 9 for the token itself, whatever else is in the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))  # tells where the network is

    def forward(self, phrase: Tensor, before: Tensor) -> Tensor:
        return 9 * nn.functional.one_hot(before, 15).float()


def test_padding_counts_for_nothing(tmp_path: Path) -> None:
    for name, text in project_files(small("seq2seq_dates")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with loaded(tmp_path) as script:
        phrase = torch.tensor([[7, 8, 0, 0], [7, 0, 0, 0]])
        before, after = torch.tensor([[5, 6, 7, 0], [5, 6, 0, 0]]), torch.tensor([[5, 6, 9, 0], [5, 6, 0, 0]])
        assert script.trim(after).tolist() == [[5, 6, 9], [5, 6, 0]]
        loss, sums = script.judge(Echo(), (phrase, before, after))
        assert sums.tolist() == [5, 4, 2, 1]
        assert script.measures(sums.tolist()) == {"accuracy": 0.8, "exact": 0.5}
        longer = tuple(nn.functional.pad(tensor, (0, 3)) for tensor in (phrase, before, after))
        assert script.judge(Echo(), longer)[0] == loss
        each = [script.judge(Echo(), (phrase[i : i + 1], before[i : i + 1], after[i : i + 1])) for i in range(2)]
        assert sum(one * counts[0] for one, counts in each) / 5 == pytest.approx(loss.item())
        parts = script.evaluate(Echo(), torch.utils.data.TensorDataset(phrase, before, after))
        assert parts == {"loss": pytest.approx(loss.item()), "accuracy": 0.8, "exact": 0.5}


def test_errors_are_measured_in_the_units_of_the_target(tmp_path: Path) -> None:
    for name, text in project_files(small("mlp_diabetes")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with loaded(tmp_path) as script:
        sums = script.sum_errors(torch.tensor([[1.0], [2.0]]), torch.tensor([[4.0], [-2.0]]))
        assert script.measures(sums.tolist()) == {"mae": 3.5, "rmse": pytest.approx(12.5**0.5)}


def test_each_of_two_targets_has_its_loss() -> None:
    graph = template("two_parts_wine").graph
    assert '    "cultivar": nn.CrossEntropyLoss(),\n    "proline": nn.MSELoss(),\n' in project_files(graph)["train.py"]
    graph.configure(training={"loss": "L1Loss"})
    assert '    "cultivar": nn.CrossEntropyLoss(),\n    "proline": nn.L1Loss(),\n' in project_files(graph)["train.py"]


def test_a_term_of_the_loss_needs_no_target(tmp_path: Path) -> None:
    graph = template("vae_digits").graph
    script = project_files(graph)["train.py"]
    factor = graph.named("kl").params["factor"]
    assert "    outputs, kl_term = model(image)\n" in script
    assert f"    loss = LOSS(outputs, same) + {factor} * kl_term.mean()\n" in script
    graph.set(graph.named("kl"), factor=1.0)
    graph.configure(training={"loss": "L1Loss"})
    files = project_files(graph)
    assert "    loss = LOSS(outputs, same) + kl_term.mean()\n" in files["train.py"]
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with loaded(tmp_path) as script:
        images = torch.rand(3, 1, 8, 8)
        given, divergences = (images + 0.5, torch.tensor([1.0, 2.0, 6.0]))
        loss, sums = script.judge(lambda _: (given, divergences), (images, images))
    assert loss.item() == pytest.approx(3.5)
    assert script.measures(sums.tolist()) == {"mae": pytest.approx(0.5), "rmse": pytest.approx(0.5), "kl_mean": 3.0}


def test_a_term_of_the_loss_is_no_prediction() -> None:
    graph = template("vae_digits").graph
    assert not findings(graph)
    graph.remove(graph.named("same"))
    with pytest.raises(RunError, match=r"has 1 target \(same\), but the network has 0 outputs\.$"):
        project_files(graph)


def test_a_network_with_too_few_ends_is_refused_in_a_sentence() -> None:
    graph = template("mlp_wine").graph
    graph.configure(data={"dataset": "wine_parts"})
    with pytest.raises(RunError) as refused:
        project_files(graph)
    assert str(refused.value) == "The data set wine_parts fills 2 inputs (minerals, pigments), but the network has 1 input (analysis)."


def findings(graph: Graph) -> dict[str, str]:
    return {finding.code: finding.message for finding in graph.check().diagnostics}


def test_free_sizes_of_the_data_fit_any_free_size_of_the_network() -> None:
    graph = template("seq2seq_dates").graph
    assert not findings(graph)
    graph.set(graph.named("phrase"), shape=["anything"])
    assert not findings(graph)
    graph.set(graph.named("phrase"), shape=[40])
    assert findings(graph)["data.input-shape"] == (
        "phrase: the data set dates gives as phrase (S,) int64, but the Input is declared (40,) int64."
    )
    graph.set(graph.named("phrase"), shape=["T"])  # which would make phrase and answer equally long
    assert "data.input-shape" in findings(graph)


def test_the_window_of_a_series_is_a_setting_that_the_input_has_to_follow() -> None:
    graph = template("lstm_co2").graph
    graph.configure(data={"dataset": {"name": "co2", "window": 48, "horizon": 6}})
    found = findings(graph)
    assert "(48, 1) float32" in found["data.input-shape"]
    assert found["data.target-shape"].endswith("compares with future of co2, (N, 6), but the network gives (N, 12).")
    assert "load(VALIDATION, TEST, seed, window=48, horizon=6)" in project_files(graph)["train.py"]


def test_scores_for_fewer_tokens_than_there_are_and_the_wrong_kind_of_loss_are_told() -> None:
    graph = template("lstm_python").graph
    last = next(node for node in graph if node.block == "Linear")
    graph.set(last, out_features=50)
    assert "one score for each token" in findings(graph)["data.classes"]
    graph.set(last, out_features=97)
    graph.configure(training={"loss": "MSELoss"})
    assert findings(graph)["data.loss"] == (
        "MSELoss compares numbers, but python_topics gives the number of a class: CrossEntropyLoss is made for that."
    )
