"""The torch operator that a node lowers to, as data that the code generator writes and the importer recognises.

Names in `Call.arguments`, `Call.keywords` and `Call.returns` are ports and parameters of the block (they share one namespace).
A nested tuple is a tuple that torch takes or gives; one whose ports are all unconnected is left out. ``*name`` unpacks a sequence.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Names = tuple["str | Names", ...]


class Call(NamedTuple):
    """How a node computes.

    Attributes:
        kind: ``module`` constructs a layer in ``__init__`` and calls it; ``function`` and ``method`` call; ``operator`` is infix;
            ``input`` and ``output`` are the ends of ``forward``.
        target: the class (``nn.Conv2d``), function (``torch.cat``), method (``permute``) or operator (``+``).
        arguments: what is passed by position when computing.
        keywords: what is passed by keyword when computing, where it is connected or differs from the default.
        returns: the outputs as torch returns them; empty means one tensor.
        positional: how many constructor arguments (``module``) are written by position.
    """

    kind: Literal["module", "function", "method", "operator", "input", "output"]
    target: str
    arguments: Names = ("input",)
    keywords: tuple[str, ...] = ()
    returns: Names = ()
    positional: int = 0
