"""The palette has every layer of the installed torch that a user can place in a network."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from torch import nn

from graph_engine.blocks import registry
from graph_engine.codegen.library import PREFIX, names
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.params import Param

ROOT = Path(__file__).parent.parent.parent
BASE = "a base class, or a container of other layers; graphs and groups take its place"
LAZY = "the block without Lazy infers its sizes from the input, when the network is drawn"
RANDOM = "draws its windows at random even when evaluating, so that no result can be had twice"

EXCEPTIONS = {
    "Container": BASE,
    "Sequential": BASE,
    "ModuleList": BASE,
    "ModuleDict": BASE,
    "ParameterList": BASE,
    "ParameterDict": BASE,
    "RNNBase": BASE,
    "RNNCellBase": BASE,
    "DataParallel": "where a network runs is a setting of the training",
    "SyncBatchNorm": "BatchNorm over several GPUs: torch makes it of BatchNorm when training is distributed",
    "CrossMapLRN2d": "an older way to compute LocalResponseNorm",
    "AdaptiveLogSoftmaxWithLoss": "takes the targets and gives a loss: a part of training",
    "FractionalMaxPool2d": RANDOM,
    "FractionalMaxPool3d": RANDOM,
}
"""Classes of torch.nn that are no blocks, each with its reason."""

FAMILIES = {
    r"\w*Loss(2d)?": "losses are chosen in the training settings",
    r"Lazy\w+": LAZY,
}
"""The same for whole families, by a pattern for their names."""


def layers() -> dict[str, type[nn.Module]]:
    """The classes of torch.nn by name."""
    return {name: cls for name, cls in vars(nn).items() if inspect.isclass(cls) and issubclass(cls, nn.Module)}


def excused(name: str) -> bool:
    return name in EXCEPTIONS or any(re.fullmatch(pattern, name) for pattern in FAMILIES)


def test_every_layer_of_torch_is_a_block_or_excused() -> None:
    blocks = {spec.call.target.removeprefix("nn.") for spec in registry() if spec.call.target.startswith("nn.")}
    assert [name for name in layers() if name not in blocks and not excused(name)] == []
    assert [name for name in layers() if name in blocks and excused(name)] == []


def test_no_excuse_is_left_over() -> None:
    assert EXCEPTIONS.keys() <= layers().keys()
    assert all(any(re.fullmatch(pattern, name) for name in layers()) for pattern in FAMILIES)
    assert all(len(reason) > 20 for reason in (*EXCEPTIONS.values(), *FAMILIES.values()))


def test_every_layer_that_torch_lacks_is_a_block() -> None:
    called = {target for spec in registry() for target in (spec.call.target, *spec.call.through.values())}
    assert names() == {target.removeprefix(PREFIX) for target in called if target.startswith(PREFIX)}


@pytest.mark.parametrize("spec", [s for s in registry() if not s.recorded], ids=lambda s: s.id)
def test_a_block_from_the_palette_is_complete(spec: BlockSpec) -> None:
    """What the palette sets leaves no required parameter open."""
    settled = {**spec.defaults, **spec.initial}
    assert [p.name for p in spec.params if _is_open(p, settled[p.name])] == (["path"] if spec.foreign else [])


def _is_open(param: Param, value: object) -> bool:
    return param.required and value is None


def test_documents_tell_how_many_blocks_there_are() -> None:
    assert f"from {len(registry())} blocks" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
