"""``archloom diff``: what is different between two documents or runs, in the terminal and in git. Imports neither Qt nor torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from app.printing import print_json, show
from graph_engine.errors import DocumentError

if TYPE_CHECKING:
    from graph_engine import Graph
    from graph_engine.analysis.difference import Difference, Kind

GIT_ARGUMENTS = 7
"""What git gives a diff driver: the path, then file, hash and mode of the old version and of the new one."""

NOTHING = Path("/dev/null")
"""What git calls a file that is not there."""

_MARKS: Mapping[Kind, tuple[str, str]] = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "changed": ("~", "yellow"),
    "moved": (">", "cyan"),
}


class Side(NamedTuple):
    """One of what is compared.

    Attributes:
        graph: the document.
        metrics: what its run reached; empty for a document.
    """

    graph: Graph
    metrics: Mapping[str, float]


def read_side(path: Path) -> Side:
    """A document, or the folder of a run.

    Raises:
        DocumentError, RunError: it is neither, or cannot be read.
    """
    from graph_engine import Graph
    from graph_engine.training.rundir import DOCUMENT, read_run

    if path == NOTHING:
        return Side(Graph(), {})
    if path.is_dir():
        return Side(Graph.load(path / DOCUMENT), read_run(path).metrics)
    return Side(Graph.load(path), {})


def diff(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="A B", help="Documents, or folders of runs; git's arguments of a diff driver.", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """What is different between two documents or runs.

    Exit status: 0 nothing is, 1 something is, 2 they cannot be read.
    """
    from graph_engine.analysis.difference import difference

    by_git = len(paths) == GIT_ARGUMENTS
    if not by_git and len(paths) != 2:
        raise typer.BadParameter("give two documents or folders of runs.")
    first, second = (paths[1], paths[4]) if by_git else paths
    try:
        old, new = read_side(first), read_side(second)
    except DocumentError as error:
        typer.echo(f"archloom: {error}", err=True)
        raise typer.Exit(2) from error
    found = difference(old.graph, new.graph, old.graph.check(), new.graph.check())
    measured = {name: (old.metrics[name], new.metrics[name]) for name in old.metrics if name in new.metrics}
    if as_json:
        print_json({**found.to_plain(), "metrics": {name: list(pair) for name, pair in measured.items()}})
    elif not found.is_empty or measured:
        names = (f"a/{paths[0]}", f"b/{paths[0]}") if by_git else (str(first), str(second))
        _print(found, names, measured)
    if not by_git:  # git takes another status for a failure
        raise typer.Exit(0 if found.is_empty else 1)


def _print(found: Difference, names: tuple[str, str], measured: Mapping[str, tuple[float, float]]) -> None:
    from rich.markup import escape

    show(f"[bold]--- {escape(names[0])}[/]", f"[bold]+++ {escape(names[1])}[/]")
    for change in found.nodes:
        if change.kind == "moved":
            continue
        mark, colour = _MARKS[change.kind]
        shape = f"  [dim]{escape(' → '.join(change.shape))}[/]" if change.shape is not None else ""
        show(f"[{colour}]{mark} {escape(change.words)}[/]{shape}")
    moved = found.of("moved")
    if moved:
        show(f"[cyan]> moved: {escape(', '.join(change.node.name for change in moved))}[/]")
    for name, (old, new) in found.settings.items():
        show(f"[yellow]~[/] {escape(f'{name} {old} → {new}')}")
    if found.follows:
        show(f"[dim]{found.follows} more give another shape because of these.[/]")
    if found.parameters[0] != found.parameters[1]:
        show(f"[dim]parameters {found.parameters[0]:,} → {found.parameters[1]:,} ({found.parameters[1] - found.parameters[0]:+,})[/]")
    for name, (before, after) in measured.items():
        show(f"{escape(name)} {before:.4g} → {after:.4g} [dim]({after - before:+.4g})[/]")
