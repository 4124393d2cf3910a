"""The main job for all to see: the digits network on the canvas, training. Without a display the same happens off screen, and stays on
disk as pictures, curves, run and project.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.codegen.project import project_files
from graph_engine.files import write_folder
from graph_engine.templates import template
from graph_engine.training.state import RunState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.window import MainWindow

TEMPLATE = "cnn_digits"
FOLDER = Path("archloom-demo")
SIZE = (1440, 900)


def demo() -> int:
    """Shows the demonstration; returns the exit status."""
    from app.startup import can_open, make_application, make_window, no_display

    if no_display():
        print(f"No display here: the demonstration runs off screen, and leaves its results in ./{FOLDER}/.")
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        return _off_screen()
    if not can_open():
        return 1
    app = make_application()
    window = make_window(app)
    window.show()
    _begin(window)
    return app.exec()


def _begin(window: MainWindow) -> None:
    window.session.new(template(TEMPLATE).open())
    window.show_document()
    window.need_charts()
    window.docks.show("training")
    window.docks.show("curves")
    window.run.worker.start()
    window.start_run()


def _off_screen() -> int:
    from app.screenshot import off_screen_window, write_picture
    from app.startup import can_open

    if not can_open():
        return 1
    FOLDER.mkdir(exist_ok=True)
    app, window = off_screen_window(SIZE, "light")
    _begin(window)
    _wait(app, window)
    run = window.run
    window.run.worker.close()
    if run.state != RunState.FINISHED:
        sys.stderr.write(f"archloom: {run.message or run.worker.problem}\n")
        return 1
    write_picture(window, FOLDER / "window.png")
    assert window.charts is not None
    write_picture(window.charts, FOLDER / "curves.png")
    window.themes.set_mode("dark")
    _pause(app)
    write_picture(window, FOLDER / "window-dark.png")
    assert run.folder is not None
    for name in ("run", "project"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    shutil.copytree(run.folder, FOLDER / "run")
    write_folder(FOLDER / "project", project_files(window.session.document))
    accuracy = run.series["test/accuracy"].last
    print(f"Test accuracy {accuracy:.1%} after {run.progress.epochs} epochs. Results are in ./{FOLDER}/.")
    return 0


def _wait(app: QApplication, window: MainWindow) -> None:
    """Handles events until the run is over, and shows how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    run = window.run
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Starting PyTorch", total=None)
        while run.is_busy and not run.worker.problem:
            _pause(app, 0.05)
            if run.progress.steps:
                loss = run.series["train/loss"].last if "train/loss" in run.series else float("nan")
                words = f"Training, epoch {run.progress.epoch} of {run.progress.epochs}, loss {loss:.4f}"
                bar.update(task, description=words, completed=run.progress.step, total=run.progress.steps)
    _pause(app)


def _pause(app: QApplication, seconds: float = 0.4) -> None:
    from app.screenshot import settle

    settle(app, lambda: True, seconds)
