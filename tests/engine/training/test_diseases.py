"""Findings about training: each rule over a course of plain numbers, and over real runs with planted diseases and without.

``python -m tests.engine.training.test_diseases [SECONDS]`` plants every disease in every network, trains them and all templates as they
are, each for so many seconds at most (60 by default), and prints what was found and every false alarm; an hour on two cores.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from graph_engine import Graph
from graph_engine.analysis.fixes import commands
from graph_engine.settings.schema import Settings
from graph_engine.templates import template, templates
from graph_engine.training.control import Control
from graph_engine.training.course import MOST_MEANS, Course, Kind, Means, Network
from graph_engine.training.events import Event, Found
from graph_engine.training.findings import RULES, Finding, diagnose
from graph_engine.training.health import Health, Measures
from graph_engine.training.run import run
from graph_engine.training.rundir import prepare
from tests.data.diseases import DISEASES, HELD_OUT, TUNING, Disease, ill, shorten

NETWORK = Network(
    {
        "first": Kind("first", "Linear", "Dense", rank=2),
        "relu": Kind("relu", "ReLU", "Activation", rank=2),
        "middle": Kind("middle", "Linear", "Dense", rank=2),
        "tanh": Kind("tanh", "Tanh", "Activation", (-1.0, 1.0), 2),
        "last": Kind("last", "Linear", "Dense", rank=2),
    },
    output="y",
    scores="last",
    classes=10,
    chance=math.log(10),
)


def course(losses: Sequence[float], validation: Sequence[float] = (), planned: int = 10, **settings: object) -> Course:
    """A run of a classifier with healthy layers."""
    made = Settings()
    for name, value in settings.items():
        made = made.replaced(f"training.{name}", value)
    one = Course(NETWORK, made, planned)
    each = max(1, len(losses) // max(1, len(validation)))
    for step, loss in enumerate(losses, 1):
        one.take("train/loss", loss)
        if validation and step % each == 0 and one.done < len(validation):
            one.take("lr", 1e-3)
            one.take("val/loss", validation[one.done])
    one.health = [look(step) for step in (1, 2, 10, 50, 100)]
    return one


def look(step: int, gradients: Sequence[float] = (0.02, 0.02, 0.03), update: float = 1e-3, **others: float) -> Health:
    """What is measured of a healthy network."""
    learned = [Measures("", n, gradient=g, weights=0.1, update=update) for n, g in zip(("first", "middle", "last"), gradients, strict=True)]
    first, middle, last = learned
    relu = Measures("", "relu", constant=others.get("constant", 0.1))
    tanh = Measures("", "tanh", saturated=others.get("saturated", 0.1))
    return Health(step, 1, (first, relu, middle, tanh, last._replace(commonest=others.get("commonest", 0.2))))


def falling(steps: int = 300, to: float = 0.1) -> list[float]:
    return [to + (2.3 - to) * math.exp(-step / 40) for step in range(steps)]


def codes(one: Course) -> list[str]:
    return [finding.code.removeprefix("run.") for finding in diagnose(one)]


def test_a_healthy_course_raises_no_alarm() -> None:
    assert codes(course(falling(), falling(10))) == []
    assert codes(Course(Network(), Settings())) == []
    assert codes(course([2.3])) == []


def ill_courses() -> Iterator[tuple[str, Course]]:
    """Each disease as it shows in numbers."""
    flat = [2.3] * 300
    yield "rate-too-high", course([2.3, 9.0, 40.0, *[2.4] * 100])
    fast = course(flat)
    fast.health = [look(step, update=0.2) for step in (1, 2, 10, 50)]
    yield "rate-too-high", fast
    slow = course(flat)
    slow.health = [look(step, update=1e-7) for step in (1, 2, 10, 50)]
    yield "rate-too-low", slow
    yield "initial-loss", course([100.0, *falling()])
    yield "initial-loss", course([0.2] * 50)
    yield "weight-decay", course(flat, optimizer={"name": "AdamW", "lr": 0.1, "weight_decay": 1.0})
    yield "underfitting", course(flat, [2.3] * 10)
    yield "plateau", course(flat, [2.3] * 10)
    ended = course([2.3, *[1.0] * 300], [1.0] * 10)
    ended.rates = [1e-3, 1e-3, *[1e-6] * 8]
    yield "plateau", ended
    yield "overfitting", course(falling(to=0.001), [2.0, 1.2, 1.0, 1.3, 1.8, 2.4, 2.8, 3.0, 3.3, 3.5], 10)
    one_class = course(flat)
    one_class.health = [look(step, commonest=1.0) for step in (1, 2, 10, 50)]
    yield "class-collapse", one_class
    for name, measures in (("dead-units", {"constant": 1.0}), ("saturation", {"saturated": 0.9})):
        odd = course(flat)
        odd.health = [look(step, **measures) for step in (1, 2, 10, 50)]
        yield name, odd
    for name, gradients in (("vanishing-gradients", (1e-9, 1e-5, 0.02)), ("exploding-gradients", (5e3, 1e3, 0.1))):
        odd = course(flat)
        odd.health = [look(step, gradients) for step in (1, 2, 10, 50)]
        yield name, odd
    yield "not-finite", course([2.3, math.nan])
    tried = course([])
    tried.tried = 2.3, 1.9
    yield "batch-not-learned", tried


ILL = list(ill_courses())


@pytest.mark.parametrize(("code", "one"), ILL, ids=[code for code, _ in ILL])
def test_a_disease_is_seen_in_the_numbers(code: str, one: Course) -> None:
    assert code in codes(one)


def test_every_rule_is_tried_and_gives_its_reason() -> None:
    assert {rule.code for rule in RULES} == {f"run.{code}" for code, _ in ILL}
    assert all(rule.function.__doc__ and rule.function.__doc__.strip().endswith(".") for rule in RULES)
    known = {rule.code for rule in RULES}
    assert all(set(rule.explains) <= known - {rule.code} for rule in RULES)


def test_one_cause_is_told_and_what_follows_from_it_named() -> None:
    one = course([2.3] * 300, [2.3] * 10)
    one.health = [look(step, (0.0, 0.0, 0.02), constant=1.0, commonest=1.0) for step in (1, 2, 10, 50)]
    cause, *others = diagnose(one)
    assert (cause.code, cause.follows, cause.node) == ("run.dead-units", "", "relu")
    assert {finding.follows for finding in others} == {"run.dead-units"}
    assert {finding.code for finding in others} == {
        "run.vanishing-gradients", "run.class-collapse", "run.underfitting", "run.plateau"
    }  # fmt: skip
    assert diagnose(one, {"relu": frozenset({"run.dead-units"})})[0].code != "run.dead-units"


def test_the_means_of_a_long_series_stay_few_and_true() -> None:
    means = Means()
    for step in range(10_000):
        means.add(float(step))
    assert len(means.values) < MOST_MEANS
    assert (means.first, means.greatest, means.count) == (0.0, 9999.0, 10_000)
    assert means.part(0.0, 1.0) == pytest.approx(5000, rel=0.05)
    assert means.part(0.9, 1.0) == pytest.approx(9500, rel=0.05)


def told(graph: Graph, folder: Path, seconds: float = 60.0, disease: Disease | None = None) -> tuple[Finding, ...]:
    """What is told of a run in the end."""
    control, began = Control(), time.monotonic()
    found: tuple[Finding, ...] = ()

    def listener(event: Event) -> None:
        nonlocal found
        if isinstance(event, Found):
            found = event.findings
        if time.monotonic() - began > seconds:
            control.stop()

    prepare(graph, folder)
    if disease is not None:
        shorten(folder)
        disease.spoil(folder)
    run(folder, listener, control)
    return found


@pytest.mark.parametrize("name", DISEASES)
def test_a_planted_disease_is_told_with_advice_that_can_be_applied(name: str, tmp_path: Path) -> None:
    graph, blamed = ill("mlp_breast_cancer", DISEASES[name])
    findings = told(graph, tmp_path / "run", disease=DISEASES[name])
    one = next(finding for finding in findings if finding.code == DISEASES[name].code)
    assert not blamed or one.node is None or not one.code.startswith(("run.dead", "run.sat", "run.not")) or graph[one.node].name in blamed
    for fix in one.fixes:
        copy = Graph.load(tmp_path / "run" / "document.archloom")
        copy._do(commands(copy, one.diagnostic, fix))
        assert copy.check().ok


def test_a_sound_network_raises_no_alarm(tmp_path: Path) -> None:
    graph = template("mlp_breast_cancer").open()
    graph.configure(training={"threads": 1, "device": "cpu"})
    assert told(graph, tmp_path / "run") == ()


def main(seconds: float) -> None:
    """Prints what becomes of all of them."""
    import torch

    torch.set_num_threads(1)
    alarms: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, networks in (("thresholds chosen with", TUNING), ("not used for choosing", HELD_OUT)):
            planted, found, first = 0, 0, 0
            for network in networks:
                missed = []
                for number, (disease_name, disease) in enumerate(DISEASES.items()):
                    if not disease.applies(template(network).graph):
                        continue
                    graph, _ = ill(network, disease)
                    findings = told(graph, folder / f"{network}-{number}", seconds, disease)
                    planted += 1
                    found += disease.code in [finding.code for finding in findings]
                    first += disease.code in [finding.code for finding in findings if not finding.follows]
                    if disease.code not in [finding.code for finding in findings]:
                        missed.append(f"{disease_name} ({', '.join(finding.code for finding in findings) or 'nothing told'})")
                print(f"{network:28} {'all found' if not missed else 'missed: ' + '; '.join(missed)}", flush=True)
            print(f"{title}: {found} of {planted} found ({found / planted:.0%}), {first} as a cause", flush=True)
        for one in templates():
            graph = one.open()
            graph.configure(training={"threads": 1, "device": "cpu"})
            findings = told(graph, folder / one.id, seconds)
            alarms += [f"{one.id}: {finding.code} {finding.message}" for finding in findings]
            print(f"{one.id:28} {'no alarm' if not findings else 'FALSE ALARM: ' + alarms[-1]}", flush=True)
    print(f"false alarms on {len(templates())} templates as they are: {len(alarms)}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
