"""Data of the user's own, of every kind: looked at, stored, read, trained on, exported; and told in a sentence where it is damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from graph_engine import Graph
from graph_engine.codegen.project import project_files
from graph_engine.data.look import KINDS as LOOKS
from graph_engine.data.look import is_as_it_was, look
from graph_engine.data.peek import peek
from graph_engine.errors import DataError, DocumentError, RunError
from graph_engine.settings.facts import Facts
from graph_engine.settings.own import OWN
from graph_engine.training.control import Control
from graph_engine.training.events import Event, Measured
from graph_engine.training.loading import loaded
from graph_engine.training.run import run, train
from graph_engine.training.rundir import prepare, read_run
from graph_engine.training.state import RunState
from tests.engine.data.makers import KINDS, made, network, pictures, prose, wine, wine_arrays, write_csv
from tests.engine.training.helpers import ROOT, metrics


def ignore(event: Event) -> None:
    pass


def parts_of(graph: Graph, folder: Path) -> tuple[Any, ...]:
    """The parts that the exported project reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in project_files(graph).items():
        (folder / name).write_text(text, encoding="utf-8")
    with loaded(folder) as script:
        found: tuple[Any, ...] = script.read_data(graph.settings.training["seed"])
        return found


def everything(part: Any) -> tuple[torch.Tensor, ...]:
    found: tuple[torch.Tensor, ...] = part[torch.arange(len(part))]
    return found


@pytest.mark.parametrize("case", KINDS)
def test_every_kind_is_known_stored_read_and_learned_from(case: str, tmp_path: Path) -> None:
    path = made(case, tmp_path)
    graph = network(path)
    chosen = graph.settings.data["dataset"]
    assert chosen.id == KINDS[case][0]
    report = graph.check()
    assert report.ok and not [d for d in report.diagnostics if d.code.startswith("data.") and d.severity != "hint"]

    graph.save(tmp_path / "own.archloom")
    text = (tmp_path / "own.archloom").read_text(encoding="utf-8")
    assert json.loads(text)["data"]["dataset"]["path"] == KINDS[case][2], "relative to the document"
    again = Graph.load(tmp_path / "own.archloom")
    assert again.settings == graph.settings
    again.save(tmp_path / "again.archloom")
    assert (tmp_path / "again.archloom").read_text(encoding="utf-8") == text

    parts = parts_of(graph, tmp_path / "project")
    fields = chosen.option.inputs + chosen.option.targets
    for part in parts:
        for field, tensor in zip(fields, everything(part), strict=True):
            assert str(tensor.dtype).removeprefix("torch.") == field.dtype
            assert all(isinstance(w, str) or w == size for w, size in zip(field.shape, tensor.shape[1:], strict=True))
            assert not field.choices or 0 <= int(tensor.min()) <= int(tensor.max()) < field.choices
            assert torch.isfinite(tensor.float()).all()
    same = parts_of(graph, tmp_path / "project2")
    assert all(
        torch.equal(a, b) for one, other in zip(parts, same, strict=True) for a, b in zip(everything(one), everything(other), strict=True)
    )

    record = train(graph, tmp_path / "run", ignore)
    assert record.state is RunState.FINISHED
    values = [m["value"] for m in metrics(tmp_path / "run") if m["name"] == "train/loss"]
    assert np.mean(values[-5:]) < np.mean(values[:5]), "it learns"
    assert json.loads((tmp_path / "run" / "preparation.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", ["pictures", "csv", "parquet", "npz", "idx", "cifar"])
def test_samples_that_are_read_when_needed_are_those_that_are_kept(case: str, tmp_path: Path) -> None:
    path = made(case, tmp_path)
    kept, streamed = (parts_of(network(path, memory=memory), tmp_path / str(memory)) for memory in (1024, 0))
    for one, other in zip(kept, streamed, strict=True):
        assert one._tensors is not None and other._tensors is None
        for a, b in zip(everything(one), everything(other), strict=True):
            assert torch.equal(a, b)


def test_parts_share_no_sample_and_have_their_shares(tmp_path: Path) -> None:
    parts = parts_of(network(made("csv", tmp_path)), tmp_path / "project")
    assert [len(part) for part in parts] == [107, 36, 35]
    contents = [{row.numpy().tobytes() for row in everything(part)[0]} for part in parts]
    assert not any(one & other for one, other in combinations(contents, 2))
    features = everything(parts[0])[0]
    assert torch.allclose(features[:, :13].mean(dim=0), torch.zeros(13), atol=1e-5)
    assert torch.allclose(features[:, :13].std(dim=0, correction=0), torch.ones(13), atol=1e-4)
    assert not torch.allclose(everything(parts[2])[0][:, :13].mean(dim=0), torch.zeros(13), atol=1e-2), "fitted on the training part alone"


@pytest.mark.parametrize(("case", "params"), [("pictures", {"memory": 0}), ("csv", {"memory": 0}), ("prose", {"tokens": "words"})])
def test_a_run_that_is_stopped_in_mid_epoch_goes_on_to_the_same_bits(case: str, params: dict[str, Any], tmp_path: Path) -> None:
    graph = network(made(case, tmp_path), **params)
    train(graph, tmp_path / "whole", ignore)
    control = Control()
    prepare(graph, tmp_path / "cut")

    def stop(event: Event) -> None:
        if isinstance(event, Measured) and event.name == "train/loss":
            control.stop()

    run(tmp_path / "cut", stop, control)
    assert read_run(tmp_path / "cut").state is RunState.STOPPED
    assert train(graph, tmp_path / "cut", ignore, resume=True).state is RunState.FINISHED
    assert metrics(tmp_path / "cut") == metrics(tmp_path / "whole")
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]


