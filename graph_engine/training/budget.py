"""What a run will cost, measured in a moment before it: memory, and time of each node and of an epoch.

The run's own script takes a few of its steps. Memory is counted as torch's operators allocate it, and beside that as the system gives it to
the process, which holds what operators take for themselves and the gaps in the heap. Steps with small batches come first, and where those
tell that a whole batch may not fit, it is not tried: at a given moment of a step the memory is a constant and a multiple of the number of
samples.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import psutil
import torch
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.data import TensorDataset

from graph_engine.training import rundir
from graph_engine.training.control import Control
from graph_engine.training.events import Budgeted, Listener, NodeTime, Progress

_SECONDS = 1.0
"""How long steps are repeated for their time, at most."""

_STEPS = 20
"""And how often."""

_MARK = "node:"
"""Begins the name of a range of the profiler that is a node's."""

_BACKWARD = "autograd::engine::evaluate_function"
"""Begins the name of what the profiler records of the backward pass, once for each operator of the forward pass."""


def measure(train: ModuleType, training: Any, listener: Listener, control: Control) -> Budgeted:
    """Answers what a run would cost.

    Args:
        train: the run's script.
        training: a run of it, of which nothing is needed afterwards.
        listener: receives progress.
        control: ends it early; what has not been measured by then is 0.
    """
    training.network = training.model  # what is compiled cannot be looked into
    data = _bytes(tensor for part in (training.train_data, training.validation_data, training.test_data) for tensor in part.tensors)
    weights = _bytes([*training.model.parameters(), *training.model.buffers()])
    average = _bytes(training.average.state_dict().values()) if hasattr(training, "average") else 0
    held = data + weights + average
    process, free = psutil.Process().memory_info().rss, psutil.virtual_memory().available
    if training.device.type == "cuda":  # which has memory of its own
        free = torch.cuda.mem_get_info(training.device)[0]
    order = train.epoch_order(len(training.train_data), training.seed, 1)
    size = min(train.BATCH_SIZE, len(order))
    rows = _longest(train, training.train_data, order)[:size].to(training.device)
    samples = training.samples(rows)
    training.model.train()
    peak, share = _peak(training, samples, free)
    gradients = _bytes(weight for weight in training.model.parameters() if weight.requires_grad)
    listener(Progress(1, 3, 1, 1, 0.0))
    answer = Budgeted(
        device=str(training.device),
        batch=size,
        process=max(0, process - held),
        data=data,
        weights=weights,
        copies=weights + average,
        gradients=gradients,
        optimizer=_bytes(tree_leaves(training.optimizer.state_dict()["state"])),
        activations=max(0, peak - gradients),
        working=int((share - 1) * peak),
        free=free + held,
        steps=training.steps_per_epoch,
        epochs=training.epochs,
    )
    if answer.missing:
        return answer
    step = _median_time(lambda: training.step(training.samples(rows)), training.device, control)
    listener(Progress(2, 3, 1, 1, 0.0))
    evaluation = _evaluation(train, training)
    nodes = _node_times(training, samples) if control.wish != "stop" else ()
    listener(Progress(3, 3, 1, 1, 0.0))
    return answer._replace(step=step, evaluation=evaluation, nodes=nodes)


