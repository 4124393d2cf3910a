"""What the pointer learns when it rests on something."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication

from app.canvas.flow import words
from app.canvas.geometry import PortPlace
from app.canvas.item_scene import Hit
from app.canvas.items import NodeItem
from app.canvas.wording import mode_word
from graph_engine.spec.tensor import TensorSpec


def tip(hit: Hit) -> str:
    """The tooltip for what was hit, as rich text; empty for nothing."""
    if hit.strip is not None:
        return hit.strip.tip()
    if hit.node is not None:
        return _port(hit.node, hit.port) if hit.port is not None else _node(hit.node)
    if hit.edge is not None:
        edge = hit.edge.edge
        checked = hit.edge.source.checked
        spec = checked.outputs.get(edge.source_port) if checked is not None else None
        meant = words(spec, hit.edge.source.node.spec.category) if spec is not None else ""
        return _lines([f"{hit.edge.source.node.name} → {hit.edge.target.node.name}"], [_tensor(spec), meant])
    return ""


def _node(item: NodeItem) -> str:
    checked = item.checked
    if checked is not None and checked.diagnostics:
        return _lines([], [d.message for d in checked.diagnostics])
    if checked is not None and checked.status == "waiting":
        return _lines([], [QCoreApplication.translate("canvas", "Waits for what comes before it.")])
    facts = [mode_word(item.node).capitalize(), item.node.spec.summary]
    if checked is not None and checked.parameters:
        facts.append(QCoreApplication.translate("canvas", "{0} parameters").format(f"{checked.parameters:,}"))
    return _lines([f"{item.node.name} · {item.node.spec.title}"], facts)


def _port(item: NodeItem, place: PortPlace) -> str:
    spec = item.node.spec
    port = spec.input(place.name) if place.side == "input" else spec.output(place.name)
    checked = item.checked
    found = None
    if checked is not None:
        found = checked.inputs.get(port.name) if place.side == "input" else checked.outputs.get(port.name)
    tensors = found if isinstance(found, tuple) and not isinstance(found, TensorSpec) else (found,)
    return _lines([port.name], [port.help, *(_tensor(t) for t in tensors)])


def _tensor(spec: TensorSpec | None) -> str:
    return f"{' × '.join(map(str, spec.shape))}  {spec.dtype}" if spec is not None else ""


def _lines(strong: list[str], plain: list[str]) -> str:
    rows = [f"<b>{escape(s)}</b>" for s in strong] + [escape(p) for p in plain if p]
    return "<qt>" + "<br>".join(rows) + "</qt>"
