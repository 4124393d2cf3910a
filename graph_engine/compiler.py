"""Generated source → imported file → ``nn.Module``.

The text is written to a file and imported, never exec'd: a class from a file can be inspected and pickled, and its tracebacks name lines.
The file is named after its content, so the same text is imported once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import torch
from torch import Tensor, nn

from graph_engine.codegen.module import class_name
from graph_engine.errors import UnwritableError

_IMPORTING = threading.Lock()

WEEK = 7 * 24 * 3600.0
"""Seconds that a generated module is kept."""


def build(
    source: str, name: str, previous: nn.Module | None = None, folder: Path | None = None, layers: Mapping[str, str] = {}
) -> nn.Module:
    """An instance of the class that ``source`` defines.

    Args:
        source: what `graph_engine.codegen.module.write_module` wrote.
        name: the document's name.
        previous: a module built before an edit; learned tensors of the same layer and shape keep their values, and are shared with it.
        folder: where files lie that the source may import, or None.
        layers: for layers of ``previous`` what they are called now, each with what it was called.
    """
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
    cls = load_class(source, name)
    if previous is None:
        return cls()
    kept = _renamed(previous.state_dict(keep_vars=True), layers)
    try:
        with torch.device("meta"):
            module = cls()
    except Exception:  # a module may need numbers to construct itself; where it is wrong, constructing it for real tells so
        module = cls()
        fresh_state = module.state_dict(keep_vars=True)
        module.load_state_dict({n: kept[n] if n in kept and kept[n].shape == t.shape else t for n, t in fresh_state.items()}, assign=True)
        return module
    fresh: nn.Module | None = None
    for path, part in module.named_modules():
        own = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
        names = [f"{path}.{name}" if path else name for name, _ in own]
        missing = [n for n, (_, tensor) in zip(names, own, strict=True) if n not in kept or kept[n].shape != tensor.shape]
        if not missing:
            continue
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if reset is not None:
            part.to_empty(device="cpu", recurse=False)
            reset()
        else:  # tensors of the network itself, or of a group, are filled by its constructor alone
            fresh = fresh if fresh is not None else cls()
            twin = fresh.get_submodule(path)
            kept |= {n: getattr(twin, name) for n, (name, _) in zip(names, own, strict=True) if n in missing}
            for name, _ in part.named_buffers(recurse=False):
                part._buffers[name] = getattr(twin, name)
    tensors = module.state_dict(keep_vars=True)
    state = {name: kept[name] if name in kept and kept[name].shape == tensor.shape else tensor for name, tensor in tensors.items()}
    module.load_state_dict(state, assign=True)
    return module


def _renamed(tensors: Mapping[str, Tensor], layers: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors by the names that they have now; the second copy of one is a tensor of its own."""
    now: dict[str, list[str]] = {}
    for new, old in layers.items():
        now.setdefault(old, []).append(new)
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        layer = name
        while layer not in now and layer:
            layer = layer.rpartition(".")[0]
        for place, new in enumerate(now.get(layer, ())):
            found[new + name[len(layer) :]] = tensor if not place else _copy(tensor)
    return found


def _copy(tensor: Tensor) -> Tensor:
    made = tensor.detach().clone()
    return nn.Parameter(made, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else made


def fill(module: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Puts tensors into a module where name and shape agree; the names of those that found no place."""
    own = module.state_dict()
    fitting = {name: t for name, t in weights.items() if name in own and own[name].shape == t.shape}
    module.load_state_dict(fitting, strict=False)
    return [name for name in weights if name not in fitting]


def load_class(source: str, name: str) -> type[nn.Module]:
    """The class that ``source`` defines.

    Raises:
        UnwritableError: the file can be written neither to the user's cache nor to the temporary folder.
    """
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    module_name = f"archloom_generated_{digest}"
    with _IMPORTING:
        if module_name not in sys.modules:
            path = _written(source, f"{module_name}.py")
            spec = importlib.util.spec_from_file_location(module_name, path)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[module_name] = module
    return getattr(sys.modules[module_name], class_name(name))


def _written(source: str, name: str) -> Path:
    problem: OSError | None = None
    for folder in (platformdirs.user_cache_path("archloom") / "modules", Path(tempfile.gettempdir()) / f"archloom-{os.getpid()}"):
        path = folder / name
        try:
            if path.is_file() and path.read_text(encoding="utf-8") == source:
                return path
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".py", delete=False, encoding="utf-8") as file:
                file.write(source)
            Path(file.name).replace(path)
            _forget_old(folder)
            return path
        except OSError as error:
            problem = error
    raise UnwritableError(f"The generated module cannot be written: {problem}.")


def _forget_old(folder: Path) -> None:
    """Removes what has not been written for a week: while a network is drawn, every edit that is compiled leaves a file."""
    for old in folder.rglob("archloom_generated_*"):
        if time.time() - old.stat().st_mtime > WEEK:
            old.unlink(missing_ok=True)
