"""What findings are made of: the course of a run in plain numbers, kept short however long the run. Needs no torch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from graph_engine.graph.network import network
from graph_engine.settings.losses import target_losses
from graph_engine.settings.schema import Settings
from graph_engine.spec.tensor import TensorSpec
from graph_engine.training.health import Health, Measures, read_health

if TYPE_CHECKING:
    from graph_engine.api import Graph

MOST_MEANS = 400
"""Parts into which the steps of a run are divided; their means stand for them."""

RECENT = 4
"""Looks at the network that count as its present state."""


class Kind(NamedTuple):
    """What is to be known of a node to judge it.

    Attributes:
        name: of the node.
        block: id of its block.
        category: of its block.
        bounds: least and greatest value that it can give, where there are such.
        rank: how many dimensions its result has; 0 where that is not known.
    """

    name: str
    block: str
    category: str
    bounds: tuple[float, float] | None = None
    rank: int = 0


class Network(NamedTuple):
    """What is to be known of a network to judge its training.

    Attributes:
        kinds: by id of the node, those inside of groups too.
        output: id of the node where the result leaves, for what concerns the network as a whole.
        scores: id of the node that gives the scores of classes; None where the loss compares numbers.
        classes: how many classes there are; 0 where the loss compares numbers.
        chance: the loss of guessing; None where that is not known.
    """

    kinds: Mapping[str, Kind] = {}
    output: str | None = None
    scores: str | None = None
    classes: int = 0
    chance: float | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**self._asdict(), "kinds": {id: list(kind) for id, kind in self.kinds.items()}}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Network:
        """From JSON; of a run that is older than this, nothing is known."""
        kinds = {
            id: Kind(name, block, category, tuple(bounds) if bounds else None, rank)
            for id, (name, block, category, bounds, rank) in plain.get("kinds", {}).items()
        }
        return cls(**{name: plain[name] for name in cls._fields if name in plain} | {"kinds": kinds})


def network_of(graph: Graph) -> Network:
    """What is to be known of a checked graph."""
    ranks: dict[str, int] = {}

    def note(checked: Any) -> None:
        for id, found in checked.nodes.items():
            first = next(iter(found.outputs.values()), None)
            if isinstance(first, TensorSpec):
                ranks.setdefault(id, len(first.shape))
            for inside in found.inside:
                note(inside)

    note(graph.check())
    kinds = {
        node.id: Kind(node.name, node.block, node.spec.category, node.spec.bounds(node.params), ranks.get(node.id, 0))
        for one in graph.graphs()
        for node in one
    }
    ends = [node for node in graph if node.spec.call.target == "output"]
    targets = graph.settings.data["dataset"].option.targets
    if not ends or not targets:
        return Network(kinds)
    loss = target_losses(graph.settings.training, targets)[0]
    if loss.option.target != "class" or not targets[0].choices:
        return Network(kinds, ends[0].id)
    edges = network(graph).graph.inputs(ends[0].id, "input")
    alone = len(ends) == 1 and loss.id == "CrossEntropyLoss"
    chance = math.log(targets[0].choices) if alone else None
    return Network(kinds, ends[0].id, edges[0].source if edges else None, targets[0].choices, chance)


class Born(NamedTuple):
    """Where the first number came from that is none.

    Attributes:
        node: id of the node.
        words: what happened there.
    """

    node: str
    words: str


class Means:
    """A series of any length as the means of equal parts of it, a few hundred at most.

    Attributes:
        first: the first value.
        greatest: of the finite values.
        count: how many there were.
    """

    def __init__(self) -> None:
        self.first = math.nan
        self.greatest = -math.inf
        self.count = 0
        self._means: list[float] = []
        self._each = 1
        self._sum, self._some = 0.0, 0

    def add(self, value: float) -> None:
        """The next value."""
        if not self.count:
            self.first = value
        self.greatest = max(self.greatest, value) if math.isfinite(value) else self.greatest
        self.count += 1
        self._sum += value
        self._some += 1
        if self._some == self._each:
            self._means.append(self._sum / self._each)
            self._sum, self._some = 0.0, 0
            if len(self._means) == MOST_MEANS:
                self._means = [(a + b) / 2 for a, b in zip(self._means[::2], self._means[1::2], strict=True)]
                self._each *= 2

    @property
    def values(self) -> Sequence[float]:
        """The means of whole parts."""
        return self._means

    def part(self, begin: float, end: float) -> float:
        """The mean from one share of the series to another; not a number where there is nothing."""
        values = self._means[int(begin * len(self._means)) : max(int(begin * len(self._means)) + 1, math.ceil(end * len(self._means)))]
        return sum(values) / len(values) if values else math.nan


class Course:
    """A run so far.

    Attributes:
        network: what is known of the network.
        settings: the document's data and training settings.
        losses: of the steps.
        epochs: values after each epoch, by name: ``val/loss``.
        planned: how many epochs are planned.
        health: what was measured of the network, the oldest first.
        failed: the run ended because its loss was not a number.
        born: where that came from, once it was found out.
        rates: the learning rate after each epoch.
        tried: of the question whether one batch can be learned by heart, the first and the least loss, where it could not.
    """

    def __init__(self, network: Network, settings: Settings, planned: int = 0):
        self.network = network
        self.settings = settings
        self.planned = planned
        self.losses = Means()
        self.epochs: dict[str, list[float]] = {}
        self.health: list[Health] = []
        self.failed = False
        self.born: Born | None = None
        self.tried: tuple[float, float] | None = None
        self.rates: list[float] = []
        self._rate = math.nan

    def take(self, name: str, value: float) -> None:
        """The next value of a metric."""
        if name == "train/loss":
            self.losses.add(value)
            self.failed = self.failed or not math.isfinite(value)
        elif name == "lr":
            self._rate = value
        elif not name.startswith("test/"):
            self.epochs.setdefault(name, []).append(value)
            if name == "val/loss":
                self.rates.append(self._rate)

    @property
    def done(self) -> int:
        """Epochs that are over."""
        return len(self.epochs.get("val/loss", ()))

    def looks(self) -> dict[tuple[str, str], list[Measures]]:
        """The last measures of each place, in the order in which the network computes them, the oldest first."""
        found: dict[tuple[str, str], list[Measures]] = {}
        for health in self.health[-RECENT:]:
            for measures in health.places:
                found.setdefault(measures.place, []).append(measures)
        return found


def read_course(run_dir: Path, network: Network, settings: Settings, planned: int) -> Course:
    """The course of a run from its folder, as far as it came.

    Raises:
        OSError: a file is there, but cannot be read.
    """
    course = Course(network, settings, planned)
    path = run_dir / "metrics.jsonl"
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
            course.take(row["name"], float(row["value"]))
        except (ValueError, KeyError, TypeError):
            break  # the process was killed while it wrote this line
    course.health = read_health(run_dir)
    return course
