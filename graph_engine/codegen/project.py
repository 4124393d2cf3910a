"""Writes the project around a model: the reader of its data, and the script that trains it with the document's settings.

The program trains by importing these very files, so the exported project gives the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

from graph_engine.codegen.foreign import requirements, travelling
from graph_engine.codegen.module import class_name
from graph_engine.codegen.prediction import Prediction, test_values
from graph_engine.codegen.recipe import Recipe
from graph_engine.codegen.task import End, Task
from graph_engine.codegen.values import broken_up, literal
from graph_engine.errors import RunError
from graph_engine.files import write_folder
from graph_engine.graph.network import network
from graph_engine.settings.augmentations import arguments, unfit
from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.losses import misfits, target_losses
from graph_engine.settings.metrics import Asked, asked, measured, unknown
from graph_engine.settings.option import Selected
from graph_engine.settings.schema import Settings
from graph_engine.spec.tensor import TensorSpec

if TYPE_CHECKING:
    from graph_engine.api import Graph

MOST_HELD_OUT = 0.95
"""The greatest share of the samples that validation and test may take together."""

_SHARED = re.compile(r"^from graph_engine\.data\.(\w+) import", re.MULTILINE)

_EXPORTED = ("recording.py", "processes.py", "cores.py")
"""Files that stand beside every training script."""

_REQUIREMENTS = ("torch>=2.9", "safetensors>=0.5", "tensorboard>=2.18")


class _Plan(NamedTuple):
    """What the texts of a project are made of.

    Attributes:
        dataset: with sizes in its shapes.
        ends: the network's outputs.
        augmentation: arguments of what changes pictures.
        metrics: of torchmetrics.
        values: for the templates.
        parts: of the script's template.
        answers: what predict.py needs to know.
    """

    dataset: DatasetOption
    ends: list[End]
    augmentation: Mapping[str, Any]
    metrics: list[Asked]
    values: Mapping[str, Any]
    parts: set[str]
    answers: Prediction


def project_files(graph: Graph) -> dict[str, str]:
    """The files that train the graph without this program: what a run runs.

    Returns:
        Text by name: ``model.py``, ``data.py``, ``train.py`` and what it imports, ``requirements.txt``, ``README.md``, what the reader
        reads, and files of the user's own that hold modules; a name may lead into a folder.

    Raises:
        CheckError: the graph has errors.
        RunError: it cannot be trained on its data set, because it has other inputs or outputs, or nothing to learn; or a file of the
            user's own cannot travel along.
    """
    return _training_files(graph, _plan(graph))


def exported_files(graph: Graph) -> dict[str, str]:
    """As `project_files`, with what one does with the network besides: ``predict.py`` and what it imports, ``test_model.py``."""
    plan = _plan(graph)
    files = _training_files(graph, plan)
    parts = plan.answers.parts() | {"own data" if plan.dataset.is_own else "bundled data"}
    pillow = ["pillow"] * ("picture file" in parts and "pillow" not in plan.dataset.requirements)
    inputs = [node.id for node in network(graph).graph if node.spec.call.target == "input"]
    given = [graph.check().nodes[id].outputs["output"].shape for id in inputs]
    shapes = [(field.name, field, shape) for field, shape in zip(plan.dataset.inputs, given, strict=True)]
    values = {**plan.values, **plan.answers.values()}
    return {
        **files,
        "predict.py": _fill("predict.py.txt", values, parts),
        "samples.py": _exported("samples.py"),
        "test_model.py": _fill("test_model.py.txt", {**values, **test_values(shapes, [end.shape for end in plan.ends])}, set()),
        "requirements.txt": files["requirements.txt"] + "".join(f"{name}\n" for name in pillow),
        "README.md": _fill("README.md.txt", values, plan.parts | parts | {"exported"}),
    }


def _plan(graph: Graph) -> _Plan:
    graph.source()  # refuses what is wrong
    checked = graph.check()
    data, training = graph.settings.data, graph.settings.training
    dataset = data["dataset"].option.sized(data["dataset"].params)
    _refuse_untrainable(graph, checked.parameters, dataset)
    _refuse_unfit(graph.settings, dataset)
    ends, losses = list(_ends(graph)), target_losses(training, dataset.targets)
    augmentation = arguments(graph.settings.augmentation, dataset)
    metrics = asked(training, dataset)
    task = Task(dataset, losses, ends, metrics, "mixup" in augmentation)
    recipe = Recipe(training, measured(training, dataset))
    values = {
        "title": graph.name,
        "model": class_name(graph.name),
        "parameters": f"{checked.parameters:,}",
        "weights": literal(checked.parameters),
        "dataset": dataset.title,
        "source": dataset.source,
        "licence": dataset.licence,
        "validation": literal(data["validation"]),
        "test": literal(data["test"]),
        **_data(data["dataset"]),
        "augmentation": "\n".join(line for name, value in augmentation.items() for line in broken_up(f"{name}=", value, "    ", 140)),
        **task.values(),
        **recipe.values(),
        **{name: literal(training[name]) for name in ("epochs", "batch_size", "seed", "device", "threads")},
    }
    parts = task.parts() | recipe.parts() | {"own data" if dataset.is_own else "bundled data"}
    parts |= {"augmented"} if augmentation else set()
    parts |= {"mixed"} if "mixup" in augmentation and "hits" in parts else set()
    parts |= {"weights"} if graph.begins_with_weights else set()
    parts |= {"load_file"} if parts & {"weights", "best"} else set()
    return _Plan(dataset, ends, augmentation, metrics, values, parts, Prediction(dataset, losses, ends, shows="samples" in task.parts()))


def _training_files(graph: Graph, plan: _Plan) -> dict[str, str]:
    needed = ["kornia>=0.8"] * bool(plan.augmentation) + ["torchmetrics>=1.7"] * bool(plan.metrics)
    beside = (*_EXPORTED, *["augmentation.py"] * bool(plan.augmentation), *["measuring.py"] * bool(plan.metrics))
    lines = (*_REQUIREMENTS, *needed, *plan.dataset.requirements, *requirements(graph.foreign, graph.folder))
    return {
        **travelling(graph.foreign, graph.folder),
        "model.py": graph.to_python(),
        **data_files(plan.dataset),
        **{name: _exported(name) for name in beside},
        "train.py": _fill("train.py.txt", plan.values, plan.parts),
        "requirements.txt": "".join(f"{line}\n" for line in dict.fromkeys(lines)),
        "README.md": _fill("README.md.txt", plan.values, plan.parts),
    }


def _exported(name: str) -> str:
    """A file that stands beside a training script."""
    return resources.files("graph_engine.training.exported").joinpath(name).read_text(encoding="utf-8")


INITIAL = "initial.safetensors"
"""The tensors that the network begins with, beside ``train.py``."""


def write_project(graph: Graph, folder: Path) -> None:
    """Writes the files of `exported_files` into a new or empty folder, and the tensors that the network begins with.

    Raises:
        CheckError, RunError: as `project_files`.
        UnwritableError: the folder holds something already, or cannot be written to.
    """
    write_folder(folder, exported_files(graph))
    graph.write_weights(folder / INITIAL)


def data_files(dataset: DatasetOption) -> dict[str, str]:
    """The reader of a data set, ``data.py``, what it shares with others, and what it reads; text by name."""
    reader = resources.files("graph_engine.data.readers").joinpath(dataset.reader).read_text(encoding="utf-8")
    return {
        **_standing_alone("data.py", reader),
        **{name: resources.files("assets").joinpath("datasets", name).read_text(encoding="utf-8") for name in dataset.files},
    }


def _data(chosen: Selected[DatasetOption]) -> dict[str, str]:
    """Values for the script's template: what its reader is given."""
    arguments = _arguments(chosen)
    if not chosen.option.is_own:
        return {
            "part": "TensorDataset",
            "moved": "move(part, self.device)",
            "data": "",
            "data_arguments": "".join(f", {name}={literal(value)}" for name, value in arguments.items()),
        }
    lines = [line for name, value in arguments.items() for line in broken_up(f"{literal(name)}: ", value, "    ", 140)]
    return {"part": "Part", "moved": "part.to(self.device)", "data": "\n".join(lines), "data_arguments": ", **DATA"}