def test_an_exported_project_runs_alone_and_gives_the_same_losses(tmp_path: Path) -> None:
    graph = network(made("csv", tmp_path))
    train(graph, tmp_path / "run", ignore)
    for name, text in project_files(graph).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-P", "train.py", "--run-dir", "alone"], cwd=tmp_path, check=True, env={**environment, "PYTHONPATH": "."}
    )
    assert metrics(tmp_path / "alone") == metrics(tmp_path / "run")
    assert "polars" in (tmp_path / "requirements.txt").read_text()
    config = ["--config", str(ROOT / "pyproject.toml")]
    for lint in (["check"], ["format", "--check"]):
        names = [name for name in project_files(graph) if name.endswith(".py")]
        subprocess.run([sys.executable, "-m", "ruff", *lint, *config, *names], cwd=tmp_path, check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is asked of the system by a module that Windows lacks")
def test_pictures_that_do_not_fit_into_memory_are_streamed(tmp_path: Path) -> None:
    from PIL import Image

    for place in range(320):
        folder = tmp_path / "large" / f"class {place % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (384, 384), (place % 256, 50, place % 7)).save(folder / f"{place}.png", compress_level=1)
    graph = network(tmp_path / "large", memory=64)
    for name, text in project_files(graph).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    code = """
import resource, torch, train
from PIL import Image, PngImagePlugin
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
part, *_ = train.read_data(0)
seen = sum(part[rows][0].numel() * 4 for rows in torch.arange(len(part)).split(16))
print(seen, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if __import__("sys").platform == "darwin" else 1024))
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    seen, grown = map(int, told.split())
    assert seen > 300 * 2**20 > 2 * grown


# what is wrong with the data, and told


def test_a_document_is_opened_without_its_data_and_says_so_before_a_run(tmp_path: Path) -> None:
    graph = network(made("csv", tmp_path))
    facts = graph.settings.data["dataset"].params["facts"]
    assert is_as_it_was(tmp_path / "wine.csv", facts)
    graph.save(tmp_path / "own.archloom")
    shutil.move(tmp_path / "wine.csv", tmp_path / "other.csv")
    opened = Graph.load(tmp_path / "own.archloom")
    assert opened.check().ok
    with pytest.raises(RunError, match=r"The data is not there any more: .*wine\.csv"):
        project_files(opened)
    with pytest.raises(DataError, match="not there any more"):
        is_as_it_was(tmp_path / "wine.csv", facts)
    wine(tmp_path / "wine.csv")
    (tmp_path / "wine.csv").write_text("a,b\n1,2\n")
    assert not is_as_it_was(tmp_path / "wine.csv", facts)
    with pytest.raises(RunError, match="has no column"):
        train(opened, tmp_path / "run", ignore)


def test_a_folder_with_document_and_data_can_be_moved(tmp_path: Path) -> None:
    (tmp_path / "here" / "data").mkdir(parents=True)
    graph = network(made("csv", tmp_path / "here" / "data"))
    (tmp_path / "here" / "nets").mkdir()
    graph.save(tmp_path / "here" / "nets" / "own.archloom")
    (tmp_path / "here").rename(tmp_path / "there")
    moved = Graph.load(tmp_path / "there" / "nets" / "own.archloom")
    assert Path(moved.settings.data["dataset"].params["path"]) == tmp_path / "there" / "data" / "wine.csv"
    assert train(moved, tmp_path / "run", ignore, epochs=1).state is RunState.FINISHED
    assert Graph.load(tmp_path / "run" / "document.archloom").settings == moved.settings


def test_damaged_facts_in_a_document_are_told(tmp_path: Path) -> None:
    graph = network(made("csv", tmp_path))
    graph.save(tmp_path / "own.archloom")
    plain = json.loads((tmp_path / "own.archloom").read_text(encoding="utf-8"))
    for change in ({"samples": -1}, {"columns": 3}, {"tea": 1}, {"columns": [{"name": "a", "kind": "tea"}]}):
        facts = {**plain["data"]["dataset"]["facts"], **change}
        text = json.dumps({**plain, "data": {**plain["data"], "dataset": {**plain["data"]["dataset"], "facts": facts}}})
        (tmp_path / "bad.archloom").write_text(text)
        with pytest.raises(DocumentError, match="facts is damaged at"):
            Graph.load(tmp_path / "bad.archloom")


def test_nothing_is_needed_to_choose_a_kind_before_its_file() -> None:
    for option in OWN:
        graph = Graph("own")
        graph.connect(graph.add("Input", shape=[4]), graph.add("Linear", out_features=2))
        graph.configure(data={"dataset": option.id})
        graph.check()
        assert option.is_foreign or LOOKS[option.id]


def test_looking_needs_no_torch_and_opening_neither_polars_nor_pillow(tmp_path: Path) -> None:
    network(made("csv", tmp_path)).save(tmp_path / "own.archloom")
    pictures(tmp_path / "digits", 40)
    code = f"""
import sys
sys.modules["torch"] = None
from pathlib import Path
from graph_engine import Graph
Graph.load({str(tmp_path / "own.archloom")!r}).check()
import graph_engine.data.look
assert not {{"polars", "PIL", "tokenizers"}} & sys.modules.keys()
for name in ("wine.csv", "digits"):
    graph_engine.data.look.look(Path({str(tmp_path)!r}) / name)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_one_step_sets_data_inputs_and_loss_and_is_taken_back(tmp_path: Path) -> None:
    from graph_engine.analysis.adopt import adopt
    from graph_engine.graph.history import History

    found = look(wine_arrays(tmp_path / "wine.npz"))
    graph = Graph("own")
    graph.add("Input", name="x", shape=[3])
    graph.configure(training={"loss": "CrossEntropyLoss"})
    before, nodes = graph.settings, [(n.name, dict(n.params)) for n in graph]
    history = History(graph)
    history.execute(adopt(graph, found.kind, {**found.params, "targets": ["target"]}))
    assert [(n.name, n.params["shape"], n.params["dtype"]) for n in graph] == [
        ("x", (5,), "float32"),
        ("pigments", (7,), "float32"),
        ("label", (1,), "float32"),
    ]
    assert graph.settings.training["loss"].id == "MSELoss"
    history.undo()
    assert (graph.settings, [(n.name, dict(n.params)) for n in graph]) == (before, nodes)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def head_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9])


