"""Shares one warm training process among the tests that do not harm it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_engine.training.rundir import new_run
from tests.engine.training.helpers import Process, small_net


@pytest.fixture(scope="session")
def process() -> Iterator[Process]:
    """A warm training process."""
    started = Process()
    yield started.until_ready()
    started.close()


@pytest.fixture(scope="session")
def reference(process: Process, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run of `small_net`."""
    run_dir = new_run(small_net(), tmp_path_factory.mktemp("reference"))
    process.run(run_dir)
    return run_dir
