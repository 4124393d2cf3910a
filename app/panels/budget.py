"""What a run will cost: its memory in parts, the time of an epoch, and that of each node."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme.style import current
from app.theme.tokens import SPACE
from app.widgets.form import Facts
from app.widgets.text import bytes_text, count_text, span_text
from graph_engine import Graph
from graph_engine.graph.graph import CoreGraph
from graph_engine.training.events import Budgeted, NodeTime

NODE, FORWARD, BACKWARD, SHARE = range(4)


class BudgetDialog(QDialog):
    """Shows what a run will cost.

    Args:
        document: whose run it is.
        answer: what the training process measured.

    Signals:
        node_chosen: id of the node that was double-clicked.
    """

    node_chosen = Signal(str)

    def __init__(self, document: Graph, answer: Budgeted, parent: QWidget | None = None):
        super().__init__(parent)
        self._answer = answer
        self.setWindowTitle(self.tr("Cost of a run"))
        title, words = self._words()
        self.head = QLabel(title)
        self.head.setProperty("role", "title")
        self.words = QLabel(words)
        self.words.setWordWrap(True)
        self.words.setProperty("role", "error" if answer.missing else "muted")
        self.facts = Facts()
        self.facts.show_facts(self._memory())
        memory = QVBoxLayout()
        memory.setSpacing(SPACE.near)
        memory.addWidget(self._label(self.tr("Memory")))
        memory.addWidget(self.facts)
        memory.addStretch()
        columns = QHBoxLayout()
        columns.setSpacing(SPACE.far)
        columns.addLayout(memory, 2)
        self.tree = _NodeTimes(document, answer.nodes)
        self.tree.itemActivated.connect(self._choose)
        if answer.nodes:
            times = QVBoxLayout()
            times.setSpacing(SPACE.near)
            times.addWidget(self._label(self.tr("Time of a step")))
            times.addWidget(self.tree, 1)
            columns.addLayout(times, 3)
        close = QPushButton(self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.wide, SPACE.wide, SPACE.wide, SPACE.wide)
        layout.setSpacing(SPACE.base)
        layout.addWidget(self.head)
        layout.addWidget(self.words)
        layout.addLayout(columns, 1)
        layout.addLayout(buttons)
        self.resize(820, 460) if answer.nodes else self.resize(420, 380)

    def _words(self) -> tuple[str, str]:
        answer = self._answer
        room = self.tr("machine's memory") if answer.device == "cpu" else self.tr("memory of {0}").format(answer.device)
        if answer.missing:
            return (
                self.tr("It will not fit"),
                self.tr(
                    "A run needs {0}, and {1} of the {2} are free: lower the batch size, compute a batch in parts, "
                    "or make the network smaller."
                ).format(bytes_text(answer.needed), bytes_text(answer.free), room),
            )
        fits = self.tr("It needs {0}; {1} of the {2} are free.").format(bytes_text(answer.needed), bytes_text(answer.free), room)
        if not answer.step:
            return self.tr("It will fit"), fits
        return (
            self.tr("About {0} for {1} epochs").format(span_text(answer.epochs * answer.epoch), answer.epochs)
            if answer.epochs > 1
            else self.tr("About {0} for one epoch").format(span_text(answer.epoch)),
            self.tr("{0} steps of {1} and {2} of measuring make an epoch, by what was tried just now on {3}. {4}").format(
                count_text(answer.steps), span_text(answer.step), span_text(answer.evaluation), answer.device, fits
            ),
        )

    def _memory(self) -> dict[str, str]:
        answer = self._answer
        return {
            self.tr("Weights"): bytes_text(answer.weights),
            self.tr("Gradients"): bytes_text(answer.gradients),
            self.tr("Optimizer"): bytes_text(answer.optimizer),
            self.tr("Activations"): self.tr("{0} (batch of {1})").format(bytes_text(answer.activations), answer.batch),
            self.tr("Working space"): bytes_text(answer.working),
            self.tr("Copies"): bytes_text(answer.copies),
            self.tr("Data"): bytes_text(answer.data),
            self.tr("In all"): bytes_text(answer.needed),
            self.tr("Process"): self.tr("{0} besides").format(bytes_text(answer.process)),
        }

    def _label(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "heading")
        return label

    def _choose(self, item: QTreeWidgetItem) -> None:
        self.accept()
        self.node_chosen.emit(item.data(NODE, Qt.ItemDataRole.UserRole))


class _NodeTimes(QTreeWidget):
    """The nodes by their time. Under a group are those in it, unless another group has them too: their time is that in all of them."""

    def __init__(self, document: Graph, times: tuple[NodeTime, ...]):
        super().__init__()
        self._times = {time.node: time for time in times}
        self._uses = Counter(definition for graph in document.graphs() for definition in graph.groups.values())
        self._most = sum(time.forward + time.backward for time in times if time.node in document.nodes)
        self.setUniformRowHeights(True)
        self.setAccessibleName(self.tr("Time of each node"))
        self.setHeaderLabels([self.tr("Node"), self.tr("Forward"), self.tr("Backward"), self.tr("Share")])
        for column in (FORWARD, BACKWARD, SHARE):
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setItemDelegateForColumn(SHARE, _Bar(self))
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(NODE, QHeaderView.ResizeMode.Stretch)
        for column, width in {FORWARD: 84, BACKWARD: 84, SHARE: 120}.items():
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.header().resizeSection(column, width)
        self._fill(self.invisibleRootItem(), document)
        self.setRootIsDecorated(not self._times.keys() <= document.nodes.keys())

    def _fill(self, parent: QTreeWidgetItem, graph: CoreGraph) -> None:
        measured = [node for node in graph if node.id in self._times]
        for node in sorted(measured, key=lambda node: -self._taken(node.id)):
            time = self._times[node.id]
            item = QTreeWidgetItem(parent, [node.name, span_text(time.forward), span_text(time.backward), ""])
            item.setData(NODE, Qt.ItemDataRole.UserRole, node.id)
            item.setToolTip(NODE, f"{node.name} · {node.block}")
            item.setData(SHARE, Qt.ItemDataRole.UserRole, self._taken(node.id) / self._most if self._most else 0.0)
            for column in (FORWARD, BACKWARD):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            definition = graph.groups.get(node.id)
            if definition is not None and self._uses[definition] == 1:
                self._fill(item, graph.definitions[definition])

    def _taken(self, node: str) -> float:
        return self._times[node].forward + self._times[node].backward


class _Bar(QStyledItemDelegate):
    """A share from 0 to 1 as a bar with its percentage."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        share, theme = index.data(Qt.ItemDataRole.UserRole) or 0.0, current()
        rect = QRectF(option.rect).adjusted(SPACE.base, SPACE.near, -SPACE.near, -SPACE.near)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        fill = QColor(theme.accent)
        fill.setAlphaF(0.45)
        painter.setBrush(fill)
        painter.drawRect(QRectF(rect.left(), rect.top(), rect.width() * share, rect.height()))
        painter.setPen(QColor(theme.text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{share:.0%}")
        painter.restore()