def _standing_alone(name: str, text: str) -> dict[str, str]:
    """A reader without what it imports from this program, and the files that it takes that from instead."""
    files = {name: _SHARED.sub(r"from \1 import", text)}
    for shared in _SHARED.findall(text):
        more = resources.files("graph_engine.data").joinpath(f"{shared}.py").read_text(encoding="utf-8")
        files |= _standing_alone(f"{shared}.py", more)
    return files


def data_arguments(settings: Settings) -> dict[str, Any]:
    """What ``load`` and ``vocabularies`` in ``data.py`` are called with, by name."""
    data = settings.data
    return {"validation": data["validation"], "test": data["test"], "seed": settings.training["seed"], **_arguments(data["dataset"])}


def _arguments(chosen: Selected[DatasetOption]) -> Mapping[str, Any]:
    """What a reader is given besides shares and seed."""
    return chosen.params if chosen.option.arguments is None else chosen.option.arguments


def _ends(graph: Graph) -> Iterator[End]:
    nodes = graph.check().nodes
    for node in network(graph).graph:
        if node.spec.call.kind == "output":
            given = nodes[node.id].inputs["input"]
            assert isinstance(given, TensorSpec)
            yield End(node.name, given.shape, node.params["factor"] if node.spec.call.target == "loss term" else None)


