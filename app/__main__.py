"""Decides between the window and the command line, and loads nothing that the one chosen does not need."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Runs ``archloom`` with the arguments of the process; returns its exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 (run from a source tree, nothing else has checked it)
        sys.stderr.write(f"Archloom needs Python 3.11 or newer, and this is {sys.version.split()[0]}: install a newer one and use it.\n")
        return 1
    arguments = sys.argv[1:]
    if not arguments:
        return _window(None)
    if arguments[0].endswith(".archloom"):
        return _window(Path(arguments[0]))
    from app.cli import main as command_line
    from app.cli import names

    if arguments[0] not in names() and Path(arguments[0]).is_file():
        return _window(Path(arguments[0]))
    return command_line(arguments)


def _window(path: Path | None) -> int:
    from app.startup import open_window

    return open_window(path)


if __name__ == "__main__":
    sys.exit(main())
