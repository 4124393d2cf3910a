"""What can be asked before a run: which learning rate suits, whether the network can learn one batch by heart, and what it will cost.

Each trains a network of its own, in a folder of its own; no run is touched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from graph_engine.errors import RunError
from graph_engine.training import rundir
from graph_engine.training.budget import measure
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Listener, Probed, Progress
from graph_engine.training.failures import explain
from graph_engine.training.loading import loaded

LEAST, GREATEST = 1e-7, 1.0
"""The learning rates that are tried, in equal ratios."""

RATES = 120
"""How many."""

HOPELESS = 4.0
"""A loss so many times the least one ends the test: greater rates only make it worse."""

BATCH_STEPS = 300
"""Steps in which a network should have learned one batch by heart."""

BY_HEART = 0.1
"""A loss of this share of the first one counts as that; where classes are told apart, telling all of them right does too."""


def probe(kind: str, run_dir: Path, listener: Listener, control: Control) -> None:
    """Answers one of the questions; the answer, or why there is none, goes to the listener.

    Args:
        kind: ``rate``, ``batch`` or ``budget``.
        run_dir: a prepared folder (`rundir.prepare`), of which nothing is needed afterwards.
        listener: receives progress and a `Probed`, or a `Budgeted`.
        control: ends it early.
    """
    record = rundir.read_run(run_dir)
    try:
        with loaded(run_dir / rundir.SOURCE) as train:
            training = train.Training(run_dir)
            if not len(training.train_data):
                raise RunError("The data set has no samples to train on.")
            with training.log:
                listener(_ANSWERS[kind](train, training, listener, control))
    except Exception as error:
        listener(Probed(kind, (), (), None, explain(error, run_dir, record).message))


def proposal(rates: list[float], losses: list[float]) -> float | None:
    """The learning rate at which the loss falls fastest, by its mean over neighbours; None where it never falls clearly."""
    smooth = _smooth(losses)
    lowest = min(range(len(smooth)), key=smooth.__getitem__)
    if lowest < 3 or smooth[lowest] > 0.98 * smooth[0]:
        return None
    steepest = min(range(1, lowest), key=lambda i: smooth[i + 1] - smooth[i - 1])
    return float(f"{rates[steepest]:.1e}")


def _try_rates(train: ModuleType, training: Any, listener: Listener, control: Control) -> Probed:
    rates: list[float] = []
    losses: list[float] = []
    for place, samples in enumerate(_batches(train, training)):
        if place == RATES or control.wish == "stop":
            break
        rate = LEAST * (GREATEST / LEAST) ** (place / (RATES - 1))
        for group in training.optimizer.param_groups:
            group["lr"] = rate
        training.step(samples)
        loss = training.losses.pop().item()
        if not math.isfinite(loss) or (place > 10 and loss > HOPELESS * min(losses)):
            break
        rates.append(rate)
        losses.append(loss)
        listener(Progress(place + 1, RATES, 1, 1, 0.0))
    if len(rates) < 10:
        return Probed("rate", tuple(rates), tuple(losses), None, "Even the least learning rate made the loss grow.")
    return Probed("rate", tuple(rates), tuple(losses), proposal(rates, losses), None)


def _try_batch(train: ModuleType, training: Any, listener: Listener, control: Control) -> Probed:
    samples = next(_batches(train, training))
    losses: list[float] = []
    learned = False
    for place in range(BATCH_STEPS):
        if control.wish == "stop":
            break
        training.sums.zero_()
        training.step(samples)
        losses.append(training.losses.pop().item())
        right = [value for name, value in train.measures(training.sums.tolist()).items() if name.endswith("accuracy")]
        learned = losses[-1] < BY_HEART * losses[0] or (bool(right) and min(right) == 1.0)  # smoothed labels keep the loss up
        listener(Progress(place + 1, BATCH_STEPS, 1, 1, 0.0))
        if learned or not math.isfinite(losses[-1]):
            break
    steps = tuple(float(step + 1) for step in range(len(losses)))
    return Probed("batch", steps, tuple(losses), float(len(losses)) if learned else None, None)


def _batches(train: ModuleType, training: Any) -> Iterator[Any]:
    """The batches of a run's first epochs, in its order."""
    training.model.train()
    epoch = 1
    while True:
        training.at.epoch = epoch
        order = train.epoch_order(len(training.train_data), training.seed, epoch).to(training.device)
        for batch in order.split(train.BATCH_SIZE):
            yield training.samples(batch)
        epoch += 1


_ANSWERS: dict[str, Callable[[ModuleType, Any, Listener, Control], Event]] = {"rate": _try_rates, "batch": _try_batch, "budget": measure}


def _smooth(values: list[float], reach: int = 3) -> list[float]:
    """The mean over some neighbours on each side."""
    near = (values[max(0, i - reach) : i + reach + 1] for i in range(len(values)))
    return [sum(part) / len(part) for part in near]
