"""The short form of `python -m tests.survive`: a few kills of what trains, and two processes in place of one."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from graph_engine import Graph
from graph_engine.codegen.project import project_files
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Looked, Measured, StateChange
from graph_engine.training.run import train
from graph_engine.training.rundir import new_run, prepare, read_run
from graph_engine.training.state import RunState
from graph_engine.training.together import run_together
from tests.benchmarks.bench_training import chain, networks
from tests.engine.training.helpers import ROOT, Process, change, metrics, small_net
from tests.survive import harass

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks of a warm process")
def test_runs_that_are_killed_at_random_moments_end_with_the_same_bits(tmp_path: Path) -> None:
    graph = small_net(schedule={"name": "OneCycleLR", "max_lr": 0.01}, average="EMA")
    graph.configure(augmentation={"crop": {"name": "shift", "pixels": 1}, "mixing": "mixup"})
    count = harass(graph, 5, ["process"], tmp_path, random.Random(0))
    assert count.kills.total() == 5
    assert count.runs and not count.different


def test_several_processes_train_a_run_that_one_can_go_on_with(tmp_path: Path) -> None:
    events: list[Event] = []
    run_dir = tmp_path / "run"
    graph = networks()[1]
    graph.configure(training={"epochs": 2})
    record = train(graph, run_dir, events.append, epochs=1, processes=2)
    assert (record.state, record.epochs) == (RunState.FINISHED, 1)
    told = [(event.step, event.name, event.value) for event in events if isinstance(event, Measured)]
    assert told == [(row["step"], row["name"], row["value"]) for row in metrics(run_dir)]
    assert [event.state for event in events if isinstance(event, StateChange)] == [RunState.RUNNING, RunState.FINISHED]
    record = train(graph, run_dir, events.append, epochs=2, resume=True)
    assert record.state is RunState.FINISHED
    alone = train(graph, tmp_path / "alone", events.append)
    assert losses(run_dir) == pytest.approx(losses(tmp_path / "alone"), rel=2e-4)
    assert record.metrics.keys() == alone.metrics.keys()


def test_several_processes_pause_and_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    run_dir = new_run(small_net(epochs=500), tmp_path)
    process = Process().until_ready()
    process.send(do="run", run_dir=str(run_dir), processes=2)
    process.until_step(5)
    process.send(do="look", number=3, part="validation")
    process.until(lambda event: isinstance(event, Looked) and "several processes" in (event.message or ""))
    process.send(do="pause")
    process.until_state(RunState.PAUSED)
    process.send(do="resume")
    process.until_state(RunState.RUNNING)
    process.popen.kill()
    process.close()
    deadline = time.monotonic() + 60
    while read_run(run_dir).state is not RunState.STOPPED:
        assert time.monotonic() < deadline, "they go on"
        time.sleep(0.1)
    assert read_run(run_dir).processes == 2
    assert (run_dir / "checkpoints" / "last.pt").exists()


def test_two_machines_share_a_run(tmp_path: Path) -> None:
    """Both are this one, and see one folder."""
    graph = networks()[1]
    graph.configure(training={"epochs": 1})
    graph.save(tmp_path / "net.archloom")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    entered = ["train", "net.archloom", "-o", "run", "--nnodes", "2", "--rdzv-endpoint", f"127.0.0.1:{port}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, "-m", "app", *entered]
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(200) for one in both] == [0, 0]
    record = read_run(tmp_path / "run")
    assert (record.state, record.processes) == (RunState.FINISHED, 2)
    train(graph, tmp_path / "alone", lambda _: None)
    assert losses(tmp_path / "run") == pytest.approx(losses(tmp_path / "alone"), rel=2e-4)


def test_the_death_of_one_of_several_processes_is_a_sentence(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    prepare(networks()[1], run_dir)
    change(run_dir, "        self.at.step += 1\n", "        self.at.step += 1\n        os.kill(os.getpid(), 9)\n", "train.py")
    record = run_together(run_dir, lambda _: None, Control(), 2)
    assert record.state is RunState.FAILED
    assert "One of the 2 processes ended unasked" in (record.message or "")
    assert "SIGKILL" in (run_dir / "processes.log").read_text()


def losses(run_dir: Path) -> list[float]:
    """Everything that was measured, in its order."""
    return [row["value"] for row in metrics(run_dir)]


def normalized() -> Graph:
    """A network with batch normalization of images and of vectors; a bias before one would learn from rounding alone."""
    images: list[tuple[str, dict[str, object]]] = [("Conv2d", {"out_channels": 8, "kernel_size": 3, "bias": False}), ("BatchNorm2d", {})]
    vectors: list[tuple[str, dict[str, object]]] = [("Linear", {"out_features": 16, "bias": False}), ("BatchNorm1d", {"affine": False})]
    return chain("normalized", [1, 8, 8], *images, ("ReLU", {}), ("Flatten", {}), *vectors, ("Linear", {"out_features": 10}))


def script(project: Path, *arguments: str, processes: int) -> subprocess.CompletedProcess[str]:
    head = TORCHRUN if processes == 2 else [sys.executable]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([*head, "train.py", *arguments], cwd=project, env=environment, check=True, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("settings", "augmentation"),
    [
        ({}, {}),
        (
            {"parts": 3, "clipping": "norm", "schedule": "StepLR", "metrics": ["f1"]},
            {"rotation": "turn", "erasing": "rectangle", "mixing": "mixup"},
        ),
    ],
)
def test_two_processes_give_the_losses_of_one_and_go_on_as_one_and_back(
    tmp_path: Path, settings: dict[str, Any], augmentation: dict[str, str]
) -> None:
    """Where the batch is not computed in parts the network normalizes by it as a whole; it draws no random numbers."""
    graph = networks()[1] if settings else normalized()
    graph.configure(training={"epochs": 3, "batch_size": 71, **settings})  # the last batch of an epoch has an odd number of samples
    graph.configure(augmentation=augmentation)
    for name, text in project_files(graph).items():
        (tmp_path / name).write_text(text)
    script(tmp_path, "--run-dir", "one", processes=1)
    for place, epochs in enumerate((1, 2, 3)):
        script(tmp_path, "--run-dir", "two", "--epochs", str(epochs), *["--resume"] * (place > 0), processes=1 if place == 1 else 2)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(two) == len(one)
    assert two == pytest.approx(one, rel=2e-4)
