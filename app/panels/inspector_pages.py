"""The pages of the inspector: one node, several nodes, the document as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import prod
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLayout, QLineEdit, QVBoxLayout, QWidget

from app.panels.group_pages import ExposedList, GroupWords, enter_row, expose_button
from app.panels.mode_line import ModeLine
from app.panels.problems import Finding
from app.panels.settings_form import SettingsForm
from app.session import Session
from app.theme.icons import icon
from app.theme.style import current
from app.theme.tokens import SPACE, category_icon
from app.widgets.form import Facts, Form
from app.widgets.layouts import clear
from app.widgets.param_editors import PathEditor
from app.widgets.section import Section
from app.widgets.text import bytes_text, count_text, shape_words, short_text
from graph_engine.analysis.checked import CheckedGraph, CheckedNode
from graph_engine.errors import GraphError
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Macro, Rename, SetParams, Silence
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import GroupSpec, Node
from graph_engine.graph.sharing import Unshare
from graph_engine.settings.datasets import DatasetOption
from graph_engine.spec.params import Param, PathParam
from graph_engine.spec.tensor import TensorSpec
from graph_engine.training.findings import Finding as RunFinding


class Page(QWidget):
    """What all pages share.

    Signals:
        failed: an edit was refused; one sentence.
        node_chosen: id of a node that was clicked.
    """

    failed = Signal(str)
    node_chosen = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.session = session
        self.graph = session.graph
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACE.near)

    def refresh(self) -> None:
        """Shows the values that the graph holds now."""

    def show_checked(self, checked: CheckedGraph) -> None:
        """Shows what a check found."""

    def execute(self, command: Command, gesture: object = None, graph: CoreGraph | None = None) -> bool:
        """Carries a command out, in the graph that the page was made for or another; tells where it is refused, and then gives false.

        A field tells of what was typed when it loses the keyboard, which may be because its graph is no more: then nothing is done.
        """
        target = graph if graph is not None else self.graph
        if all(known is not target for known in self.session.document.graphs()):
            return False
        try:
            self.session.execute(command, gesture, target)
        except GraphError as error:
            self.failed.emit(str(error))
            return False
        return True


class NodePage(Page):
    """Everything about one node."""

    def __init__(self, session: Session, node: str, parent: QWidget | None = None):
        super().__init__(session, parent)
        self._id = node
        self._made_for = self._node
        spec = self.spec = self._made_for.spec
        self._shown: CheckedNode | None = None
        self._group: GroupWords | None = None
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setToolTip(self.tr("The attribute's name in the generated class"))
        self.name.editingFinished.connect(self._rename)
        self.body.addLayout(self._head(spec.title, spec.category))
        if isinstance(spec, GroupSpec):
            group = session.document.definitions[spec.definition]
            self._group = GroupWords(session, group, lambda command: self.execute(command, graph=group))
            self._group.add_row(self.tr("This node"), self.name)
            self.body.addWidget(self._group)
            self.body.addLayout(enter_row(session, node))
        else:
            self.body.addWidget(self.name)
        summary = QLabel(
            spec.summary
            + (f' <a href="{spec.reference}" style="text-decoration: none">{self.tr("Reference")}</a>' if spec.reference else "")
        )
        summary.setWordWrap(True)
        summary.setOpenExternalLinks(True)
        summary.setProperty("role", "muted")
        if self._group is None:
            self.body.addWidget(summary)
        self._mode = ModeLine(self.execute)
        self.body.addWidget(self._mode)
        self._findings = QVBoxLayout()
        self._findings.setSpacing(SPACE.hair)
        self.body.addLayout(self._findings)
        self._told = QVBoxLayout()
        self._told.setSpacing(SPACE.hair)
        self.body.addLayout(self._told)
        self._silenced = QLabel()
        self._silenced.setProperty("role", "faint")
        self._silenced.setWordWrap(True)
        self._silenced.linkActivated.connect(lambda _: self.execute(Silence(self._id, ())))
        self.body.addWidget(self._silenced)
        self.form = Form(spec.params)
        self.form.edited.connect(self._edit)
        self.form.again_wanted.connect(lambda _: session.wanted.emit("ask", node, None))
        session.noted.connect(self._note)
        if spec.params:
            section = Section(self.tr("Parameters"))
            section.body.addWidget(self.form)
            if isinstance(self.graph, Definition):
                self.expose = expose_button(session, self.graph, self._node, self.execute)
                section.body.addWidget(self.expose, 0, Qt.AlignmentFlag.AlignLeft)
            self.body.addWidget(section)
        self.sharing = QLabel()
        self.sharing.setProperty("role", "muted")
        self.sharing.setWordWrap(True)
        self.sharing.linkActivated.connect(self._follow_link)
        self.body.addWidget(self.sharing)
        self._ports = Facts()
        self._cost = Facts()
        self._weights = WeightsTable()
        self._weights_section = Section(self.tr("Weights"))
        self._weights_section.body.addWidget(self._weights)
        for title, content in ((self.tr("Shapes"), self._ports), (self.tr("Cost for one sample"), self._cost)):
            section = Section(title)
            section.body.addWidget(content)
            self.body.addWidget(section)
        self.body.addWidget(self._weights_section)
        self.show_checked(session.checked)

    @property
    def _node(self) -> Node:
        return self.graph[self._id]

    def edit_name(self) -> None:
        """Puts the keyboard into the name."""
        field = self._group.name if self._group is not None else self.name
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def refresh(self) -> None:
        if self.name.text() != self._node.name and not self.name.hasFocus():
            self.name.setText(self._node.name)
        checked = self.session.checked.nodes.get(self._id)
        self.form.show_values(self._node.params, checked.sizes if checked is not None else {})
        if self._group is not None:
            self._group.refresh()
        graph = self.graph
        others = [f'<a href="{id}">{graph[id].name}</a>' for id in graph.sharing(self._id) if id != self._id]
        self.sharing.setText(self.tr("Shares its weights with {0}.").format(", ".join(others)) + f' <a href="#">{self.tr("Stop")}</a>')
        self.sharing.setVisible(bool(others))
        self._mode.show_node(self._node)
        codes = ", ".join(sorted(self._node.silenced))
        self._silenced.setText(self.tr("Silenced: {0}.").format(codes) + f' <a href="#">{self.tr("Tell me again")}</a>')
        self._silenced.setVisible(bool(codes))

    def tell(self, findings: Iterable[RunFinding]) -> None:
        """Tells what was wrong with the node in training."""
        clear(self._told)
        for told in findings:
            finding = Finding(self.session, told.diagnostic, in_list=False, cause=told.follows)
            finding.failed.connect(self.failed)
            self._told.addWidget(finding)

    def show_checked(self, checked: CheckedGraph) -> None:
        node = checked.nodes.get(self._id)
        if node is None:
            return
        self.refresh()
        if node is self._shown:
            return
        self._shown = node
        clear(self._findings)
        for diagnostic in node.diagnostics:
            finding = Finding(self.session, diagnostic, in_list=False)
            finding.failed.connect(self.failed)
            self._findings.addWidget(finding)
        spec = self._node.spec
        unknown = self.tr("nothing") if self._node.mode == "muted" else self.tr("unknown") if node.status == "error" else self.tr("waiting")
        shapes = {}
        for port in spec.inputs:
            arriving = node.inputs.get(port.name)
            shapes[f"→ {port.name}"] = _tensors(arriving) if arriving else self.tr("not connected")
        for port in spec.outputs:
            shapes[f"{port.name} →"] = _tensors(node.outputs[port.name]) if port.name in node.outputs else unknown
        self._ports.show_facts(shapes)
        self._cost.show_facts(
            {
                self.tr("Parameters"): count_text(node.parameters) if node.status == "ok" else unknown,
                self.tr("Operations"): short_text(node.flops, "FLOP") if node.status == "ok" else unknown,
                self.tr("Output memory"): bytes_text(node.memory) if node.status == "ok" else unknown,
            }
        )
        self._weights.show_weights(node)
        self._weights_section.setVisible(bool(node.weights or node.buffers))

    def _follow_link(self, link: str) -> None:
        if link == "#":
            self.execute(Unshare(self._id))
        else:
            self.node_chosen.emit(link)

    def _head(self, block: str, category: str) -> QLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE.near)
        picture = QLabel()
        picture.setPixmap(icon(category_icon(category), current().category[category]).pixmap(16, 16))
        title = QLabel(block)
        title.setProperty("role", "title")
        kind = QLabel(category)
        kind.setProperty("role", "faint")
        row.addWidget(picture)
        row.addWidget(title)
        row.addStretch()
        row.addWidget(kind)
        return row

    def _edit(self, name: str, value: Any, gesture: object) -> None:
        if isinstance(self.spec.param(name), PathParam) and value is not None:
            self.session.wanted.emit("read", self._id, value)
        else:
            self.execute(SetParams(self._id, {name: value}), gesture)

    def _note(self, node: str, words: str, is_problem: bool) -> None:
        for row in self.form.rows.values() if node == self._id else ():
            if isinstance(row.editor, PathEditor):
                (row.editor.refused.emit if is_problem else row.say)(words)

    def _rename(self) -> None:
        if self.graph.nodes.get(self._id) is not self._made_for:
            return  # the field lost the keyboard because the node is gone
        name = self.name.text().strip()
        if name != self._node.name:
            self.execute(Rename(self._id, name))
            self.name.setText(self._node.name)


class SeveralPage(Page):
    """How many nodes of which blocks, and the parameters that all of them have."""

    def __init__(self, session: Session, nodes: tuple[str, ...], parent: QWidget | None = None):
        super().__init__(session, parent)
        self._ids = nodes
        title = QLabel(self.tr("{0} nodes").format(len(nodes)))
        title.setProperty("role", "title")
        self.body.addWidget(title)
        self._blocks = Facts()
        self.body.addWidget(self._blocks)
        self._common = self._shared_params()
        self.form = Form(self._common)
        self.form.edited.connect(self._edit)
        if self._common:
            section = Section(self.tr("Common parameters"))
            section.body.addWidget(self.form)
            self.body.addWidget(section)
        self._cost = Facts()
        section = Section(self.tr("Together, for one sample"))
        section.body.addWidget(self._cost)
        self.body.addWidget(section)
        self.show_checked(session.checked)

    def refresh(self) -> None:
        values: dict[str, Any] = {}
        mixed: dict[str, Any] = {}
        for param in self._common:
            found = [self.graph[id].params[param.name] for id in self._ids]
            same = all(v == found[0] for v in found)
            values[param.name] = found[0] if same else None
            mixed[param.name] = None if same else self.tr("mixed")
        self.form.show_values(values, mixed)

    def show_checked(self, checked: CheckedGraph) -> None:
        nodes = [checked.nodes[id] for id in self._ids if id in checked.nodes]
        if len(nodes) != len(self._ids):
            return
        self.refresh()
        count = Counter(self.graph[id].block for id in self._ids)
        self._blocks.show_facts({block: f"× {n}" for block, n in count.items()})
        self._cost.show_facts(
            {
                self.tr("Parameters"): count_text(sum(n.parameters for n in nodes)),
                self.tr("Operations"): short_text(sum(n.flops for n in nodes), "FLOP"),
                self.tr("Output memory"): bytes_text(sum(n.memory for n in nodes)),
            }
        )

    def _shared_params(self) -> tuple[Param, ...]:
        specs = {id(spec): spec for spec in (self.graph[node].spec for node in self._ids)}
        first, *others = specs.values()
        return tuple(p for p in first.params if p.visible == "always" and all(p in other.params for other in others))

    def _edit(self, name: str, value: Any, gesture: object) -> None:
        text = self.tr("Set {0} of {1} nodes").format(name, len(self._ids))
        self.execute(Macro(text, [SetParams(id, {name: value}) for id in self._ids]), gesture)


class ContentPage(Page):
    """The group whose content is shown: its words, its exposed parameters, and what it costs in the use that one came from."""

    def __init__(self, session: Session, definition: Definition, parent: QWidget | None = None):
        super().__init__(session, parent)
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self.body.addWidget(self._title)
        self._definition = definition
        self._words = GroupWords(session, definition, self.execute)
        self.body.addWidget(self._words)
        section = Section(self.tr("Exposed parameters"))
        self._exposed = ExposedList(definition, self.execute)
        section.body.addWidget(self._exposed)
        self.body.addWidget(section)
        self._totals = Facts()
        section = Section(self.tr("One repetition, for one sample"))
        section.body.addWidget(self._totals)
        self.body.addWidget(section)
        self.show_checked(session.checked)

    def refresh(self) -> None:
        self._title.setText(self._definition.name)
        self._words.refresh()
        self._exposed.refresh()

    def show_checked(self, checked: CheckedGraph) -> None:
        self.refresh()
        self._totals.show_facts(
            {
                self.tr("Nodes"): count_text(len(self.graph)),
                self.tr("Parameters"): count_text(checked.parameters),
                self.tr("Operations"): short_text(checked.flops, "FLOP"),
                self.tr("Memory"): bytes_text(checked.memory),
            }
        )


class DocumentPage(Page):
    """Totals of the network, and what it learns from."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(session, parent)
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._hint = QLabel(self.tr("Select a node to see and change its parameters."))
        self._hint.setProperty("role", "muted")
        self._hint.setWordWrap(True)
        self.body.addWidget(self._title)
        self.body.addWidget(self._hint)
        self._totals = Facts()
        section = Section(self.tr("Network, for one sample"))
        section.body.addWidget(self._totals)
        self.body.addWidget(section)
        self.settings = SettingsForm(session, "data")
        self.settings.failed.connect(self.failed)
        self._about = QLabel()
        self._about.setWordWrap(True)
        self._about.setProperty("role", "faint")
        section = Section(self.tr("Data"))
        section.body.addWidget(self.settings)
        section.body.addWidget(self._about)
        self.body.addWidget(section)
        self.show_checked(session.checked)

    def show_checked(self, checked: CheckedGraph) -> None:
        self._title.setText(self.session.title)
        self._totals.show_facts(
            {
                self.tr("Nodes"): count_text(len(self.graph)),
                self.tr("Edges"): count_text(len(self.graph.edges)),
                self.tr("Parameters"): count_text(checked.parameters),
                self.tr("Operations"): short_text(checked.flops, "FLOP"),
                self.tr("Memory"): bytes_text(checked.memory),
            }
        )
        chosen = self.graph.settings.data["dataset"].option
        if isinstance(chosen, DatasetOption):
            sized = chosen.sized(self.graph.settings.data["dataset"].params)
            inputs = ", ".join(f"{field.name} {' × '.join(map(str, ('N', *field.shape)))} {field.dtype}" for field in sized.inputs)
            self._about.setText(
                self.tr("{0} Samples arrive as {1}. Source: {2}. Licence: {3}.").format(
                    chosen.summary, inputs, chosen.source, chosen.licence
                )
            )


class WeightsTable(QWidget):
    """Name, shape and size of each learned or saved tensor of a node."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE.base)
        self._grid.setVerticalSpacing(SPACE.tight)
        self._grid.setColumnStretch(1, 1)

    def show_weights(self, node: CheckedNode) -> None:
        """Shows the tensors of a node in place of what was shown."""
        clear(self._grid)
        rows = [*((n, s, "") for n, s in node.weights.items()), *((n, s, self.tr("not learned")) for n, s in node.buffers.items())]
        for place, (name, shape, note) in enumerate(rows):
            size = note or count_text(prod(shape))
            for column, (text, role) in enumerate(((name, "mono"), (shape_words(shape) or "1", "muted"), (size, "muted"))):
                label = QLabel(text)
                label.setProperty("role", role)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                side = Qt.AlignmentFlag.AlignRight if column == 2 else Qt.AlignmentFlag.AlignLeft
                self._grid.addWidget(label, place, column, side)


def _tensors(found: TensorSpec | tuple[TensorSpec, ...]) -> str:
    many = (found,) if isinstance(found, TensorSpec) else found
    return "\n".join(f"{shape_words(t.shape)}  {t.dtype}" for t in many)
