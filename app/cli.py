"""The commands of the terminal. Nothing here imports Qt, and torch only where it trains."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

import typer

from graph_engine.errors import ArchloomError, RunError

if TYPE_CHECKING:
    from rich.table import Table

    from graph_engine import Graph
    from graph_engine.analysis.checked import CheckedGraph, CheckedNode
    from graph_engine.graph.definition import Definition
    from graph_engine.graph.graph import CoreGraph
    from graph_engine.graph.node import Node
    from graph_engine.training.events import Event
    from graph_engine.training.findings import Finding as RunFinding
    from graph_engine.training.sample import Sample

cli = typer.Typer(
    name="archloom",
    help="Draw a neural network, see whether and how it works, train it, take it away as plain PyTorch. "
    "Without a command, archloom [FILE] opens the window.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Document = Annotated[Path, typer.Argument(metavar="FILE", help="A document (.archloom).", show_default=False)]
Trust = Annotated[bool, typer.Option("--trust", help="Run the code that the document names and that is not part of Archloom.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Folder = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run.", show_default=False)]


class Target(StrEnum):
    """What a document can be exported to."""

    PYTHON = "python"
    PROJECT = "project"


class ThemeName(StrEnum):
    """The two looks of the window."""

    LIGHT = "light"
    DARK = "dark"


def names() -> frozenset[str]:
    """The commands, by which a file's name is told from one."""
    return frozenset(c.name or (c.callback.__name__ if c.callback else "") for c in cli.registered_commands)


