"""Runs in this process, as the command line has them: to their end, resumed, damaged, refused."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import torch

from graph_engine.errors import RunError
from graph_engine.training.control import Control
from graph_engine.training.evaluate import evaluate
from graph_engine.training.events import Event, Log, Measured, StateChange
from graph_engine.training.run import run, train
from graph_engine.training.rundir import new_run, prepare, read_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import change, metrics, small_net


def ignore(_: Event) -> None:
    pass


def stop_at(step: int, control: Control) -> list[Event]:
    """A listener that stops the run once a step is told."""

    class Events(list[Event]):
        def __call__(self, event: Event) -> None:
            self.append(event)
            if isinstance(event, Measured) and event.step >= step:
                control.stop()

    return Events()


def stopped(tmp_path: Path, step: int = 60) -> Path:
    """A run that was stopped inside its second epoch."""
    run_dir = new_run(small_net(), tmp_path)
    for place in (step // 2, step):  # so that there is a checkpoint before the last
        control = Control()
        assert run(run_dir, stop_at(place, control), control, resume=place == step).state is RunState.STOPPED  # type: ignore[arg-type]
    return run_dir


def test_train_evaluates_to_what_it_reported_and_leaves_no_module_behind(tmp_path: Path) -> None:
    before = dict(sys.modules), list(sys.path), signal.getsignal(signal.SIGINT)
    record = train(small_net(), tmp_path / "run", ignore, epochs=2)
    assert record.state is RunState.FINISHED
    assert evaluate(tmp_path / "run") == {name: record.metrics[name] for name in ("val/loss", "val/accuracy", "test/loss", "test/accuracy")}
    assert not {"model", "data", "train"} & (sys.modules.keys() - before[0].keys())
    assert (sys.path, signal.getsignal(signal.SIGINT)) == before[1:]
    assert not list(tmp_path.rglob("__pycache__"))
    assert {path.name for path in (tmp_path / "run").iterdir() if not path.name.startswith("events.out.tfevents.")} == {
        "run.json", "run.previous.json", "outline.json", "document.archloom", "source", "metrics.jsonl", "health.jsonl", "findings.json",
        "checkpoints", "weights.safetensors"
    }  # fmt: skip
    assert list((tmp_path / "run").glob("events.out.tfevents.*"))


def test_tensorboard_shows_the_same_values_under_the_same_names(reference: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(reference)).Reload()
    rows = {(row["name"], row["step"]): row["value"] for row in metrics(reference)}
    told = {(name, scalar.step): scalar.value for name in board.Tags()["scalars"] for scalar in board.Scalars(name)}
    assert told.keys() == rows.keys()
    assert all(told[key] == pytest.approx(value, rel=1e-6) for key, value in rows.items())


@pytest.mark.parametrize("step", [1, 60])
def test_stopped_inside_an_epoch_and_resumed_gives_the_same_bits(reference: Path, tmp_path: Path, step: int) -> None:
    run_dir = stopped(tmp_path, step)
    assert 0 < len(metrics(run_dir)) < len(metrics(reference))
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
    assert (run_dir / "weights.safetensors").read_bytes() == (reference / "weights.safetensors").read_bytes()
    best = min(row["value"] for row in metrics(reference) if row["name"] == "val/loss")
    assert evaluate(run_dir, "checkpoints/best.safetensors")["val/loss"] == best


def test_a_finished_run_goes_on_for_more_epochs(reference: Path, tmp_path: Path) -> None:
    prepare(small_net(epochs=1), tmp_path / "run")
    run(tmp_path / "run", ignore, Control())
    assert run(tmp_path / "run", ignore, Control(), epochs=3, resume=True).epochs == 3
    assert metrics(tmp_path / "run") == metrics(reference)


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_again(reference: Path, tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    (run_dir / "metrics.jsonl").write_text('{"step": 1, "ep')
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_taken(
    reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = stopped(tmp_path)
    last = run_dir / "checkpoints" / "last.pt"
    for share in (0.0, 0.01, 0.5, 0.99):
        last.write_bytes(last.read_bytes()[: int(share * last.stat().st_size)])
        control = Control()
        control.stop()
        assert run(run_dir, ignore, control, resume=True).state is RunState.STOPPED
        assert capsys.readouterr().out.startswith(f"{last} is damaged.\nThe run goes on from previous.pt, after step ")
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)


def test_lines_after_the_checkpoint_are_cut_off_even_when_nothing_follows_them(tmp_path: Path) -> None:
    run_dir = stopped(tmp_path)
    size = (run_dir / "metrics.jsonl").stat().st_size
    with (run_dir / "metrics.jsonl").open("a") as log:
        log.write('{"step": 1000, "epoch": 9, "name": "train/loss", "value": 1.0}\n')
    control = Control()
    control.stop()
    run(run_dir, ignore, control, resume=True)
    assert (run_dir / "metrics.jsonl").stat().st_size == size
    assert torch.load(run_dir / "checkpoints" / "last.pt", weights_only=True)["log_size"] == size


def test_no_readable_checkpoint_is_told_and_nothing_lost(tmp_path: Path) -> None:
    run_dir = stopped(tmp_path)
    for name in ("last.pt", "previous.pt"):
        (run_dir / "checkpoints" / name).write_bytes(b"tea")
    before = metrics(run_dir)
    record = run(run_dir, ignore, Control(), resume=True)
    assert record.state is RunState.FAILED
    assert "can be read" in (record.message or "")
    assert metrics(run_dir) == before


def test_metrics_that_lost_their_end_are_told_and_the_checkpoint_before_taken(
    reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = stopped(tmp_path)
    path = run_dir / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-70])
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert capsys.readouterr().out.startswith("The run goes on from previous.pt, after step ")
    assert metrics(run_dir) == metrics(reference)


def test_metrics_that_lost_more_than_any_checkpoint_can_replace_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_dir = stopped(tmp_path)
    path = run_dir / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:10])
    assert run(run_dir, ignore, Control(), resume=True).state is RunState.FINISHED
    assert capsys.readouterr().out == f"{path} lacks some of its last lines; the run goes on without them.\n"
    assert [row["step"] for row in metrics(run_dir)][-1] == 102


def test_checkpoints_load_without_running_code(reference: Path) -> None:
    checkpoint = torch.load(reference / "checkpoints" / "last.pt", weights_only=True)
    assert {"model", "optimizer", "at", "random", "log_size", "seed", "threads"} <= checkpoint.keys()
    before_the_test = (reference / "metrics.jsonl").read_bytes()[: checkpoint["log_size"]]
    assert before_the_test.endswith(b"}\n")
    assert b'"val/accuracy"' in before_the_test.splitlines()[-1]
    assert any(name.endswith("running_var") for name in checkpoint["model"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_fails_the_run_in_a_sentence(tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    change(run_dir, 'path.open("ab")', 'Path("/dev/full").open("ab")', "recording.py")
    change(run_dir, "    file.seek(file.truncate(size))\n", "", "recording.py")
    record = run(run_dir, ignore, Control())
    assert record.state is RunState.FAILED
    assert (record.message or "").startswith("The disk is full: ")


def test_an_unforeseen_error_is_a_sentence_with_the_traceback_in_the_log(tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    change(run_dir, "loss.backward()", "loss.backwards()", "train.py")
    events: list[Event] = []
    record = run(run_dir, events.append, Control())
    assert record.message == "The training failed: 'Tensor' object has no attribute 'backwards'."
    assert any(isinstance(event, Log) and "Traceback" in event.text for event in events)
    assert events[-1] == StateChange(RunState.FAILED, record.message)


def test_train_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    train(small_net(), run_dir, ignore, epochs=1)
    with pytest.raises(RunError, match="holds a run already"):
        train(small_net(), run_dir, ignore)
    with pytest.raises(RunError, match="another version of the document"):
        train(small_net(batch_size=16), run_dir, ignore, resume=True)
    with pytest.raises(RunError, match="cannot go on with seed 9"):
        train(small_net(), run_dir, ignore, seed=9, resume=True)
    assert read_run(run_dir).state is RunState.FAILED


def test_evaluate_refuses_what_it_cannot_measure(tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    with pytest.raises(RunError, match="has no weights yet"):
        evaluate(run_dir)
    (run_dir / "weights.safetensors").write_bytes(b"tea")
    with pytest.raises(RunError, match="is damaged"):
        evaluate(run_dir)
    with pytest.raises(RunError, match="not the folder of a run"):
        evaluate(tmp_path)


def test_an_interrupt_from_the_keyboard_stops_the_run_with_a_checkpoint(tmp_path: Path) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, Measured) and event.step == 1:
            signal.raise_signal(signal.SIGINT)

    assert train(small_net(), tmp_path / "run", interrupt).state is RunState.STOPPED
    assert train(small_net(), tmp_path / "run", ignore, resume=True, epochs=1).state is RunState.FINISHED