def _refuse_untrainable(graph: Graph, weights: int, dataset: DatasetOption) -> None:
    if dataset.is_own:
        _refuse_absent(dataset)
    for kind, verb, fields in (("input", "fills", dataset.inputs), ("output", "has", dataset.targets)):
        names = [node.name for node in network(graph).graph if node.spec.call.target == kind]
        if len(names) != len(fields):
            wanted = _counted([field.name for field in fields], "target" if kind == "output" else kind)
            raise RunError(f"The data set {dataset.id} {verb} {wanted}, but the network has {_counted(names, kind)}.")
    held_out = graph.settings.data["validation"] + graph.settings.data["test"]
    if held_out > MOST_HELD_OUT:
        raise RunError(f"Validation and test take {held_out:.0%} of the samples together: leave at least 5% to learn from.")
    if not weights:
        raise RunError("The network has no weights, so there is nothing to train: add a layer that learns, Linear for instance.")


def _refuse_unfit(settings: Settings, dataset: DatasetOption) -> None:
    found = next(unfit(settings.augmentation, dataset, settings.training), None)
    if found is not None:
        raise RunError(found.message)
    for field, loss in zip(dataset.targets, target_losses(settings.training, dataset.targets), strict=True):
        for message in misfits(field, loss):
            raise RunError(message)
    for _, message in unknown(settings.training, dataset):
        raise RunError(message)


def _refuse_absent(dataset: DatasetOption) -> None:
    if dataset.arguments is None:
        raise RunError(f"{dataset.title}: choose {'the class' if dataset.is_foreign else 'the file or folder'} first.")
    path = Path(dataset.arguments["path"])
    if not dataset.is_foreign and not path.exists():
        raise RunError(f"The data is not there any more: {path}. Tell where it is now.")
    if not dataset.targets:
        raise RunError(f"Nothing of {path.name} is to be told yet: choose its targets.")


def _counted(names: Sequence[str], what: str) -> str:
    """``2 inputs (query, key)``."""
    counted = f"{len(names)} {what}{'' if len(names) == 1 else 's'}"
    return f"{counted} ({', '.join(names)})" if names else counted


def _fill(template: str, values: Mapping[str, Any], parts: set[str]) -> str:
    """A template with its values; lines between ``%% part`` and ``%% end`` stay where the part is asked for, ``%% no part`` where not."""
    lines = []
    keep = True
    for line in resources.files("graph_engine.codegen").joinpath("templates", template).read_text(encoding="utf-8").splitlines():
        if line.startswith("%% "):
            part = line.removeprefix("%% ")
            keep = line == "%% end" or (part.removeprefix("no ") in parts) != part.startswith("no ")
        elif keep:
            lines.append(line)
    return Template("\n".join(lines) + "\n").substitute(values)
