"""Modules and example inputs by text: what the terminal and the window ask for. Naming a module here says that its code may run."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from graph_engine.errors import ImportModuleError

SHAPE = re.compile(r"(\d+(?:x\d+)*)?(?::(\w+))?(?:<(\d+))?")
"""``3x224x224``, ``12:int64<1000``: the sizes of one sample, the dtype, and the number that whole numbers stay below."""

MOST_WHOLE = 2
"""Whole numbers stay below this where nothing is said: every table has as many rows."""


def load(source: str) -> nn.Module:
    """The module that a text names.

    Args:
        source: ``package.module:callable`` or ``file.py:Name``; what stands behind the colon is a module, or gives one when it is called.

    Raises:
        ImportModuleError: there is no such thing, or it gives something else.
    """
    place, _, name = source.replace("::", ":").rpartition(":")
    if not place or not name:
        raise ImportModuleError(f"{source} does not name a module: write package.module:callable or file.py:Name.")
    found = _imported(place)
    for part in name.split("."):
        if not hasattr(found, part):
            raise ImportModuleError(f"{place} has nothing called {name}.")
        found = getattr(found, part)
    if not isinstance(found, nn.Module):
        if not callable(found):
            raise ImportModuleError(f"{source} is neither a torch.nn.Module nor something that gives one when it is called.")
        try:
            found = found()
        except Exception as error:  # whatever the user's own code raises is for the user to read
            raise ImportModuleError(f"{source} cannot be called without arguments: {type(error).__name__}: {error}") from error
    if not isinstance(found, nn.Module):
        raise ImportModuleError(f"{source} gives a {type(found).__name__}, not a torch.nn.Module.")
    return found


def _imported(place: str) -> ModuleType:
    """The Python module of a dotted name or of a file."""
    path = Path(place)
    try:
        if path.suffix != ".py":
            if str(Path.cwd()) not in sys.path:
                sys.path.append(str(Path.cwd()))
            return importlib.import_module(place)
        if not path.is_file():
            raise ImportModuleError(f"There is no file {path}.")
        sys.path.append(str(path.resolve().parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    except ImportModuleError:
        raise
    except Exception as error:
        raise ImportModuleError(f"{place} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def examples(shapes: Sequence[str]) -> tuple[Tensor, ...]:
    """A tensor with two samples for each text that says the shape of one.

    Raises:
        ImportModuleError: a text says no shape.
    """
    if not shapes:
        raise ImportModuleError("Say what the network takes: --input 3x224x224 for each input, without the batch.")
    generator = torch.Generator().manual_seed(0)
    return tuple(_example(text, generator) for text in shapes)


def _example(text: str, generator: torch.Generator) -> Tensor:
    found = SHAPE.fullmatch(text.strip())
    dtype = getattr(torch, found[2] or ("int64" if found[3] else "float32"), None) if found is not None else None
    if found is None or not isinstance(dtype, torch.dtype):
        raise ImportModuleError(f"{text} says no shape: write 3x224x224, or 12:int64<1000 for whole numbers below 1000.")
    sizes = [2, *(int(size) for size in found[1].split("x"))] if found[1] else [2]
    if dtype.is_floating_point:
        return torch.randn(sizes, generator=generator).to(dtype)
    return torch.randint(0, 2 if dtype == torch.bool else int(found[3] or MOST_WHOLE), sizes, generator=generator).to(dtype)
