"""Rules over the losses: too fast, too slow, not at all, by heart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from graph_engine.spec.faults import Fix
from graph_engine.training.course import Course
from graph_engine.training.findings.finding import Told, run_rule

USUAL_UPDATE = 1e-3
"""What a step changes weights by, as a share of their length, where a network learns well (CS231n, "Ratio of weights:updates")."""

GREAT_UPDATE = 3e-2
"""More than this is too much for most of the layers at once; the greatest of the templates is 1.2e-2."""

SMALL_UPDATE = 1e-5
"""Less than this changes nothing in the steps of a usual run."""

LEAP = 3.0
"""A mean loss so many times that of the untrained network comes from steps that are too long."""

EARLY = 3
"""Looks at a network before its steps are judged: those of the first steps are longer, as the optimizer knows little yet."""

GUESSING = 0.6
"""A loss of this share of what guessing gives has hardly been learned from; noisy quantities leave a half (diabetes)."""

LEARNED = 0.1
"""A loss below this share of what guessing gives is a good one: what looks odd in such a network does not hold it back."""

ENDED = 1e-2
"""A learning rate of this share of the greatest one has ended."""

STUCK = 0.4
"""Share of the epochs for which it must have; schedules that end in 0 are there for a twentieth of them only."""

COLLAPSED = 0.95
"""A network that names one class for more samples than this has collapsed, unless it is right."""

WORSE = 1.15
"""A validation loss so many times its least value is worse (Prechelt 1998, "Early stopping – but when?", generalization loss)."""

LOST = 0.25
"""Of what was learned, the share that must be lost again: a few odd samples in a small validation part lose less."""

EVALUATIONS = 5
"""After so many epochs without a better validation loss it is not by chance."""

DECAYED = 0.01
"""Learning rate times weight decay: more than this of each weight goes at every step."""

USUAL_DECAY = 0.01
"""The default of AdamW."""

UNTRAINED = 1.6
"""The loss of an untrained network as a multiple of that of guessing; the greatest of the templates is 1.25."""

TOLD_BEFORE = 0.4
"""The same for a loss that is too good to be true."""


def _updates(course: Course, first: int, last: int | None = None) -> list[float]:
    """Over the places with weights, the median of how much each look's step changed them; one number for each look."""
    return [
        median(changed)
        for health in course.health[first:last]
        if (changed := [m.update for m in health.places if m.update is not None and math.isfinite(m.update)])
    ]


def _rate(course: Course) -> float:
    rate: float = course.settings.training["optimizer"].params["lr"]
    return rate


def _set_rate(rate: float) -> Fix:
    rounded = float(f"{rate:.0e}")
    return Fix(f"Set the learning rate to {rounded:g}", settings={"training.optimizer.lr": rounded})


def slower(course: Course, update: float | None = None) -> Fix:
    """A learning rate with which weights change as usual, between a third and a ten-thousandth of the present one."""
    factor = USUAL_UPDATE / update if update else 0.1
    return _set_rate(_rate(course) * min(1 / 3, max(1e-4, factor)))


def _guess(course: Course) -> float:
    """The loss without having learned anything."""
    return course.network.chance or course.losses.first


def level(course: Course) -> float:
    """The present loss as a share of that of guessing."""
    return course.losses.part(0.9, 1.0) / _guess(course)


def _less_decay(course: Course) -> tuple[Fix, ...]:
    """Torch's own weight decay, where there is more."""
    if course.settings.training["optimizer"].params.get("weight_decay", 0.0) <= USUAL_DECAY:
        return ()
    return (Fix(f"Set weight_decay to {USUAL_DECAY:g}", settings={"training.optimizer.weight_decay": USUAL_DECAY}),)


CLIP = Fix("Clip gradients to a norm of 1", settings={"training.clipping": {"name": "norm", "max_norm": 1.0}})


