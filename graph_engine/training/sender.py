"""How events leave the training process: in batches, to whoever looks on at the moment."""

from __future__ import annotations

import io
import threading
from typing import BinaryIO, NamedTuple

from graph_engine.training.events import Event, Found, Greeting, Listener, Log, Measured, Progress, Ready, Samples, StateChange, encode

_INTERVAL = 1 / 30

_LASTING = (Ready, StateChange, Progress, Found, Samples)
"""Events of which a newcomer has to know the last; metrics and health are in the run's folder."""


class _Turn(NamedTuple):
    """What comes after it goes to another file."""

    file: BinaryIO | None


class Sender:
    """Sends events in batches from a thread of its own, so that a slow reader never holds the training up.

    Args:
        file: receives the lines; None where nobody looks on.
    """

    def __init__(self, file: BinaryIO | None):
        self._file = file
        self._events: list[Event | _Turn] = []
        self._last: dict[type[Event], Event] = {}
        self._some = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sender", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """Queues an event."""
        self._events.append(event)
        self._some.set()

    def turn_to(self, file: BinaryIO | None) -> None:
        """What follows is for another one, who is told first how things are; or for nobody."""
        self._events.append(_Turn(file))
        self._some.set()

    def close(self) -> None:
        """Sends what is left and ends the thread."""
        self._closing.set()
        self._some.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            count = len(self._events)
            taken, self._events[:count] = self._events[:count], []
            batch: list[Event] = []
            for item in taken:
                if isinstance(item, _Turn):
                    self._send(batch)
                    self._file, batch = item.file, [Greeting(True), *self._last.values()]
                    continue
                batch.append(item)
                if isinstance(item, _LASTING):
                    self._keep(item)
            self._send(batch)
            if self._closing.is_set() and not self._events:
                return
            if any(isinstance(event, Measured) for event in batch):  # what comes seldom does not hold the first step up
                self._closing.wait(_INTERVAL)

    def _keep(self, event: Event) -> None:
        if isinstance(event, StateChange) and not event.state.is_active:
            self._last = {kind: last for kind, last in self._last.items() if kind is Ready}  # the run is over
        else:
            self._last[type(event)] = event

    def _send(self, batch: list[Event]) -> None:
        if self._file is None or not batch:
            return
        try:
            self._file.write(encode(batch))
            self._file.flush()
        except OSError:
            self._file = None  # nobody listens any more; what that means is decided where commands are read


class LogStream(io.TextIOBase):
    """Stands for stdout: what is printed becomes log events, a line each."""

    def __init__(self, listener: Listener):
        self._listener = listener
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._listener(Log(line))
        return len(text)

    def writable(self) -> bool:
        return True
