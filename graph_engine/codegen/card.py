"""A model card in Markdown: what the network is made of, what it learns from and how, and what its last run reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graph_engine.analysis.difference import flat, word
from graph_engine.spec.tensor import TensorSpec, shape_text

if TYPE_CHECKING:
    from graph_engine.analysis.checked import CheckedGraph
    from graph_engine.api import Graph
    from graph_engine.graph.graph import CoreGraph

NOT_TOLD = ("facts", "path", "device", "threads")
"""Settings that say something of a computer, or of all samples."""


def write_card(
    graph: Graph, figure: str, metrics: Mapping[str, float], curves: Sequence[str], run: str, settings: Mapping[str, Any] | None = None
) -> str:
    """The text of a card.

    Args:
        graph: the document.
        figure: name of the picture of the network beside the card.
        metrics: what the run reached, by name; empty without one.
        curves: names of the pictures of its curves beside the card.
        run: what the run is called.
        settings: those of the run, as plain data; left out, the document's.
    """
    checked = graph.check()
    dataset = graph.settings.data["dataset"]
    option = dataset.option.sized(dataset.params)
    about = [graph.description, ""] if graph.description else []
    costs = _number(checked.parameters), _number(checked.flops), _bytes(checked.memory)
    lines = [f"# {graph.name}", "", *about, f"![{graph.name}]({figure})", ""]
    lines += [*_table(("parameters", "FLOPs", "memory"), [costs]), ""]
    lines += ["FLOPs and memory are those of one sample; a multiply-add counts as two.", "", "## Layers", ""]
    lines += _table(("layer", "block", "output", "parameters", "FLOPs"), list(_layers(graph, checked)))
    lines += ["", "Inside a repeated group, figures are those of its first turn.", ""] if graph.definitions else [""]
    lines += ["## Data", "", f"{option.title}. {option.summary}", "", f"Source: {option.source}. Licence: {option.licence}.", ""]
    lines += ["## Training", "", *_table(("setting", "value"), list(_settings(settings or graph.settings.to_plain()))), ""]
    if metrics:
        reached = _table(("metric", "value"), [(name, f"{value:.4g}") for name, value in metrics.items()])
        lines += ["## Result", "", f"What run {run} reached:", "", *reached, ""]
        lines += [text for name in curves for text in (f"![{name.rpartition('.')[0]}]({name})", "")]
    return "\n".join(lines).rstrip() + "\n"


def _layers(graph: CoreGraph, checked: CheckedGraph, path: tuple[str, ...] = (), seen: set[str] | None = None) -> Iterator[Sequence[str]]:
    """A row for each node in the order in which they compute, each group followed by its content, once."""
    seen = set() if seen is None else seen
    for id in checked.order:
        node, found = graph[id], checked.nodes[id]
        group = graph.definitions[graph.groups[id]] if id in graph.groups else None
        tensors = [tensor for tensor in found.outputs.values() if isinstance(tensor, TensorSpec)]
        times = node.params["repeat"] if group is not None else 1
        title = node.spec.title + (f" ×{times}" if times > 1 else "")
        shape = shape_text(tensors[0].shape) if tensors else ""
        yield "/".join((*path, node.name)), title, shape, _number(found.parameters), _number(found.flops)
        if group is not None and found.inside and group.id not in seen:
            seen.add(group.id)
            yield from _layers(group, found.inside[0], (*path, node.name), seen)


def _settings(plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in flat(plain).items():
        if value is not None and name.rpartition(".")[2] not in NOT_TOLD:
            yield name, word(value)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; columns of figures are aligned to the right."""
    figures = {"parameters", "FLOPs", "memory", "value"}
    rule = ["---:" if heading in figures else "---" for heading in headings]
    return [f"| {' | '.join(cells)} |" for cells in (headings, rule, *([cell.replace("|", "\\|") for cell in row] for row in rows))]


def _number(value: Any) -> str:
    return "" if value == 0 else f"{value:,}" if isinstance(value, int) else str(value)


def _bytes(value: Any) -> str:
    if not isinstance(value, int):
        return f"{value} B"
    size = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.3g} {unit}"