class Meter(TorchDispatchMode):
    """Counts the memory of the tensors that operators make while it is active.

    Attributes:
        live: bytes of those that are still there.
        peak: the most there were at once.
        resident: the most memory that the process had, in bytes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = self.resident = 0
        self._process = psutil.Process()
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {_key(tensor) for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, torch.Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and _key(tensor) not in given and _key(tensor) not in self._known:
                self._add(tensor.untyped_storage())
        self.resident = max(self.resident, self._process.memory_info().rss)
        return out

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        self._known.add(key)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._drop, key, size).atexit = False

    def _drop(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.live -= size


def _key(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


class Peak(NamedTuple):
    """The most bytes that a step takes beyond what lasts from step to step.

    Attributes:
        forward: until the optimizer begins.
        change: from then on.
        resident: of memory that the process had.
    """

    forward: int
    change: int
    resident: int


def peak_of_step(training: Any, samples: tuple[torch.Tensor, ...]) -> Peak:
    """Takes a step and tells how much memory it took."""
    meter = Meter()
    forward = 0

    def turn(*_: object) -> None:
        nonlocal forward
        forward, meter.peak = meter.peak, meter.live

    training.optimizer.zero_grad()
    hook = training.optimizer.register_step_pre_hook(turn)
    try:
        with meter:
            training.step(samples)
    finally:
        hook.remove()
    training.losses.clear()
    return Peak(forward, meter.peak, meter.resident)


def _peak(training: Any, samples: tuple[torch.Tensor, ...], free: int) -> tuple[int, float]:
    """The most bytes of tensors that a step takes, and how many times as many the process takes for them.

    Two small batches tell how they grow. Where the whole one fits easily, it is tried.
    """
    before = psutil.Process().memory_info().rss
    count = len(samples[0])
    few = min(count, max(2, count // 8))
    training.step(_first(few, samples))  # the optimizer makes its state
    state = _bytes(tree_leaves(training.optimizer.state_dict()["state"]))
    tried = small = peak_of_step(training, _first(few, samples))
    most = max(small[:2])
    if few < count:
        tried = large = peak_of_step(training, _first(2 * few, samples))
        most = max(a + max(0, b - a) * (count - few) // few for a, b in zip(small[:2], large[:2], strict=True))
        if 2 * most < free:
            tried = max((peak_of_step(training, samples) for _ in range(2)), key=lambda peak: peak.resident)  # the heap has gaps by then
            most = max(tried[:2])
    taken = tried.resident - before - state
    return most, max(1.0, taken / max(tried[:2])) if training.device.type == "cpu" else 1.0


def _first(count: int, samples: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(tensor[:count] for tensor in samples)


def _longest(train: ModuleType, data: Any, order: torch.Tensor) -> torch.Tensor:
    """An order of the samples in which the longest come first, where they differ in length: a full batch has some of them."""
    if not hasattr(train, "PADDING") or not data.tensors:
        return order
    sequences = (tensor for tensor in data.tensors if tensor.dim() == 2 and not tensor.is_floating_point())
    lengths = torch.stack([(tensor != train.PADDING).sum(dim=1) for tensor in sequences]).sum(dim=0)
    return lengths.argsort(descending=True, stable=True).cpu()


def _bytes(tensors: Iterable[Any]) -> int:
    """Memory of tensors, none counted twice."""
    stores = {_key(tensor): tensor.untyped_storage().nbytes() for tensor in tensors if isinstance(tensor, torch.Tensor)}
    return sum(stores.values())


def _median_time(do: Callable[[], Any], device: torch.device, control: Control) -> float:
    """Seconds that something takes, the median of a few times."""
    do()
    times: list[float] = []
    end = time.monotonic() + _SECONDS
    while len(times) < _STEPS and not (times and time.monotonic() > end) and control.wish != "stop":
        began = time.perf_counter()
        do()
        _wait_for(device)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] if times else 0.0


def _wait_for(device: torch.device) -> None:
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()


def _evaluation(train: ModuleType, training: Any) -> float:
    """Seconds that measuring takes after an epoch, from one batch of the validation data."""
    data = training.validation_data
    batch = TensorDataset(*data[torch.arange(min(train.BATCH_SIZE, len(data)), device=training.device)])
    if not len(batch):
        return 0.0
    began = time.perf_counter()
    train.evaluate(training.model, batch)
    seconds = time.perf_counter() - began
    training.model.train()
    return seconds * len(data) / len(batch)


def _node_times(training: Any, samples: tuple[torch.Tensor, ...]) -> tuple[NodeTime, ...]:
    """How long each node takes in a step, forward and backward. A group's time holds that of what is in it.

    The profiler's numbers of operators tell of each part of the backward pass which operator of the forward pass it belongs to.
    """
    lines = rundir.read_run(training.run_dir).lines
    model = str(training.run_dir / rundir.SOURCE / "model.py")
    activities = [ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * (training.device.type == "cuda")]
    with profile(activities=activities) as profiler, _marked(model, lines):
        training.step(samples)
        _wait_for(training.device)
    forward: Counter[str] = Counter()
    backward: Counter[str] = Counter()
    owners: dict[int, list[str]] = {}
    computing: set[str] = set()
    events = sorted(profiler.events() or [], key=lambda event: event.time_range.start)
    taken = (lambda event: event.device_time_total) if training.device.type == "cuda" else (lambda event: event.cpu_time_total)
    for event in events:
        if event.name.startswith(_MARK):
            forward[event.name.removeprefix(_MARK)] += taken(event)
        elif nodes := list(_around(event)):
            computing.update(nodes)
            if event.sequence_nr >= 0:
                owners[event.sequence_nr] = nodes  # of operators with one number the last has the part backward
    for event in events:
        if event.name.startswith(_BACKWARD):
            backward.update(dict.fromkeys(owners.get(event.sequence_nr, ()), taken(event)))
    return tuple(NodeTime(id, forward[id] / 1e6, backward[id] / 1e6) for id in sorted(computing))


def _around(event: Any) -> Iterator[str]:
    """The nodes in whose lines something happened, the innermost first."""
    while event is not None:
        if event.name.startswith(_MARK):
            yield event.name.removeprefix(_MARK)
        event = event.cpu_parent


@contextmanager
def _marked(model: str, lines: Mapping[int, str]) -> Iterator[None]:
    """While it lasts, the profiler sees the lines of each node as a range with the node's id."""
    open_ranges: dict[FrameType, tuple[str | None, Any]] = {}

    def enter(frame: FrameType, event: str, _: object) -> Any:
        if event != "call" or frame.f_code.co_filename != model or frame.f_code.co_name == "__init__":
            return None
        open_ranges[frame] = (None, None)
        return follow

    def follow(frame: FrameType, event: str, _: object) -> Any:
        node = lines.get(frame.f_lineno) if event == "line" else None
        before, range_ = open_ranges[frame]
        if event not in ("line", "return") or (event == "line" and node == before):
            return follow
        if range_ is not None:
            range_.__exit__(None, None, None)
        range_ = record_function(_MARK + node) if node is not None else None
        if range_ is not None:
            range_.__enter__()
        open_ranges[frame] = (node, range_)
        if event == "return":
            del open_ranges[frame]
        return follow

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)
