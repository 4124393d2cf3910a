"""Edits that the menus, the palette and the keyboard ask for; the canvas has its own gestures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.canvas.wish import Wish
from app.session import Session
from graph_engine import Graph
from graph_engine.analysis.layout import layered, ports_beside
from graph_engine.analysis.rewire import chain, feeding, join, swap
from graph_engine.document import clip
from graph_engine.errors import ArchloomError
from graph_engine.graph.annotate import Annotate
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.bends import Bend, carried
from graph_engine.graph.command import Command
from graph_engine.graph.commands import AddNode, Disconnect, Macro, Move, RemoveNodes
from graph_engine.graph.forms import SetDirection, SetForm
from graph_engine.graph.graph import new_node
from graph_engine.graph.groups import AddDefinition, In, block_named
from graph_engine.graph.modes import SetMode, refusal
from graph_engine.graph.node import COLUMN, Direction, Form, Mode, Node, Position, ahead
from graph_engine.graph.regroup import dissolve, group
from graph_engine.graph.sharing import Share, Unshare

STEP = 32.0
"""How far a pasted or duplicated node lies from its model, to the right and down, in scene units."""


class Canvas(Protocol):
    """What these edits need of the canvas."""

    def selected_nodes(self) -> tuple[str, ...]: ...

    def selected_edges(self) -> tuple[str, ...]: ...

    def selected_annotations(self) -> tuple[str, ...]: ...

    def bending(self) -> Command | None: ...

    def unbending(self) -> Command | None: ...

    def taken(self, staying: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]: ...

    def select(self, nodes: Iterable[str], edges: Iterable[str] = (), annotations: Iterable[str] = ()) -> None: ...

    def add_block(self, block: str) -> str: ...

    def room_for(self, forms: Mapping[str, Form]) -> list[Command]: ...

    def refitted_frames(self, positions: Mapping[str, Position]) -> Mapping[str, Annotation]: ...

    def reveal(self, node: str) -> None: ...

    def pointer(self) -> Position: ...

    def glide(self, edit: Callable[[], object]) -> None: ...


class Edits(QObject):
    """Edits on the selection.

    Signals:
        refused: an edit was refused; one sentence.
    """

    refused = Signal(str)

    def __init__(self, session: Session, canvas: Canvas, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._pastes = 0
        self._copied = ""

    def add(self, block: str, wish: Wish | None = None) -> None:
        """Adds a block and joins it to what it is held at, else behind the one selected node, where they have the ports for it.

        Args:
            block: its id.
            wish: where; left out, behind the selected node, or where there is room in view.
        """
        graph = self._session.graph
        selected = self._canvas.selected_nodes()
        spec = block_named(graph, block)
        held = wish.held if wish is not None else None
        if held is None and len(selected) == 1 and spec.inputs and (outputs := graph[selected[0]].spec.outputs):
            held = selected[0], ("output", outputs[0].name)
        if wish is not None:
            position = wish.place_for(spec, graph.direction)
        elif held is not None:
            position = self._free(ahead(graph[held[0]].position, graph.direction, 1))
        else:
            self._canvas.add_block(block)
            return
        node = new_node(graph, spec, None, spec.initial, position)
        if not self._try(lambda: join(graph, node, held[0], *held[1]) if held is not None else AddNode(node)):
            return
        if wish is None:
            self._canvas.reveal(node.id)
        else:
            self._canvas.select([node.id])

    def copy(self) -> None:
        """Puts the selected nodes and the edges between them onto the clipboard, with the frames and notes that belong to them."""
        nodes, annotations = self._canvas.taken()
        if nodes or annotations:
            self._copied = clip.copy(self._session.graph, nodes, annotations)
            QGuiApplication.clipboard().setText(self._copied)
            self._pastes = 0

    def cut(self) -> None:
        """As `copy`, then deletes what was copied."""
        self.copy()
        nodes, annotations = self._canvas.taken()
        self._delete(nodes, self._canvas.selected_edges(), annotations)

    def paste(self) -> None:
        """Adds what the clipboard holds, beside where it was copied; PyTorch code becomes nodes at the pointer."""
        text = QGuiApplication.clipboard().text()
        if _is_code(text):
            self._add_code(text)
            return
        self._pastes += 1
        offset = STEP * self._pastes
        self._add_copy(text, (offset, offset))

    def paste_fed(self) -> None:
        """As `paste`; what fed the nodes that were copied from this graph feeds their copies as well."""
        text = QGuiApplication.clipboard().text()
        self._pastes += 1
        self._add_copy(text, (STEP * self._pastes, STEP * self._pastes), fed=text == self._copied)

    def duplicate(self) -> None:
        """Adds a copy of the selected nodes and of the edges between them, with the frames and notes that belong to them."""
        nodes, annotations = self._canvas.taken()
        if nodes or annotations:
            text = QCoreApplication.translate("Edits", "Duplicate")
            self._add_copy(clip.copy(self._session.graph, nodes, annotations), (STEP, STEP), title=text)

    def group(self) -> None:
        """Makes a group of the selected nodes."""
        graph = self._session.graph
        before = set(graph.nodes)
        title = QCoreApplication.translate("Edits", "Block")

        def make() -> Command:
            ends = [n.id for n in graph if n.spec.call.kind in ("input", "output")]
            nodes, annotations = self._canvas.taken(ends)
            made = group(graph, nodes, title, annotations)
            [definition] = [c.definition for c in made.commands if isinstance(c, AddDefinition)]
            places = ports_beside(definition) if definition.annotations else layered(definition)
            return Macro(made.text, [made, In(definition.id, Move(places))])

        if self._try(make):
            self._canvas.select(graph.nodes.keys() - before)

    def dissolve(self) -> None:
        """Puts the content of the selected groups in their place."""
        graph, before = self._session.graph, set(self._session.graph.nodes)
        chosen = [id for id in self._canvas.selected_nodes() if id in graph.groups]
        if not chosen:
            self.refused.emit(QCoreApplication.translate("Edits", "Select a group first."))
        for id in chosen:
            self._try(partial(dissolve, graph, id))
        if chosen:
            self._canvas.select(graph.nodes.keys() - before)

    def expand(self) -> None:
        """Shows the selected cards small: of nodes the title, of groups no content; where all are small, large again, with room for it."""
        graph, chosen = self._session.graph, self._canvas.selected_nodes()
        small: dict[str, Form] = {id: "whole" if id in graph.groups else "collapsed" for id in chosen}
        large: dict[str, Form] = {id: "expanded" if id in graph.groups else "whole" for id in chosen}
        if chosen:
            forms = large if all(graph[id].form == form for id, form in small.items()) else small
            form, room = SetForm(forms), self._canvas.room_for(forms)
            if not room:
                self._try(lambda: form)
            else:
                names = [graph[id].name for id in chosen]
                text = QCoreApplication.translate("Edits", "Expand {0}").format(names[0])
                many = QCoreApplication.translate("Edits", "Expand {0} nodes").format(len(names))
                self._canvas.glide(lambda: self._try(lambda: Macro(text if len(names) == 1 else many, [form, *room])))

    def set_mode(self, mode: Mode) -> None:
        """Bypasses or mutes the selected nodes, as far as they can be; where all are already, switches them on again."""
        graph, selected = self._session.graph, self._canvas.selected_nodes()
        chosen = [id for id in selected if not refusal(graph, graph[id], mode)] or selected
        if chosen:
            self._try(lambda: SetMode(chosen, "active" if all(graph[id].mode == mode for id in chosen) else mode))

    def enter(self) -> None:
        """Shows the content of the selected group."""
        selected = self._canvas.selected_nodes()
        if len(selected) == 1 and selected[0] in self._session.graph.groups:
            self._session.enter(selected[0])
        else:
            self.refused.emit(QCoreApplication.translate("Edits", "Select one group to enter it."))

    def leave(self) -> None:
        """Shows the graph around the group that is shown."""
        self._session.leave()

    def share(self) -> None:
        """Lets the selected nodes compute with the weights of the one that was selected first."""
        nodes = self._canvas.selected_nodes()
        if len(nodes) < 2:
            self.refused.emit(QCoreApplication.translate("Edits", "Select two or more nodes of one block to share weights."))
        else:
            self._try(lambda: Share(nodes))

    def unshare(self) -> None:
        """Gives the selected nodes weights of their own again."""
        graph = self._session.graph
        nodes = [id for id in self._canvas.selected_nodes() if len(graph.sharing(id)) > 1]
        if not nodes:
            self.refused.emit(QCoreApplication.translate("Edits", "None of the selected nodes shares its weights."))
        else:
            self._try(lambda: Macro(QCoreApplication.translate("Edits", "Stop sharing weights"), [Unshare(id) for id in nodes]))

    def delete(self) -> None:
        """Deletes the selected nodes, edges, points of edges, frames and notes."""
        self._delete(self._canvas.selected_nodes(), self._canvas.selected_edges(), self._canvas.selected_annotations())

    def _delete(self, nodes: Sequence[str], edges: Sequence[str], annotations: Sequence[str]) -> None:
        text = QCoreApplication.translate("Edits", "Delete")
        parts: list[Command] = []
        if edges:
            parts.append(Disconnect(edges))
        if nodes:
            parts.append(RemoveNodes(nodes))
        if annotations:
            parts.append(Annotate(dict.fromkeys(annotations), text))
        bends = self._canvas.unbending()
        if bends is not None:
            parts.insert(0, bends)
        if parts:
            self._try(lambda: parts[0] if len(parts) == 1 else Macro(text, parts))

    def bend(self) -> None:
        """Adds a point to each selected edge, half way."""
        command = self._canvas.bending()
        if command is not None:
            self._try(lambda: command)

    def swap(self, block: str) -> None:
        """Puts a node of another block into the place of the one selected node."""
        [old] = self._canvas.selected_nodes()
        made: list[str] = []

        def make() -> Command:
            command, new = swap(self._session.graph, old, block_named(self._session.graph, block))
            made.append(new)
            return command

        if self._try(make):
            self._canvas.select(made)

    def connect_in_a_row(self) -> None:
        """Joins each of the selected nodes to the next one in the direction of edges."""
        graph = self._session.graph
        way = 1 if graph.direction == "across" else -1
        nodes = sorted(self._canvas.selected_nodes(), key=lambda id: graph[id].position[::way])
        self._try(lambda: chain(graph, nodes))

    def auto_layout(self, direction: Direction | None = None) -> None:
        """Puts all nodes in order; frames go with what they frame, points of edges go where these run otherwise.

        Args:
            direction: which way edges go from now on; left out, as they do.
        """
        graph = self._session.graph
        direction = direction or graph.direction
        positions = layered(graph, direction)
        if direction != graph.direction or any(graph[id].position != place for id, place in positions.items()):
            text = QCoreApplication.translate("Edits", "Auto layout")
            frames = Annotate(self._canvas.refitted_frames(positions), text)
            here = {n.id: n.position for n in graph}
            kept = carried(graph, {id: (x - here[id][0], y - here[id][1]) for id, (x, y) in positions.items()})
            loose = Bend({id: () for id in graph.bent if id not in kept}, text)
            turn = [SetDirection(direction)] if direction != graph.direction else []
            self._canvas.glide(lambda: self._try(lambda: Macro(text, [*turn, Move(positions), frames, loose])))

    def _add_code(self, text: str) -> None:
        """Adds the nodes that a text tells of; into an empty network its inputs and outputs as well."""
        try:
            read = Graph.from_source(text)
        except ArchloomError as error:
            self.refused.emit(str(error))
            return
        is_empty = not len(self._session.graph)
        nodes = [n for n in read if is_empty or n.spec.call.kind not in ("input", "output")]
        if nodes:
            x, y = self._canvas.pointer()
            offset = x - min(n.position[0] for n in nodes), y - min(n.position[1] for n in nodes)
            text = clip.copy(read, [n.id for n in nodes])
            self._add_copy(text, offset, title=QCoreApplication.translate("Edits", "Paste code"))

    def _add_copy(self, text: str, offset: Position, fed: bool = False, title: str = "") -> None:
        pasted: list[str] = []
        annotations: list[str] = []
        graph = self._session.graph

        def make() -> Command:
            command = clip.paste(graph, text, offset)
            pasted.extend(command.nodes)
            annotations.extend(command.annotations)
            edges = feeding(graph, dict(zip(clip.copied_nodes(text), command.nodes, strict=True))) if fed else []
            return Macro(title or command.text, [command, *edges])

        if self._try(make):
            self._canvas.select(pasted, (), annotations)

    def _try(self, make: Callable[[], Command]) -> bool:
        try:
            self._session.execute(make())
        except ArchloomError as error:
            self.refused.emit(str(error))
            return False
        return True

    def _free(self, position: Position) -> Position:
        """The place at ``position``, or the nearest one below it or, where edges go down, beside it, that no node covers."""
        x, y = position
        graph = self._session.graph
        dx, dy = (0.0, 3 * STEP) if graph.direction == "across" else (COLUMN, 0.0)
        while any(self._covers(node, (x, y)) for node in graph):
            x, y = x + dx, y + dy
        return x, y

    @staticmethod
    def _covers(node: Node, position: Position) -> bool:
        return abs(node.position[0] - position[0]) < COLUMN - STEP and abs(node.position[1] - position[1]) < 3 * STEP


def _is_code(text: str) -> bool:
    """Whether a text on the clipboard looks like PyTorch code, and not like what was copied here."""
    return not text.lstrip().startswith("{") and ("nn." in text or "torch." in text)
