"""The torch operator that a node lowers to, as data that the code generator writes and the importer recognises.

Names in `Call.arguments`, `Call.keywords` and `Call.returns` are ports and parameters of the block (they share one namespace).
A nested tuple is a tuple that torch takes or gives; one whose ports are all unconnected is left out. ``*name`` unpacks a sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Names = tuple["str | Names", ...]


class Call(NamedTuple):
    """How a node computes.

    Attributes:
        kind: ``module`` constructs a layer in ``__init__`` and calls it; ``function`` and ``method`` call; ``operator`` is infix;
            ``subscript`` writes a parameter between brackets behind the first argument;
            ``written`` calls the target with arguments that are written out, a port as ``{name}``; ``[]`` as target is a subscript;
            ``parameter`` and ``buffer`` construct a tensor of the network itself, learned or not;
            ``input`` and ``output`` are the ends of ``forward``; the target of an ``output`` is ``output`` where training compares it
            with a target of the data, and ``loss term`` where it is itself to become small.
        target: the class (``nn.Conv2d``; ``modules.CausalMask`` where the source of `graph_engine.modules` travels along), function
            (``torch.cat``), method (``permute``) or operator (``+``).
        arguments: what is passed by position when computing.
        keywords: what is passed by keyword when computing, where it is connected or differs from the default.
        returns: the outputs as torch returns them; empty means one tensor.
        positional: how many constructor arguments (``module``) are written by position.
        inner: the class of a layer that the constructor takes first (``nn.TransformerEncoderLayer``), itself constructed with all
            parameters but those in ``outer``.
        outer: the parameters that such a constructor takes besides.
        imported: the target is not torch's but the dotted name of a class or function of another package or file.
        renamed: the operator's own names of arguments that are called otherwise here.
        shrinks: an output that is switched off is missing from the result; otherwise None stands in its place.
        also: other names of torch's for the same operation, with the same arguments: ``view`` for ``reshape``.
        attributes: where an object of the class keeps a parameter that is not an attribute of that name: ``self_attn.embed_dim``.
        sizes: parameters that follow from the shapes of weights, by weight and place (``weight[0]``, ``weight[2:]``), or how many
            ``results`` there are: so the importer finds a layer in a call of the function that it stands for.
        saved: a ``buffer`` is part of the ``state_dict``, because its numbers do not follow from parameters.
        through: for a port that the layer itself does not take, the function of `graph_engine.modules` that calls the layer where that
            port is connected: with the layer in front of the arguments.
    """

    kind: Literal["module", "function", "method", "operator", "subscript", "written", "parameter", "buffer", "input", "output"]
    target: str
    arguments: Names = ("input",)
    keywords: tuple[str, ...] = ()
    returns: Names = ()
    positional: int = 0
    inner: str = ""
    outer: tuple[str, ...] = ()
    shrinks: bool = False
    imported: bool = False
    renamed: Mapping[str, str] = {}
    through: Mapping[str, str] = {}
    also: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}
    sizes: Mapping[str, str] = {}
    saved: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the result is a tensor that the network holds, so that nothing is computed."""
        return self.kind in ("parameter", "buffer")
