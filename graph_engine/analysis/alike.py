"""Runs shape rules, once for all nodes that are alike: in a large network most layers have many twins.

What is found is shared by them, so that a network of thousands of layers also takes up little room.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from graph_engine.analysis.costs import bytes_stored
from graph_engine.spec.block import BlockSpec, Site
from graph_engine.spec.foreign import Answers
from graph_engine.spec.tensor import Size, TensorSpec


class Found(NamedTuple):
    """What a node of a block computes and costs; see `CheckedNode`."""

    outputs: Mapping[str, TensorSpec]
    sizes: Mapping[str, Any]
    weights: Mapping[str, tuple[int, ...]]
    buffers: Mapping[str, tuple[int, ...]]
    parameters: int
    flops: Size
    memory: Size
    stored: int


class Alike:
    """What the shape rules found in one pass over a graph.

    Args:
        answers: what is known of modules that are not the program's own.
    """

    def __init__(self, answers: Answers | None):
        self._answers = answers
        self._tensors: dict[TensorSpec, TensorSpec] = {}
        self._known: dict[tuple[int, ...], list[tuple[Mapping[str, Any], Mapping[str, Any], Found]]] = {}

    def infer(self, spec: BlockSpec, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Found:
        """What a block makes of its inputs.

        Args:
            spec: the block.
            params: value of every declared parameter.
            inputs: what arrives, by port.

        Raises:
            Fault: as its shape rule does.
        """
        # equal outputs are one object, so what arrives is compared by identity; what is kept here holds on to it
        known = self._known.setdefault((id(spec), *map(id, inputs.values())), [])
        for same, _, found in known:
            if same == params:
                return found
        found = self._infer(spec, params, inputs)
        known.append((params, inputs, found))
        return found

    def _infer(self, spec: BlockSpec, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Found:
        found = spec.infer(Site(params, inputs, self._answers))
        outputs = {name: self._tensors.setdefault(x, x) for name, x in zip(spec.output_names, found.outputs, strict=True)}
        for port in spec.switched_outputs:
            if port.is_off(params):
                del outputs[port.name]
        parameters = sum([prod(shape) for shape in found.weights.values()])
        memory: Size = 0
        for x in outputs.values():
            memory += x.nbytes()
        stored = bytes_stored(parameters, found.buffers)
        return Found(outputs, found.sizes, found.weights, found.buffers, parameters, found.flops, memory, stored)
