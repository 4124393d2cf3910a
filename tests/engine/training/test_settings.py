"""Training settings: declared as torch has them, written into the script, and resumed to the same bits."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from graph_engine import Graph
from graph_engine.codegen.project import project_files
from graph_engine.errors import RunError
from graph_engine.settings import losses
from graph_engine.settings.losses import LOSSES
from graph_engine.settings.optimizers import OPTIMIZERS
from graph_engine.settings.option import Option
from graph_engine.settings.schedules import CONSTANT, OWN, SCHEDULES
from graph_engine.spec.params import REQUIRED
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Log, Measured
from graph_engine.training.run import run
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import ROOT, TYPED, change, metrics, small_net

SCHEDULERS = [option for option in SCHEDULES if option is not CONSTANT]

LOSS_SHAPES = {"weight", "pos_weight", "ignore_index", "size_average", "reduce", "reduction"}
"""What the script sets by the data, or leaves at the mean."""

UNDECLARED = {
    *LOSS_SHAPES,
    "params", "optimizer", "last_epoch",  # what the script passes
    "foreach", "maximize", "capturable", "differentiable", "fused",  # how torch computes
    "epochs", "steps_per_epoch", "mode", "scale_fn", "scale_mode",  # said otherwise
}  # fmt: skip
INCOMPLETE = {"Adafactor": {"eps"}}


def held_against(option: Option, owner: Any, own: Sequence[str]) -> None:
    """Every parameter is torch's, in its order, with its default."""
    signature = inspect.signature(getattr(owner, option.id)).parameters
    declared = {param.name: param for param in option.params if param.name not in own}
    assert list(declared) == [name for name in signature if name in declared]
    for name, param in declared.items():
        default = signature[name].default
        if default is not inspect.Parameter.empty:
            assert param.default == default or (param.default is None and default is None), name
    left = signature.keys() - declared.keys() - UNDECLARED - INCOMPLETE.get(option.id, set())
    assert not left


@pytest.mark.parametrize("option", OPTIMIZERS, ids=lambda option: option.id)
def test_an_optimizer_is_declared_as_torch_has_it(option: Option) -> None:
    held_against(option, torch.optim, ())
    assert option.params[0].default is not REQUIRED


@pytest.mark.parametrize("option", SCHEDULERS, ids=lambda option: option.id)
def test_a_schedule_is_declared_as_torch_has_it(option: Option) -> None:
    held_against(option, torch.optim.lr_scheduler, OWN)


@pytest.mark.parametrize("option", LOSSES, ids=lambda option: option.id)
def test_a_loss_is_declared_as_torch_has_it(option: Option) -> None:
    held_against(option, torch.nn, losses.OWN)


def test_none_of_torch_is_missing_but_what_cannot_be_declared() -> None:
    def found(owner: Any, base: type) -> set[str]:
        return {n for n, c in vars(owner).items() if inspect.isclass(c) and issubclass(c, base) and c is not base and n[0] != "_"}

    optimizers = found(torch.optim, torch.optim.Optimizer) - {option.id for option in OPTIMIZERS}
    assert optimizers == {"Muon", "SparseAdam"}
    schedulers = found(torch.optim.lr_scheduler, torch.optim.lr_scheduler.LRScheduler) - {option.id for option in SCHEDULERS}
    assert schedulers == {"LambdaLR", "MultiplicativeLR", "SequentialLR", "ChainedScheduler"}


