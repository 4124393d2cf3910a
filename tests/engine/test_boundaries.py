"""What the engine may not need: a window, and torch until something runs. Seen in fresh processes, since imports hide well."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import graph_engine

ROOT = Path(__file__).parent.parent.parent
MODULES = [m.name for m in pkgutil.walk_packages(graph_engine.__path__, "graph_engine.")]
NEED_TORCH = (
    *("compiler", "modules", "importing", "export", "data", "training", "lab"),
    *("importer", "exporter", "foreign.answering", "foreign.datasets"),
)
"""The parts of the engine that may import torch."""
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} may not be imported here")

sys.meta_path.insert(0, Blocked())
"""


def fresh(code: str, blocked: tuple[str, ...] = ()) -> str:
    """What a program prints in a process of its own in which some packages cannot be imported."""
    program = BLOCKED.format(blocked=blocked) + code
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_document_is_checked_written_and_explained_without_torch_or_a_window() -> None:
    modules = [m for m in MODULES if not f"{m}.".startswith(tuple(f"graph_engine.{part}." for part in NEED_TORCH))]
    assert len(modules) > 40
    printed = fresh(
        f"""
import importlib
for name in {modules!r}:
    importlib.import_module(name)
from graph_engine import Graph, blocks
from graph_engine.codegen.project import project_files
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.templates import templates
for template in templates():
    graph = from_text(to_text(template.open()), Graph)
    assert graph.check().ok and "class " in graph.to_python() and project_files(graph)["train.py"]
print(len(blocks()))
""",
        ("torch", "torchvision", "PySide6", "shiboken6", "pyqtgraph", "qtawesome", "app"),
    )
    assert int(printed) > 25


def test_nothing_in_the_engine_needs_a_window() -> None:
    fresh(
        f"""
import importlib
for name in {MODULES!r}:
    importlib.import_module(name)
assert "torch" in sys.modules
found = [m for m in sys.modules if m.partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph", "qtawesome", "app")]
assert not found, found
""",
    )


def test_a_block_in_the_way_of_imports_is_felt() -> None:
    with pytest.raises(AssertionError, match="torch may not be imported here"):
        fresh("import graph_engine.compiler", ("torch",))


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stdout + done.stderr
