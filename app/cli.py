"""The commands of the terminal. Nothing here imports Qt, and torch only where it trains."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.diffing import diff
from app.exports import EXPORTS, Order, export_named, list_exports, part_named
from app.printing import (
    make_table,
    print_block,
    print_findings,
    print_json,
    print_metrics,
    print_report,
    print_samples,
    report_record,
    show,
)
from graph_engine.errors import ArchloomError, RunError

if TYPE_CHECKING:
    from graph_engine import Graph
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


class ThemeName(StrEnum):
    """The two looks of the window."""

    LIGHT = "light"
    DARK = "dark"


def _known_export(name: str) -> str:
    if name not in {export.id for export in EXPORTS}:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(export.id for export in EXPORTS)}.")
    return name


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
        print_json([{"id": i, "title": t, "summary": s, "parameters": p} for i, t, s, p in found])
        return
    table = make_table("Template", "Title", "Parameters>", "What it is")
    for id, title, summary, parameters in found:
        table.add_row(id, title, f"{parameters:,}", summary)
    show(table)


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
        print_json(rows if name is None else rows[0])
    elif name is None:
        table = make_table("Block", "Category", "What it does")
        for row in sorted(rows, key=lambda r: r["category"]):
            table.add_row(row["id"], row["category"], row["summary"])
        show(table)
    else:
        print_block(rows[0])


@cli.command()
def check(file: Document, as_json: Json = False, trust: Trust = False) -> None:
    """Shapes, parameters, FLOPs and memory of every node, and all findings."""
    graph = _open(file, trust)
    report = graph.check()
    if as_json:
        print_json(report_record(graph, report))
    else:
        print_report(graph, report)
    if not report.ok:
        raise typer.Exit(1)


@cli.command()
def export(
    file: Document,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="What to write.", show_default=False)],
    to: Annotated[str, typer.Option(parser=_known_export, metavar="WHAT", help=list_exports())] = EXPORTS[0].id,
    group: Annotated[str, typer.Option(metavar="NAME/…", help="Of a figure: what is inside this group.", show_default=False)] = "",
    nodes: Annotated[list[str], typer.Option("--node", metavar="NAME", help="Of a figure: this node, and others named so.")] = [],  # noqa: B006
    weights: Annotated[Path | None, typer.Option(metavar="RUN_DIR", help="With what this run has learned.", show_default=False)] = None,
    trust: Trust = False,
) -> None:
    """Takes the work out."""
    wanted, graph = export_named(to), _open(file, trust)
    for option, given in {"--group": group, "--node": nodes}.items():
        if given and "part" not in wanted.choices:
            raise typer.BadParameter(f"{option} is for figures: {to} is always of the whole document.")
    if weights is not None and "weights" not in wanted.choices:
        raise typer.BadParameter(f"--weights: {to} holds none.")
    with _stages() as say:
        notes = wanted.write(Order(graph, output, part_named(graph, group, nodes), weights, say))
    print(f"Wrote {output}.", *notes, sep="\n")


cli.command()(diff)


@cli.command(name="import")
def import_(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="package.module:callable, file.py:Name(depth=3).", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The document to write.", show_default=False)],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="SHAPE", help="Shape of one sample of an input: 3x224x224, ids=12:int64<1000.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Makes a document of a module, or of a file that holds a network or its tensors.

    SOURCE is imported and called, which says that you trust it. What it gives is a torch.nn.Module, which runs on inputs of the shapes that
    --input says, one for each, or on what fits its first layers; its weights lie beside the document. A Python file without --input, or
    file.py:Name for one of its classes, is read and never run. A file of torch.export (.pt2), which you trust,
    or of ONNX (.onnx) is read as it is; of tensors alone (.safetensors, or a state_dict) a skeleton of layers is proposed.
    """
    from graph_engine import Graph
    from graph_engine.foreign.outline import CHECKPOINTS

    if output.exists():
        raise ArchloomError(f"{output} is there already: choose another name, or remove it first.")
    if not inputs and ".py" in source and "(" not in source:
        _read(source, output, as_json=as_json)
        return
    if source.lower().endswith(CHECKPOINTS):
        graph = Graph.from_checkpoint(source, output.stem)
    else:
        from graph_engine.importing.proposals import proposed
        from graph_engine.importing.source import examples, load

        module = load(source)
        graph = Graph.from_module(module, examples(inputs) if inputs else proposed(module), output.stem)
    graph.save(output)
    assert graph.report is not None
    if as_json:
        print_json({"document": str(output), **graph.report.to_plain()})
    else:
        print(graph.report)
        print(f"Wrote {output}, and its weights beside it.")