COMBINATIONS: dict[str, dict[str, Any]] = {
    **{option.id: {"optimizer": {"name": option.id, "lr": 1e-3}} for option in OPTIMIZERS},
    **{option.id: {"schedule": option.id} for option in SCHEDULERS},
    "warm-up": {"schedule": {"name": "CosineAnnealingLR", "warmup": 20}},
    "warm-up by epochs": {"schedule": {"name": "StepLR", "step_size": 1, "warmup": 1}},
    "norm": {"clipping": {"name": "norm", "max_norm": 0.5}},
    "value": {"clipping": "value"},
    "EMA": {"average": {"name": "EMA", "decay": 0.9}, "keep": "best"},
    "SWA": {"average": {"name": "SWA", "start": 2}},
    "stopping": {"stopping": {"name": "patience", "patience": 1, "min_delta": 0.5}},
    "best": {"keep": "best"},
    "parts": {"parts": 4, "l1": 1e-4, "clipping": "norm"},
    "decay": {"decay_all": False},
    "bfloat16": {"precision": "bfloat16"},
    "float16": {"precision": "float16", "parts": 2, "clipping": "norm"},
    "deterministic": {"deterministic": True},
    "all": {
        "optimizer": {"name": "SGD", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
        "schedule": {"name": "OneCycleLR", "max_lr": 0.05},
        "clipping": {"name": "norm", "max_norm": 0.5},
        "average": {"name": "EMA", "decay": 0.99},
        "stopping": {"name": "patience", "patience": 2},
        "keep": "best",
        "parts": 2,
        "l1": 1e-5,
        "decay_all": False,
        "deterministic": True,
    },
}


def stopping_at(step: int, control: Control, events: list[Event]) -> Any:
    def listener(event: Event) -> None:
        events.append(event)
        if isinstance(event, Measured) and event.step >= step:
            control.stop()

    return listener


@pytest.mark.parametrize("name", COMBINATIONS)
def test_every_setting_trains_and_resumes_inside_an_epoch_to_the_same_bits(name: str, tmp_path: Path) -> None:
    graph = small_net(epochs=2, batch_size=96, **COMBINATIONS[name])
    events: list[Event] = []
    whole, parted = new_run(graph, tmp_path), new_run(graph, tmp_path)
    assert run(whole, events.append, Control()).state is RunState.FINISHED, [e for e in events if isinstance(e, Log)]
    change(parted, "TELL_SECONDS = 1 / 30", "TELL_SECONDS = 0.0", "train.py")  # so that it stops at once
    control = Control()
    assert run(parted, stopping_at(17, control, []), control).state is RunState.STOPPED
    assert run(parted, events.append, Control(), resume=True).state is RunState.FINISHED, events[-1]
    assert metrics(parted) == metrics(whole)
    assert (parted / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_script_of_every_setting_passes_the_linter(name: str, tmp_path: Path) -> None:
    for file, text in project_files(small_net(**COMBINATIONS[name])).items():
        (tmp_path / file).write_text(text)
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "check", *config, *TYPED, "."], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--diff", *config, "."], cwd=tmp_path, check=True)


def test_the_default_script_has_nothing_of_what_is_not_asked_for() -> None:
    script = project_files(small_net())["train.py"]
    for word in ("schedule", "clip_grad", "average", "waited", "autocast", "compile", "take_best", "deterministic"):
        assert word not in script, word


def test_the_rate_is_told_at_every_step_where_it_changes_at_every_step(tmp_path: Path) -> None:
    run_dir = new_run(small_net(epochs=2, schedule={"name": "CosineAnnealingLR", "warmup": 20}), tmp_path)
    run(run_dir, lambda _: None, Control())
    rates = [row["value"] for row in metrics(run_dir) if row["name"] == "lr"]
    steps = [row["step"] for row in metrics(run_dir) if row["name"] == "lr"]
    assert steps == list(range(1, 2 * -(-1078 // 32) + 1))
    assert rates[0] == pytest.approx(1e-5)
    assert max(rates) == rates[20] == pytest.approx(1e-3)
    assert rates[-1] < 1e-5


def test_a_run_ends_early_where_nothing_becomes_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_dir = new_run(small_net(epochs=9, stopping={"name": "patience", "patience": 2, "min_delta": 100.0}), tmp_path)
    assert run(run_dir, lambda _: None, Control()).state is RunState.FINISHED
    assert max(row["epoch"] for row in metrics(run_dir)) == 3
    assert "No better validation loss for 2 epochs: the run ends with epoch 3." in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch by torch
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
def test_a_compiled_network_trains_alike(tmp_path: Path) -> None:
    losses = []
    for compiled in (False, True):
        run_dir = new_run(small_net(epochs=1, batch_size=512, compile=compiled), tmp_path)
        record = run(run_dir, lambda _: None, Control())
        assert record.state is RunState.FINISHED, record.message
        losses.append([row["value"] for row in metrics(run_dir) if row["name"] == "train/loss"])
        names = set(load_file(run_dir / "weights.safetensors"))
        assert not any("_orig_mod" in name for name in names)
    assert losses[0][0] == pytest.approx(losses[1][0], rel=0.1), "dropout draws other numbers, the network is the same"


def test_parts_of_a_batch_add_up_to_the_whole(tmp_path: Path) -> None:
    losses = []
    for parts in (1, 3):
        graph = Graph("linear")
        nodes = [graph.add("Input", shape=[1, 8, 8]), graph.add("Flatten"), graph.add("Linear", out_features=10), graph.add("Output")]
        for before, after in pairwise(nodes):
            graph.connect(before, after)
        graph.configure(data={"dataset": "digits"}, training={"epochs": 1, "device": "cpu", "threads": 1, "parts": parts})
        run_dir = new_run(graph, tmp_path)
        run(run_dir, lambda _: None, Control())
        losses.append([row["value"] for row in metrics(run_dir)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_schedule_as_long_as_the_run_refuses_more_epochs(tmp_path: Path) -> None:
    run_dir = new_run(small_net(epochs=1, schedule="OneCycleLR"), tmp_path)
    run(run_dir, lambda _: None, Control())
    record = run(run_dir, lambda _: None, Control(), epochs=2, resume=True)
    assert record.message == "The training failed: The learning rate was planned for 1 epochs: for 2 begin a new run."


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"optimizer": "LBFGS", "parts": 2}, "evaluates each step several times"),
        ({"optimizer": "Adagrad", "schedule": "OneCycleLR"}, "moves the momentum, which Adagrad lacks"),
    ],
)
def test_settings_that_do_not_go_together_are_told_before_the_run(training: dict[str, Any], words: str) -> None:
    with pytest.raises(RunError, match=words):
        project_files(small_net(**training))
