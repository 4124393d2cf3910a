"""The palette: one file per family, one declaration per block.

To add a block, declare a `BlockSpec` at the top of a module here. Everything else reads it.
"""

from __future__ import annotations

import sys
from functools import cache

from graph_engine.spec.registry import Registry


@cache
def registry() -> Registry:
    """All blocks that come with the program."""
    found = Registry()
    found.scan(sys.modules[__name__])
    return found
