"""The installed PySide6 survives many calls; some releases lose a reference at each, and abort after a few thousand."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Emitter(QObject):
    """Has a signal."""

    happened = Signal(int)


def test_fifty_thousand_void_calls_and_emits(qapp) -> None:
    emitter = Emitter()
    received = []
    emitter.happened.connect(received.append)
    for i in range(50_000):
        emitter.setObjectName("x")
        emitter.happened.emit(i)
    assert len(received) == 50_000
