"""What flows along an edge, for people: images, sequences, vectors, tokens or masks, and each of its dimensions in words."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QCoreApplication

from graph_engine.spec.tensor import N, TensorSpec

Kind = Literal["image", "sequence", "vector", "tokens", "mask", "other"]

MAPS = frozenset({"Convolution", "Pooling", "Padding", "Vision"})
"""Categories whose results have their channels in dimension 1, whatever their rank."""


def kind(spec: TensorSpec, category: str) -> Kind:
    """What a tensor is.

    Args:
        spec: its shape and type.
        category: of the block that gives it.
    """
    shape = spec.shape
    if spec.dtype == "bool":
        return "mask"
    if not shape or shape[0] != N:
        return "other"
    if not spec.is_floating:
        return "tokens"
    if len(shape) > 3 or (len(shape) == 3 and category in MAPS):
        return "image"
    return "sequence" if len(shape) == 3 else "vector"


def words(spec: TensorSpec, category: str) -> str:
    """The dimensions of a tensor in words: ``32 channels, 26 high, 26 wide, for each of N samples``."""
    names = _names(kind(spec, category), len(spec.shape))
    if names is None:
        return ""
    rest = ", ".join(name.format(size) for name, size in zip(names, spec.shape[1:], strict=True))
    each = QCoreApplication.translate("canvas", "for each of N samples")
    return f"{rest}, {each}" if rest else QCoreApplication.translate("canvas", "one number for each of N samples")


def _names(what: Kind, rank: int) -> list[str] | None:
    """What the dimensions behind the batch are called; None where nothing certain can be said."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("canvas", text)

    if what == "image" and rank <= 5:
        sizes = [tr("{0} deep"), tr("{0} high"), tr("{0} wide")][5 - rank :] if rank > 3 else [tr("{0} steps")]
        return [tr("{0} channels"), *sizes]
    if what == "sequence":
        return [tr("{0} steps"), tr("{0} features")]
    if what == "vector" and rank <= 2:
        return [tr("{0} features")][: rank - 1]
    if what == "tokens" and rank <= 2:
        return [tr("{0} whole numbers")][: rank - 1]
    return None
