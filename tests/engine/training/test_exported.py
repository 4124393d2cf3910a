"""Exported projects and notebooks do what they say with nothing but their requirements; `tests.exported` holds all templates so."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from graph_engine import Graph
from graph_engine.codegen.notebook import write_notebook
from graph_engine.codegen.project import exported_files, write_project
from graph_engine.templates import template, templates
from graph_engine.training.exported import samples
from tests.engine.training.helpers import small_net
from tests.exported import hold, run

CELLS = """
import json, sys
space = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    text = "".join(cell["source"])
    if cell["cell_type"] != "code":
        continue
    if text.startswith("%%writefile "):
        name, _, rest = text.removeprefix("%%writefile ").partition("\\n")
        open(name, "w", encoding="utf-8").write(rest)
    else:
        exec(compile(text, cell["id"], "exec"), space)
"""


def test_a_project_trains_predicts_and_passes_its_test_with_its_requirements_alone(tmp_path: Path) -> None:
    lines = hold("mlp_wine", tmp_path)
    assert all("expected cultivar" in line and "%" in line for line in lines)


def test_what_is_not_required_cannot_be_imported(tmp_path: Path) -> None:
    write_project(small_net(), tmp_path / "net")
    for name in ("graph_engine", "PySide6", "polars"):
        with pytest.raises(AssertionError, match=name):
            run(tmp_path / "net", "-c", f"import {name}")


def test_a_table_of_ones_own_is_told_row_by_row(tmp_path: Path) -> None:
    rows = [f"{i % 7},{('red', 'blue')[i % 2]},{3.0 * (i % 7) + i % 2 + 0.5}" for i in range(140)]
    (tmp_path / "prices.csv").write_text("\n".join(["size,colour,price", *rows]), encoding="utf-8")
    graph = Graph("prices")
    graph.learn_from(tmp_path / "prices.csv", targets=["price"])
    [given] = [node for node in graph if node.block == "Input"]
    linear, out = graph.add("Linear", out_features=1), graph.add("Output")
    graph.connect(given, linear)
    graph.connect(linear, out)
    graph.configure(training={"epochs": 100, "loss": "MSELoss", "optimizer": {"name": "Adam", "lr": 0.1}, "device": "cpu"})
    project = tmp_path / "project"
    write_project(graph, project)
    run(project, "train.py")
    (project / "new.csv").write_text("colour,size\nblue,3\nred,0\n", encoding="utf-8")
    said = run(project, "predict.py", "new.csv").splitlines()
    told = [float(line.rpartition(" ")[2]) for line in said]
    assert told == pytest.approx([10.5, 0.5], abs=1.0), "in the units of the table"


def test_the_cells_of_a_notebook_run_from_top_to_bottom(tmp_path: Path) -> None:
    graph = template("mlp_wine").open()
    graph.configure(training={"epochs": 2})
    path = tmp_path / "wine.ipynb"
    path.write_text(write_notebook(graph), encoding="utf-8")
    nbformat.validate(nbformat.read(path, as_version=4))
    for name in exported_files(graph):
        (tmp_path / name).touch()  # so that the guard lets what the cells write be imported
    (tmp_path / "requirements.txt").write_text(exported_files(graph)["requirements.txt"], encoding="utf-8")
    said = run(tmp_path, "-c", CELLS, path.name)
    assert "epoch 2/2" in said and "expected cultivar" in said
    assert (tmp_path / "model.py").read_text(encoding="utf-8") == graph.to_python()


@pytest.mark.parametrize("id", [one.id for one in templates()])
def test_every_template_has_a_notebook_and_scripts_that_compile(id: str) -> None:
    graph = template(id).open()
    files = exported_files(graph)
    for name, text in files.items():
        assert "${" not in text and "\n%% " not in text, name
        if name.endswith(".py"):
            compile(text, name, "exec")
    assert json.loads(write_notebook(graph))["nbformat"] == 4


FIELDS: samples.Fields = {"image": ((1, 4, 4), torch.float32)}


def test_arrays_are_read_with_and_without_a_batch(tmp_path: Path) -> None:
    np.save(tmp_path / "three.npy", np.ones((3, 1, 4, 4)))
    np.save(tmp_path / "one.npy", np.ones((1, 4, 4)))
    assert [given.name for given in samples.read_arrays(tmp_path / "three.npy", FIELDS)] == ["three.npy 0", "three.npy 1", "three.npy 2"]
    [given] = samples.read_arrays(tmp_path / "one.npy", FIELDS)
    assert given.inputs[0].shape == (1, 1, 4, 4)
    np.save(tmp_path / "wrong.npy", np.ones((2, 9)))
    with pytest.raises(ValueError, match=r"image in wrong.npy has the shape 2×9; the network receives 1×4×4"):
        list(samples.read_arrays(tmp_path / "wrong.npy", FIELDS))


def test_a_picture_is_brought_to_size_and_scale(tmp_path: Path) -> None:
    Image.new("RGB", (9, 5), (255, 255, 255)).save(tmp_path / "white.png")
    plain = samples.read_picture(tmp_path / "white.png", FIELDS)
    assert plain.inputs[0].shape == (1, 1, 4, 4) and bool((plain.inputs[0] == 1).all())
    scaled = samples.read_picture(tmp_path / "white.png", FIELDS, {"offset": [[[0.5]]], "width": [[[0.25]]]})
    assert bool((scaled.inputs[0] == 2).all())


def test_texts_become_the_tokens_that_the_data_has() -> None:
    assert samples.encode("cab?", ["", "□", "a", "b", "c"]).tolist() == [[4, 2, 3, 1]]
    assert samples.encode("ab", ["", "a", "b"], 4).tolist() == [[1, 2, 0, 0]] and samples.encode("ab", ["", "a", "b"], 1).tolist() == [[1]]
    assert samples.encode("the cat.", ["", " □", " the", " cat", "."]).tolist() == [[2, 3, 4]]
