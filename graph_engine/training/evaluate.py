"""Measures a trained run again, from its weights alone, and shows what the network makes of some samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from graph_engine.errors import RunError
from graph_engine.training import rundir
from graph_engine.training.failures import explain
from graph_engine.training.loading import loaded
from graph_engine.training.sample import Sample

if TYPE_CHECKING:
    from torch import nn


class Evaluation(NamedTuple):
    """What was found on the validation data.

    Attributes:
        metrics: ``val/loss`` and the other metrics of the task, ``val/accuracy`` for instance.
        samples: some samples for people; none where the data is figures only.
    """

    metrics: dict[str, float]
    samples: tuple[Sample, ...]


def evaluate(run_dir: Path, weights: str = rundir.WEIGHTS) -> dict[str, float]:
    """The metrics of `evaluation` alone."""
    return evaluation(run_dir, weights).metrics


def evaluation(run_dir: Path, weights: str = rundir.WEIGHTS) -> Evaluation:
    """How good a run is on its validation and on its test data.

    Args:
        run_dir: folder of the run.
        weights: which file of the folder to take them from.

    Raises:
        RunError: the folder is not that of a run, or the run has no weights yet, or they are not of this network.
    """
    with trained(run_dir, weights) as (train, model, seed):
        _, *held_out = train.read_data(seed)
        parts = zip(("val", "test"), held_out, strict=True)
        metrics = {f"{part}/{name}": value for part, data in parts for name, value in train.evaluate(model, data).items()}
        shown = train.show_samples(model, held_out[0], seed) if hasattr(train, "show_samples") else []
        return Evaluation(metrics, tuple(map(Sample.of, shown)))


@contextmanager
def trained(run_dir: Path, weights: str = rundir.WEIGHTS) -> Iterator[tuple[ModuleType, nn.Module, int]]:
    """The script of a run, its network with the weights that it has learned, and its seed.

    Raises:
        RunError: the folder is not that of a run, or the run has no weights yet, or they are not of this network; or what is done with
            them fails.
    """
    record = rundir.read_run(run_dir)
    path = run_dir / weights
    if not path.exists():
        raise RunError(f"{run_dir} has no weights yet: train it to its end, or stop it, first.")
    try:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        with loaded(run_dir / rundir.SOURCE) as train:
            torch.set_num_threads(record.threads or torch.get_num_threads())
            model = train.make_model()
            try:
                model.load_state_dict(load_file(path))
            except (SafetensorError, RuntimeError) as error:
                raise RunError(f"{path} does not hold the weights of this network, or is damaged.") from error
            yield train, model, train.SEED if record.seed is None else record.seed
    except RunError:
        raise
    except Exception as error:
        raise RunError(explain(error, run_dir, record).message) from error