def _read(source: str, output: Path, *, as_json: bool) -> None:
    """Makes a document of a Python file without running it."""
    from graph_engine import Graph
    from graph_engine.parsing import read_text

    place, _, name = source.replace("::", ":").rpartition(":")
    file = Path(place or name)
    graph = Graph.from_source(read_text(file), name if place else None)
    graph.save(output)
    report = graph.check()
    if as_json:
        print_json({"document": str(output), "notes": [{"line": n, "message": t} for n, t in graph.notes.items()], "ok": report.ok})
        return
    for line, text in graph.notes.items():
        print(f"{file}:{line}: {text}")
    print(f"Wrote {output}: {len(graph)} nodes, {report.parameters:,} parameters. Nothing was run; weights are not in a text.")


@cli.command()
def train(
    file: Document,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="RUN_DIR", help="Folder for the run.", show_default=False)],
    epochs: Annotated[int | None, typer.Option(min=1, help="In place of the document's.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the document's.", show_default=False)] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.", show_default=False)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN_DIR.")] = False,
    nproc: Annotated[int, typer.Option(min=1, help="Processes that share each batch, each with a GPU or some of the cores.")] = 1,
    nnodes: Annotated[
        str | None,
        typer.Option(metavar="N|MIN:MAX", help="Machines that share it, on each of which this is entered.", show_default=False),
    ] = None,
    rdzv_endpoint: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="With --nnodes: one of them, where they meet, as for torchrun.")
    ] = "localhost:29400",
    rdzv_id: Annotated[str, typer.Option(metavar="ID", help="With --nnodes: tells runs that meet there apart.")] = "archloom",
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Trains a document, as the window does."""
    from graph_engine.training.run import train as run
    from graph_engine.training.together import Meeting

    if nnodes is not None and not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", nnodes):
        raise typer.BadParameter("a number of machines, or the least and the greatest: 2, 1:4.", param_hint="--nnodes")
    meeting = Meeting(nnodes, rdzv_endpoint, rdzv_id) if nnodes is not None else None
    graph = _open(file, trust, trains=True)
    with _Shown(graph.name, quiet=as_json) as shown:
        try:
            record = run(graph, output, shown, epochs=epochs, seed=seed, device=device, resume=resume, processes=nproc, meeting=meeting)
        except RunError:
            if not as_json:
                print_findings(shown.findings)
            raise
    if as_json:
        findings = [finding.to_plain() for finding in shown.findings]
        print_json({"run": str(output), "state": str(record.state), "metrics": record.metrics, "findings": findings})
    else:
        print_metrics(record.metrics)
        print_samples(shown.samples)
        print_findings(shown.findings)
        print(f"The run is in {output}.")


@cli.command()
def evaluate(run_dir: Folder, as_json: Json = False) -> None:
    """Metrics of a run on its validation and on its test data, from its weights, and some samples, unless they are figures only."""
    from graph_engine.training.evaluate import evaluation

    found = evaluation(run_dir)
    if as_json:
        print_json(found.metrics)
    else:
        print_metrics(found.metrics)
        print_samples(found.samples)


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


@contextmanager
def _stages() -> Iterator[Callable[[str, float], None]]:
    """Shows the stages of something that takes long, where the terminal can."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text, share: None
        return
    with console.status("") as status:
        yield lambda text, share: status.update(f"{text} …")


def _open(file: Path, trust: bool, *, trains: bool = False) -> Graph:
    """A document with all that is to be found out about its modules.

    Args:
        file: the document.
        trust: the code that it names may be run.
        trains: that of its data has to be.

    Raises:
        ArchloomError: it cannot be read, or it names code that is not trusted.
    """
    from graph_engine import Graph

    graph = Graph.load(file)
    if trust:
        graph.trust()
    needed = graph.foreign if trains else graph.foreign_modules
    if not needed <= graph.answers.trusted:
        names = ", ".join(sorted(needed))
        raise ArchloomError(f"{file.name} names code that is not part of Archloom ({names}): add --trust to run it.")
    graph.answer()
    return graph


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
