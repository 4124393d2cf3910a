"""Watches over a run: measures the network, follows the course, and tells what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from graph_engine.settings.schema import Settings
from graph_engine.training import rundir
from graph_engine.training.course import Born, Network, read_course
from graph_engine.training.events import Found, Listener
from graph_engine.training.failures import Failure
from graph_engine.training.findings import Finding, diagnose
from graph_engine.training.health import Health
from graph_engine.training.monitor import SHARE, Monitor
from graph_engine.training.rundir import RunRecord


class Attendant:
    """Looks after one run.

    Args:
        training: the run's ``Training``, before its first step.
        model: its ``model.py``, as it was imported.
        record: of the run.
        run_dir: its folder.
        listener: receives `Health` and `Found`.
    """

    def __init__(self, training: Any, model: ModuleType, record: RunRecord, run_dir: Path, listener: Listener):
        network = Network.of(record.network)
        self._run_dir = run_dir
        self._listener = listener
        self.course = read_course(run_dir, network, Settings.from_plain(record.settings), training.epochs)
        self._monitor = Monitor(training, model, record.lines, network, run_dir, self._measured)
        self.course.health = self._monitor.before
        self._silenced = {id: frozenset(codes) for id, codes in record.silenced.items()}
        self._findings: tuple[Finding, ...] = ()
        self._next = 0.0
        self.before_step = self._monitor.before_step

    def take(self, metrics: Iterable[Any]) -> None:
        """Follows the course; after an epoch, or when it is time to, says what is wrong."""
        ended = False
        for metric in metrics:
            self.course.take(metric.name, metric.value)
            ended = ended or metric.name == "val/loss"
        if time.monotonic() >= self._next or ended:
            self._judge()

    def blame(self, born: Born, failure: Failure) -> Failure:
        """It was found out where a loss that is not a number came from."""
        self.course.born = born
        name = self.course.network.kinds[born.node].name if born.node in self.course.network.kinds else born.node
        return Failure(f"{failure.message.partition(':')[0]}. {name}: {born.words}", born.node)

    def close(self) -> None:
        """The run is over, for whatever reason.

        Raises:
            UnwritableError: the findings cannot be written.
        """
        self._monitor.close()
        self._judge()
        rundir.write_findings(self._run_dir, [finding.to_plain() for finding in self._findings])

    def _measured(self, health: Health) -> None:
        self.course.health.append(health)
        self._listener(health)

    def _judge(self) -> None:
        began = time.monotonic()
        findings = diagnose(self.course, self._silenced)
        if findings != self._findings:
            self._findings = findings
            self._listener(Found(findings))
        now = time.monotonic()
        self._next = now + max(1.0, (now - began) / SHARE)
