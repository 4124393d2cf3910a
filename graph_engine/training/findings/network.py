"""Rules over what was measured in the network: gradients that vanish or explode, units that are dead or at their bounds, no numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from graph_engine.spec.faults import Fix, Insert
from graph_engine.training.course import Course
from graph_engine.training.findings.finding import Told, run_rule
from graph_engine.training.findings.learning import CLIP, LEARNED, is_flat, level, slower
from graph_engine.training.health import Measures

VANISHED = 1e-3
"""A gradient of this share of that of the last layers has vanished (numbers of trials: healthy networks of 20 layers keep above 1e-2)."""

EXPLODED = 100.0
"""Gradients so many times as great as the weights move them by more than they are, whatever the learning rate."""

DEAD = 0.8
"""Share of units that never change; of untrained convolutions with small batches up to a half do."""

SATURATED = 0.5
"""Share of results at a bound; half of them is what the literature on tanh networks calls saturated (Glorot and Bengio 2010)."""

SLOW = 0.95
"""A loss that still falls by more than this in the last third is not held back: embeddings have small gradients, too."""

LOOKS = 2
"""So many looks must agree."""

NORMALIZATIONS = {2: "BatchNorm1d", 3: "LayerNorm", 4: "BatchNorm2d"}
"""What normalizes a result, by its number of dimensions."""

POSITIVE = ("Log", "Sqrt", "Rsqrt", "Divide", "Reciprocal", "Power")
"""Blocks that give no number, or no slope, at 0."""


def _typical(looks: Sequence[Measures], name: str) -> float | None:
    """The median of a measure over the last looks; None where fewer have it than must agree."""
    values = [value for look in looks if (value := getattr(look, name)) is not None and math.isfinite(value)]
    return median(values) if len(values) >= LOOKS else None


def _normalize(course: Course, node: str) -> tuple[Fix, ...]:
    """Normalization in front of a node."""
    kind = course.network.kinds[node]
    block = NORMALIZATIONS.get(kind.rank)
    return (Fix(f"Insert {block} in front of {kind.name}", insert=(Insert(block),), node=node),) if block else ()


def _name(course: Course, node: str) -> str:
    kind = course.network.kinds.get(node)
    return kind.name if kind is not None else node


@run_rule("run.not-finite", "error")
def not_a_number(course: Course) -> Iterator[Told]:
    """Once a result is not a number, everything after it is not, and the first step makes the weights so, too."""
    if not course.failed:
        return
    if course.born is None:
        yield Told("The loss is not a number any more.", None, (slower(course), CLIP))
        return
    born = course.born
    name = _name(course, born.node)
    kind = course.network.kinds.get(born.node)
    keep: tuple[Fix, ...] = ()
    if kind is not None and kind.block in POSITIVE:
        keep = (Fix(f"Insert Clamp(min=1e-6) in front of {name}", insert=(Insert("Clamp", {"min": 1e-6}),), node=born.node),)
    yield Told(f"{name}: {born.words}", born.node, (*keep, slower(course), CLIP))


@run_rule("run.exploding-gradients", explains=("run.not-finite", "run.rate-too-high", "run.plateau", "run.underfitting"))
def gradients_explode(course: Course) -> Iterator[Told]:
    """Where each layer makes the gradient greater, the first layers are thrown about."""
    worst: tuple[float, str] | None = None
    for (_, node), looks in course.looks().items():
        gradient, weights = _typical(looks, "gradient"), _typical(looks, "weights")
        if gradient is not None and weights and gradient > EXPLODED * max(weights, 0.01) and (worst is None or gradient > worst[0]):
            worst = gradient, node
    if worst is not None:
        gradient, node = worst
        message = f"{_name(course, node)}: the gradient of its weights is {gradient:.2g} (root mean square), far more than the weights are."
        yield Told(message, node, (CLIP, *_normalize(course, node)))


@run_rule(
    "run.dead-units", explains=("run.vanishing-gradients", "run.class-collapse", "run.plateau", "run.underfitting", "run.rate-too-low")
)
def units_are_dead(course: Course) -> Iterator[Told]:
    """A rectifier that gives 0 for every sample passes no gradient, so it stays as it is for good."""
    for (_, node), looks in course.looks().items():
        share = _typical(looks, "constant")
        if share is not None and share > DEAD and course.network.kinds[node].bounds is None:
            fixes = (Fix(f"Replace {_name(course, node)} by LeakyReLU", replace="LeakyReLU", node=node), *_normalize(course, node))
            yield Told(f"{_name(course, node)}: {share:.0%} of its units give the same for all samples; they are dead.", node, fixes)
            return


@run_rule("run.saturation", explains=("run.vanishing-gradients", "run.plateau", "run.underfitting", "run.class-collapse"))
def units_are_saturated(course: Course) -> Iterator[Told]:
    """At its bounds an activation has no slope, so hardly any gradient passes."""
    for (_, node), looks in course.looks().items():
        share = _typical(looks, "saturated")
        if share is not None and share > SATURATED and level(course) > LEARNED:
            yield Told(f"{_name(course, node)}: {share:.0%} of its results lie at its bounds.", node, _normalize(course, node))
            return


@run_rule("run.vanishing-gradients", explains=("run.plateau", "run.underfitting", "run.class-collapse"))
def gradients_vanish(course: Course) -> Iterator[Told]:
    """Where each layer makes the gradient smaller, the first layers learn nothing."""
    found = [(node, gradient) for (_, node), looks in course.looks().items() if (gradient := _typical(looks, "gradient")) is not None]
    if len(found) < 3 or level(course) < LEARNED or not is_flat(course, SLOW):
        return
    greatest = max(gradient for _, gradient in found[len(found) // 2 :])
    vanished = [(node, gradient) for node, gradient in found[: len(found) // 2 + 1] if gradient < VANISHED * greatest]
    if vanished and greatest > 0:
        node, gradient = min(vanished, key=lambda pair: pair[1])
        squashing = next((n for (_, n) in course.looks() if course.network.kinds[n].bounds is not None), None)
        fixes = _normalize(course, squashing) if squashing is not None else ()
        if squashing is not None:
            fixes = (Fix(f"Replace {_name(course, squashing)} by ReLU", replace="ReLU", node=squashing), *fixes)
        yield Told(
            f"{_name(course, node)}: its gradient is {gradient:.1e}, that of the last layers {greatest:.1e}: it hardly learns.", node, fixes
        )
