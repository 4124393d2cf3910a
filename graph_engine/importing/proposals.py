"""What a module most likely takes: read from its own words and from its first layers, and tried on shapes without numbers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from graph_engine.errors import ImportModuleError
from graph_engine.importing.programs import Interpreted
from graph_engine.importing.source import examples

SIDES: Mapping[int, tuple[int, ...]] = {1: (256, 1024, 4096, 16000), 2: (224, 32, 28, 64, 96, 256, 299, 384), 3: (32, 112)}
"""Sides to try of what a convolution of so many dimensions takes, the usual ones first."""

LENGTH = 16
"""Steps of a sequence, where nothing says another number."""

TOKENS, PICTURES = frozenset({"input_ids", "decoder_input_ids"}), frozenset({"pixel_values"})
"""What models of Hugging Face call their inputs."""

MASKS = frozenset({"attention_mask"})


class Input(NamedTuple):
    """One argument of ``forward``, and what it is proposed to be given.

    Attributes:
        name: of the argument.
        shape: as `graph_engine.importing.source` reads it; empty where it is not to be given, or nothing is known.
        required: it has no default.
    """

    name: str
    shape: str
    required: bool


class Proposal(NamedTuple):
    """What to give a module.

    Attributes:
        inputs: the arguments of its ``forward``.
        problem: one sentence on why nothing that was tried runs; empty where the proposal does.
    """

    inputs: tuple[Input, ...]
    problem: str


def propose(module: nn.Module) -> Proposal:
    """What to give a module."""
    if isinstance(module, Interpreted):
        return Proposal(tuple(Input(name, module.expects.get(name, ""), True) for name in module.inputs), "")
    arguments = _arguments(module)
    wanted = [name for name, required in arguments if required] or _known(arguments) or [name for name, _ in arguments[:1]]
    problem, first = "", None
    for shape in _shapes(module):
        given = {name: _named(module, name) or shape for name in wanted}
        first = first or given
        names = [name for name, _ in arguments]
        problem = _tried(module, names, given, "meta")
        if "meta" in problem:  # it looks at numbers, which tensors without them do not have
            problem = _tried(module, names, given, "cpu")
        if not problem:
            first = given
            break
    chosen = first or dict.fromkeys(wanted, "")
    inputs = tuple(Input(name, chosen.get(name, ""), required) for name, required in arguments)
    return Proposal(inputs, problem if first else "")


def proposed(module: nn.Module) -> tuple[Tensor, ...] | dict[str, Tensor]:
    """Example inputs for a module of which nothing is said.

    Raises:
        ImportModuleError: nothing that was tried runs.
    """
    found = propose(module)
    given = {one.name: one.shape for one in found.inputs if one.shape}
    if found.problem or not given:
        raise ImportModuleError(f"Say what the network takes, such as 3x224x224, for each input. {found.problem}".strip())
    return examples(texts([one.name for one in found.inputs], given))


def _arguments(module: nn.Module) -> list[tuple[str, bool]]:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return [("x", True)]
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY, p.KEYWORD_ONLY)]
    return [(p.name, p.default is p.empty) for p in plain] or [("x", True)]


def _known(arguments: list[tuple[str, bool]]) -> list[str]:
    """The arguments by which a model that needs none of them is told what to look at."""
    names = [name for name, _ in arguments]
    return [n for n in names if n in TOKENS | PICTURES][:2]


def _named(module: nn.Module, name: str) -> str:
    """What an argument of a well-known name takes."""
    config = getattr(module, "config", None)
    if name in TOKENS and config is not None and hasattr(config, "vocab_size"):
        return f"{LENGTH}:int64<{config.vocab_size}"
    if name in MASKS:
        return f"{LENGTH}:int64<2"
    side, channels = getattr(config, "image_size", None), getattr(config, "num_channels", 3)
    if name in PICTURES and isinstance(side, int):
        return f"{channels}x{side}x{side}"
    return ""


def _shapes(module: nn.Module) -> Iterator[str]:
    """Shapes that it may take, the likeliest first."""
    told = getattr(module, "default_cfg", None) or getattr(module, "pretrained_cfg", None)
    size = told.get("input_size") if isinstance(told, Mapping) else None
    if isinstance(size, tuple | list) and size and all(isinstance(s, int) for s in size):
        yield "x".join(map(str, size))
    said = [
        v for n in ("image_size", "img_size", "input_size") for m in (module, getattr(module, "config", None)) if (v := getattr(m, n, 0))
    ]
    sides = [s for s in said if isinstance(s, int) and s > 1]
    for layer in module.modules():
        found = list(_before(layer, module, sides))
        if found:
            yield from found
            return


def _before(layer: nn.Module, module: nn.Module, sides: list[int]) -> Iterator[str]:
    """What stands before a layer that tells its input."""
    if isinstance(layer, _ConvNd):
        dims = len(layer.kernel_size)
        usual = SIDES[dims] if layer.in_channels > 1 or dims != 2 else (28, 32, *SIDES[2])
        for side in dict.fromkeys((*sides, *usual)):
            yield "x".join(map(str, (layer.in_channels, *[side] * dims)))
    elif isinstance(layer, nn.Embedding | nn.EmbeddingBag):
        yield f"{LENGTH}:int64<{layer.num_embeddings}"
        yield f":int64<{layer.num_embeddings}"
    elif isinstance(layer, nn.Linear):
        both = (f"{layer.in_features}", f"{LENGTH}x{layer.in_features}")
        yield from both if not any(isinstance(m, nn.MultiheadAttention) for m in module.modules()) else reversed(both)
        if (side := round(layer.in_features**0.5)) ** 2 == layer.in_features and side > 1:
            yield f"1x{side}x{side}"
    elif isinstance(layer, nn.RNNBase):
        yield f"{LENGTH}x{layer.input_size}"
    elif isinstance(layer, nn.MultiheadAttention):
        yield f"{LENGTH}x{layer.embed_dim}"


def texts(arguments: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Shapes as `graph_engine.importing.source.examples` reads them; without names for the first arguments, in order."""
    named = any(a != b for a, b in zip(arguments, given, strict=False))
    return [f"{name}={shape}" if named else shape for name, shape in given.items()]


def _tried(module: nn.Module, arguments: Sequence[str], given: Mapping[str, str], device: str) -> str:
    """Runs a module on a device; one sentence where it does not run."""
    was_training = module.training
    try:
        inputs = examples(texts(arguments, given))
        tensors = {name: t.to(device) for name, t in (*module.named_parameters(), *module.named_buffers())}
        by_place = tuple(t.to(device) for t in inputs) if isinstance(inputs, tuple) else ()
        by_name = {name: t.to(device) for name, t in inputs.items()} if isinstance(inputs, dict) else {}
        with torch.no_grad():
            torch.func.functional_call(module.eval(), tensors, by_place, by_name)
    except Exception as error:  # a module may raise anything where what it is given does not fit
        words = " ".join(str(error).split())
        return f"{type(error).__name__}: {words[:200]}"
    finally:
        module.train(was_training)
    return ""
