"""The states of a run."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands.

    IDLE: prepared, never started. STARTING: the worker is loading data and model. RUNNING. PAUSED: holding before its next step.
    STOPPED: ended early on request; it can go on. FINISHED: all epochs done. FAILED: ended by an error or by the death of its process;
    it can go on from its last checkpoint.
    """

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """Whether a process is at work on the run."""
        return self in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED)