@run_rule(
    "run.weight-decay",
    explains=("run.underfitting", "run.dead-units", "run.vanishing-gradients", "run.plateau", "run.class-collapse", "run.rate-too-high"),
)
def decay_eats_the_weights(course: Course) -> Iterator[Told]:
    """Decay takes its share of every weight at every step; where that is more than the gradient gives, nothing stays learned."""
    params = course.settings.training["optimizer"].params
    share = params.get("weight_decay", 0.0) * params["lr"]
    if share > DECAYED and course.losses.count >= 20 and level(course) > GUESSING:
        message = f"Weight decay takes {share:.1%} of every weight at every step, and the loss stays at {level(course):.0%} of guessing."
        yield Told(message, None, _less_decay(course))


@run_rule(
    "run.rate-too-high",
    explains=(
        "run.not-finite", "run.exploding-gradients", "run.dead-units", "run.saturation", "run.vanishing-gradients",
        "run.class-collapse", "run.underfitting", "run.plateau",
    ),
)  # fmt: skip
def steps_too_long(course: Course) -> Iterator[Told]:
    """Steps that overshoot raise the loss above that of the untrained network, and change weights by more than a few percent each."""
    losses, update = course.losses, max(_updates(course, -3), default=0.0)
    if losses.count < 10:
        return
    worst = losses.greatest
    if worst > LEAP * max(losses.first, _guess(course)) and (level(course) > LEARNED or course.failed):
        message = f"The loss rose to {worst:.3g}; that of the untrained network was {losses.first:.3g}."
        yield Told(message, None, (slower(course, update), CLIP))
    elif len(course.health) > EARLY and update > GREAT_UPDATE and level(course) > GUESSING:
        message = f"Each step changes the weights by {update:.1%} of their size; about {USUAL_UPDATE:.1%} is usual."
        yield Told(message, None, (slower(course, update), CLIP))


@run_rule("run.initial-loss", explains=("run.rate-too-high", "run.exploding-gradients"))
def beginning_far_from_guessing(course: Course) -> Iterator[Told]:
    """An untrained network should guess, with a cross-entropy of ln(classes): far more has too great scores, far less sees the answer."""
    chance, first = course.network.chance, course.losses.first
    if chance is None or not math.isfinite(first):
        return
    told = f"The untrained network has a loss of {first:.3g}, where guessing one of {course.network.classes} classes gives {chance:.3g}"
    if first > UNTRAINED * chance:
        yield Told(f"{told}: its scores are too great.", course.network.scores, ())
    elif first < TOLD_BEFORE * chance:
        yield Told(f"{told}: it may see the answer among its inputs.", None, ())


@run_rule("run.rate-too-low", explains=("run.plateau", "run.underfitting", "run.class-collapse"))
def steps_too_short(course: Course) -> Iterator[Told]:
    """Weights that change by less than a hundred-thousandth at a step do not get anywhere in the steps of a usual run."""
    updates = _updates(course, 0)
    if len(updates) < EARLY or course.losses.count < 20 or median(updates[-EARLY:]) >= SMALL_UPDATE or max(updates[:EARLY]) >= SMALL_UPDATE:
        return
    if level(course) > GUESSING:
        update = median(updates[-EARLY:])
        faster = _set_rate(_rate(course) * min(1e4, max(3.0, USUAL_UPDATE / max(update, 1e-12))))
        yield Told(f"Each step changes the weights by {update:.1e} of their size; about {USUAL_UPDATE:.0e} is usual.", None, (faster,))


@run_rule("run.class-collapse", explains=("run.plateau", "run.underfitting"))
def one_class_for_all(course: Course) -> Iterator[Told]:
    """A network that gives the same answer whatever it is shown has not learned from its input, or has lost what it learned."""
    scores = course.network.scores
    named = [m.commonest for health in course.health for m in health.places if m.node == scores and m.commonest is not None]
    if course.network.chance is None or len(named) < EARLY or course.losses.count < 30 or level(course) < 0.8:
        return
    if min(named[-EARLY:]) > COLLAPSED:
        share = sum(named[-EARLY:]) / EARLY
        yield Told(f"The network names one class for {share:.0%} of all samples, and its loss is {level(course):.0%} of guessing.", scores)


