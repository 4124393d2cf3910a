"""Pause, resume and stop: given by one thread or a signal handler, heeded by a run before its next step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal


class Control:
    """The wishes of whoever steers a run.

    Attributes:
        wish: what the run is to do.
    """

    def __init__(self) -> None:
        self.wish: Literal["go", "pause", "stop"] = "go"
        self._changed = threading.Condition()
        self._follower: Callable[[str], None] = lambda wish: None

    def pause(self) -> None:
        """Holds the run, unless it is to stop."""
        self._set("pause")

    def resume(self) -> None:
        """Lets a held run go on."""
        self._set("go")

    def stop(self) -> None:
        """Ends the run; this cannot be taken back."""
        self._set("stop")

    def follow(self, follower: Callable[[str], None]) -> None:
        """Tells somebody else each wish from now on, the present one first."""
        self._follower = follower
        follower(self.wish)

    def wait(self, unless: Callable[[], bool] = lambda: False) -> None:
        """Returns when the wish is not (any more) to pause, or when ``unless`` has become true, which `wake` says."""
        with self._changed:
            self._changed.wait_for(lambda: self.wish != "pause" or unless())

    def wake(self) -> None:
        """Has who waits look again at what it waits for."""
        with self._changed:
            self._changed.notify_all()

    def _set(self, wish: Literal["go", "pause", "stop"]) -> None:
        with self._changed:
            if self.wish != "stop":
                self.wish = wish
            self._changed.notify_all()
            self._follower(self.wish)
