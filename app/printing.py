"""What the terminal's commands print: tables and text for people, JSON for programs. Imports neither Qt nor torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from rich.table import Table

    from graph_engine import Graph
    from graph_engine.analysis.checked import CheckedGraph, CheckedNode
    from graph_engine.graph.definition import Definition
    from graph_engine.graph.graph import CoreGraph
    from graph_engine.graph.node import Node
    from graph_engine.training.findings import Finding
    from graph_engine.training.sample import Sample

_COLOURS = {"error": "red", "warning": "yellow", "hint": "cyan"}


class _Listed(NamedTuple):
    """A node, what the check knows of it, and the group nodes that lead to it."""

    path: tuple[Node, ...]
    node: Node
    found: CheckedNode
    group: Definition | None


def _listed(graph: CoreGraph, report: CheckedGraph, path: tuple[Node, ...] = (), seen: set[int] | None = None) -> Iterator[_Listed]:
    """The nodes of a network as they are computed, each group followed by its content; a content that occurs again is listed once."""
    seen = set() if seen is None else seen
    for id_ in report.order:
        node, found = graph[id_], report.nodes[id_]
        group = graph.definitions[graph.groups[node.id]] if node.id in graph.groups else None
        yield _Listed(path, node, found, group)
        if group is not None and found.inside and id(found.inside[0]) not in seen:
            seen.add(id(found.inside[0]))
            yield from _listed(group, found.inside[0], (*path, node), seen)


def report_record(graph: Graph, report: CheckedGraph) -> dict[str, Any]:
    nodes = []
    for path, node, found, group in _listed(graph, report):
        nodes.append(
            {
                "id": node.id,
                "path": [n.id for n in path],
                "name": node.name,
                "block": node.block,
                "group": group.name if group is not None else None,
                "repeat": node.params["repeat"] if group is not None else 1,
                "status": found.status,
                "inputs": {port: _tensor(spec) for port, spec in found.inputs.items()},
                "outputs": {port: _tensor(spec) for port, spec in found.outputs.items()},
                "parameters": found.parameters,
                "flops": _size(found.flops),
                "memory": _size(found.memory),
            }
        )
    return {
        "ok": report.ok,
        "diagnostics": [d.to_plain() for d in report.diagnostics],
        "nodes": nodes,
        "parameters": report.parameters,
        "flops": _size(report.flops),
        "memory": _size(report.memory),
    }


def _tensor(spec: Any) -> Any:
    if spec is None:
        return None
    if hasattr(spec, "dtype"):
        return {"shape": [_size(s) for s in spec.shape], "dtype": spec.dtype}
    return [_tensor(s) for s in spec]


def _size(size: Any) -> int | str:
    return size if isinstance(size, int) else str(size)


def print_report(graph: Graph, report: CheckedGraph) -> None:
    from rich.markup import escape

    table = make_table("Node", "Block", "Output", "Parameters>", "FLOPs>", "Memory>")
    repeated = False
    for path, node, found, group in _listed(graph, report):
        times = node.params["repeat"] if group is not None else 1
        repeated = repeated or times > 1
        block = node.block if group is None else f"{group.name} ×{times}" if times > 1 else group.name
        shown = {"ok": _outputs(found), "error": "[red]error[/]", "waiting": "[dim]waiting[/]"}[found.status]
        table.add_row("  " * len(path) + node.name, block, shown, _count(found.parameters), _count(found.flops), _bytes(found.memory))
    table.add_section()
    table.add_row("Total", "", "", _count(report.parameters), _count(report.flops), _bytes(report.memory))
    of_groups = " Inside a repeated group, figures are those of its first turn." if repeated else ""
    show(table, f"FLOPs and memory are those of one sample; a multiply-add counts as two.{of_groups}")
    for d in report.diagnostics:
        advice = f" [dim]{escape(d.fixes[0].title)}.[/]" if d.fixes else ""
        place = "".join(f"{holder[id].name} › " for id in d.path if (holder := graph.holder(id)) is not None)
        show(f"[{_COLOURS[d.severity]}]{d.severity}[/] [dim]{d.code}[/] {escape(place)}{escape(d.message)}{advice}")


def _outputs(node: CheckedNode) -> str:
    from graph_engine.spec.tensor import shape_text

    first = next(iter(node.outputs.values()), None)
    return shape_text(first.shape) if first else ""


def _count(value: Any) -> str:
    return "" if value == 0 else f"{value:,}" if isinstance(value, int) else str(value)


def _bytes(value: Any) -> str:
    if not isinstance(value, int):
        return f"{value} B"
    from rich.filesize import decimal

    return decimal(value) if value else ""


def print_block(block: Mapping[str, Any]) -> None:
    from rich.markup import escape

    show(f"[bold]{block['id']}[/]  [dim]{block['category']}[/]", escape(block["summary"]), "")
    for heading in ("inputs", "outputs"):
        if block[heading]:
            table = make_table(heading.capitalize(), "")
            for port in block[heading]:
                notes = [word for word in ("optional", "variadic") if port.get(word)]
                table.add_row(port["name"], escape(port["help"]) + (f" [dim]({', '.join(notes)})[/]" if notes else ""))
            show(table)
    if block["parameters"]:
        table = make_table("Parameter", "Default", "Value", "")
        for p in block["parameters"]:
            default = "required" if p["required"] else "inferred" if p["inferred"] else str(p["default"])
            table.add_row(p["name"], default, escape(p["limits"]), escape(p["help"]))
        show(table)
    if block["reference"]:
        show(block["reference"])


def print_metrics(metrics: Mapping[str, float]) -> None:
    table = make_table("Metric", "Value>")
    for name, value in metrics.items():
        table.add_row(name, f"{value:.4g}")
    show(table)


def print_samples(samples: Sequence[Sample]) -> None:
    from rich.markup import escape

    from app.widgets.text import end_text

    if not samples:
        return
    table = make_table("Sample", "Expected", "Found")
    for given, expected, found, _ in samples:
        table.add_row(escape(end_text(given)), escape(expected), f"[{'green' if found == expected else 'red'}]{escape(found)}[/]")
    show(table)


def print_findings(findings: Sequence[Finding]) -> None:
    from rich.markup import escape

    for finding in findings:
        colour = "dim" if finding.follows else _COLOURS[finding.severity]
        advice = f" [dim]{escape(finding.fixes[0].title)}.[/]" if finding.fixes and not finding.follows else ""
        cause = f" [dim]follows from {finding.follows}[/]" if finding.follows else ""
        show(f"[{colour}]{finding.severity}[/] [dim]{finding.code}[/] {escape(finding.message)}{advice}{cause}")


def make_table(*columns: str) -> Table:
    """A table; columns whose heading ends in ``>`` are aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in columns:
        table.add_column(heading.rstrip(">"), justify="right" if heading.endswith(">") else "left", overflow="fold")
    return table


def show(*things: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a file or pipe has no edge to break lines at
    for thing in things:
        console.print(thing, soft_wrap=isinstance(thing, str))


def print_json(value: Any) -> None:
    def plain(other: Any) -> NoReturn:
        raise TypeError(f"no JSON for {type(other)}")

    print(json.dumps(value, indent=2, ensure_ascii=False, default=plain))