@run_rule("run.underfitting", explains=("run.plateau",))
def too_little_learned(course: Course) -> Iterator[Told]:
    """A loss that stays high on the training data itself: the network is too small, held back, or cannot see enough."""
    if course.done < EVALUATIONS or course.done < 0.5 * course.planned or not is_flat(course):
        return
    if level(course) > GUESSING:
        loss = course.losses.part(0.9, 1.0)
        message = f"After {course.done} epochs the training loss is {loss:.3g}, {level(course):.0%} of guessing, and falls no more."
        yield Told(message, None, (*_less_decay(course), _set_rate(3 * _rate(course))))


@run_rule("run.plateau")
def no_more_progress(course: Course) -> Iterator[Told]:
    """A loss that no longer falls while much is left to learn: the steps have become too short, or the network is stuck."""
    if course.done < 3:
        return
    rates, losses = course.rates, course.epochs["val/loss"]
    begin = int((1 - STUCK) * len(rates))
    loss = course.losses.part(0.9, 1.0)
    if max(rates[begin:]) < ENDED * max(rates) and level(course) > LEARNED and losses[-1] > 0.98 * losses[begin]:
        now, before = max(rates[begin:]), max(rates)
        message = f"The loss stays at {loss:.3g}: since epoch {begin + 1} the learning rate is {now:.2g}, after {before:.2g} at first."
        yield Told(message, None, (Fix("Keep the learning rate constant", settings={"training.schedule": "constant"}),))
    elif is_flat(course) and level(course) > GUESSING:
        yield Told(f"The loss has stayed at {loss:.3g} for half of the run.", None, (slower(course),))


def is_flat(course: Course, share: float = 0.98) -> bool:
    """Whether the loss has not fallen to a share of itself over the second half of the run."""
    losses = course.losses
    return losses.count >= 20 and losses.part(0.8, 1.0) > share * losses.part(0.5, 0.7)


@run_rule("run.overfitting")
def learned_by_heart(course: Course) -> Iterator[Told]:
    """A validation loss that grows while the training loss falls: the network learns its samples, not what they have in common."""
    losses = [value for value in course.epochs.get("val/loss", ()) if math.isfinite(value)]
    if len(losses) <= EVALUATIONS:
        return
    least = min(losses)
    best = losses.index(least) + 1
    gained = max(_guess(course), losses[0]) - least
    if len(losses) - best < EVALUATIONS or min(losses[-EVALUATIONS:]) <= WORSE * least or losses[-1] - least < LOST * gained:
        return
    if course.losses.part(0.95, 1.0) < least:
        training = course.settings.training
        fixes = []
        if training["stopping"].id == "none":
            fixes.append(
                Fix("End the run early, and keep the best weights", settings={"training.stopping": "patience", "training.keep": "best"})
            )
        decay = training["optimizer"].params.get("weight_decay")
        if decay is not None:
            more = max(0.1, 3 * decay)
            fixes.append(Fix(f"Set weight_decay to {more:g}", settings={"training.optimizer.weight_decay": more}))
        told = f"The validation loss was {least:.3g} after epoch {best} and is {losses[-1]:.3g} now"
        message = f"{told}, with {course.losses.part(0.95, 1.0):.3g} on the training data."
        yield Told(message, None, tuple(fixes))


@run_rule("run.batch-not-learned", explains=("run.underfitting", "run.plateau"))
def one_batch_is_too_much(course: Course) -> Iterator[Told]:
    """A network that cannot learn a single batch by heart cannot learn all of them: something keeps what it sees from its weights."""
    if course.tried is not None:
        first, least = course.tried
        yield Told(f"One batch was not learned by heart: its loss went from {first:.3g} to {least:.3g} at best.", None, ())
