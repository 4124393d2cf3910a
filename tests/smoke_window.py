"""Starts the real program on a real X display, looks at its window from outside, types into it, and closes it.

Run under Xvfb: ``xvfb-run -a python -m tests.smoke_window``. Needs xdotool.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path


def xdotool(*arguments: str) -> str:
    """What xdotool prints; empty where it finds nothing."""
    return subprocess.run(["xdotool", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def wait_for_window(name: str, seconds: float) -> str:
    """Id of the visible window whose title matches.

    Raises:
        SystemExit: there is none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = xdotool("search", "--onlyvisible", "--name", name)
        if found:
            return found.splitlines()[0]
        time.sleep(0.05)
    raise SystemExit(f"no window called {name!r} in {seconds} s")


def drag(start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drags with the left button, in steps small enough to be taken for a hand."""
    xdotool("mousemove", *map(str, start), "mousedown", "1")
    for i in range(1, 21):
        x, y = (a + (b - a) * i // 20 for a, b in zip(start, end, strict=True))
        xdotool("mousemove", str(x), str(y))
        time.sleep(0.03)
    time.sleep(0.3)
    xdotool("mouseup", "1")
    time.sleep(0.6)


SEARCH, FIRST_BLOCK, CANVAS = (105, 126), (70, 190), (420, 520)
"""Places in a window that has its first layout: the palette's search field, the first block that it finds, free space on the canvas."""


def main() -> None:
    """Opens a document, edits it with real keys and a real drag, undoes, saves, and closes the window."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "smoke.archloom"
        document.write_bytes((files("assets") / "templates" / "cnn_digits.archloom").read_bytes())
        before = document.read_text(encoding="utf-8")
        began = time.monotonic()
        program = subprocess.Popen([sys.executable, "-m", "app", str(document)], env={**os.environ, "XDG_CONFIG_HOME": folder})
        try:
            window = wait_for_window("smoke", 30)
            print(f"window on screen after {time.monotonic() - began:.2f} s")
            xdotool("windowfocus", window)
            time.sleep(1.0)
            for key in ("ctrl+a", "Delete", "ctrl+s"):
                xdotool("key", "--window", window, key)
                time.sleep(0.4)
            emptied = document.read_text(encoding="utf-8")
            for key in ("ctrl+z", "ctrl+s"):
                xdotool("key", "--window", window, key)
                time.sleep(0.4)
            restored = document.read_text(encoding="utf-8")
            assert '"nodes": []' in emptied, "Ctrl+A, Delete, Ctrl+S did not reach the document"
            assert restored == before, "Ctrl+Z did not bring the document back"
            for key in ("ctrl+a", "ctrl+shift+g", "ctrl+s"):
                xdotool("key", "--window", window, key)
                time.sleep(0.6)
            grouped = document.read_text(encoding="utf-8")
            assert '"block": "Group"' in grouped, "Ctrl+A, Ctrl+Shift+G made no group"
            for key in ("ctrl+z", "ctrl+s"):
                xdotool("key", "--window", window, key)
                time.sleep(0.4)
            assert document.read_text(encoding="utf-8") == before, "Ctrl+Z did not take the group back"
            xdotool("mousemove", *map(str, SEARCH), "click", "1")
            xdotool("type", "--delay", "30", "dropout1d")
            time.sleep(0.5)
            drag(FIRST_BLOCK, CANVAS)
            xdotool("key", "--window", window, "ctrl+s")
            time.sleep(0.4)
            assert '"block": "Dropout1d"' in document.read_text(encoding="utf-8"), "the drag from the palette did not reach the canvas"
            xdotool("key", "--window", window, "Escape", "space")
            time.sleep(0.5)
            xdotool("type", "--delay", "30", "logsigm")
            xdotool("key", "--window", window, "Return", "ctrl+a", "ctrl+g")
            time.sleep(0.5)
            xdotool("type", "--delay", "30", "Everything")
            xdotool("key", "--window", window, "Return", "ctrl+s")
            time.sleep(0.6)
            written = document.read_text(encoding="utf-8")
            assert '"block": "LogSigmoid"' in written, "the search that Space opens did not add its block"
            assert '"text": "Everything"' in written, "Ctrl+G did not frame the nodes, or the title was not taken"
            xdotool("key", "--window", window, "ctrl+q")
            assert program.wait(10) == 0, "the program did not end well"
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()
    print("the window opens, edits and groups by keys and by drag, saves and closes")


if __name__ == "__main__":
    main()
