"""Pictures of the window in every state that people see, for the eye: ``python -m tests.pictures FOLDER``.

``--size WxH``, ``--theme light|dark`` and ``--only NAME…`` choose; ``QT_SCALE_FACTOR=2`` draws for a screen of twice as many pixels.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.panels.answer import AnswerDialog
from app.screenshot import off_screen_window, settle, write_picture
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import SetSettings
from graph_engine.spec.faults import Fix, Insert
from graph_engine.templates import template
from graph_engine.training.events import Event, Found, Measured, Probed, Progress, StateChange
from graph_engine.training.findings import Finding
from graph_engine.training.health import BINS, Health, Measures
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
    window.edits.auto_layout("down")


def down_unet(window: MainWindow) -> None:
    window.documents.new_from(template("unet_photographs"))
    window.edits.auto_layout("down")


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


def others_run(window: MainWindow) -> None:
    """The run of another document than the one that is shown."""
    _run(window, 0.55, ("loss", "accuracy"))
    window.run.document = window.session.document
    window.session.new(template("vit_digits").open())


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


def health(window: MainWindow) -> None:
    """A run whose ReLU dies, with all that follows."""
    training(window)
    graph = window.session.graph
    window.run.take([*looks(graph), Found(tuple(ill(graph)))])
    window.docks.show("inspector")
    window.docks.show("problems")
    window.canvas.select([graph.named("conv2").id])
    QTimer.singleShot(300, lambda: window.inspector.ensureWidgetVisible(window.inspector.health.update_))


def findings(window: MainWindow) -> None:
    health(window)
    window.docks.show("training")
    window.canvas.set_zoom(0.4)


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


def data(window: MainWindow) -> None:
    cnn(window)
    window.docks.show("data")
    settle(QApplication.instance(), lambda: window.data_panel.kind.count() > 0)  # type: ignore[arg-type]


SCENES: tuple[Scene, ...] = (
    start, empty, cnn, transformer, expanded, down, down_unet, broken, training, others_run, finished, thousand, shares, far, health,
    findings,     history, code, commands, blocks, tour, tour_end, rate_answer, batch_answer, runs,
    data,
)  # fmt: skip


def looks(graph: Graph, count: int = 60) -> Iterator[Health]:
    """What is measured of a network, look by look: the same each time."""
    for number in range(count):
        step, places = 1 + number * 8, []
        for place, node in enumerate(node for node in graph if node.spec.call.kind not in ("input", "output")):
            spread = 0.4 + 0.3 * math.sin(place) + 0.01 * number
            low = 0.0 if node.spec.category == "Activation" else -3 * spread
            bins = [round(400 * math.exp(-(((low + (i + 0.5) * (3 * spread - low) / BINS) / spread) ** 2) / 2)) for i in range(BINS)]
            found = Measures("", node.id, 0.02, spread, low, 3 * spread, tuple(bins))
            if node.spec.category == "Activation":
                found = found._replace(constant=min(1.0, 0.1 + number / 50))
            if "out_features" in node.params or "out_channels" in node.params:
                wave = 1 + 0.4 * math.sin(number * 12.9898 + place)
                found = found._replace(gradient=0.03 * wave / (1 + number / 9), weights=0.12, update=2e-3 * wave / (1 + number / 30))
            places.append(found)
        yield Health(step, 1 + number // 8, tuple(places))


def ill(graph: Graph) -> Iterator[Finding]:
    """A cause, and what follows from it."""
    relu, conv, end = graph.named("relu2"), graph.named("conv2"), next(node for node in graph if node.block == "Output")
    normalize = Fix("Insert BatchNorm2d in front of relu2", insert=(Insert("BatchNorm2d"),))
    fixes = (Fix("Replace relu2 by LeakyReLU", replace="LeakyReLU"), normalize)
    yield Finding("run.dead-units", "warning", relu.id, "relu2: 94% of its units give the same for all samples; they are dead.", fixes)
    words = "conv2: its gradient is 1.1e-09, that of the last layers 2.0e-02: it hardly learns."
    yield Finding("run.vanishing-gradients", "warning", conv.id, words, (), "run.dead-units")
    yield Finding("run.plateau", "warning", end.id, "The loss has stayed at 2.3 for half of the run.", (), "run.dead-units")


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
