"""The tensors that a network begins with, as a safetensors file beside its document: plain numbers by name, never a pickle.

The window's process only copies such files; torch is imported where tensors are read or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.errors import DocumentError
from graph_engine.files import write

if TYPE_CHECKING:
    from torch import Tensor


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors in a file, by name.

    Raises:
        DocumentError: it is not there, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise DocumentError(f"The weights in {path} cannot be read: {error}.") from error


def save_weights(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Writes tensors.

    Raises:
        UnwritableError: the file cannot be written; one that was there is as before.
    """
    from safetensors.torch import save

    data = save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()})
    write(path, lambda file: file.write(data))


def copy_weights(source: Path, path: Path) -> None:
    """Copies a file of weights, unless it is there already.

    Raises:
        DocumentError: the file is not there.
        UnwritableError: the copy cannot be written.
    """
    if source.resolve() == path.resolve():
        return
    try:
        data = source.read_bytes()
    except OSError as error:
        raise DocumentError(f"The weights in {source} cannot be read: {error.strerror or error}.") from error
    write(path, lambda file: file.write(data))
