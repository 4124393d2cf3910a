"""Folders of runs: made, read, and refused in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graph_engine import Graph
from graph_engine.codegen.project import project_files
from graph_engine.errors import CheckError, RunError, UnwritableError
from graph_engine.training.rundir import holds_run, is_run_of, list_runs, new_run, prepare, read_run, write_run
from graph_engine.training.state import RunState
from tests.engine.training.helpers import ROOT, small_net


def test_a_run_holds_the_document_and_the_source_that_it_will_run(tmp_path: Path) -> None:
    graph = small_net()
    run_dir = new_run(graph, tmp_path / "runs")
    assert {path.name: path.read_text() for path in (run_dir / "source").iterdir()} == project_files(graph)
    assert Graph.load(run_dir / "document.archloom").to_python() == graph.to_python()
    record = read_run(run_dir)
    assert (record.name, record.document, record.state) == ("001", "small_net", RunState.IDLE)
    assert record.settings == graph.settings.to_plain()
    lines = graph.to_python().splitlines()
    of_layers = {line: node for line, node in record.lines.items() if not lines[line - 1].strip().startswith("return")}
    assert of_layers and all(record.nodes[node] in lines[line - 1] for line, node in of_layers.items())
    assert is_run_of(graph, run_dir)
    assert not is_run_of(small_net(batch_size=8), run_dir)


def test_runs_are_numbered_and_listed_newest_first(tmp_path: Path) -> None:
    graph = small_net()
    (tmp_path / "notes").mkdir()
    runs = [new_run(graph, tmp_path) for _ in range(3)]
    assert [path.name for path in runs] == ["001", "002", "003"]
    assert list_runs(tmp_path) == runs[::-1]
    (tmp_path / "1000").mkdir()
    assert new_run(graph, tmp_path).name == "1001"
    assert list_runs(tmp_path)[0].name == "1001"
    assert list_runs(tmp_path / "nowhere") == []


def test_a_record_is_valid_json_even_with_a_loss_that_is_no_number(tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    record = replace(read_run(run_dir), metrics={"train/loss": float("inf"), "val/loss": 0.5})
    write_run(run_dir, record)
    json.loads((run_dir / "run.json").read_text(), parse_constant=pytest.fail)
    assert read_run(run_dir) == record


def test_a_damaged_record_gives_way_to_the_one_before_and_never_replaces_it(tmp_path: Path) -> None:
    run_dir = new_run(small_net(), tmp_path)
    write_run(run_dir, replace(read_run(run_dir), epochs=3))
    write_run(run_dir, replace(read_run(run_dir), epochs=4))
    record = run_dir / "run.json"
    for damage in ("", record.read_text()[:200], None):
        record.write_text(damage) if damage is not None else record.unlink()
        told: list[str] = []
        assert read_run(run_dir, told.append).epochs == 3
        assert told == [f"{record} is damaged; what it said before counts."]
        assert list_runs(tmp_path) == [run_dir]
        write_run(run_dir, replace(read_run(run_dir), epochs=4))
        assert read_run(run_dir).epochs == 4


def test_a_folder_with_a_run_is_refused(tmp_path: Path) -> None:
    prepare(small_net(), tmp_path / "run")
    assert holds_run(tmp_path / "run")
    with pytest.raises(RunError, match="holds a run already"):
        prepare(small_net(), tmp_path / "run")


@pytest.mark.parametrize(
    ("text", "words"), [("{", "is damaged"), ("[]", "is damaged"), ('{"name": "a"}', "is damaged"), (None, "is not the folder")]
)
def test_a_damaged_record_is_told(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match=words):
        read_run(tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for make in (new_run, prepare):
        with pytest.raises(UnwritableError, match="cannot be written"):
            make(small_net(), tmp_path / "file" / "runs")


def test_a_graph_that_cannot_be_trained_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = small_net()
    broken.disconnect(next(iter(broken.edges)))
    with pytest.raises(CheckError):
        new_run(broken, tmp_path / "runs")
    weightless = Graph("weightless")
    weightless.connect(weightless.add("Input", shape=[1, 8, 8]), weightless.add("Output"))
    with pytest.raises(RunError, match="nothing to train"):
        new_run(weightless, tmp_path / "runs")
    two = small_net()
    two.connect(two.add("Input", shape=[4]), two.add("Output"))
    with pytest.raises(RunError, match="has 2 inputs"):
        new_run(two, tmp_path / "runs")
    greedy = small_net()
    greedy.configure(data={"validation": 0.5, "test": 0.46})
    with pytest.raises(RunError, match="take 96% of the samples together"):
        new_run(greedy, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_none_of_this_needs_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; import graph_engine.training.rundir, graph_engine.training.events"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
