"""Events survive the journey between the processes."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from graph_engine.spec.faults import Fix, Insert
from graph_engine.training.events import Event, Found, Log, Measured, Progress, Ready, StateChange, decode, encode
from graph_engine.training.findings import Finding
from graph_engine.training.health import Health, Measures
from graph_engine.training.state import RunState

EVENTS: list[Event] = [
    Ready("2.13.0", ("cpu", "cuda")),
    StateChange(RunState.FAILED, "The loss became NaN at step 12.", "n3"),
    StateChange(RunState.RUNNING),
    Measured("train/loss", 12, 1, 0.1 + 0.2),
    Measured("train/loss", 13, 1, math.inf),
    Measured("train/loss", 14, 1, -math.inf),
    Progress(14, 100, 1, 5, 1234.5),
    Health(7, 1, (Measures("blocks.1", "n3", 0.5, math.inf, -1.0, 2.0, (1, 0, 3), None, 0.25), Measures("", "n4"))),
    Found((Finding("run.dead-units", "warning", "n3", "relu1: dead.", (Fix("Replace", replace="LeakyReLU"),), "run.rate-too-high"),)),
    Found((Finding("run.plateau", "warning", None, "Stuck.", (Fix("Insert", insert=(Insert("Clamp", {"min": 1e-6}),), node="n3"),)),)),
    Log('a "quoted" line\nand ünïcode'),
]


def test_a_batch_is_one_line_of_valid_json() -> None:
    line = encode(EVENTS)
    assert line.count(b"\n") == 1

    def refuse(word: str) -> Any:
        raise AssertionError(f"{word} is not JSON")

    plain = json.loads(line, parse_constant=refuse)
    kinds = ["ready", "state", "state", "metric", "metric", "metric", "progress", "health", "found", "found", "log"]
    assert [event["event"] for event in plain] == kinds
    assert plain[4]["value"] == "Infinity"


def test_events_come_back_as_they_were() -> None:
    assert decode(encode(EVENTS)) == EVENTS
    (back,) = decode(encode([Measured("train/loss", 1, 1, math.nan)]))
    assert isinstance(back, Measured)
    assert math.isnan(back.value)


@pytest.mark.parametrize("line", ["hello", "17", '[{"event":"tea"}]', '[{"event":"log"}]', '[{"event":"state","state":"merry"}]'])
def test_a_foreign_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        decode(line)
