"""When Python looks for memory that it can free.

Its collector looks through all that lives, at a moment of its own choosing: with a window and a large document that takes a tenth of
a second, in which nothing moves.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Holds the garbage collector back: thousands of new objects, none of them garbage, would set it off again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def set_aside() -> None:
    """Frees what is garbage by now, and has the collector leave all else alone from now on, until this is called again.

    What of it becomes garbage is freed as ever, but for cycles: they wait for the next call.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
