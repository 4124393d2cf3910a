"""Everything that a document can be exported to, in one table: menus, dialogs, the terminal's command and the tests read it.

Nothing here imports Qt or torch before something is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from graph_engine.errors import GraphError

if TYPE_CHECKING:
    from graph_engine import Graph
    from graph_engine.analysis.checked import CheckedGraph
    from graph_engine.graph.graph import CoreGraph

Choice = Literal["part", "weights"]


class Part(NamedTuple):
    """What of a document is to be drawn.

    Attributes:
        place: ids of the group nodes, from the document's graph inwards, that lead to the graph; empty for the document's own.
        nodes: ids of nodes of it; None for all.
    """

    place: tuple[str, ...] = ()
    nodes: frozenset[str] | None = None


class Order(NamedTuple):
    """What is to be exported, and how.

    Attributes:
        graph: the document.
        path: the file or folder to write.
        part: for what can be of a part.
        run: the folder of the run whose weights are taken; None for those that the document begins with.
        say: told of each stage: a sentence, and how much of the whole is done.
    """

    graph: Graph
    path: Path
    part: Part = Part()
    run: Path | None = None
    say: Callable[[str, float], None] = lambda text, share: None


class Export(NamedTuple):
    """One thing that a document can be exported to.

    Attributes:
        id: stable name, of the terminal's option too.
        title: what it is called in the menu, with its mnemonic.
        kind: what its files are called in a dialog.
        suffix: of the file; empty for a folder.
        summary: what it is, in a few words.
        write: writes it; returns sentences that the user should know of.
        choices: what has to be known besides the path.
        needs_torch: the window has it written by a process of its own.
        icon, keys: as actions have them.
    """

    id: str
    title: str
    kind: str
    suffix: str
    summary: str
    write: Callable[[Order], Sequence[str]]
    choices: tuple[Choice, ...] = ()
    needs_torch: bool = False
    icon: str = ""
    keys: tuple[str, ...] = ()


def _(context: str, text: str) -> str:
    """Marks a text for translation, as QT_TRANSLATE_NOOP does, without Qt."""
    return text


def _write_python(order: Order) -> Sequence[str]:
    from graph_engine.files import write_text

    write_text(order.path, order.graph.to_python())
    return ()


def _write_project(order: Order) -> Sequence[str]:
    from graph_engine.codegen.project import write_project
    from graph_engine.training.rundir import copy_run

    write_project(order.graph, order.path)
    if order.run is None:
        return ()
    copy_run(order.run, order.path)
    return (f"It has the weights of run {order.run.name}.",)


def _write_notebook(order: Order) -> Sequence[str]:
    from graph_engine.codegen.notebook import write_notebook
    from graph_engine.codegen.project import INITIAL
    from graph_engine.files import write_text

    write_text(order.path, write_notebook(order.graph))
    if not order.graph.begins_with_weights:
        return ()
    order.graph.write_weights(order.path.with_name(INITIAL))
    return (f"The weights that it begins with are in {INITIAL} beside it.",)


def _draw(kind: Literal["svg", "pdf", "png"]) -> Callable[[Order], Sequence[str]]:
    def write_figure(order: Order) -> Sequence[str]:
        from app.screenshot import off_screen_application

        graph, checked = shown(order.graph, order.part.place)
        off_screen_application()
        from app.canvas.figure import Figure
        from graph_engine.files import write

        data = getattr(Figure(graph, checked, order.part.nodes), kind)(order.graph.name)
        write(order.path, lambda file: file.write(data))
        return ()

    return write_figure


def _write_card(order: Order) -> Sequence[str]:
    from graph_engine.codegen.card import write_card
    from graph_engine.codegen.curves import draw_curves, read_curves
    from graph_engine.files import write_text
    from graph_engine.training.rundir import METRICS, read_run

    stem, metrics, run = order.path.stem, dict[str, float](), ""
    curves, settings = dict[str, str](), order.graph.settings.to_plain()
    if order.run is not None:
        record = read_run(order.run)
        used = {name: value for name, value in (("epochs", record.epochs), ("seed", record.seed)) if value is not None}
        settings = {**record.settings, "training": {**record.settings.get("training", {}), **used}}
        metrics, run = dict(record.metrics), record.name
        curves = {f"{stem}-{name}.svg": draw_curves(name, parts) for name, parts in read_curves(order.run / METRICS).items()}
    text = write_card(order.graph, f"{stem}.svg", metrics, list(curves), run, settings)
    _draw("svg")(order._replace(path=order.path.with_name(f"{stem}.svg")))
    for name, curve in curves.items():
        write_text(order.path.with_name(name), curve)
    write_text(order.path, text)
    return (f"Its pictures are beside it: {', '.join([f'{stem}.svg', *curves])}.",)


def _write_with_torch(format: str) -> Callable[[Order], Sequence[str]]:
    def write(order: Order) -> Sequence[str]:
        from graph_engine.export.formats import export

        return export(order.graph, format, order.path, order.run, order.say)

    return write


def _write_weights(order: Order) -> Sequence[str]:
    from graph_engine.export.formats import export_weights

    return export_weights(order.graph, order.path, order.run)


_C = "Actions"

# fmt: off
EXPORTS: tuple[Export, ...] = (
    Export("python", _(_C, "&Python Module…"), _(_C, "Python files"), ".py", _(_C, "the network as one module that needs torch alone"),
        _write_python, icon="code", keys=("Ctrl+E",)),
    Export("project", _(_C, "Project &Folder…"), _(_C, "Folder"), "", _(_C, "a folder that trains without Archloom"),
        _write_project, ("weights",), icon="folder-notch-plus"),
    Export("notebook", _(_C, "Jupyter &Notebook…"), _(_C, "Notebooks"), ".ipynb", _(_C, "the same project in the cells of one notebook"),
        _write_notebook, icon="notebook"),
    Export("svg", _(_C, "Figure as &SVG…"), _(_C, "SVG figures"), ".svg", _(_C, "the canvas as a figure, in vectors that can be edited"),
        _draw("svg"), ("part",), icon="image"),
    Export("pdf", _(_C, "Figure as P&DF…"), _(_C, "PDF figures"), ".pdf", _(_C, "the canvas as a figure, in vectors, for papers"),
        _draw("pdf"), ("part",), icon="file-pdf"),
    Export("png", _(_C, "Figure as P&NG…"), _(_C, "PNG pictures"), ".png", _(_C, "the canvas as a figure of 300 pixels an inch"),
        _draw("png"), ("part",), icon="image"),
    Export("markdown", _(_C, "Model &Card…"), _(_C, "Markdown"), ".md", _(_C, "a model card: layers, data, settings, what a run reached"),
        _write_card, ("weights",), icon="article"),
    Export("onnx", _(_C, "&ONNX…"), _(_C, "ONNX files"), ".onnx", _(_C, "the network for ONNX Runtime and other programs that run ONNX"),
        _write_with_torch("onnx"), ("weights",), needs_torch=True, icon="share-network"),
    Export("pt2", _(_C, "PyTorch &Archive (pt2)…"), _(_C, "PyTorch archives"), ".pt2", _(_C, "the network as torch.export.load reads it"),
        _write_with_torch("pt2"), ("weights",), needs_torch=True, icon="package"),
    Export("torchscript", _(_C, "&TorchScript…"), _(_C, "TorchScript files"), ".pt", _(_C, "the network as torch.jit.load reads it"),
        _write_with_torch("torchscript"), ("weights",), needs_torch=True, icon="package"),
    Export("weights", _(_C, "&Weights (safetensors)…"), _(_C, "Weights"), ".safetensors", _(_C, "the weights alone, by name"),
        _write_weights, ("weights",), needs_torch=True, icon="database"),
)
# fmt: on
"""In the order of the menu."""


def export_named(id: str) -> Export:
    """The row of that id.

    Raises:
        KeyError: there is none.
    """
    return {export.id: export for export in EXPORTS}[id]


def list_exports() -> str:
    """What there is, as the terminal's help has it."""
    return "; ".join(f"{export.id}: {export.summary}" for export in EXPORTS) + "."


