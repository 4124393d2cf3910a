"""Finds out where a loss that is not a number came from.

Nothing is looked for while a network trains well, since that would cost at every step. A run that failed is repeated from its last
checkpoint, in a folder of its own, up to the step that failed: it resumes to the same bits, so it fails again, and this time each
result and each gradient is looked at.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from graph_engine.training import rundir
from graph_engine.training.course import Born
from graph_engine.training.loading import loaded
from graph_engine.training.rundir import RunRecord
from graph_engine.training.tracing import Tracing

PATIENCE = 20.0
"""Seconds that are searched for at most; checkpoints are some seconds apart."""

Place = tuple[str, str]


def find_birth(run_dir: Path, record: RunRecord) -> Born | None:
    """Where the first number came from that was none, in a run that failed of it; None where it does not come again.

    Args:
        run_dir: folder of the run, with its checkpoints.
        record: of the run.
    """
    with _copied(run_dir) as copy, loaded(run_dir / rundir.SOURCE) as train:
        training = _resumed(train, copy, record)
        for name in ("last.pt", "previous.pt"):  # weights are lost a step before the loss tells, and a checkpoint may lie between
            if _is_sound(training):
                break
            training.log.close()
            (copy / "checkpoints" / name).unlink(missing_ok=True)
            training = _resumed(train, copy, record)
        with training.log:
            return _Search(train, training, record).run()


def _resumed(train: ModuleType, copy: Path, record: RunRecord) -> Any:
    return train.Training(
        copy,
        epochs=record.epochs,
        seed=record.seed,
        device=record.device,
        threads=record.threads,
        resume=True,
        watch=_Silent(),
    )


def _is_sound(training: Any) -> bool:
    """Whether all weights are numbers."""
    return all(bool(torch.isfinite(weight).all()) for weight in training.model.parameters())


@contextmanager
def _copied(run_dir: Path) -> Iterator[Path]:
    """A folder that holds what resuming needs, for as long as that is needed."""
    copy = Path(tempfile.mkdtemp(prefix="archloom-"))
    try:
        shutil.copytree(run_dir / "checkpoints", copy / "checkpoints")
        shutil.copy(run_dir / rundir.METRICS, copy)
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


class _Silent:
    """Looks on without a word."""

    def tell(self, metrics: list[Any], training: Any) -> None:
        """What was told already."""

    def show(self, samples: list[Any], training: Any) -> None:
        """What was shown already."""


class _Search:
    """Repeats the steps of a run and looks at everything."""

    def __init__(self, train: ModuleType, training: Any, record: RunRecord):
        self._train, self._training = train, training
        self._tracing = Tracing(sys.modules["model"], training.model, record.lines)
        self._forward: Born | None = None
        self._results: dict[Any, Place] = {}
        self._sound: list[Tensor] = []
        self._ill: Tensor | None = None

    def run(self) -> Born | None:
        """Goes on to the failing step, and tells what was the first to be no number."""
        training, train = self._training, self._train
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and training.at.epoch <= training.epochs:
            order = train.epoch_order(len(training.train_data), training.seed, training.at.epoch).to(training.device)
            training.model.train()
            for batch in torch.split(order, train.BATCH_SIZE)[training.at.batch :]:
                self._forward, self._ill, self._results, self._sound = None, None, {}, []
                with self._tracing.looking(self._look):
                    training.step(training.samples(batch))
                found = self._judge()
                if found is not None or time.monotonic() > until:
                    return found
            training.end_epoch()
        return None

    def _judge(self) -> Born | None:
        """What the step that is done shows."""
        if self._forward is not None:
            return self._forward
        if self._ill is not None:
            node = self._consumer(self._ill)
            return Born(node, "its gradient is not a number any more, though that of what follows is.") if node is not None else None
        for name, weight in self._training.model.named_parameters():
            if not bool(torch.isfinite(weight).all()) and name in self._tracing.weights:
                return Born(self._tracing.weights[name][1], "a step of the optimizer made its weights infinite.")
        loss = self._training.losses[-1]
        if not bool(torch.isfinite(loss)) and self._results:
            last = list(self._results.values())[-1]
            return Born(last[1], "the loss of what it gives is not a number.")
        return None

    @torch.no_grad()
    def _look(self, path: str, node: str, value: Tensor) -> None:
        if self._forward is None and not bool(torch.isfinite(value).all()):
            kind = "not a number" if bool(torch.isnan(value).any()) else "infinite"
            self._forward = Born(node, f"its result became {kind}, while all before it is finite.")
        if value.requires_grad and value.grad_fn is not None:
            self._results[value.grad_fn] = path, node
            value.register_hook(lambda gradient, made=value.grad_fn: self._look_back(made, gradient))

    def _look_back(self, made: Any, gradient: Tensor) -> None:
        if self._ill is None and not bool(torch.isfinite(gradient).all()):
            self._ill = made
        elif self._ill is None:
            self._sound.append(made)

    def _consumer(self, ill: Any) -> str | None:
        """The node that received a sound gradient and passed on one that is not."""
        for made in reversed(self._sound):
            seen: set[Any] = set()
            next_ones: list[Any] = [made]
            while next_ones:
                for function, _ in next_ones.pop().next_functions:
                    if function is ill:
                        return self._results[made][1]
                    if function is not None and function not in self._results and function not in seen:
                        seen.add(function)
                        next_ones.append(function)
        return self._results[ill][1] if ill in self._results else None
