"""What a finding is, and how rules over a run are declared and ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph_engine.analysis.diagnostics import Diagnostic, Severity
from graph_engine.spec.faults import Fix, Insert
from graph_engine.training.course import Course


class Told(NamedTuple):
    """What a rule found.

    Attributes:
        message: one sentence with the numbers that show it.
        node: id of the node concerned; None for the network as a whole.
        fixes: what could be done, the likeliest first.
    """

    message: str
    node: str | None = None
    fixes: tuple[Fix, ...] = ()


class Finding(NamedTuple):
    """Something that is wrong with a training, as it is told.

    Attributes:
        code: stable, dotted name of the kind of finding: ``run.dead-units``.
        severity: ``error`` where the run ended of it.
        node: id of the node concerned; what concerns the network as a whole stands at its Output.
        message: one sentence with the numbers that show it.
        fixes: what could be done, the likeliest first; each is one step that can be undone.
        follows: code of the finding that explains this one; empty where it is a cause.
    """

    code: str
    severity: Severity
    node: str | None
    message: str
    fixes: tuple[Fix, ...] = ()
    follows: str = ""

    @property
    def diagnostic(self) -> Diagnostic:
        """As the check of a network tells its findings."""
        return Diagnostic(self.severity, self.code, self.node, None, self.message, self.fixes)

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**self._asdict(), "fixes": [_fix_to_plain(fix) for fix in self.fixes]}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Finding:
        """From JSON."""
        return cls(**{**plain, "fixes": tuple(map(_fix_of, plain["fixes"]))})


@dataclass(frozen=True)
class RunRule:
    """A declared rule.

    Attributes:
        function: from the course of a run, what it finds.
        explains: codes of findings that follow from this one.
    """

    function: Callable[[Course], Iterable[Told]]
    code: str
    severity: Severity
    explains: tuple[str, ...]


RULES: list[RunRule] = []
"""All rules."""

_RuleFunction = Callable[[Course], Iterator[Told]]


def run_rule(code: str, severity: Severity = "warning", *, explains: tuple[str, ...] = ()) -> Callable[[_RuleFunction], _RuleFunction]:
    """Declares a function a rule."""

    def declare(function: _RuleFunction) -> _RuleFunction:
        RULES.append(RunRule(function, code, severity, explains))
        return function

    return declare


def diagnose(course: Course, silenced: Mapping[str, frozenset[str]] | None = None) -> tuple[Finding, ...]:
    """All that is wrong with a run: what ended it, then causes, the one that explains most first, then what follows from them.

    Args:
        course: the run so far.
        silenced: codes by node that are not to be told of it.
    """
    silenced = silenced or {}
    found: list[Finding] = []
    for rule in RULES:
        for told in rule.function(course):
            node = told.node or course.network.output
            if rule.code not in silenced.get(node or "", ()):
                found.append(Finding(rule.code, rule.severity, node, told.message, told.fixes))
    codes = [finding.code for finding in found]
    explained = {rule.code: len(rule.explains) for rule in RULES}
    causes: dict[str, str] = {}
    for rule in sorted(RULES, key=lambda rule: -len(rule.explains)):
        if rule.code in codes and rule.code not in causes:
            causes |= {code: rule.code for code in rule.explains if code not in causes}
    named = [finding._replace(follows=causes.get(finding.code, "")) for finding in found]
    return tuple(sorted(named, key=lambda f: (f.severity != "error", bool(f.follows), -explained[f.code])))


def _fix_to_plain(fix: Fix) -> dict[str, Any]:
    """Only what differs from a fix that does nothing."""
    empty = Fix("")._asdict()
    return {name: value for name, value in fix._asdict().items() if value != empty[name]}


def _fix_of(plain: Mapping[str, Any]) -> Fix:
    return Fix(**{**plain, "insert": tuple(Insert(*one) for one in plain.get("insert", ()))})
