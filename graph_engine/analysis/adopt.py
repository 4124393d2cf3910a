"""The edit that has a network learn from other data: the settings, the inputs that receive it, and a loss that fits what is to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graph_engine.blocks import registry
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Macro, SetParams, SetSettings
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.losses import LOSSES
from graph_engine.settings.schema import Settings

ROW, COLUMN = 140.0, 260.0
"""Distances of new inputs from each other, and from what is there."""


def adopt(graph: CoreGraph, kind: str, params: Mapping[str, Any]) -> Command:
    """One step that sets the data, gives each Input the shape and type of what it will receive, adds those that are missing, and takes
    a loss that fits where the present one does not.

    Args:
        graph: the network, at its outermost level.
        kind: id of the data set.
        params: values of its parameters.

    Raises:
        ParamError: a value is outside its limits.
    """
    settings = graph.settings.replaced("data.dataset", {"name": kind, **params})
    data: DatasetOption = settings.data["dataset"].option
    settings = _with_fitting_loss(settings, data)
    return Macro(f"Learn from {data.title.lower()}", [SetSettings(settings, "data.dataset"), *_inputs(graph, data)])


def _with_fitting_loss(settings: Settings, data: DatasetOption) -> Settings:
    loss = settings.training["loss"].option
    wanted = {"class" if field.choices else "same" for field in data.targets}
    if not wanted or loss.target in wanted:
        return settings
    return settings.replaced("training.loss", next(option.id for option in LOSSES if option.target in wanted))


def _inputs(graph: CoreGraph, data: DatasetOption) -> Iterator[Command]:
    there = [node for node in graph if node.spec.call.kind == "input"]
    for node, field in zip(there, data.inputs, strict=False):
        if (node.params["shape"], node.params["dtype"]) != (field.shape, field.dtype):
            yield SetParams(node.id, {"shape": field.shape, "dtype": field.dtype})
    down = graph.direction == "down"
    along, aside, step = (1, 0, COLUMN) if down else (0, 1, ROW)
    first = min((node.position[along] for node in graph), default=COLUMN) - (0.0 if there else COLUMN)
    last = max((node.position[aside] for node in there), default=-step)
    names: set[str] = set()
    for place, field in enumerate(data.inputs[len(there) :], start=1):
        name = graph.free_name(field.name, names)
        names.add(name)
        position = (last + step * place, first) if down else (first, last + step * place)
        yield AddNode(new_node(graph, registry()["Input"], name, {"shape": field.shape, "dtype": field.dtype}, position))
