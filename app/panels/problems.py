"""The problems that the check found, each with its node and, where there is one, its repair."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.session import Session
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.empty import EmptyState
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands
from graph_engine.errors import GraphError
from graph_engine.spec.faults import Fix

SEVERITY_ICONS = {"error": ("x-circle-fill", "error"), "warning": ("warning-fill", "warning"), "hint": ("lightbulb-fill", "info")}
"""Icon and colour of each severity."""


class Finding(QWidget):
    """One diagnostic: icon, words, the node concerned, and a button for its first repair.

    Signals:
        failed: the repair was refused; one sentence.
    """

    failed = Signal(str)

    def __init__(self, session: Session, diagnostic: Diagnostic, *, in_list: bool = True, parent: QWidget | None = None):
        super().__init__(parent)
        self.diagnostic = diagnostic
        self._session = session
        self._mark = QLabel()
        name, colour = SEVERITY_ICONS[diagnostic.severity]
        self._mark.setPixmap(icon(name, colour).pixmap(14, 14))
        self._mark.setAccessibleName(diagnostic.severity)
        self._words = QLabel(diagnostic.message)
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setToolTip(diagnostic.code)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.near)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignVCenter if in_list else Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0 if not in_list else SPACE.base, SPACE.tight, 0 if not in_list else SPACE.base, SPACE.tight)
        outer.setSpacing(SPACE.tight)
        outer.addLayout(row)
        self.fix_buttons: list[QPushButton] = []
        buttons = row if in_list else QHBoxLayout()
        for fix in diagnostic.fixes[: 1 if in_list else 3]:
            button = QPushButton(fix.title)
            button.setProperty("role", "flat")
            button.setIcon(icon("wrench", "accent"))
            button.clicked.connect(lambda _=False, fix=fix: self._repair(fix))
            buttons.addWidget(button)
            self.fix_buttons.append(button)
        if not in_list and self.fix_buttons:
            buttons.setContentsMargins(SPACE.wide, 0, 0, 0)
            buttons.addStretch()
            outer.addLayout(buttons)

    def _repair(self, fix: Fix) -> None:
        try:
            self._session.execute(commands(self._session.graph, self.diagnostic, fix))
        except GraphError as error:
            self.failed.emit(str(error))


class ProblemsPanel(QWidget):
    """A row for each diagnostic, errors first.

    Signals:
        node_chosen: id of the node whose row was clicked.
        count_changed: how many errors, warnings and hints there are.
        failed: a repair was refused; one sentence.
    """

    node_chosen = Signal(str)
    count_changed = Signal(int, int, int)
    failed = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._shown: object = None
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Problems"))
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self._empty = EmptyState("check-circle", self.tr("No problems"), self.tr("The network can run."))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        session.checked_changed.connect(self._show)
        session.replaced.connect(lambda: self._show(session.checked))
        self._show(session.checked)

    def _show(self, checked: CheckedGraph) -> None:
        found = checked.diagnostics
        names = {d.node: self._session.graph[d.node].name for d in found if d.node is not None}
        state = (found, tuple(names.items()))
        if state == self._shown:
            return
        self._shown = state
        self.list.clear()
        for diagnostic in found:
            row = Finding(self._session, diagnostic)
            row.failed.connect(self.failed)
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, diagnostic.node)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, diagnostic.message)
            item.setSizeHint(QSize(0, max(34, row.sizeHint().height())))
            self.list.addItem(item)
            self.list.setItemWidget(item, row)
        if len(self._session.graph):
            self._empty.say(self.tr("No problems"), self.tr("The network can run."))
        else:
            self._empty.say(self.tr("Nothing here yet"), self.tr("Drag a block onto the canvas to begin."))
        self._stack.setCurrentIndex(0 if found else 1)
        self.count_changed.emit(*(sum(d.severity == s for d in found) for s in ("error", "warning", "hint")))

    def _choose(self, item: QListWidgetItem) -> None:
        node = item.data(Qt.ItemDataRole.UserRole)
        if node is not None:
            self.node_chosen.emit(node)
