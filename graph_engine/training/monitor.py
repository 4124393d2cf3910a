"""Measures a network while it trains, and never takes more than a small share of the time for it.

A look at a step costs what reading some thousand numbers of each node costs. The next one follows when that is half a percent of the
time since, so large and small networks alike train on undisturbed. What is measured changes no result: numbers are copied, none is drawn.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graph_engine.training.course import Network
from graph_engine.training.health import BINS, HEALTH, Health, Measures, read_health, to_line
from graph_engine.training.tracing import Tracing

SHARE = 0.005
"""Of the time of training, what looking may take."""

CREDIT = 0.01
"""Seconds of looking that are given in advance, so that short runs are seen too: they are spread over steps in growing distances."""

ALWAYS = 4.0
"""A step so many times the last that was looked at is looked at whatever it costs: ten looks in a million steps."""

SPACING = 1.02
"""Least ratio of a step that is looked at to the one before, so that the file of a long run stays small."""

EARLY = 1.4
"""The same while the credit is being spent."""

SAMPLE = 1024
"""Numbers of a tensor that are looked at."""

UNIT_SAMPLE = 1 << 16
"""Numbers of an activation by which it is told which units never change."""

PLACES = 64
"""Places of a picture at which its channels are looked at for that."""

MEMORY = 4
"""Looks over which a unit must have been the same to count as constant."""

EDGE = 0.015
"""A result that is so near to a bound, as a share of the distance between the bounds, is at it: for tanh, beyond 0.97."""

ACTIVATION = "Activation"
"""The category of blocks whose units are watched for being constant."""


class _Seen(NamedTuple):
    """What was copied at a place."""

    values: Tensor
    constant: Tensor | None
    commonest: Tensor | None


class Monitor:
    """Looks at some steps of a run.

    Args:
        training: the run's ``Training``, before its first step.
        model: its ``model.py``, as it was imported.
        lines: node id by line of that file.
        network: what is known of the network.
        run_dir: where the file of what was measured goes on.
        listener: receives each `Health`.
    """

    def __init__(
        self,
        training: Any,
        model: ModuleType,
        lines: Mapping[int, str],
        network: Network,
        run_dir: Path,
        listener: Callable[[Health], None],
    ):
        self._training = training
        self._network = network
        self._listener = listener
        self._tracing = Tracing(model, training.model, lines)
        self._traces = not hasattr(training.network, "_orig_mod")  # what torch.compile has made cannot be looked into
        self._path = run_dir / HEALTH
        self.before = self._go_on()
        """What was measured before the run was interrupted."""
        self._weights: dict[tuple[str, str], list[Tensor]] = {}
        for name, weight in training.model.named_parameters():
            if name in self._tracing.weights:
                self._weights.setdefault(self._tracing.weights[name], []).append(weight)
        self._watched = {place: max(weights, key=lambda w: (w.dim() > 1, w.numel())) for place, weights in self._weights.items()}
        self._constant: dict[tuple[str, str], deque[NDArray[np.bool_]]] = {}
        # the time of this thread alone, so that other programs do not count; what waits for a GPU does
        self._clock = time.thread_time if training.device.type == "cpu" else time.perf_counter
        self._began = self._clock()
        self._cost = 0.0
        self._last = self.before[-1].step if self.before else 0
        self._looking = False

    def before_step(self) -> None:
        """Looks at the coming step, if it is time to."""
        step = self._training.at.step + 1
        if self._looking and step == self._last:
            return  # it is asked again after a pause, or a checkpoint
        if self._looking:  # a step whose gradients overflowed in float16 is left out by its optimizer
            self._end()
        if step < self._last * SPACING:
            return
        spent = self._cost - SHARE * (self._clock() - self._began)
        if step < self._last * ALWAYS and (spent > CREDIT or (spent > 0 and step < self._last * EARLY)):
            return
        began = self._clock()
        self._last = step
        self._looking = True
        self._seen: dict[tuple[str, str], _Seen] = {}
        if self._traces:
            self._tracing.begin(self._look)
        optimizer = self._training.optimizer
        self._hooks = [optimizer.register_step_pre_hook(self._before_change), optimizer.register_step_post_hook(self._after_change)]
        self._cost += self._clock() - began

    def close(self) -> None:
        """The run is over."""
        if self._looking:
            self._end()

    @torch.no_grad()
    def _look(self, path: str, node: str, value: Tensor) -> None:
        if (path, node) in self._seen or not value.numel():
            return
        began = self._clock()
        value = value.detach()
        kind = self._network.kinds.get(node)
        constant = _constant_units(value) if kind is not None and kind.category == ACTIVATION else None
        commonest = _commonest(value, self._network.classes) if node == self._network.scores and not path else None
        self._seen[path, node] = _Seen(_sampled(value), constant, commonest)
        self._cost += self._clock() - began

    @torch.no_grad()
    def _before_change(self, *_: Any) -> None:
        began = self._clock()
        self._samples = {place: _sampled(weight.detach()) for place, weight in self._watched.items()}
        self._cost += self._clock() - began

    @torch.no_grad()
    def _after_change(self, *_: Any) -> None:
        began = self._clock()
        places = dict.fromkeys([*self._seen, *self._weights])
        gradients = self._gradients()
        found = tuple(self._measures(place, gradients.get(place)) for place in places)
        at = self._training.at
        health = Health(at.step + 1, at.epoch, found)
        with self._path.open("ab") as file:
            file.write(to_line(health))
        self._end()
        self._listener(health)
        self._cost += self._clock() - began

    def _end(self) -> None:
        self._looking = False
        self._tracing.end()
        for hook in self._hooks:
            hook.remove()

    def _gradients(self) -> dict[tuple[str, str], float]:
        """Root mean square of the gradients of each place's weights."""
        places, gradients = [], []
        for place, weights in self._weights.items():
            for weight in weights:
                if weight.grad is not None:
                    gradient = weight.grad.coalesce().values() if weight.grad.is_sparse else weight.grad
                    places.append(place)
                    gradients.append(gradient)
        if not gradients:
            return {}
        norms = torch.stack([norm.float() for norm in torch._foreach_norm(gradients)]).tolist()
        squares: dict[tuple[str, str], float] = {}
        for place, norm in zip(places, norms, strict=True):
            squares[place] = squares.get(place, 0.0) + norm * norm
        return {place: math.sqrt(square / sum(w.numel() for w in self._weights[place])) for place, square in squares.items()}

    def _measures(self, place: tuple[str, str], gradient: float | None) -> Measures:
        found: dict[str, Any] = {}
        seen = self._seen.get(place)
        if seen is not None:
            kind = self._network.kinds.get(place[1])
            found |= _described(seen.values.float().cpu().numpy(), kind.bounds if kind is not None else None)
            if seen.constant is not None:
                found["constant"] = self._share_constant(place, seen.constant.cpu().numpy())
            if seen.commonest is not None:
                found["commonest"] = float(seen.commonest)
        if gradient is not None:
            before, after = self._samples[place].float(), _sampled(self._watched[place].detach()).float()
            length = float(before.norm())
            found["gradient"] = gradient
            found["weights"] = length / math.sqrt(before.numel())
            found["update"] = float((after - before).norm()) / length if length else None
        return Measures(*place)._replace(**{name: _short(value) for name, value in found.items()})

    def _share_constant(self, place: tuple[str, str], constant: NDArray[np.bool_]) -> float:
        """The share of units that were the same for all samples in each of the last looks."""
        looks = self._constant.setdefault(place, deque(maxlen=MEMORY))
        if looks and looks[0].shape != constant.shape:  # along a time that differs from batch to batch
            looks.clear()
        looks.append(constant)
        return float(np.logical_and.reduce(list(looks)).mean())

    def _go_on(self) -> list[Health]:
        """What was measured up to the step that the run is at; what came after it will be measured again."""
        read = read_health(self._path.parent)
        kept = [health for health in read if health.step <= self._training.at.step]
        if self._path.exists() and len(kept) < len(read):
            temporary = self._path.with_name(self._path.name + ".tmp")
            temporary.write_bytes(b"".join(map(to_line, kept)))
            temporary.replace(self._path)
        return kept


