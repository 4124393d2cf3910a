"""What people are shown of a data set, bundled or their own, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graph_engine import Graph
from graph_engine.data.overview import overview, part_sizes
from graph_engine.settings.datasets import DATASETS
from graph_engine.settings.schema import Settings
from tests.engine.data.makers import wine

SHOWN = [option for option in DATASETS if option.made_from or any(name.endswith(".csv") for name in option.files)]


def chosen(id: str, **params: object) -> Settings:
    return Settings().replaced("data.dataset", {"name": id, **params})


@pytest.mark.parametrize("option", SHOWN, ids=lambda option: option.id)
def test_bundled_data_shows_samples_and_what_they_hold(option) -> None:
    found = overview(chosen(option.id).data["dataset"], 6)
    facts = found.facts
    assert facts is not None and 0 < len(found.samples) <= 6
    assert sum(facts.counts) in (0, facts.samples)
    assert all(one.pixels is not None or one.curves or len(one.values) >= 10 for one in found.samples)
    if facts.counts:
        assert all(one.label in facts.classes for one in found.samples)


def test_samples_of_a_series_are_stretches_as_long_as_a_forecast_with_its_past() -> None:
    [first, *_, last] = overview(chosen("co2", window=24, horizon=6).data["dataset"], 5).samples
    assert first.values == {"month": "1958-03 – 1960-08"}
    assert [len(one.curves["ppm"]) for one in (first, last)] == [30, 30]
    assert first.curves["ppm"][0] == 316.1


def test_what_needs_torch_to_be_read_shows_nothing() -> None:
    assert overview(chosen("languages").data["dataset"], 6) == (None, ())


def test_parts_add_up_to_all_samples(tmp_path: Path) -> None:
    assert part_sizes(chosen("digits").data) == (1078, 360, 359)
    assert part_sizes(chosen("python_topics").data) is None
    graph = Graph("own")
    graph.learn_from(wine(tmp_path / "wine.csv"))
    sizes = part_sizes(graph.settings.data)
    assert sizes is not None and sum(sizes) == graph.settings.data["dataset"].params["facts"].samples
    graph.configure(data={"dataset": {**graph.settings.data["dataset"].params, "name": "table", "split": "given", "by": ["region"]}})
    assert part_sizes(graph.settings.data) is None


def test_looking_needs_no_torch() -> None:
    code = (
        "import sys; from graph_engine.data.overview import overview; from graph_engine.settings.schema import Settings\n"
        "for id in ('digits', 'wine', 'co2'): overview(Settings().replaced('data.dataset', id).data['dataset'], 3)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
