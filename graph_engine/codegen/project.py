"""Writes the project around a model: the reader of its data, and the script that trains it with the document's settings.

The program trains by importing these very files, so the exported project gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from graph_engine.codegen.module import class_name, literal
from graph_engine.errors import RunError
from graph_engine.settings.option import Selected

if TYPE_CHECKING:
    from graph_engine.api import Graph

_REQUIREMENTS = ("torch>=2.9", "safetensors>=0.5", "tensorboard>=2.18")


def project_files(graph: Graph) -> dict[str, str]:
    """The files of a project that trains the graph without this program.

    Returns:
        Text by name: ``model.py``, ``data.py``, ``train.py``, ``requirements.txt``, ``README.md``.

    Raises:
        CheckError: the graph has errors.
        RunError: it cannot be trained on its data set, because it has other inputs or outputs, or nothing to learn.
    """
    source = graph.to_python()
    weights = graph.check().parameters
    _refuse_untrainable(graph, weights)
    data, training = graph.settings.data, graph.settings.training
    dataset, loss = data["dataset"].option, training["loss"]
    values = {
        "title": graph.name,
        "model": class_name(graph.name),
        "parameters": f"{weights:,}",
        "dataset": dataset.title,
        "source": dataset.source,
        "licence": dataset.licence,
        "validation": literal(data["validation"]),
        "loss": f"nn.{loss.id}({_arguments(loss)})",
        "optimizer": f"torch.optim.{training['optimizer'].id}(model.parameters(), {_arguments(training['optimizer'], always='lr')})",
        "and_accuracy": " and accuracy" if loss.option.target == "class" else "",
        **{name: literal(training[name]) for name in ("epochs", "batch_size", "seed", "device", "threads")},
    }
    return {
        "model.py": source,
        "data.py": resources.files("graph_engine.data.readers").joinpath(dataset.reader).read_text(encoding="utf-8"),
        "train.py": _fill("train.py.txt", values, parts={"accuracy" if loss.option.target == "class" else "loss only"}),
        "requirements.txt": "".join(f"{line}\n" for line in (*_REQUIREMENTS, *dataset.requirements)),
        "README.md": _fill("README.md.txt", values, parts=set()),
    }


def _refuse_untrainable(graph: Graph, weights: int) -> None:
    for kind, ends in (("input", "fills one input"), ("output", "has one target")):
        names = [node.name for node in graph if node.spec.call.kind == kind]
        if len(names) != 1:
            raise RunError(f"The data set {ends}, but the network has {len(names)} {kind}s ({', '.join(names)}): training needs one.")
    if not weights:
        raise RunError("The network has no weights, so there is nothing to train: add a layer that learns, Linear for instance.")


def _arguments(chosen: Selected, always: str = "") -> str:
    """The parameters as keyword arguments, without those that torch sets alike."""
    declared = {param.name: param.default for param in chosen.option.params}
    return ", ".join(f"{name}={literal(value)}" for name, value in chosen.params.items() if name == always or value != declared[name])


def _fill(template: str, values: Mapping[str, Any], parts: set[str]) -> str:
    """A template with its values; lines between ``%% part`` and ``%% end`` stay where the part is asked for."""
    lines = []
    keep = True
    for line in resources.files("graph_engine.codegen").joinpath("templates", template).read_text(encoding="utf-8").splitlines():
        if line.startswith("%% "):
            keep = line == "%% end" or line.removeprefix("%% ") in parts
        elif keep:
            lines.append(line)
    return Template("\n".join(lines) + "\n").substitute(values)
