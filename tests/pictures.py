"""Pictures of the window in every state that people see, for the eye: ``python -m tests.pictures FOLDER``.

``--size WxH``, ``--theme light|dark`` and ``--only NAME…`` choose; ``QT_SCALE_FACTOR=2`` draws for a screen of twice as many pixels.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.panels.answer import AnswerDialog
from app.screenshot import off_screen_window, settle, write_picture
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import SetSettings
from graph_engine.templates import template
from graph_engine.training.events import Event, Measured, Probed, Progress, StateChange
from graph_engine.training.rundir import new_run, read_run, write_run
from graph_engine.training.state import RunState
from tests.benchmarks.bench_canvas import network

Scene = Callable[[MainWindow], None]


def start(window: MainWindow) -> None:
    window.show_start_page()


def empty(window: MainWindow) -> None:
    window.documents.new()


def cnn(window: MainWindow) -> None:
    window.documents.new_from(template("cnn_digits"))
    window.canvas.select([window.session.graph.named("conv1").id])


def transformer(window: MainWindow) -> None:
    window.documents.new_from(template("vit_digits"))
    window.canvas.select([next(iter(window.session.graph.groups))])


def expanded(window: MainWindow) -> None:
    transformer(window)
    window.edits.expand()
    window.edits.auto_layout()


def down(window: MainWindow) -> None:
    window.documents.new_from(template("resnet_digits"))
    window.lay_out("down")
    window.edits.direction = "across"


def down_unet(window: MainWindow) -> None:
    window.documents.new_from(template("unet_photographs"))
    window.lay_out("down")
    window.edits.direction = "across"


def tour(window: MainWindow) -> None:
    cnn(window)
    window.tour.begin()


def tour_end(window: MainWindow) -> None:
    cnn(window)
    window.tour.begin()
    for _ in range(4):
        window.tour.next()


def broken(window: MainWindow) -> None:
    graph = template("cnn_digits").open()
    graph.set(graph.named("conv1"), kernel_size=30)
    window.session.new(graph)
    window.show_document()
    window.docks.show("problems")
    window.canvas.select([graph.named("conv1").id])


def training(window: MainWindow) -> None:
    _run(window, 0.55, ("loss", "accuracy"))
    window.docks.show("training")


def finished(window: MainWindow) -> None:
    _run(window, 1.0, ("loss", "cultivar_accuracy", "proline_mae", "proline_rmse"))
    window.run.take([StateChange(RunState.FINISHED)])


def thousand(window: MainWindow) -> None:
    window.session.new(network(1000))
    window.show_document()


def shares(window: MainWindow) -> None:
    cnn(window)
    window.canvas.show_shares("parameters")


def far(window: MainWindow) -> None:
    graph = Graph("far")
    before = graph.add("Input", shape=[64])
    for number in range(400):
        node = graph.add("Linear", out_features=16 + 8 * (number * 7 % 23))
        graph.connect(before, node)
        before = node
    graph.connect(before, graph.add("Output"))
    window.session.new(graph)
    window.show_document()
    window.edits.auto_layout()
    window.canvas.show_shares("flops")
    window.canvas.zoom_to_fit(animate=False)


def history(window: MainWindow) -> None:
    cnn(window)
    for _ in range(3):
        window.edits.duplicate()
    window.docks.show("history")


def code(window: MainWindow) -> None:
    cnn(window)
    window.docks.show("code")


def commands(window: MainWindow) -> None:
    cnn(window)
    window.searches.show_commands()


def blocks(window: MainWindow) -> None:
    cnn(window)
    window.canvas.wishes.ask_here()


def rate_answer(window: MainWindow) -> None:
    rates = tuple(10 ** (-6 + 0.05 * i) for i in range(120))
    losses = tuple(2.3 - 1.6 / (1 + math.exp(-4 * (math.log10(r) + 3))) + max(0.0, math.log10(r) + 1.2) ** 3 * 9 for r in rates)
    cnn(window)
    AnswerDialog(window.session, Probed("rate", rates, losses, 0.0034), window).show()


def batch_answer(window: MainWindow) -> None:
    steps = tuple(float(step) for step in range(120))
    cnn(window)
    AnswerDialog(window.session, Probed("batch", steps, tuple(2.3 * math.exp(-step / 22) + 0.01 for step in steps), 118.0), window).show()


def runs(window: MainWindow) -> None:
    window.run._runs = Path(tempfile.mkdtemp())
    cnn(window)
    for number, state in enumerate((RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.FINISHED), 1):
        made = new_run(window.session.document, window.run.home(window.session.document))
        metrics = {"val/loss": 0.5 / number, "val/accuracy": 0.9 + number / 60}
        write_run(made, replace(read_run(made), state=state, epochs=5 * number, metrics=metrics))
        window.session.execute(SetSettings(window.session.document.settings.replaced("training.epochs", 5 * number + 5), "training"))
    window.runs.refresh()
    window.docks.show("runs")


SCENES: tuple[Scene, ...] = (
    start, empty, cnn, transformer, expanded, down, down_unet, broken, training, finished, thousand, shares, far, history, code,
    commands, blocks, tour, tour_end, rate_answer, batch_answer, runs,
)  # fmt: skip


def _run(window: MainWindow, part: float, measures: tuple[str, ...]) -> None:
    """As if a run had got so far: the same picture each time."""
    window.documents.new_from(template("cnn_digits"))
    window.need_charts()
    window.docks.show("curves")
    steps, epochs = 900, 12
    done = round(steps * part)
    events: list[Event] = [StateChange(RunState.RUNNING), Progress(done, steps, max(1, round(epochs * part)), epochs, 2140.0)]
    for place, measure in enumerate(measures):
        rises = measure.endswith("accuracy")
        high = 90.0 if measure.startswith("proline") else 2.2
        for step in range(1, done + 1):
            fall = math.exp(-step / (140 + 60 * place)) * (1 + 0.25 * math.sin(step * 12.9898) * math.sin(step * 78.233))
            events.append(Measured(f"train/{measure}", step, 1, 0.99 - 0.9 * fall if rises else 0.04 + high * fall))
            if step % 75 == 0:
                events.append(Measured(f"val/{measure}", step, 1, 0.97 - 0.9 * fall if rises else 0.09 + high * fall))
    window.run.folder = Path("run")
    window.run.began.emit()
    window.run.take(events)


def _draw(app: QApplication, window: MainWindow, scene: Scene, out: Path) -> None:
    scene(window)
    settle(app, lambda: True, 1.5)
    write_picture(window, out)
    for widget in app.topLevelWidgets():
        if widget is not window and widget.isVisible() and not widget.grab().isNull():
            write_picture(widget, out.with_stem(out.stem + "-over"))
            widget.close()
    window.tour.leave()
    window.canvas.show_shares("off")
    window.run.take([StateChange(RunState.IDLE)])
    window.session.new()
    window.docks.restore(window.docks.first)
    window.docks.proportion()


def main() -> None:
    """Draws what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--theme", choices=("light", "dark"))
    parser.add_argument("--only", nargs="*", default=[scene.__name__ for scene in SCENES])
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    width, height = map(int, asked.size.split("x"))
    for theme in [asked.theme] if asked.theme else ["light", "dark"]:
        app, window = off_screen_window((width, height), theme)
        for scene in SCENES:
            if scene.__name__ in asked.only:
                _draw(app, window, scene, asked.folder / f"{scene.__name__}-{theme}-{asked.size}.png")


if __name__ == "__main__":
    main()
