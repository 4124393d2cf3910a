"""Code that is not the program's own, in what is generated: imports, requirements, and files that travel along. Nothing is run here."""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.metadata import packages_distributions, version
from pathlib import Path

from graph_engine.errors import RunError

PROJECT = (
    *("model.py", "data.py", "train.py", "recording.py", "processes.py", "cores.py"),
    *("augmentation.py", "measuring.py"),
    *("parts.py", "binary.py", "tables.py", "tokens.py", "unreadable.py"),
)
"""Files of a project, whose names those that travel along may not have."""


def imported(targets: Iterable[str], taken: Collection[str]) -> tuple[list[str], Mapping[str, str]]:
    """How dotted names of classes are imported.

    Args:
        targets: the dotted names.
        taken: names that mean something else in the module.

    Returns:
        The import lines, and for each target what it is called. A class whose name is taken is called by its dotted name.
    """
    by_module: dict[str, set[str]] = {}
    plain: set[str] = set()
    written: dict[str, str] = {}
    used = set(taken)
    for target in dict.fromkeys(targets):
        module, _, name = target.rpartition(".")
        if name in used:
            plain.add(f"import {module}")
            written[target] = target
        else:
            used.add(name)
            by_module.setdefault(module, set()).add(name)
            written[target] = name
    return [*plain, *(f"from {module} import {', '.join(sorted(found))}" for module, found in by_module.items())], written


def requirements(paths: Iterable[str], folder: Path | None) -> list[str]:
    """Lines for ``requirements.txt``: the installed distributions that some dotted names come from, as new as here."""
    roots = sorted({path.partition(".")[0] for path in paths} - {"torch"})
    if not roots:
        return []
    known = packages_distributions()
    away = [root for root in roots if root in known and own_file(root, folder) is None]
    found = sorted({distribution for root in away for distribution in known[root]})
    return [f"{distribution}>={version(distribution).partition('+')[0]}" for distribution in found]


def travelling(paths: Iterable[str], folder: Path | None) -> dict[str, str]:
    """The user's own files that some dotted names come from, and those beside them that these import; text by relative name.

    Raises:
        RunError: one is called as a file of the project is, or cannot be read.
    """
    files: dict[str, str] = {}
    waiting = sorted({path.partition(".")[0] for path in paths})
    seen: set[str] = set()
    while waiting:
        root = waiting.pop(0)
        if root in seen:
            continue
        seen.add(root)
        place = own_file(root, folder)
        if place is None:
            continue
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            name = file.relative_to(place.parent).as_posix()
            if name in PROJECT:
                raise RunError(f"{file} cannot travel with the project, which has a {name} of its own: give it another name.")
            try:
                files[name] = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise RunError(f"{file} cannot travel with the project: {error}.") from error
            waiting += sorted(_roots(files[name]))
    return files


def own_file(root: str, folder: Path | None) -> Path | None:
    """The file or folder of a top-level module that belongs to the user: beside the document, or where no installer put it."""
    if root in sys.stdlib_module_names or root == "torch":
        return None
    places = [str(folder)] if folder is not None else []
    for place, is_beside in [(p, False) for p in sys.path if not _is_installed(p)] + [(p, True) for p in places]:
        spec = importlib.machinery.PathFinder.find_spec(root, [place or "."])
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            if not is_beside and root in packages_distributions():  # installed so that it can be edited
                return None
            found = Path(spec.origin)
            return found.parent if found.name == "__init__.py" and spec.submodule_search_locations else found
    return None


def _is_installed(place: str) -> bool:
    path = Path(place)
    return "site-packages" in path.parts or "dist-packages" in path.parts or path.is_relative_to(Path(ast.__file__).parent)


def _roots(text: str) -> Iterator[str]:
    """The top-level modules that a file imports."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
