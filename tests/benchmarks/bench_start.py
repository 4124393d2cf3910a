"""How long it takes until the program answers: ``python -m tests.benchmarks.bench_start``.

Whole processes, interleaved, medians. Without a display the window is measured off screen.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files

ROUNDS = 9

BARE_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView, QMainWindow
app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(QGraphicsView(QGraphicsScene()))
window.resize(1440, 900)
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
"""

WINDOW = """
import sys
from pathlib import Path
from app.startup import import_engine, make_application, make_window
import_engine()
from PySide6.QtCore import QTimer
app = make_application()
window = make_window(app)
window.resize(1440, 900)
window.documents.open_path(Path(sys.argv[1]))
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
"""


def seconds(*command: str) -> float:
    """Wall-clock time of a process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Prints a table."""
    if not os.environ.get("DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python keeps what it compiled
    with tempfile.TemporaryDirectory() as cache, as_file(files("assets") / "templates" / "cnn_digits.archloom") as template:
        os.environ["PYTHONPYCACHEPREFIX"] = cache
        commands = {
            "import networkx, numpy": ("-c", "import networkx, numpy"),
            "archloom check": ("-m", "app", "check", str(template)),
            "bare window": ("-c", BARE_WINDOW),
            "window, painted, with a document": ("-c", WINDOW, str(template)),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            seconds(*command)
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds(*command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name:36} {value * 1e3:7.0f} ms   (least {min(times[name]) * 1e3:.0f}, most {max(times[name]) * 1e3:.0f})")
    print(f"check against networkx and numpy  {medians['archloom check'] / medians['import networkx, numpy']:.2f} (bar 2.5)")
    print(f"window against a bare one         {medians['window, painted, with a document'] / medians['bare window']:.2f} (bar 4)")


if __name__ == "__main__":
    main()
