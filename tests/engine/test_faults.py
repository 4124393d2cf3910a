"""Planted faults: blamed on the right node, and mended by what is offered. ``python -m tests.engine.test_faults`` prints the table."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from graph_engine.analysis.checked import CheckedGraph
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands
from graph_engine.document.write import to_text
from graph_engine.graph.history import History
from tests.data.faults.modern import MODERN
from tests.data.faults.networks import NETWORKS as TEXTBOOK
from tests.data.faults.table import FAULTS, Fault

NETWORKS = {**TEXTBOOK, **{make.__name__: make for make in MODERN}}

INHERENT = ("data.",)
"""The data set that a fresh document has does not fit most of the networks; that is not what is planted."""


class Outcome(NamedTuple):
    """What became of a planted fault.

    Attributes:
        blamed: the finding that was expected, on the node that is to blame, and no error on any other.
        fixes: how many repairs were offered.
        mended: the first one left no error and took the finding away, and one undo brought everything back.
        message: what was said.
    """

    blamed: bool
    fixes: int
    mended: bool
    message: str


def planted(fault: Fault) -> Outcome:
    """Plants a fault, and tries the first repair."""
    graph = NETWORKS[fault.network]()
    before = graph.check()
    fault.plant(graph)
    report = graph.check()
    node = graph.named(fault.node).id if fault.node else None
    found = [d for d in report.diagnostics if (d.code, d.node) == (fault.code, node)]
    others = [d for d in _told(report) if d not in found and (d.code, d.node) not in {(b.code, b.node) for b in before.diagnostics}]
    if len(found) != 1 or any(d.severity == "error" for d in others):
        return Outcome(False, 0, False, "; ".join(f"{d.code}: {d.message}" for d in _told(report)))
    [finding] = found
    if not finding.fixes:
        return Outcome(True, 0, False, finding.message)
    text, history = to_text(graph), History(graph)
    history.execute(commands(graph, finding, finding.fixes[0]))
    after = graph.check()
    mended = after.ok and not any((d.code, d.node) == (fault.code, node) for d in after.diagnostics)
    history.undo()
    return Outcome(True, len(finding.fixes), mended and to_text(graph) == text and not history.done, finding.message)


def _told(report: CheckedGraph) -> list[Diagnostic]:
    return [d for d in report.diagnostics if not d.code.startswith(INHERENT)]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_sound_network_raises_no_alarm(name: str) -> None:
    report = NETWORKS[name]().check()
    assert report.ok and _told(report) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.network}-{f.code}-{f.what}")
def test_a_planted_fault_is_blamed_on_its_node_and_mended(fault: Fault) -> None:
    outcome = planted(fault)
    assert outcome.blamed, outcome.message
    assert ("whole" if outcome.mended else "none") == fault.fix


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.fix == "whole"], ids=lambda f: f"{f.network}-{f.code}-{f.what}")
def test_every_repair_takes_its_finding_away_and_one_undo_brings_all_back(fault: Fault) -> None:
    graph = NETWORKS[fault.network]()
    fault.plant(graph)
    report, text = graph.check(), to_text(graph)
    for finding in report.diagnostics:
        for fix in finding.fixes:
            history = History(graph)
            history.execute(commands(graph, finding, fix))
            assert (finding.code, finding.node, finding.port) not in {(d.code, d.node, d.port) for d in graph.check().diagnostics}, fix
            assert len(history.done) == 1
            history.undo()
            assert to_text(graph) == text
    assert graph.check().diagnostics == report.diagnostics


def test_there_are_enough_faults_of_enough_kinds() -> None:
    assert len(FAULTS) >= 60 and len({f.code for f in FAULTS}) >= 40


def main() -> None:
    """Prints each fault, and the shares."""
    from rich.console import Console
    from rich.table import Table

    table = Table("network", "fault", "finding", "blames", "right", "repairs", "valid")
    outcomes = [planted(fault) for fault in FAULTS]
    for fault, outcome in zip(FAULTS, outcomes, strict=True):
        marks = ("yes" if outcome.blamed else "NO", str(outcome.fixes or ""), "yes" if outcome.mended else "")
        table.add_row(fault.network, fault.what, fault.code, fault.node or "the document", *marks)
    console = Console(width=160)
    console.print(table)
    blamed, mended = sum(o.blamed for o in outcomes), sum(o.mended for o in outcomes)
    console.print(f"{len(FAULTS)} faults of {len({f.code for f in FAULTS})} kinds")
    console.print(f"blamed on the right node, and no error on another: {blamed} ({blamed / len(FAULTS):.1%})")
    console.print(f"first repair makes the network valid: {mended} ({mended / len(FAULTS):.1%})")


if __name__ == "__main__":
    main()