def main(arguments: Sequence[str]) -> int:
    """Runs a command.

    Returns:
        0 done; 1 the document or data is at fault; 2 wrong usage.
    """
    try:
        result = cli(list(arguments), standalone_mode=True)
    except ArchloomError as error:
        print(f"archloom: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of a pipe has had enough
        sys.stderr.close()
        return 0
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return int(result or 0)


@cli.command()
def templates(as_json: Json = False) -> None:
    """Lists the networks to start from."""
    from graph_engine.templates import templates

    found = [(t.id, t.title, t.summary, t.graph.check().parameters) for t in templates()]
    if as_json:
        _print_json([{"id": i, "title": t, "summary": s, "parameters": p} for i, t, s, p in found])
        return
    table = _table("Template", "Title", "Parameters>", "What it is")
    for id, title, summary, parameters in found:
        table.add_row(id, title, f"{parameters:,}", summary)
    _print(table)


@cli.command()
def new(
    template: Annotated[str, typer.Argument(help="Id of a template.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The document to write.", show_default=False)],
) -> None:
    """Writes a template as a document."""
    from graph_engine.templates import template as find

    if output.exists():
        raise ArchloomError(f"{output} is there already: choose another name, or remove it first.")
    find(template).graph.save(output)
    print(f"Wrote {output}.")


@cli.command()
def blocks(
    name: Annotated[str | None, typer.Argument(help="A block; left out, all are listed.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """The palette, or one block's reference page."""
    from graph_engine.api import blocks as listed
    from graph_engine.blocks import registry

    if name is not None:
        registry()[name]  # an unknown name is told with the nearest known one
    rows = [b for b in listed() if name in (None, b["id"])]
    if as_json:
        _print_json(rows if name is None else rows[0])
    elif name is None:
        table = _table("Block", "Category", "What it does")
        for row in sorted(rows, key=lambda r: r["category"]):
            table.add_row(row["id"], row["category"], row["summary"])
        _print(table)
    else:
        _print_block(rows[0])


@cli.command()
def check(file: Document, as_json: Json = False, trust: Trust = False) -> None:
    """Shapes, parameters, FLOPs and memory of every node, and all findings."""
    graph = _open(file, trust)
    report = graph.check()
    if as_json:
        _print_json(_report(graph, report))
    else:
        _print_report(graph, report)
    if not report.ok:
        raise typer.Exit(1)


@cli.command()
def export(
    file: Document,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="What to write.", show_default=False)],
    to: Annotated[Target, typer.Option(help="python: one module. project: a folder that trains without Archloom.")] = Target.PYTHON,
    trust: Trust = False,
) -> None:
    """Takes the work out."""
    from graph_engine.codegen.project import project_files
    from graph_engine.files import write_folder, write_text

    graph = _open(file, trust)
    if to is Target.PYTHON:
        write_text(output, graph.to_python())
    else:
        write_folder(output, project_files(graph))
    print(f"Wrote {output}.")


@cli.command()
def train(
    file: Document,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="RUN_DIR", help="Folder for the run.", show_default=False)],
    epochs: Annotated[int | None, typer.Option(min=1, help="In place of the document's.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the document's.", show_default=False)] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.", show_default=False)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN_DIR.")] = False,
    nproc: Annotated[int, typer.Option(min=1, help="Processes that share each batch, each with a GPU or some of the cores.")] = 1,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Trains a document, as the window does."""
    from graph_engine.training.run import train as run

    graph = _open(file, trust)
    with _Shown(graph.name, quiet=as_json) as shown:
        try:
            record = run(graph, output, shown, epochs=epochs, seed=seed, device=device, resume=resume, processes=nproc)
        except RunError:
            if not as_json:
                _print_findings(shown.findings)
            raise
    if as_json:
        findings = [finding.to_plain() for finding in shown.findings]
        _print_json({"run": str(output), "state": str(record.state), "metrics": record.metrics, "findings": findings})
    else:
        _print_metrics(record.metrics)
        _print_samples(shown.samples)
        _print_findings(shown.findings)
        print(f"The run is in {output}.")


@cli.command()
def evaluate(run_dir: Folder, as_json: Json = False) -> None:
    """Metrics of a run on its validation and on its test data, from its weights, and some samples, unless they are figures only."""
    from graph_engine.training.evaluate import evaluation

    found = evaluation(run_dir)
    if as_json:
        _print_json(found.metrics)
    else:
        _print_metrics(found.metrics)
        _print_samples(found.samples)


@cli.command()
def demo() -> None:
    """Shows the main job: the digits network, drawn and training."""
    from app.demo import demo as show

    raise typer.Exit(show())


@cli.command()
def screenshot(
    file: Document,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PNG", help="The picture to write.", show_default=False)],
    size: Annotated[str, typer.Option(metavar="WxH", help="Size of the window in pixels.")] = "1440x900",
    theme: Annotated[ThemeName, typer.Option(help="The look.")] = ThemeName.LIGHT,
) -> None:
    """Draws the real window, off screen."""
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 200 <= int(width) <= 8000 and 200 <= int(height) <= 8000):
        raise typer.BadParameter(f"{size!r} is not a size such as 1440x900, with sides from 200 to 8000.")
    from app.screenshot import screenshot as draw

    draw(file, output, (int(width), int(height)), theme.value)
    print(f"Wrote {output}.")


def _open(file: Path, trust: bool) -> Graph:
    """A document with all that is to be found out about its modules.

    Raises:
        ArchloomError: it cannot be read, or it names code that is not trusted.
    """
    from graph_engine import Graph

    graph = Graph.load(file)
    if trust:
        graph.trust()
    if not graph.is_trusted:
        names = ", ".join(sorted(graph.foreign))
        raise ArchloomError(f"{file.name} names code that is not part of Archloom ({names}): add --trust to run it.")
    graph.answer()
    return graph


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


def _report(graph: Graph, report: CheckedGraph) -> dict[str, Any]:
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


def _print_report(graph: Graph, report: CheckedGraph) -> None:
    from rich.markup import escape

    table = _table("Node", "Block", "Output", "Parameters>", "FLOPs>", "Memory>")
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
    _print(table, f"FLOPs and memory are those of one sample; a multiply-add counts as two.{of_groups}")
    for d in report.diagnostics:
        advice = f" [dim]{escape(d.fixes[0].title)}.[/]" if d.fixes else ""
        place = "".join(f"{holder[id].name} › " for id in d.path if (holder := graph.holder(id)) is not None)
        _print(f"[{_COLOURS[d.severity]}]{d.severity}[/] [dim]{d.code}[/] {escape(place)}{escape(d.message)}{advice}")


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


def _print_block(block: Mapping[str, Any]) -> None:
    from rich.markup import escape

    _print(f"[bold]{block['id']}[/]  [dim]{block['category']}[/]", escape(block["summary"]), "")
    for heading in ("inputs", "outputs"):
        if block[heading]:
            table = _table(heading.capitalize(), "")
            for port in block[heading]:
                notes = [word for word in ("optional", "variadic") if port.get(word)]
                table.add_row(port["name"], escape(port["help"]) + (f" [dim]({', '.join(notes)})[/]" if notes else ""))
            _print(table)
    if block["parameters"]:
        table = _table("Parameter", "Default", "Value", "")
        for p in block["parameters"]:
            default = "required" if p["required"] else "inferred" if p["inferred"] else str(p["default"])
            table.add_row(p["name"], default, escape(p["limits"]), escape(p["help"]))
        _print(table)
    if block["reference"]:
        _print(block["reference"])


def _print_metrics(metrics: Mapping[str, float]) -> None:
    table = _table("Metric", "Value>")
    for name, value in metrics.items():
        table.add_row(name, f"{value:.4g}")
    _print(table)


def _print_samples(samples: Sequence[Sample]) -> None:
    from rich.markup import escape

    from app.widgets.text import end_text

    if not samples:
        return
    table = _table("Sample", "Expected", "Found")
    for given, expected, found, _ in samples:
        table.add_row(escape(end_text(given)), escape(expected), f"[{'green' if found == expected else 'red'}]{escape(found)}[/]")
    _print(table)


def _print_findings(findings: Sequence[RunFinding]) -> None:
    from rich.markup import escape

    for finding in findings:
        colour = "dim" if finding.follows else _COLOURS[finding.severity]
        advice = f" [dim]{escape(finding.fixes[0].title)}.[/]" if finding.fixes and not finding.follows else ""
        cause = f" [dim]follows from {finding.follows}[/]" if finding.follows else ""
        _print(f"[{colour}]{finding.severity}[/] [dim]{finding.code}[/] {escape(finding.message)}{advice}{cause}")


def _table(*columns: str) -> Table:
    """A table; columns whose heading ends in ``>`` are aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in columns:
        table.add_column(heading.rstrip(">"), justify="right" if heading.endswith(">") else "left", overflow="fold")
    return table