def wrong_magic(path: Path) -> None:
    path.write_bytes(b"\x13\x37tea!" + path.read_bytes()[6:])


def huge_head(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4] + b"\xff" * 60 + path.read_bytes()[64:])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def rubbish(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(4000))


def latin(path: Path) -> None:
    path.write_bytes("größe,übel,name\n1,2,ä\n2,3,ö\n".encode("latin-1"))


DAMAGES = (cut, head_cut, wrong_magic, huge_head, empty, rubbish, latin)


def broken_file(path: Path) -> Path:
    """The file of some data that is damaged."""
    return path if path.is_file() else next(file for file in sorted(path.rglob("*")) if file.is_file())


@pytest.mark.parametrize("case", KINDS)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_data_is_told_in_a_sentence_or_left_out_by_name(case: str, damage: Callable[[Path], None], tmp_path: Path) -> None:
    path = made(case, tmp_path)
    damage(broken_file(path))
    try:
        found = look(path, KINDS[case][0])
    except DataError as error:
        text = str(error)
        assert text.endswith(".") and "\n" not in text and "Traceback" not in text and len(text) < 400
        assert path.name in text
    else:
        assert isinstance(found.facts, Facts)
        if damage in (empty, rubbish) and case == "pictures":
            assert found.facts.unreadable == ("digit 0/0000.png",)
            parts = parts_of(network(path), tmp_path / "project")
            assert sum(map(len, parts)) == found.facts.samples == 249


@pytest.mark.parametrize("case", ["csv", "npz", "idx", "cifar", "pictures", "names", "series", "prose"])
def test_data_that_changes_after_the_look_ends_a_run_with_a_sentence(case: str, tmp_path: Path) -> None:
    path = made(case, tmp_path)
    graph = network(path)
    rubbish(broken_file(path))
    with pytest.raises(RunError) as caught:
        train(graph, tmp_path / "run", ignore)
    assert str(caught.value).endswith(".") and "The training failed" not in str(caught.value)


