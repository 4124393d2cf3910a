"""How many threads compute a network fastest, on this machine and now. That is measured: on a busy machine, and for small networks,
more threads can be slower by a factor of ten.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import nn

SHARE = 0.02
"""Of the run's time, what the measurement may take."""

LEAST_SECONDS, MOST_SECONDS = 0.02, 5.0
"""What it may take at least, and at most."""

GAIN = 0.95
"""More threads than another number must need at most this share of its time; otherwise the cores are better left to others."""


def fastest_threads(network: nn.Module, step: Callable[[], object], steps: int, most: int) -> int:
    """Tries some numbers of threads, the greatest first and each half of the one before, until fewer are slower.

    Args:
        network: gets its buffers back as they were, and no gradients; random numbers are drawn as if nothing had been.
        step: computes the network and its gradients for a batch.
        steps: of the run.
        most: threads at most.
    """
    if most == 1 or not steps:
        return most
    buffers = [buffer.clone() for buffer in network.buffers()]
    with torch.random.fork_rng(devices=[]):
        best = _fastest(step, steps, most)
    with torch.no_grad():
        for buffer, before in zip(network.buffers(), buffers, strict=True):
            buffer.copy_(before)
    for weight in network.parameters():
        weight.grad = None
    return best


def _fastest(step: Callable[[], object], steps: int, most: int) -> int:
    began = time.perf_counter()
    best, least, threads = most, float("inf"), most
    while threads:
        torch.set_num_threads(threads)
        took = _time(step)
        if GAIN * took > least:
            break
        best, least = threads, min(took, least)
        allowed = min(max(SHARE * steps * least, LEAST_SECONDS), MOST_SECONDS)
        if time.perf_counter() - began > allowed:
            break
        threads //= 2
    return best


def _time(step: Callable[[], object]) -> float:
    """Seconds of a step: of the first one where it is long, for then nothing that it does only once counts."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
        if times[-1] > LEAST_SECONDS:
            break
    return min(times)
