"""The number of threads: what a measurement finds, that it leaves no trace, and that a run keeps it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from graph_engine.training.control import Control
from graph_engine.training.exported import cores
from graph_engine.training.run import run
from graph_engine.training.rundir import new_run, read_run
from tests.engine.training.helpers import metrics, small_net


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("seconds", "steps", "found"),
    [
        ({8: 0.004, 4: 0.002, 2: 0.001, 1: 0.003}, 10_000, 2),
        ({8: 0.012, 4: 0.006, 2: 0.003, 1: 0.001}, 10_000, 1),
        ({8: 0.001, 4: 0.002}, 10_000, 8),
        ({8: 0.002, 4: 0.002, 2: 0.004}, 10_000, 4),  # the other four would gain nothing
        ({8: 0.060}, 5, 8),  # the run is over before more could be measured
    ],
)
def test_the_fastest_number_is_found(seconds: dict[int, float], steps: int, found: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def step() -> None:
        nonlocal now
        now += seconds[torch.get_num_threads()]

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    assert cores.fastest_threads(nn.Linear(1, 1), step, steps, 8) == found


def test_measuring_leaves_no_trace() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    cores.fastest_threads(network, lambda: network(torch.randn(4, 3)).sum().backward(), 10_000, 4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(weight.grad is None for weight in network.parameters())


def test_a_run_keeps_the_number_that_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    first = new_run(small_net(threads=None), tmp_path)
    record = run(first, lambda _: None, Control(), epochs=1)
    assert record.threads in (1, 3)
    assert read_run(first).threads == record.threads
    monkeypatch.setattr(os, "cpu_count", lambda: 1 if record.threads == 3 else 9)
    assert run(first, lambda _: None, Control(), epochs=2, resume=True).threads == record.threads
    again = new_run(small_net(threads=record.threads), tmp_path)
    run(again, lambda _: None, Control(), epochs=2)
    assert metrics(first)[-1] == metrics(again)[-1], "as if the number had been chosen"
