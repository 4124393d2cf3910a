"""What a run reports, and the lines of JSON in which it travels from the training process to the window.

A line is a JSON array of events, an event an object with its kind under ``event``. JSON has no NaN and no infinity: they travel as
the strings ``NaN``, ``Infinity`` and ``-Infinity``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from graph_engine.training.findings import Finding
from graph_engine.training.health import Health
from graph_engine.training.live.augmented import Augmented
from graph_engine.training.live.given import Given
from graph_engine.training.live.value import NodeValue
from graph_engine.training.results import Results
from graph_engine.training.sample import Sample
from graph_engine.training.state import RunState


class Ready(NamedTuple):
    """The training process is warm: a run will start at once.

    Attributes:
        torch: version of torch.
        devices: what it can train on (``cpu``, ``cuda``, ``mps``).
    """

    torch: str
    devices: tuple[str, ...]


class Greeting(NamedTuple):
    """The first that a window is told which has connected to a training process that it has not started.

    Attributes:
        is_yours: whether it controls the run now; not so where another window does.
    """

    is_yours: bool


class StateChange(NamedTuple):
    """A run entered a state.

    Attributes:
        state: the new state.
        message: why it failed, in a sentence.
        node: id of the node at which it failed, where that is known.
    """

    state: RunState
    message: str | None = None
    node: str | None = None


class Measured(NamedTuple):
    """A value of a metric.

    Attributes:
        name: ``train/loss``, ``val/accuracy``, …
        step: steps done by then, over all epochs.
        epoch: from 1.
        value: may be infinite or not a number.
    """

    name: str
    step: int
    epoch: int
    value: float


class Progress(NamedTuple):
    """How far a run has come."""

    step: int
    steps: int
    epoch: int
    epochs: int
    samples_per_second: float


class Samples(NamedTuple):
    """Some samples of the validation data, as the network does them after an epoch."""

    epoch: int
    samples: tuple[Sample, ...]


class Log(NamedTuple):
    """Text that the model or the data reader printed."""

    text: str


class Probed(NamedTuple):
    """What a network that was trained for a moment only has answered.

    Attributes:
        kind: ``rate``: which learning rate suits; ``batch``: whether one batch can be learned by heart.
        places: the learning rates, or the steps.
        losses: the loss at each.
        answer: the proposed learning rate, or the step at which the batch was learned; None where there is none.
        message: why there is no answer, in a sentence.
    """

    kind: str
    places: tuple[float, ...]
    losses: tuple[float, ...]
    answer: float | None
    message: str | None = None


class Found(NamedTuple):
    """What is wrong with the training of the run, as far as it can be told now; in place of what was told before."""

    findings: tuple[Finding, ...]


class NodeTime(NamedTuple):
    """How long a node takes in one step, in seconds; that of a group holds what is in it."""

    node: str
    forward: float
    backward: float


class Budgeted(NamedTuple):
    """What a run will cost. Sizes are in bytes, times in seconds; what was not measured is 0.

    Attributes:
        device: on which it was measured.
        batch: samples of a step.
        process: what the training process takes without any network.
        data, weights, gradients, optimizer: what lasts; the last is the optimizer's state.
        copies: of weights that are kept besides: the best, and their mean.
        activations: tensors that a step makes beside them, at most.
        working: what the process takes for a step beside its tensors.
        free: what is free for all of them.
        steps: of an epoch.
        step, evaluation: time of one step, and of measuring after an epoch.
        nodes: time of each node in a step.
    """

    device: str
    batch: int
    process: int
    data: int
    weights: int
    copies: int
    gradients: int
    optimizer: int
    activations: int
    working: int
    free: int
    steps: int
    epochs: int
    step: float = 0.0
    evaluation: float = 0.0
    nodes: tuple[NodeTime, ...] = ()

    @property
    def needed(self) -> int:
        """Bytes for all that a run needs beside the bare process."""
        return self.data + self.weights + self.copies + self.gradients + self.optimizer + self.activations + self.working

    @property
    def missing(self) -> int:
        """Bytes that are lacking; 0 where it will fit."""
        return max(0, self.needed - self.free)

    @property
    def epoch(self) -> float:
        """Seconds of an epoch."""
        return self.steps * self.step + self.evaluation


class Looked(NamedTuple):
    """What a network makes of one sample, node by node, or why it makes nothing of it.

    Attributes:
        number: of the request.
        part: of the data: ``train``, ``validation`` or ``test``.
        sample, samples: which one of how many.
        weights: ``start``, with which a run would begin; ``run``, the last ones of a run; ``training``, those of a run as they are now.
        kept, tensors: how many of the network's tensors are from the run, and how many it has.
        step, epoch: of the run, while it trains.
        expected: what the network should give, in words.
        values: of the nodes in view.
        message: why there are none, in a sentence.
        node, place: the node at which the network failed, and the groups that lead to it.
    """

    number: int
    part: str = "validation"
    sample: int = 0
    samples: int = 0
    weights: str = "start"
    kept: int = 0
    tensors: int = 0
    step: int = 0
    epoch: int = 0
    expected: str = ""
    values: tuple[NodeValue, ...] = ()
    message: str | None = None
    node: str | None = None
    place: tuple[str, ...] = ()


Event = (
    Augmented
    | Given
    | Ready
    | Greeting
    | StateChange
    | Measured
    | Progress
    | Samples
    | Probed
    | Budgeted
    | Log
    | Looked
    | Health
    | Found
    | Results
)
Listener = Callable[[Event], None]

_KINDS: dict[str, type[Any]] = {
    "ready": Ready,
    "greeting": Greeting,
    "state": StateChange,
    "metric": Measured,
    "progress": Progress,
    "samples": Samples,
    "probed": Probed,
    "health": Health,
    "found": Found,
    "results": Results,
    "budgeted": Budgeted,
    "log": Log,
    "looked": Looked,
    "augmented": Augmented,
    "given": Given,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode(events: Iterable[Event]) -> bytes:
    """One line for a batch of events."""
    plain = [{"event": _NAMES[type(event)], **{k: _to_json(v) for k, v in event._asdict().items()}} for event in events]
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode(line: bytes | str) -> list[Event]:
    """The events of a line.

    Raises:
        ValueError: it is no such line.
    """
    try:
        return [_from_json(dict(plain)) for plain in json.loads(line)]
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a line of events: {line[:80]!r}") from error


def _to_json(value: Any) -> Any:
    if isinstance(value, Finding):
        return value.to_plain()
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


def _from_json(plain: dict[str, Any]) -> Event:
    kind = _KINDS[plain.pop("event")]
    if kind is StateChange:
        plain["state"] = RunState(plain["state"])
    elif kind is Measured:
        plain["value"] = float(plain["value"])
    elif kind is Samples:
        plain["samples"] = tuple(map(Sample.of, plain["samples"]))
    elif kind is Probed:
        plain["places"], plain["losses"] = tuple(plain["places"]), tuple(map(float, plain["losses"]))
    elif kind is Health:
        return Health.of(plain)
    elif kind in (Augmented, Given):
        return kind.of(plain)
    elif kind is Results:
        return Results.from_plain(plain)
    elif kind is Found:
        return Found(tuple(map(Finding.of, plain["findings"])))

    elif kind is Budgeted:
        plain["nodes"] = tuple(NodeTime(*times) for times in plain["nodes"])
    elif kind is Looked:
        plain["values"], plain["place"] = tuple(map(NodeValue.of, plain["values"])), tuple(plain["place"])
    elif kind is Ready:
        plain["devices"] = tuple(plain["devices"])
    return kind(**plain)
