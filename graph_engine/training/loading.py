"""Imports generated files, without a trace in the interpreter afterwards."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType

NAMES = ("model", "data", "augmentation", "measuring", "recording", "processes", "cores", "train")
"""In the order in which they import each other; not every run has all."""


@contextmanager
def loaded(source: Path, names: Sequence[str] = NAMES) -> Iterator[ModuleType]:
    """The last of some modules of a project folder, which may import those before it; left out, ``train``.

    What was compiled is known again by its text, never by a file's size and time as Python's own cache does it, which cannot tell two
    texts of one length written in one second apart. Until the end of the context the modules are known to the interpreter as if run
    from that folder, and so are files of the user's own that lie in it.
    """
    known = set(sys.modules)
    sys.path.insert(0, str(source))
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        for name in names:
            path = source / f"{name}.py"
            if not path.exists():
                continue
            linecache.checkcache(str(path))
            module = ModuleType(name)
            module.__file__ = str(path)
            sys.modules[name] = module
            exec(_located(compiled(path.read_text(encoding="utf-8")), str(path)), module.__dict__)
        yield sys.modules[names[-1]]
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)
        sys.path.remove(str(source))
        for name in set(sys.modules) - known:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(source)):
                del sys.modules[name]


@lru_cache(maxsize=16)
def compiled(text: str) -> CodeType:
    """The code of a module, without its place."""
    return compile(text, "", "exec")


def _located(code: CodeType, path: str) -> CodeType:
    """The same code as that of a file, by which tracebacks and those who look on find its lines."""
    constants = tuple(_located(one, path) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=path, co_consts=constants)