def _short(value: Any) -> Any:
    """A number with as many digits as anybody reads."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _sampled(value: Tensor) -> Tensor:
    """A copy of some of the numbers, in equal distances."""
    flat = value.flatten()
    return flat[:: -(-flat.numel() // SAMPLE)].clone()


def _constant_units(value: Tensor) -> Tensor:
    """Which units give the same for all samples and places: channels where there are places, else single numbers.

    In (N, A, B) either A or B may be the units: those of which more are constant.
    """
    if value.dim() < 2:
        return torch.zeros(1, dtype=torch.bool)
    if value.dim() > 3:
        value = value.flatten(2)
        value = value[:, :, :: -(-value.size(2) // PLACES)]
        value = value[: max(1, UNIT_SAMPLE // max(1, value[0].numel()))]
        return _same(value, [0, 2])
    value = value[: max(1, UNIT_SAMPLE // max(1, value[0].numel()))]
    if value.dim() == 2:
        return _same(value, [0])
    first, last = _same(value, [0, 2]), _same(value, [0, 1])
    return first if first.float().mean() > last.float().mean() else last


def _same(value: Tensor, dims: list[int]) -> Tensor:
    least, greatest = value.amin(dims), value.amax(dims)
    return (greatest - least) <= 1e-6 * torch.maximum(least.abs(), greatest.abs())


def _commonest(scores: Tensor, classes: int) -> Tensor | None:
    """The share of the class with the highest score most often."""
    if scores.dim() < 2 or classes not in (scores.size(1), scores.size(-1)):
        return None
    named = scores.argmax(-1 if scores.size(-1) == classes else 1).flatten()
    return torch.bincount(named, minlength=1).max() / named.numel()


def _described(values: NDArray[np.float32], bounds: tuple[float, float] | None) -> dict[str, Any]:
    """Moments and histogram of some numbers; those that are not finite tell in the mean only."""
    with np.errstate(all="ignore"):
        values = values.astype(np.float64)
        finite = values if np.isfinite(values).all() else values[np.isfinite(values)]
        if not len(finite):
            return {"mean": float(values.mean()), "spread": math.nan}
        least, greatest = float(finite.min()), float(finite.max())
        found: dict[str, Any] = {"mean": float(values.mean()), "spread": float(values.std()), "least": least, "greatest": greatest}
        width = greatest - least
        columns = np.minimum((finite - least) * (BINS / width) if width > 0 else np.zeros(len(finite)), BINS - 1).astype(np.int64)
        found["histogram"] = tuple(np.bincount(columns, minlength=BINS).tolist())
        if bounds is not None:
            low, high = bounds
            edge = EDGE * (high - low)
            found["saturated"] = float(((finite < low + edge) | (finite > high - edge)).mean())
    return found
