"""The training process: its protocol, and that what it does is what the exported script does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from graph_engine.codegen.project import project_files
from graph_engine.training.events import Measured, Progress, StateChange
from graph_engine.training.rundir import new_run, read_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import FORWARD, Process, change, metrics, small_net


def test_exported_script_gives_the_same_bits_in_a_process_of_its_own(reference: Path, tmp_path: Path) -> None:
    for name, text in project_files(small_net()).items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    *lines, test = done.stdout.splitlines()
    epochs, samples = lines[:3], lines[3:]
    assert [line.split()[:2] for line in epochs] == [["epoch", f"{n}/3"] for n in (1, 2, 3)]
    assert len(samples) == 5 and all(" -> " in line for line in samples)
    loss, accuracy = (row["value"] for row in metrics(reference)[-2:])
    assert test == f"test  test/loss {loss:.4g}  test/accuracy {accuracy:.4g}"
    assert metrics(tmp_path / "run") == metrics(reference)
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()


def test_a_run_reports_every_step_and_writes_down_what_it_reports(process: Process, reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    assert process.run(run_dir, epochs=2, seed=7) == StateChange(RunState.FINISHED)
    told = [event for event in process.events if isinstance(event, Measured)]
    assert [event._asdict() for event in told] == [
        {"name": row["name"], "step": row["step"], "epoch": row["epoch"], "value": row["value"]} for row in metrics(run_dir)
    ]
    steps = -(-1077 // 32)
    assert [event.step for event in told if event.name == "train/loss"] == list(range(1, 2 * steps + 1))
    by_epoch = [(event.name, event.epoch) for event in told if event.name != "train/loss"]
    measured = [(name, epoch) for epoch in (1, 2) for name in ("lr", "train/accuracy", "val/loss", "val/accuracy")]
    assert by_epoch == [*measured, ("test/loss", 2), ("test/accuracy", 2)]
    last = [event for event in process.events if isinstance(event, Progress)][-1]
    assert last[:4] == (2 * steps, 2 * steps, 2, 2)
    record = read_run(run_dir)
    assert (record.state, record.epochs, record.seed, record.threads, record.device) == (RunState.FINISHED, 2, 7, 1, "cpu")
    assert record.metrics["test/accuracy"] == told[-1].value
    assert metrics(run_dir)[0]["value"] != metrics(reference)[0]["value"], "another seed, other weights"


def slowed(run_dir: Path) -> None:
    """Gives a test time to meet the run on its way."""
    change(run_dir, FORWARD, FORWARD + "        __import__('time').sleep(0.01)\n")


def test_pause_holds_and_resume_changes_no_bit(process: Process, reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    slowed(run_dir)
    process.send(do="run", run_dir=str(run_dir))
    process.until_step(5)
    process.send(do="pause")
    process.until_state(RunState.PAUSED)
    held = metrics(run_dir)
    assert (run_dir / "checkpoints" / "last.pt").exists()
    assert len(held) < len(metrics(reference))
    process.send(do="resume")
    process.until_state(RunState.RUNNING)
    assert process.until_state(RunState.FINISHED, RunState.FAILED).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()


def test_what_the_model_prints_is_a_log_event(process: Process, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    change(run_dir, FORWARD, FORWARD + "        print('seen', tuple(x.shape[1:]))\n        import os; os.system('echo from below')\n")
    assert process.run(run_dir, epochs=1).state is RunState.FINISHED
    assert "seen (1, 8, 8)" in process.logged()


def test_a_loss_that_is_no_number_fails_the_run_at_its_step(process: Process, tmp_path: Path) -> None:
    run_dir = new_run(small_net(optimizer={"name": "SGD", "lr": 1e38}), tmp_path)
    ended = process.run(run_dir)
    assert ended.state is RunState.FAILED
    assert ended.message is not None
    rows = metrics(run_dir)
    assert rows[-1]["value"] in ("NaN", "Infinity")
    assert f"at step {rows[-1]['step']}" in ended.message
    record = read_run(run_dir)
    assert (record.state, record.message) == (RunState.FAILED, ended.message)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nn.Linear(288, 10)", "nn.Linear(287, 10)", "The network failed at linear1"),
        (
            "x = self.flatten1(x)",
            "x = self.flatten1(x).new_empty(1 << 50)",
            "The memory is used up at flatten1: lower the batch size (now 32)",
        ),
    ],
)
def test_an_error_in_the_network_is_told_at_its_node(process: Process, tmp_path: Path, old: str, new: str, words: str) -> None:
    graph = small_net()
    run_dir = new_run(graph, tmp_path)
    change(run_dir, old, new)
    ended = process.run(run_dir)
    assert ended.state is RunState.FAILED
    assert ended.message is not None
    assert ended.message.startswith(words)
    assert ended.node == graph.named(words.split(" at ")[1].split(":")[0].strip()).id


def test_the_process_survives_a_failed_run_and_a_foreign_folder(process: Process, tmp_path: Path) -> None:
    assert "is not the folder of a run" in (process.run(tmp_path).message or "")
    run_dir = new_run(small_net(), tmp_path)
    assert process.run(run_dir, epochs=1).state is RunState.FINISHED
    assert "has been run already" in (process.run(run_dir, epochs=1).message or "")
    assert "cannot train on 'abacus'" in (process.run(new_run(small_net(), tmp_path), device="abacus").message or "")


def test_death_is_seen_and_its_run_goes_on_to_the_same_bits(process: Process, reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    source = (run_dir / "source" / "model.py").read_text()
    crash = "        if SmallNet.calls == 70:\n            __import__('os').abort()\n"
    change(run_dir, FORWARD, "    calls = 0\n\n" + FORWARD + "        SmallNet.calls += 1\n" + crash)
    change(run_dir, "SAVE_SECONDS = 5.0", "SAVE_SECONDS = 0.0", "train.py")
    victim = Process().until_ready()
    victim.send(do="run", run_dir=str(run_dir))
    with pytest.raises(AssertionError, match="the process ended first"):
        victim.until_state(RunState.FINISHED, RunState.FAILED)
    assert victim.popen.wait(10) == -signal.SIGABRT
    victim.close()
    assert read_run(run_dir).state is RunState.RUNNING, "a dead process could not tell"

    (run_dir / "source" / "model.py").write_text(source)
    assert process.run(run_dir, resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()


def test_to_quit_stops_the_run_with_a_checkpoint(process: Process, reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    slowed(run_dir)
    orphan = Process().until_ready()
    orphan.send(do="run", run_dir=str(run_dir))
    orphan.until_step(60)
    orphan.close()
    assert orphan.popen.returncode == 0
    assert read_run(run_dir).state is RunState.STOPPED
    assert (run_dir / "weights.safetensors").exists()
    assert process.run(run_dir, resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)


def test_quitting_before_the_process_is_warm_takes_no_time() -> None:
    cold = Process()
    cold.send(do="quit")
    cold.close()
    assert cold.popen.returncode == 0
    assert cold.events == []


def test_sigkill_in_the_script_and_resume_in_the_program_give_the_same_bits(process: Process, reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    change(run_dir, "SAVE_SECONDS = 5.0", "SAVE_SECONDS = 0.02", "train.py")
    change(run_dir, "max(SAVE_SECONDS, 100 *", "max(SAVE_SECONDS, 2 *", "train.py")
    script = (run_dir / "source" / "train.py").read_text()
    step = "self.at.step += 1\n"
    change(run_dir, step, step + "        if self.at.step == 65:\n            os.kill(os.getpid(), 9)\n", "train.py")
    killed = subprocess.run([sys.executable, "train.py", "--run-dir", str(run_dir)], cwd=run_dir / "source", check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (run_dir / "checkpoints" / "last.pt").exists()

    (run_dir / "source" / "train.py").write_text(script)
    assert process.run(run_dir, resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()
