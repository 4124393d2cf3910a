"""What a trained network does with data that it has not learned from, held against the metrics of its own script."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_engine.errors import RunError
from graph_engine.templates import template
from graph_engine.training.control import Control
from graph_engine.training.events import decode, encode
from graph_engine.training.judging import results
from graph_engine.training.results import Results
from graph_engine.training.run import train
from graph_engine.training.rundir import prepare
from graph_engine.training.state import RunState
from tests.engine.data.makers import made, network
from tests.engine.training.helpers import Process, small_net


def trained(graph: object, folder: Path) -> dict[str, float]:
    return dict(train(graph, folder, lambda _: None, epochs=1).metrics)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    folder = tmp_path_factory.mktemp("runs") / "digits"
    return folder, trained(small_net(), folder)


def test_confusions_are_those_that_the_accuracy_counts(digits: tuple[Path, dict[str, float]]) -> None:
    folder, metrics = digits
    for part, name in (("validation", "val/accuracy"), ("test", "test/accuracy")):
        found = results(folder, part)
        [one] = found.classes
        assert one.labels == tuple("0123456789")
        assert one.accuracy == pytest.approx(metrics[name])
        assert sum(map(sum, one.counts)) == found.samples
        assert decode(encode([found])) == [found]


def test_mistakes_are_mistakes_and_the_surest_come_first(digits: tuple[Path, dict[str, float]]) -> None:
    [one] = results(digits[0]).classes
    wrong = sum(map(sum, one.counts)) - sum(row[place] for place, row in enumerate(one.counts))
    assert 0 < len(one.mistakes) <= wrong
    assert [mistake.share for mistake in one.mistakes] == sorted((mistake.share for mistake in one.mistakes), reverse=True)
    for mistake in one.mistakes:
        assert mistake.expected != mistake.found
        assert 0.1 <= mistake.share <= 1
        assert (mistake.sample.expected, mistake.sample.found) == (one.labels[mistake.expected], one.labels[mistake.found])
        assert len(mistake.sample.picture) == 8
    assert len({mistake.number for mistake in one.mistakes}) == len(one.mistakes)


def test_curves_are_of_the_classes_that_are_told_worst(digits: tuple[Path, dict[str, float]]) -> None:
    [one] = results(digits[0]).classes
    areas = [curve.area for curve in one.curves]
    assert areas == sorted(areas)
    for curve in one.curves:
        across, up = curve.roc
        assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
        assert list(across) == sorted(across)
        assert 0.5 < curve.area <= 1
        assert 0 < curve.mean <= 1


def test_each_target_has_results_of_its_own_kind(tmp_path: Path) -> None:
    metrics = trained(template("two_parts_wine").open(), tmp_path / "run")
    found = results(tmp_path / "run")
    [cultivar], [proline] = found.classes, found.quantities
    assert cultivar.accuracy == pytest.approx(metrics["val/cultivar_accuracy"])
    assert len(proline.expected) == found.samples
    squares = sum((a - b) ** 2 for a, b in zip(proline.found, proline.expected, strict=True)) / found.samples
    assert squares**0.5 == pytest.approx(metrics["val/proline_rmse"], rel=1e-5)
    assert proline.mean**2 + proline.spread**2 == pytest.approx(squares, rel=1e-5)
    assert proline.explained < 1


def test_tokens_count_without_padding(tmp_path: Path) -> None:
    metrics = trained(template("transformer_dates").open(), tmp_path / "run")
    [one] = results(tmp_path / "run").classes
    assert one.accuracy == pytest.approx(metrics["val/accuracy"])
    assert all(mistake.sample.given for mistake in one.mistakes)


@pytest.mark.parametrize(("case", "settings"), [("names", {}), ("pictures", {"memory": 0})])
def test_data_of_ones_own_is_judged_in_memory_or_not(case: str, settings: dict[str, int], tmp_path: Path) -> None:
    graph = network(made(case, tmp_path), **settings)
    metrics = trained(graph, tmp_path / "run")
    found = results(tmp_path / "run")
    [one] = found.classes
    assert one.accuracy == pytest.approx(next(value for name, value in metrics.items() if name.endswith("accuracy") and "val" in name))
    assert sum(map(sum, one.counts)) == found.samples


def test_without_weights_there_is_a_sentence(tmp_path: Path) -> None:
    prepare(small_net(), tmp_path / "run")
    with pytest.raises(RunError, match="no weights yet"):
        results(tmp_path / "run")


def test_a_run_does_not_wait_for_results(digits: tuple[Path, dict[str, float]]) -> None:
    control = Control()
    control.stop()
    with pytest.raises(RunError, match="ended"):
        results(digits[0], control=control)


def test_the_training_process_answers_and_a_run_comes_first(
    process: Process, digits: tuple[Path, dict[str, float]], tmp_path: Path
) -> None:
    def told(event: object) -> bool:
        return isinstance(event, Results)

    process.send(do="judge", run_dir=str(digits[0]), part="validation")
    assert process.until(told) == results(digits[0])
    prepare(small_net(), tmp_path / "next")
    process.send(do="judge", run_dir=str(tmp_path / "next"), part="test")
    assert process.run(tmp_path / "next", epochs=1).state is RunState.FINISHED
    ended = next(event for event in process.events if isinstance(event, Results))
    assert ended.message is not None
    process.send(do="judge", run_dir=str(tmp_path / "next"), part="test")
    process.until(lambda event: isinstance(event, Results) and bool(event.classes))
