"""How healthy the network is that trains, or that trained: what was measured at each node, what is wrong, and the mark of each node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from app.jobs import Errand
from app.run import Run
from app.session import Session
from graph_engine.graph.graph import CoreGraph
from graph_engine.training.course import Course, network_of
from graph_engine.training.events import Probed
from graph_engine.training.findings import Finding, diagnose
from graph_engine.training.health import Health, Measures, read_health
from graph_engine.training.rundir import read_findings

Mark = Literal["well", "odd", "ill"]

MARKS: tuple[Mark, ...] = ("well", "odd", "ill")
"""Nothing is wrong with a node; a finding concerns it, or one inside of it; the run ended of it."""


class Vitals(QObject):
    """The health of the current run, or of an earlier one that was opened.

    Attributes:
        health: what was measured, the oldest first.
        folder: the earlier run that it is of; None for the current one.

    Signals:
        changed: something was measured, or something else is wrong.
        found: `findings` differ.
    """

    changed = Signal()
    found = Signal()

    def __init__(self, session: Session, run: Run, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._run = run
        self._findings: tuple[Finding, ...] = ()
        self._shown: tuple[Finding, ...] = ()
        self.health: list[Health] = []
        self.folder: Path | None = None
        run.began.connect(self._begin)
        run.resumed.connect(self._go_on)
        run.measured.connect(self._take)
        run.found.connect(self._find)
        run.probed.connect(self._on_probed)
        session.changed.connect(self._tell_found)
        session.replaced.connect(self._begin)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, causes first, without what is silenced on its node."""
        document = self._session.document
        return tuple(
            finding
            for finding in self._findings
            if (holder := document.holder(finding.node or "")) is None or finding.code not in holder[finding.node or ""].silenced
        )

    def open(self, folder: Path) -> None:
        """Shows the health of an earlier run of the document."""
        self.folder = folder
        Errand(lambda: (read_health(folder), read_findings(folder)), self).done.connect(lambda read: self._on_read(folder, *read))

    def marks(self, graph: CoreGraph) -> dict[str, Mark]:
        """The mark of each node of one of the document's graphs that was measured, or in which one was."""
        if not self.health:
            return {}
        measured = {place.node for place in self.health[-1].places}
        told: dict[str, Mark] = {}
        for finding in self.findings:
            if finding.node is not None:
                told[finding.node] = max(told.get(finding.node, "odd"), "ill" if finding.severity == "error" else "odd", key=MARKS.index)
        found: dict[str, Mark] = {}
        for node in graph:
            inside = [id for id in (node.id, *_inside(graph, node.id)) if id in measured or id in told]
            if inside:
                found[node.id] = max((told.get(id, "well") for id in inside), key=MARKS.index)
        return found

    def of(self, node: str) -> dict[str, list[tuple[int, Measures]]]:
        """What was measured of a node: for each place, by its path, the steps and the measures, the oldest first."""
        found: dict[str, list[tuple[int, Measures]]] = {}
        for health in self.health:
            for place in health.places:
                if place.node == node:
                    found.setdefault(place.path, []).append((health.step, place))
        return found

    def _begin(self) -> None:
        self.folder = None
        self.health, self._findings = [], ()
        self.changed.emit()
        self._tell_found()

    def _go_on(self, folder: Path) -> None:
        """What a resumed run measured before."""

        def join(before: list[Health]) -> None:
            if self._run.folder == folder and self._follows_run:
                first = self.health[0].step if self.health else float("inf")
                self.health = [health for health in before if health.step < first] + self.health
                self.changed.emit()

        Errand(lambda: read_health(folder), self).done.connect(join)

    @property
    def _follows_run(self) -> bool:
        return self.folder is None and self._run.is_of(self._session.document)

    def _take(self, health: Health) -> None:
        if self._follows_run:
            self.health.append(health)
            self.changed.emit()

    def _find(self, findings: tuple[Finding, ...]) -> None:
        if self._follows_run:
            self._findings = findings
            self._tell_found()

    def _on_read(self, folder: Path, health: list[Health], findings: list[Mapping[str, object]]) -> None:
        if self.folder == folder:
            self.health, self._findings = health, tuple(map(Finding.of, findings))
            self.changed.emit()
            self._tell_found()

    def _on_probed(self, answer: object) -> None:
        """That one batch cannot be learned by heart is a finding, until the question is answered otherwise."""
        if not isinstance(answer, Probed) or answer.kind != "batch" or answer.message is not None:
            return
        document = self._session.document
        course = Course(network_of(document), document.settings)
        course.tried = (answer.losses[0], min(answer.losses)) if answer.answer is None and answer.losses else None
        self._findings = (*(f for f in self._findings if f.code != "run.batch-not-learned"), *diagnose(course))
        self._tell_found()

    def _tell_found(self, *_: object) -> None:
        if (findings := self.findings) != self._shown:
            self._shown = findings
            self.found.emit()
            self.changed.emit()


def _inside(graph: CoreGraph, id: str) -> Iterator[str]:
    """The nodes in a group, and in the groups in it."""
    if id in graph.groups:
        content = graph.definitions[graph.groups[id]]
        for node in content:
            yield node.id
            yield from _inside(content, node.id)
