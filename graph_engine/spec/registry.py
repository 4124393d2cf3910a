"""Finds declared blocks: every `BlockSpec` at the top of a module of a package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from graph_engine.errors import UnknownBlockError, quoted
from graph_engine.spec.block import BlockSpec


class Registry:
    """The known blocks by id, in the order of their declaration."""

    def __init__(self) -> None:
        self._blocks: dict[str, BlockSpec] = {}

    def add(self, spec: BlockSpec) -> None:
        """Makes a block known.

        Raises:
            ValueError: another one has its id.
        """
        if spec.id in self._blocks:
            raise ValueError(f"two blocks are called {spec.id}")
        self._blocks[spec.id] = spec

    def scan(self, package: ModuleType) -> None:
        """Adds what the modules of a package declare."""
        for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            module = importlib.import_module(info.name)
            for value in vars(module).values():
                if isinstance(value, BlockSpec):
                    self.add(value)

    def __getitem__(self, id: str) -> BlockSpec:
        try:
            return self._blocks[id]
        except KeyError:
            from difflib import get_close_matches

            near = get_close_matches(id, self._blocks, n=1, cutoff=0.6)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownBlockError(f"There is no block called {quoted(id)}.{hint}") from None

    def __contains__(self, id: object) -> bool:
        return id in self._blocks

    def __iter__(self) -> Iterator[BlockSpec]:
        return iter(self._blocks.values())

    def __len__(self) -> int:
        return len(self._blocks)
