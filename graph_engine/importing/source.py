"""Modules and example inputs by text: what the terminal and the window ask for. Naming a module here says that its code may run."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.errors import ImportModuleError
from graph_engine.importing.exported import open_exported
from graph_engine.importing.onnx_graph import open_onnx

SHAPE = re.compile(r"(?:([A-Za-z_]\w*)=)?(\d+(?:x\d+)*)?(?::(\w+))?(?:<(\d+))?")
"""``3x224x224``, ``ids=12:int64<1000``: the argument, the sizes of one sample, the dtype, and the number that whole numbers stay below."""

FILES: Mapping[str, Callable[[Path], nn.Module]] = {".pt2": open_exported, ".onnx": open_onnx}
"""What reads a file that holds a network, by its suffix."""

SOURCE = re.compile(r"(.+?)::?([A-Za-z_][\w.]*)\s*(\(.*\))?", re.DOTALL)
"""``package.module:callable``, ``file.py:Name(depth=3)``."""

MOST_WHOLE = 2
"""Whole numbers stay below this where nothing is said: every table has as many rows."""


def load(source: str) -> nn.Module:
    """The module that a text names.

    Args:
        source: ``package.module:callable`` or ``file.py:Name``, with plain values in brackets where it is called with some; what stands
            behind the colon is a module, or gives one when it is called. Or a file that holds a network, such as ``net.pt2``.

    Raises:
        ImportModuleError: there is no such thing, or it gives something else.
    """
    reader = FILES.get(Path(source).suffix.lower())
    if reader is not None:
        return reader(Path(source))
    told = SOURCE.fullmatch(source.strip())
    if told is None:
        raise ImportModuleError(f"{source} does not name a module: write package.module:callable or file.py:Name.")
    place, name, call = told.groups()
    args, kwargs = _arguments(call or "()")
    found = _imported(place)
    for part in name.split("."):
        if not hasattr(found, part):
            raise ImportModuleError(f"{place} has nothing called {name}.")
        found = getattr(found, part)
    if isinstance(found, nn.Module):
        return found
    if not callable(found):
        raise ImportModuleError(f"{source} is neither a torch.nn.Module nor something that gives one when it is called.")
    try:
        made = found(*args, **kwargs)
    except Exception as error:  # whatever the user's own code raises is for the user to read
        how = "with these arguments" if call else "without arguments"
        raise ImportModuleError(f"{name} cannot be called {how}: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise ImportModuleError(f"{name} gives a {type(made).__name__}, not a torch.nn.Module.")
    return made


def _arguments(call: str) -> tuple[list[Any], dict[str, Any]]:
    """Plain values in brackets, those by position and those by name."""
    try:
        parsed = ast.parse(f"f{call}", mode="eval").body
        assert isinstance(parsed, ast.Call)
        return [ast.literal_eval(a) for a in parsed.args], {str(k.arg): ast.literal_eval(k.value) for k in parsed.keywords}
    except (ValueError, SyntaxError, AssertionError):
        raise ImportModuleError(
            f"The arguments {call} are no plain values, such as (18, width=64, mode='same'): for others, write a function that "
            "needs none in a file of your own."
        ) from None


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


def examples(shapes: Sequence[str]) -> tuple[Tensor, ...] | dict[str, Tensor]:
    """A tensor with two samples for each text that says the shape of one; by name where the texts say names.

    Raises:
        ImportModuleError: a text says no shape.
    """
    if not shapes:
        raise ImportModuleError("Say what the network takes: 3x224x224 for each input, without the batch.")
    generator = torch.Generator().manual_seed(0)
    made = [_example(text, generator) for text in shapes]
    named = {name: tensor for name, tensor in made if name}
    if named and len(named) < len(made):
        raise ImportModuleError("Name the argument of each input, each another one, or of none.")
    return named or tuple(tensor for _, tensor in made)


def _example(text: str, generator: torch.Generator) -> tuple[str, Tensor]:
    found = SHAPE.fullmatch(text.strip())
    dtype = getattr(torch, found[3] or ("int64" if found[4] else "float32"), None) if found is not None else None
    if found is None or not isinstance(dtype, torch.dtype):
        raise ImportModuleError(f"{text} says no shape: write 3x224x224, or 12:int64<1000 for whole numbers below 1000.")
    sizes = [2, *(int(size) for size in found[2].split("x"))] if found[2] else [2]
    name = found[1] or ""
    if dtype.is_floating_point or dtype.is_complex:
        return name, torch.randn(sizes, generator=generator).to(dtype)
    below = 2 if dtype == torch.bool else int(found[4] or MOST_WHOLE)
    return name, torch.randint(0, below, sizes, generator=generator).to(dtype)