def part_named(graph: Graph, group: str, nodes: Sequence[str]) -> Part:
    """The part of a document that names say.

    Args:
        graph: the document.
        group: names of group nodes from the outermost inwards, with slashes between them; empty for the document's own graph.
        nodes: names of nodes in it; empty for all.

    Raises:
        GraphError: one of them is no node, or no group.
    """
    place: list[str] = []
    holder: CoreGraph = graph
    for name in filter(None, group.split("/")):
        node = holder.named(name)
        if node.id not in holder.groups:
            raise GraphError(f"{name} is not a group, so nothing is inside it: name a group.")
        place.append(node.id)
        holder = holder.definitions[holder.groups[node.id]]
    return Part(tuple(place), frozenset(holder.named(name).id for name in nodes) or None)


def shown(graph: Graph, place: Sequence[str]) -> tuple[CoreGraph, CheckedGraph]:
    """The graph that a path of group nodes leads to, and what the check found of it there."""
    from graph_engine.analysis.check import Contents
    from graph_engine.graph.definition import Definition

    holder: CoreGraph = graph
    for id in place:
        holder = holder.definitions[holder.groups[id]]
    found = graph.check().inside(place)
    if found is None:
        assert isinstance(holder, Definition)
        found = Contents(graph.answers).alone(holder)
    return holder, found
