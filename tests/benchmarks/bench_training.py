"""Prints what watching a run costs, and how fast a run begins: ``python -m tests.benchmarks.bench_training``.

The cost is CPU time a step of the program's loop, with all that it writes and sends, against the plain loop that one writes by hand:
DataLoader, forward, backward, step, loss.item(), validation after each epoch, the test at the end. Both sides do the same epochs of
the same network in turns, and the plain loop is run a second time in each turn as a control.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from types import ModuleType

import torch
from torch import nn
from torch.utils.data import DataLoader

from graph_engine import Graph
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Measured, StateChange
from graph_engine.training.loading import loaded
from graph_engine.training.run import run
from graph_engine.training.rundir import SOURCE, new_run
from graph_engine.training.sender import Sender
from graph_engine.training.state import RunState
from graph_engine.training.worker import warm_up
from tests.engine.training.helpers import Process


def chain(name: str, shape: list[int], *blocks: tuple[str, dict[str, object]], **settings: object) -> Graph:
    """A network of blocks in a row."""
    graph = Graph(name)
    before = graph.add("Input", shape=shape)
    for block, params in (*blocks, ("Output", {})):
        node = graph.add(block, **params)
        graph.connect(before, node)
        before = node
    graph.configure(data={"dataset": "digits" if shape[-1] == 8 else "digits28"}, training={"threads": 1, "device": "cpu", **settings})
    return graph


def networks() -> list[Graph]:
    """From steps that take a fraction of a millisecond to steps that take many."""
    mlp = chain("MLP 8×8", [1, 8, 8], ("Flatten", {}), ("Linear", {"out_features": 64}), ("ReLU", {}), ("Linear", {"out_features": 10}))
    small = chain(
        "small CNN 8×8",
        [1, 8, 8],
        ("Conv2d", {"out_channels": 16, "kernel_size": 3}),
        ("ReLU", {}),
        ("Conv2d", {"out_channels": 32, "kernel_size": 3}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    convolutions: list[tuple[str, dict[str, object]]] = []
    for channels in (32, 64, 64):
        convolutions += [("Conv2d", {"out_channels": channels, "kernel_size": 3}), ("ReLU", {}), ("MaxPool2d", {"kernel_size": 2})]
    dense = [("Flatten", {}), ("Linear", {"out_features": 64}), ("ReLU", {}), ("Linear", {"out_features": 10})]
    return [mlp, small, chain("CNN 28×28", [1, 28, 28], *convolutions[:-1], *dense)]


def plain(train: ModuleType, epochs: int) -> float:
    """CPU seconds a step of the loop that one writes by hand."""
    torch.manual_seed(0)
    training_data, validation_data, test_data = train.load(train.VALIDATION, train.TEST, 0)
    model = train.make_model()
    optimizer = train.make_optimizer(model)
    criterion = nn.CrossEntropyLoss()
    training_loader = DataLoader(training_data, batch_size=train.BATCH_SIZE, shuffle=True)
    validation_loader, test_loader = (DataLoader(data, batch_size=train.BATCH_SIZE) for data in (validation_data, test_data))
    losses = []

    def measure(loader: DataLoader[tuple[torch.Tensor, ...]]) -> None:
        model.eval()
        total, correct = 0.0, 0
        with torch.no_grad():
            for inputs, targets in loader:
                outputs = model(inputs)
                total += criterion(outputs, targets).item() * len(inputs)
                correct += int((outputs.argmax(1) == targets).sum())

    began = time.process_time()
    for _ in range(epochs):
        model.train()
        for inputs, targets in training_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        measure(validation_loader)
    measure(test_loader)
    return (time.process_time() - began) / len(losses)


def program(graph: Graph, folder: Path, epochs: int) -> float:
    """CPU seconds a step of a run as the training process has it, all threads together."""
    marks: dict[RunState, float] = {}
    steps = 0
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        sender = Sender(nowhere)

        def listener(event: Event) -> None:
            nonlocal steps
            if isinstance(event, StateChange):
                marks[event.state] = time.process_time()
            elif isinstance(event, Measured):
                steps = event.step
            sender(event)

        run(new_run(graph, folder), listener, Control(), epochs=epochs)
        sender.close()
    return (marks[RunState.FINISHED] - marks[RunState.RUNNING]) / steps


def compare(graph: Graph, folder: Path, rounds: int = 7, seconds: float = 1.5) -> None:
    """Prints the cost of a step and its ratio to the plain loop's."""
    with loaded(new_run(graph, folder) / SOURCE) as train:
        torch.set_num_threads(1)
        steps = -(-1077 // train.BATCH_SIZE)
        epochs = max(2, round(seconds / (plain(train, 2) * steps)))
        turns = []
        for _ in range(rounds):
            first = plain(train, epochs)
            ours = program(graph, folder, epochs)
            second = plain(train, epochs)
            turns.append((ours / ((first + second) / 2), second / first, ours, first))
    ratio, control, ours, hand = (statistics.median(column) for column in zip(*turns, strict=True))
    print(f"{graph.name:14} {1e3 * ours:7.3f} ms a step, by hand {1e3 * hand:7.3f}: ratio {ratio:.3f} (by hand twice {control:.3f})")


def first_step(graph: Graph, process: Process, folder: Path, rounds: int = 9) -> None:
    """Prints the time from the command to the first loss."""
    times = []
    for _ in range(rounds):
        run_dir = new_run(graph, folder)
        process.events.clear()
        began = time.perf_counter()
        process.send(do="run", run_dir=str(run_dir), epochs=1)
        process.until_step(1)
        times.append(time.perf_counter() - began)
        if not any(isinstance(event, StateChange) and event.state == RunState.FINISHED for event in process.events):
            process.until_state(RunState.FINISHED)
    print(f"{graph.name:14} click to first step {1e3 * statistics.median(times):.0f} ms (least {1e3 * min(times):.0f})")


def main() -> None:
    """Runs all of it."""
    warm_up()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for graph in networks():
            compare(graph, folder)
        process = Process()
        began = time.perf_counter()
        process.until_ready()
        print(f"training process warm after {time.perf_counter() - began:.1f} s")
        for graph in networks():
            first_step(graph, process, folder)
        process.close()


if __name__ == "__main__":
    main()
