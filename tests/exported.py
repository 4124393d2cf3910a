"""Exports templates and has each project train, predict and pass its test in a process where only its requirements can be imported.

    python -m tests.exported [TEMPLATE …]

Environments of their own would take hours to build: a hook refuses to import what the requirements, and theirs in turn, do not bring.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from graph_engine.codegen.project import write_project
from graph_engine.templates import template, templates

GUARD = """
import sys

ALLOWED = {allowed!r}


class Hiding:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        hidden = first not in ALLOWED and first not in sys.stdlib_module_names and not first.startswith("_")
        return None if hidden else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
"""


def closure(distributions: Iterator[str]) -> set[str]:
    """Names of distributions with all that they require in turn."""
    found: set[str] = set()
    left = [_plain(name) for name in distributions]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue
        left += [_plain(line) for line in needed if "extra ==" not in line]
    return found


def allowed_modules(project: Path, extra: tuple[str, ...] = ()) -> set[str]:
    """Top-level modules that a project may import: its own, and those of its requirements."""
    known = closure(iter([*(project / "requirements.txt").read_text(encoding="utf-8").splitlines(), *extra]))
    installed = {module for module, owners in packages_distributions().items() if {_plain(owner) for owner in owners} & known}
    own = {path.stem for path in project.glob("*.py")} | {path.name for path in project.iterdir() if path.is_dir()}
    return installed | own


def _plain(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement.strip())[0].lower().replace("_", "-").replace(".", "-")


def run(project: Path, *arguments: str, extra: tuple[str, ...] = ()) -> str:
    """Runs Python in the project; gives what it printed.

    Raises:
        AssertionError: it failed.
    """
    guard = project.parent / f"{project.name}-guard"
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(GUARD.format(allowed=sorted(allowed_modules(project, extra))), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    environment = {
        **kept,
        "PYTHONPATH": str(guard),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{' '.join(arguments)} in {project.name}:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
    return done.stdout


def hold(id: str, folder: Path) -> list[str]:
    """Exports a template and does with the project all that its README says; the lines that predict.py printed.

    Raises:
        AssertionError: a step failed.
    """
    project = folder / id
    write_project(template(id).open(), project)
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_model.py", extra=("pytest",))
    said = run(project, "train.py", "--epochs", "1", "--threads", "2")
    assert "epoch 1/1" in said and "test" in said
    lines = run(project, "predict.py", "--save", "answers.npz").splitlines()
    assert len(lines) >= 5 and (project / "answers.npz").exists()
    return lines


def main() -> None:
    """Holds the templates named on the command line, or all."""
    failed = 0
    for id in sys.argv[1:] or [one.id for one in templates()]:
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                lines = hold(id, Path(folder))
            except AssertionError as error:
                failed += 1
                print(f"{id:32} FAILED {error}", flush=True)
            else:
                print(f"{id:32} {time.monotonic() - begin:5.1f} s  {lines[-1][:110]}", flush=True)
    print("All hold." if not failed else f"{failed} failed.")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
