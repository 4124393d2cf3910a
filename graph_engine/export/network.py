"""The network of a document as it is to be exported: built, with the weights that were chosen, and with inputs to hold a file against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from graph_engine.document.weights import read_weights
from graph_engine.errors import RunError
from graph_engine.graph.network import network
from graph_engine.spec.tensor import Dim, N, TensorSpec, size_at

if TYPE_CHECKING:
    from graph_engine.api import Graph

WEIGHTS = "weights.safetensors"
"""What a run leaves in its folder."""

FREE = 12
"""A size that may differ from batch to batch, in the inputs that the export is recorded with."""


class Network(NamedTuple):
    """What is exported.

    Attributes:
        name: of the document.
        module: in evaluation mode.
        weights: where its weights come from, in words.
        inputs, outputs: names of the network's ends, in order.
        specs: what each input receives.
        most: for whole numbers, how many there are to choose from.
        lines: names of nodes by the line of the generated source that they are written in.
    """

    name: str
    module: nn.Module
    weights: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    specs: tuple[TensorSpec, ...]
    most: tuple[int, ...]
    lines: Mapping[int, str]

    def draw(self, batch: int, free: int = FREE) -> tuple[Tensor, ...]:
        """Inputs, the same each time.

        Args:
            batch: number of samples.
            free: every other size that may differ.
        """
        generator = torch.Generator().manual_seed(0)
        return tuple(
            torch.randn(shape, generator=generator).to(getattr(torch, spec.dtype))
            if spec.is_floating
            else torch.randint(min(1, most - 1), most, shape, generator=generator).to(getattr(torch, spec.dtype))
            for spec, most in zip(self.specs, self.most, strict=True)
            for shape in [_sizes(spec, batch, free)]
        )

    def run(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The outputs, in order; what the network draws itself is the same each time."""
        torch.manual_seed(1)
        with torch.inference_mode():
            return flat(self.module(*inputs))

    def free_sizes(self) -> list[dict[int, str]]:
        """For each input, the names of the dimensions that may differ, the batch among them, by their place."""
        return [{i: str(size) for i, size in enumerate(spec.shape) if isinstance(size, Dim)} for spec in self.specs]


def built(graph: Graph, run: Path | None) -> Network:
    """The network, with the weights of a run, or, without one, those that the document begins with.

    Raises:
        CheckError: the graph has errors.
        RunError: the run has no weights, or they are another network's.
        DocumentError: the document's weights cannot be read.
    """
    torch.manual_seed(graph.settings.training["seed"])
    module = graph.compile().eval()
    where = "the weights beside the document"
    if run is not None:
        where = f"the weights of run {run.name}"
        load(module, run)
    elif not graph.begins_with_weights:
        where = f"fresh weights (seed {graph.settings.training['seed']}), which have learned nothing"
    checked, ends = graph.check(), list(network(graph).graph)
    inputs = [node for node in ends if node.spec.call.target == "input"]
    specs = tuple(checked.nodes[node.id].outputs["output"] for node in inputs)
    chosen = graph.settings.data["dataset"]
    fields = chosen.option.sized(chosen.params).inputs
    most = [field.vocabulary or field.places or 2 for field in fields] if len(fields) == len(inputs) else [2] * len(inputs)
    nodes = {node.id: node.name for one in graph.graphs() for node in one}
    return Network(
        graph.name,
        module,
        where,
        tuple(node.name for node in inputs),
        tuple(node.name for node in ends if node.spec.call.kind == "output"),
        specs,
        tuple(most),
        {line: nodes[id] for line, id in graph.source().lines.items() if id in nodes},
    )


def load(module: nn.Module, run: Path) -> None:
    """Puts the weights of a run into a network.

    Raises:
        RunError: it has none, or they are another network's.
        DocumentError: they cannot be read.
    """
    path = run / WEIGHTS if run.is_dir() else run
    if not path.is_file():
        raise RunError(f"{run} has no {WEIGHTS}: name the folder of a run that has been trained, or a file of weights.")
    found, own = read_weights(path), module.state_dict()
    for name in [*own, *found]:
        there, wanted = found.get(name), own.get(name)
        if there is None or wanted is None or there.shape != wanted.shape:
            shapes = " and ".join("nothing" if t is None else "×".join(map(str, t.shape)) or "a number" for t in (there, wanted))
            raise RunError(f"The weights in {path} are not this network's: for {name} the file and the network hold {shapes}.")
    module.load_state_dict(found)


def flat(found: Any) -> tuple[Tensor, ...]:
    """The outputs of a network as a tuple, however many there are."""
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)


def _sizes(spec: TensorSpec, batch: int, free: int) -> list[int]:
    known = {name: free for size in spec.shape if isinstance(size, Dim) for name in size.names()} | {str(N): batch}
    return [int(str(size_at(size, known))) for size in spec.shape]
