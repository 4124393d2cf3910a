"""Questions that are answered before a run: the learning rate, and whether one batch can be learned."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from graph_engine.training.control import Control
from graph_engine.training.events import Event, Probed, decode, encode
from graph_engine.training.probe import BATCH_STEPS, probe, proposal
from graph_engine.training.rundir import new_run, prepare
from graph_engine.training.state import RunState
from tests.engine.training.helpers import Process, change, metrics, small_net


def answered(folder: Path, kind: str, **training: object) -> Probed:
    prepare(small_net(**training), folder)
    events: list[Event] = []
    probe(kind, folder, events.append, Control())
    assert isinstance(events[-1], Probed)
    return events[-1]


@pytest.mark.parametrize(("optimizer", "low", "high"), [("AdamW", 1e-4, 3e-2), ({"name": "SGD", "momentum": 0.9}, 1e-3, 0.5)])
def test_the_proposed_rate_is_one_that_trains(tmp_path: Path, optimizer: object, low: float, high: float) -> None:
    answer = answered(tmp_path / "probe", "rate", optimizer=optimizer)
    assert answer.answer is not None
    assert low <= answer.answer <= high
    assert list(answer.places) == sorted(answer.places)
    assert all(map(math.isfinite, answer.losses))


def test_a_schedule_does_not_disturb_the_rates(tmp_path: Path) -> None:
    plain = answered(tmp_path / "plain", "rate")
    scheduled = answered(tmp_path / "scheduled", "rate", schedule={"name": "CosineAnnealingLR", "warmup": 10})
    assert scheduled == plain


def test_no_rate_is_proposed_where_the_loss_never_falls() -> None:
    assert proposal([1e-3 * 1.1**n for n in range(40)], [2.3 + 0.001 * (n % 3) for n in range(40)]) is None
    assert proposal([1e-3 * 1.1**n for n in range(40)], [2.3 + 0.1 * n for n in range(40)]) is None


def test_a_sound_network_learns_a_batch_by_heart(tmp_path: Path) -> None:
    answer = answered(tmp_path / "probe", "batch")
    assert answer.answer == len(answer.losses) < BATCH_STEPS
    assert answer.losses[-1] < answer.losses[0]


def test_smoothed_labels_are_no_reason_to_doubt_the_network(tmp_path: Path) -> None:
    answer = answered(tmp_path / "probe", "batch", loss={"name": "CrossEntropyLoss", "label_smoothing": 0.2})
    assert answer.answer is not None
    assert answer.losses[-1] > 0.1 * answer.losses[0]


def test_a_rate_of_nearly_nothing_learns_no_batch(tmp_path: Path) -> None:
    answer = answered(tmp_path / "probe", "batch", optimizer={"name": "SGD", "lr": 1e-6})
    assert answer.answer is None
    assert len(answer.losses) == BATCH_STEPS


def test_a_network_that_fails_is_told_in_a_sentence(tmp_path: Path) -> None:
    prepare(small_net(), tmp_path / "probe")
    change(tmp_path / "probe", "nn.Linear(288, 10)", "nn.Linear(287, 10)")
    events: list[Event] = []
    probe("rate", tmp_path / "probe", events.append, Control())
    assert isinstance(events[-1], Probed)
    assert (events[-1].message or "").startswith("The network failed at linear1")


def test_the_process_answers_and_the_next_run_is_as_if_it_had_not(process: Process, reference: Path, tmp_path: Path) -> None:
    prepare(small_net(), tmp_path / "probe")
    process.events.clear()
    process.send(do="probe", run_dir=str(tmp_path / "probe"), kind="batch")
    answer = process.until(lambda event: isinstance(event, Probed))
    assert decode(encode([answer])) == [answer]
    run_dir = new_run(small_net(), tmp_path)
    assert process.run(run_dir).state is RunState.FINISHED
    assert metrics(run_dir) == metrics(reference)
