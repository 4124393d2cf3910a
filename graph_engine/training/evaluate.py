"""Measures a trained run again, from its weights alone."""

from __future__ import annotations

from pathlib import Path

from graph_engine.errors import RunError
from graph_engine.training import rundir
from graph_engine.training.failures import explain
from graph_engine.training.loading import loaded


def evaluate(run_dir: Path, weights: str = rundir.WEIGHTS) -> dict[str, float]:
    """The metrics of a run on its validation and on its test data.

    Args:
        run_dir: folder of the run.
        weights: which file of the folder to take them from.

    Returns:
        ``val/loss``, ``test/loss`` and the other metrics of its task, ``val/accuracy`` for instance.

    Raises:
        RunError: the folder is not that of a run, or the run has no weights yet, or they are not of this network.
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
            _, *held_out = train.read_data(train.SEED if record.seed is None else record.seed)
            parts = zip(("val", "test"), held_out, strict=True)
            return {f"{part}/{name}": value for part, data in parts for name, value in train.evaluate(model, data).items()}
    except RunError:
        raise
    except Exception as error:
        raise RunError(explain(error, run_dir, record).message) from error
