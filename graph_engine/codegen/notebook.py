"""A project as one Jupyter notebook: its files in cells that write them, then cells that train, measure and predict.

The format is plain JSON (nbformat 4.5), written without the library of that name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from graph_engine.codegen.module import class_name
from graph_engine.codegen.project import INITIAL, exported_files

if TYPE_CHECKING:
    from graph_engine.api import Graph

LEFT_OUT = ("README.md", "test_model.py", "requirements.txt")
"""Files of a project that a notebook says in its own words."""

FIRST = ("model.py", "data.py", "train.py")
"""Files that are shown with words of their own; the others follow."""


def write_notebook(graph: Graph) -> str:
    """The text of a notebook that holds the project of a graph.

    Cells run from top to bottom. Those that write a file begin with ``%%writefile``, all others are plain Python.

    Raises:
        CheckError, RunError: as `graph_engine.codegen.project.project_files`.
    """
    cells = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(_cells(graph, exported_files(graph)), start=1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _cells(graph: Graph, files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    needed = " ".join(f'"{line}"' for line in files["requirements.txt"].split())
    about = f"{graph.description}\n\n" if graph.description else ""
    dataset = graph.settings.data["dataset"]
    yield _words(
        f"# {graph.name}\n\n{about}The cells below write the files of the project beside this notebook, and then run them. They need\n\n"
        + f"```console\npython -m pip install {needed}\n```"
    )
    folders = dict.fromkeys(name.rpartition("/")[0] for name in files if "/" in name)
    if folders:
        yield _code("from pathlib import Path\n\n" + "\n".join(f'Path("{name}").mkdir(parents=True, exist_ok=True)' for name in folders))
    yield _words("## The network")
    yield _file("model.py", files)
    yield _code(
        f"import torch\n\nfrom model import {class_name(graph.name)}\n\nnetwork = {class_name(graph.name)}()\nprint(network)\n"
        'print(f"{sum(weight.numel() for weight in network.parameters()):,} weights")'
    )
    yield _words(f"## The data\n\n{dataset.option.title}. {dataset.option.summary}")
    yield _file("data.py", files)
    others = [name for name in files if name not in (*LEFT_OUT, *FIRST)]
    yield _words("## What the training needs beside\n\nMetrics, checkpoints, and the files that the data is read with.")
    for name in others:
        yield _file(name, files)
    begins = f" It begins with the weights in `{INITIAL}`, which must lie beside this notebook." if graph.begins_with_weights else ""
    yield _words(f"## The training\n\nThe settings stand at the top.{begins}")
    yield _file("train.py", files)
    yield _words("Training prints a line for each epoch. To try it out, give fewer: `Training(run, epochs=1)`.")
    yield _code(
        "from pathlib import Path\n\nfrom train import Training, make_room\n\n"
        'run = Path("run")\nmake_room(run)  # an earlier run is kept as run-1, run-2, …\nTraining(run).fit()'
    )
    yield _words("## What it has learned\n\nSamples of the test part, beside what was expected; `predict.py` also takes files of your own.")
    yield _code('import sys\n\nimport predict\n\nsys.argv = ["predict.py", "--samples", "5"]\npredict.main()')


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text.splitlines(keepends=True)}


def _file(name: str, files: Mapping[str, str]) -> dict[str, Any]:
    return _code(f"%%writefile {name}\n{files[name].rstrip()}\n")
