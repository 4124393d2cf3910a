"""The tensors that a network begins with, as a safetensors file beside its document: plain numbers by name, never a pickle.

In that file a tensor is called by the place of its layer (`graph_engine.graph.places`) and its name there, ``n4.0/n7:weight``, so that it
is found again after renaming, grouping and dissolving. What travels with an export has the names of the generated class instead.

The window's process reads, copies and renames without torch, which is imported only where a network is built.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from graph_engine.errors import DocumentError
from graph_engine.files import write
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.places import Known, places, to_text

if TYPE_CHECKING:
    from torch import Tensor

FORM = "archloom places 1"
"""Says, among a file's metadata, that its tensors are called by place."""

LARGEST_HEADER = 100_000_000
"""Bytes; what says that it has a larger one is no safetensors file."""


class Header(NamedTuple):
    """What a safetensors file says of itself.

    Attributes:
        tensors: for each its type, shape and range of bytes, as the file has it.
        metadata: texts by name.
        begin: where the numbers begin, in bytes.
    """

    tensors: dict[str, dict[str, Any]]
    metadata: dict[str, str]
    begin: int


class Weights:
    """The tensors that a network begins with, wherever they lie.

    Args:
        graph: the document's graph.

    Attributes:
        file: where they lie, or None.
    """

    def __init__(self, graph: CoreGraph):
        self._graph = graph
        self._tensors: Mapping[str, Tensor] | None = None
        self.file: Path | None = None
        self._keys: tuple[str, ...] = ()
        self._named: Mapping[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._keys) or self.file is not None

    def put(self, tensors: Mapping[str, Tensor]) -> None:
        """Begins with these, by the names that they have in the generated class now; what fits no layer is left out."""
        keys = self._places_of(tensors)
        self._tensors = {key: tensors[name] for name, key in keys.items()}
        self.file, self._keys = None, tuple(self._tensors)

    def take(self, file: Path) -> None:
        """Begins with those in a file: by place, or by the names of the generated class, as other programs write them.

        A file that is not there, or damaged, is told when its tensors are needed.
        """
        self._tensors, self.file, self._keys = None, file, ()
        try:
            header = read_header(file)
        except DocumentError:
            return
        if header.metadata.get("form") == FORM:
            found = Known({key.partition(":")[0] for key in header.tensors}, self._graph.origins)
            used = {found.find(place) for _, place in places(self._graph)}  # an id that is free may become another layer's
            self._keys = tuple(key for key in header.tensors if key.partition(":")[0] in used)
            self._named = {}
        else:
            self._named = {key: name for name, key in self._places_of(header.tensors).items()}
            self._keys = tuple(self._named)

    def take_over(self, file: Path) -> None:
        """Begins with what `write` has put into a file."""
        self.file, self._named = file.resolve(), {}

    def names(self) -> dict[str, str]:
        """For each tensor, by its name in the generated class now, the key that it is kept by."""
        by_place: dict[str, list[str]] = {}
        for key in self._keys:
            by_place.setdefault(key.partition(":")[0], []).append(key)
        known = Known(by_place, self._graph.origins)
        found: dict[str, str] = {}
        for name, place in places(self._graph):
            for key in by_place.get(known.find(place) or "", ()):
                own = key.partition(":")[2]
                found[f"{name}.{own}" if own else name] = key
        return found

    def by_name(self) -> dict[str, Tensor]:
        """The tensors by the names that they have in the generated class now.

        Raises:
            DocumentError: the file that holds them is not there, or damaged.
        """
        tensors = self._tensors
        if tensors is None:
            read = read_weights(self.file) if self.file is not None else {}
            tensors = {key: read[self._named.get(key, key)] for key in self._keys}
        return {name: tensors[key] for name, key in self.names().items()}

    def write(self, path: Path) -> None:
        """Writes them beside a document, by place.

        Raises:
            UnwritableError: it cannot be written.
            DocumentError: the file that holds them now is not there, or damaged.
        """
        self._write(path, {key: key for key in self._keys}, {"form": FORM})

    def export(self, path: Path) -> None:
        """Writes them by the names that they have in the generated class now.

        Raises:
            UnwritableError, DocumentError: as `write`.
        """
        self._write(path, self.names(), {})

    def _write(self, path: Path, names: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        if self.file is not None:
            rewrite(self.file, path, {name: self._named.get(key, key) for name, key in names.items()}, metadata)
        elif self._tensors:
            save_weights({name: self._tensors[key] for name, key in names.items()}, path, metadata)

    def _places_of(self, names: Iterable[str]) -> dict[str, str]:
        """The key for each name of a tensor in the generated class, where a layer has it."""
        known = {name: to_text(place) for name, place in places(self._graph)}
        found: dict[str, str] = {}
        for name in names:
            layer = name
            while layer not in known and layer:
                layer = layer.rpartition(".")[0]
            if layer:
                found[name] = f"{known[layer]}:{name[len(layer) + 1 :]}"
        return found


def read_header(path: Path) -> Header:
    """What a safetensors file says of itself.

    Raises:
        DocumentError: it is not there, or damaged.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length < LARGEST_HEADER:
                raise ValueError("it is no safetensors file")
            content = json.loads(file.read(length))
            metadata = content.pop("__metadata__", {})
            for entry in content.values():
                begin, end = entry["data_offsets"]
                if not 0 <= begin <= end <= path.stat().st_size - length - 8:
                    raise ValueError("it is cut off")
    except OSError as error:
        raise DocumentError(f"The weights in {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError(f"The weights in {path} cannot be read: {error}.") from error
    return Header(content, metadata, length + 8)


def rewrite(source: Path, path: Path, names: Mapping[str, str], metadata: Mapping[str, str]) -> None:
    """Copies tensors of a file, under other names.

    Args:
        source: the file.
        path: the copy; nothing is written where it would be the file itself, as it is.
        names: new names, each with the old one.
        metadata: texts by name.

    Raises:
        DocumentError: the file is not there, or damaged.
        UnwritableError: the copy cannot be written.
    """
    header = read_header(source)
    is_itself = path.exists() and source.samefile(path)
    if is_itself and metadata == header.metadata and all(new == old for new, old in names.items()) and len(names) == len(header.tensors):
        return
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    ranges: list[tuple[int, int]] = []
    at = 0
    for new, old in names.items():
        begin, end = header.tensors[old]["data_offsets"]
        entries[new] = {**header.tensors[old], "data_offsets": [at, at + end - begin]}
        ranges.append((header.begin + begin, end - begin))
        at += end - begin
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    def fill(target: IO[bytes]) -> None:
        target.write(len(text).to_bytes(8, "little") + text)
        with source.open("rb") as file:
            for begin, size in ranges:
                file.seek(begin)
                target.write(file.read(size))

    write(path, fill)


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


def save_weights(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]) -> None:
    """Writes tensors.

    Raises:
        UnwritableError: the file cannot be written; one that was there is as before.
    """
    from safetensors.torch import save

    data = save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}, dict(metadata) or None)
    write(path, lambda file: file.write(data))
