"""What a card says: its line of parameters, shapes and counts as short text."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication

from graph_engine.analysis.checked import CheckedNode
from graph_engine.analysis.diagnostics import Diagnostic, Severity
from graph_engine.graph.definition import REPEAT
from graph_engine.graph.node import GroupSpec, Node
from graph_engine.spec.params import Param
from graph_engine.spec.tensor import N, Shape, TensorSpec


class Wording(NamedTuple):
    """The texts of a card.

    Attributes:
        name: the node's.
        block: what its block is called.
        params: what differs from torch's defaults: ``32 · 3×3 · stride 2``.
        values: the same without labels, for where that is too long.
        shape: of the first output, or of the input where there are no outputs; empty while it is not known.
        weights: how many there are; empty where there are none.
        problem: the first error's message; empty without one.
    """

    name: str
    block: str
    params: str
    values: str
    shape: str
    weights: str
    problem: str


def wording(node: Node, checked: CheckedNode | None) -> Wording:
    """What the card of ``node`` says."""
    shape = weights = ""
    if checked is not None:
        tensors = [t for t in (*checked.outputs.values(), *checked.inputs.values()) if isinstance(t, TensorSpec)]
        shape = shape_label(tensors[0].shape) if tensors else ""
        weights = count_label(checked.parameters) if checked.parameters else ""
    worst = worst_of(checked)
    problem = worst.message.removeprefix(f"{node.name}: ") if worst is not None and worst.severity == "error" else ""
    params, values = params_line(node), params_line(node, labels=False)
    if node.mode != "active":
        params = values = mode_word(node)
    return Wording(node.name, _title(node), params, values, shape, weights, problem)


def mode_word(node: Node) -> str:
    """That a node does not compute, in a word; empty where it does."""
    return {
        "active": "",
        "bypassed": QCoreApplication.translate("canvas", "bypassed"),
        "muted": QCoreApplication.translate("canvas", "muted"),
    }[node.mode]


def _title(node: Node) -> str:
    """What the node is a use of: ``Conv2d``, ``Encoder layer ×6``."""
    times = node.params.get(REPEAT.name, 1) if isinstance(node.spec, GroupSpec) else 1
    return f"{node.spec.title} ×{times}" if times > 1 else node.spec.title


def worst_of(checked: CheckedNode | None) -> Diagnostic | None:
    """The gravest finding on a node."""
    if checked is None:
        return None
    found = [*checked.diagnostics, *(d for content in checked.inside for d in content.diagnostics if d.severity != "hint")]
    return min(found, default=None, key=lambda d: ("error", "warning", "hint").index(d.severity))


def shown_severity(checked: CheckedNode | None) -> Severity | None:
    """How grave the card shows its findings to be: a node that merely is not connected yet is unfinished, not wrong."""
    worst = worst_of(checked)
    if worst is None:
        return None
    return "warning" if worst.code == "port.unconnected" else worst.severity


def params_line(node: Node, labels: bool = True) -> str:
    """The parameters that differ from torch's defaults, in one line.

    Args:
        node: whose.
        labels: whether optional ones carry their name.
    """
    parts = []
    for param in node.spec.params:
        value = node.params[param.name]
        if param is REPEAT or param.visible != "always" or value is None or (not param.required and value == param.default):
            continue
        parts.append(_param(param, value) if labels or isinstance(value, bool) else _value(param, value))
    return " · ".join(parts)


def _param(param: Param, value: Any) -> str:
    label = param.name.replace("_", " ")
    if value is True:
        return label
    if value is False:
        return QCoreApplication.translate("canvas", "no {0}").format(label)
    return _value(param, value) if param.required or isinstance(value, str) else f"{label} {_value(param, value)}"


def _value(param: Param, value: Any) -> str:
    if isinstance(value, tuple):
        return "×".join("–" if v is None else str(v) for v in value)
    if isinstance(value, float):
        return f"{value:g}"
    length = getattr(param, "length", None)
    return "×".join([str(value)] * length) if isinstance(value, int) and length else str(value)


def shape_label(shape: Shape) -> str:
    """A shape without its batch: ``32×26×26``; ``N`` where nothing else is left."""
    dims = shape[1:] if shape and shape[0] == N and len(shape) > 1 else shape
    return "×".join(str(d) if isinstance(d, int) or d.text.isidentifier() else f"({d})" for d in dims) or "1"


def count_label(count: int) -> str:
    """A number of weights in at most six characters: ``36,928``, ``1.23M``."""
    if count < 100_000:
        return f"{count:,}"
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count / 1e3:.3g}k"