def _print(*things: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a file or pipe has no edge to break lines at
    for thing in things:
        console.print(thing, soft_wrap=isinstance(thing, str))


def _print_json(value: Any) -> None:
    def plain(other: Any) -> NoReturn:
        raise TypeError(f"no JSON for {type(other)}")

    print(json.dumps(value, indent=2, ensure_ascii=False, default=plain))


class _Shown:
    """Shows the events of a run: a progress bar where the output is a terminal, a line for each epoch and the test where it is not.

    Attributes:
        samples: the last ones that the run has shown.
        findings: what is wrong with the training, as it was last told.
    """

    def __init__(self, title: str, *, quiet: bool):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False)
        self._live = console.is_terminal and not quiet
        self._say: Callable[[str], None] = (lambda text: None) if quiet else console.print
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[loss]}"),
        )
        self._bar = Progress(*columns, console=console, disable=not self._live)
        self._task = self._bar.add_task(title, total=None, loss="")
        self._heading = ""
        self._line: dict[str, float] = {}
        self.samples: tuple[Sample, ...] = ()
        self.findings: tuple[RunFinding, ...] = ()

    def __enter__(self) -> _Shown:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._say_line()
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        from graph_engine.training.events import Found, Log, Measured, Progress, Samples

        if isinstance(event, Progress):
            self._bar.update(self._task, completed=event.step, total=event.steps)
        elif isinstance(event, Samples):
            self.samples = event.samples
        elif isinstance(event, Found):
            self.findings = event.findings
        elif isinstance(event, Log):
            self._say(event.text.rstrip("\n"))
        elif isinstance(event, Measured) and event.name == "train/loss":
            self._bar.update(self._task, loss=f"loss {event.value:.4f}")
        elif isinstance(event, Measured):
            heading = "test" if event.name.startswith("test/") else f"epoch {event.epoch}"
            if heading != self._heading:
                self._say_line()
                self._heading = heading
            self._line[event.name] = event.value

    def _say_line(self) -> None:
        if self._line:
            self._say(f"{self._heading}  " + "  ".join(f"{name} {value:.4g}" for name, value in self._line.items()))
        self._line = {}