def test_what_runs_code_when_it_is_read_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "objects.npz", x=np.array([{"a": 1}, None], dtype=object), y=np.arange(2))
    with pytest.raises(DataError, match="holds Python objects, which are not read"):
        look(tmp_path / "objects.npz")
    (tmp_path / "cifar").mkdir()
    (tmp_path / "cifar" / "data_batch_1").write_bytes(b"\x80\x04}.")
    with pytest.raises(DataError, match="a pickle, which runs code when it is read: download the binary version"):
        look(tmp_path / "cifar")


def test_splits(tmp_path: Path) -> None:
    rows = [[f"p{i % 23}", f"2020-{1 + i // 28:02}-{1 + i % 28:02}", i % 3, "test" if i % 10 == 0 else "train"] for i in range(280)]
    table = write_csv(tmp_path / "t.csv", ["person", "day", "x", "part"], [[*row, "ab"[row[2] % 2]] for row in rows])
    table = write_csv(tmp_path / "t.csv", ["person", "day", "x", "part", "y"], [[*row, "ab"[row[2] % 2]] for row in rows])

    def rows_of(**params: Any) -> list[set[int]]:
        graph = network(table, "table", targets=["y"], features=["x"], **params)
        return [set(part._rows.tolist()) for part in parts_of(graph, tmp_path / "project")]

    grouped = rows_of(split="grouped", by=["person"])
    assert not any({i % 23 for i in one} & {i % 23 for i in other} for one, other in combinations(grouped, 2))
    assert [len(part) / 280 for part in grouped] == pytest.approx([0.6, 0.2, 0.2], abs=0.05)
    timed = rows_of(split="by time", by=["day"])
    assert max(timed[0]) < min(timed[1]) <= max(timed[1]) < min(timed[2])
    given = rows_of(split="given", by=["part"])
    assert given[2] == set(range(0, 280, 10)) and len(given[1]) == 63
    assert set.union(*given) == set(range(280))
    stratified = rows_of(split="stratified")
    shares = [sum(i % 3 == 1 for i in part) / len(part) for part in stratified]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.02)


def test_missing_values_are_filled_by_the_training_part_or_left_out(tmp_path: Path) -> None:
    rows = [["" if i % 7 == 0 else i % 5, ["red", "blue", "?"][i % 3], "yes" if i % 2 else "no" if i % 11 else ""] for i in range(210)]
    table = write_csv(tmp_path / "t.csv", ["size", "colour", "answer"], rows)
    facts = look(table).facts
    assert [(c.name, c.kind, c.missing) for c in facts.columns] == [("size", "whole", 30), ("colour", "word", 70), ("answer", "word", 10)]
    filled = parts_of(network(table, targets=["answer"]), tmp_path / "project")
    assert sum(map(len, filled)) == 200
    assert all(torch.isfinite(everything(part)[0]).all() for part in filled)
    left = parts_of(network(table, targets=["answer"], missing="leave out"), tmp_path / "project2")
    assert sum(map(len, left)) == sum(bool(row[0] != "") and row[1] != "?" and bool(row[2]) for row in rows)


def test_byte_pairs_are_learned_alike_every_time(tmp_path: Path) -> None:
    graph = network(prose(tmp_path / "prose.txt"), tokens="byte pairs", vocabulary=400)
    one, other = (parts_of(graph, tmp_path / name) for name in ("a", "b"))
    assert all(torch.equal(a, b) for p, q in zip(one, other, strict=True) for a, b in zip(everything(p), everything(q), strict=True))
    assert one[0].preparation["tokens"] == other[0].preparation["tokens"]
    names = one[0].preparation["tokens"]
    text = "".join(names[number] for number in everything(one[0])[0][0].tolist())
    assert text in (tmp_path / "prose.txt").read_text(encoding="utf-8")
    assert "tokenizers" in project_files(graph)["requirements.txt"]


@pytest.mark.parametrize("case", KINDS)
def test_samples_can_be_looked_at(case: str, tmp_path: Path) -> None:
    graph = Graph("own")
    graph.learn_from(made(case, tmp_path))
    chosen = graph.settings.data["dataset"]
    shown = peek(chosen, 5)
    assert len(shown) == 5 and all(one.values for one in shown)
    if case in ("pictures", "idx", "cifar"):
        assert all(one.pixels is not None and one.label in chosen.params["facts"].classes for one in shown)
        assert len({one.label for one in shown}) > 1
    assert peek(chosen, 5, start=1) != shown if case not in ("pictures", "idx", "cifar") else True
    shutil.move(chosen.params["path"], tmp_path / "away")
    with pytest.raises(DataError):
        peek(chosen, 5)
