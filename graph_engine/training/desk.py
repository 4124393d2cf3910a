"""Where the training process is reached by a window that has not started it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Callable
from typing import BinaryIO

from graph_engine.training.events import Greeting, encode
from graph_engine.training.holding import Holder

_PATIENCE = 5.0
"""Seconds in which who connects has to say the token."""

_LONGEST = 1000
"""Bytes of the line with it."""


class Desk:
    """Waits on a port of this machine for one who knows the token.

    Args:
        attach: is given two files, one to write events to and one with commands, and works until the end of the latter; returns False at
            once where another window looks on.

    Attributes:
        holder: where it is.
    """

    def __init__(self, attach: Callable[[BinaryIO, BinaryIO], bool]):
        self._attach = attach
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.holder = Holder(os.getpid(), self._socket.getsockname()[1], secrets.token_hex(16))
        threading.Thread(target=self._serve, name="desk", daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._meet, args=(connection,), name="window", daemon=True).start()

    def _meet(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as commands, connection.makefile("wb") as events:
            connection.settimeout(_PATIENCE)
            try:
                said = json.loads(commands.readline(_LONGEST))["token"]
            except (OSError, ValueError, TypeError, KeyError):
                return
            if not secrets.compare_digest(str(said), self.holder.token):
                return
            connection.settimeout(None)
            if not self._attach(events, commands):
                events.write(encode([Greeting(False)]))
                events.flush()
