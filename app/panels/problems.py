"""The problems that the check found, each with its node, its explanation and, where there is one, its repair."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.session import Session
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.vitals import Vitals
from app.widgets.empty import EmptyState
from app.widgets.row_list import RowList
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands
from graph_engine.analysis.help import page
from graph_engine.errors import GraphError
from graph_engine.graph.commands import Silence
from graph_engine.spec.faults import Fix

SEVERITY_ICONS = {"error": ("x-circle-fill", "error"), "warning": ("warning-fill", "warning"), "hint": ("lightbulb-fill", "info")}
"""Icon and colour of each severity."""


class Finding(QWidget):
    """One diagnostic: icon, words, the node concerned, a button for its first repair, and one that explains.

    Args:
        session: the document.
        diagnostic: what is told.
        in_list: a row of a list, with one repair, or else words with the repairs below.
        cause: code of the finding that it follows from: then it is told faintly, since repairs belong to that one.

    Signals:
        failed: the repair was refused; one sentence.
    """

    failed = Signal(str)

    def __init__(self, session: Session, diagnostic: Diagnostic, *, in_list: bool = True, cause: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        self.diagnostic = diagnostic
        self._session = session
        self._mark = QLabel()
        name, colour = SEVERITY_ICONS[diagnostic.severity] if not cause else ("arrow-elbow-down-right", "text_faint")
        self._mark.setPixmap(icon(name, colour).pixmap(14, 14))
        self._mark.setAccessibleName(diagnostic.severity)
        way = [(session.document.holder(id) or session.document)[id].name for id in diagnostic.path] if in_list else []
        follows = [self.tr("(follows from: {0})").format(cause.rpartition(".")[2].replace("-", " "))] if cause else []
        self._words = QLabel(" ".join([" › ".join([*way, diagnostic.message]), *follows]))
        self._words.setProperty("role", "muted" if cause else "")
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setToolTip(diagnostic.code)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.near)
        self._mark.setFixedHeight(self._words.fontMetrics().height())
        self._mark.setContentsMargins(0, SPACE.hair if not in_list else 0, 0, 0)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignVCenter if in_list else Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0 if not in_list else SPACE.base, SPACE.tight, 0 if not in_list else SPACE.base, SPACE.tight)
        outer.setSpacing(SPACE.tight)
        outer.addLayout(row)
        self.fix_buttons: list[QPushButton] = []
        buttons = row if in_list else QVBoxLayout()
        for fix in diagnostic.fixes[: 0 if cause else 1 if in_list else 3]:
            button = QPushButton(fix.title)
            button.setProperty("role", "flat")
            button.setIcon(icon("wrench", "accent"))
            button.clicked.connect(lambda _=False, fix=fix: self._repair(fix))
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft if not in_list else Qt.AlignmentFlag.AlignVCenter)
            self.fix_buttons.append(button)
        if not in_list and self.fix_buttons:
            buttons.setContentsMargins(SPACE.wide, 0, 0, 0)
            buttons.setSpacing(0)
            outer.addLayout(buttons)
        self.why = QToolButton(self)  # shown before it is laid out: without a parent it would be a window for a moment
        self.why.setIcon(icon("question", "text_muted"))
        self.why.setIconSize(QSize(14, 14))
        self.why.setAutoRaise(True)
        self.why.setToolTip(self.tr("Why this matters"))
        self.why.setAccessibleName(self.why.toolTip())
        self.why.clicked.connect(lambda: self.explanation().show_beside(self.why))
        policy = self.why.sizePolicy()
        policy.setRetainSizeWhenHidden(in_list)  # so that the repairs of all rows stand in one column
        self.why.setSizePolicy(policy)
        self.why.setVisible(page(diagnostic.code) is not None)
        row.addWidget(self.why, 0, Qt.AlignmentFlag.AlignVCenter if in_list else Qt.AlignmentFlag.AlignTop)

    def explanation(self) -> Explanation:
        """The page on this finding, not shown yet."""
        made = Explanation(self.diagnostic, self)
        made.silenced.connect(self._silence)
        return made

    def _silence(self) -> None:
        holder = self._session.document.holder(self.diagnostic.node or "")
        if holder is not None:
            node = holder[self.diagnostic.node or ""]
            self._session.execute(Silence(node.id, node.silenced | {self.diagnostic.code}), graph=holder)

    def _repair(self, fix: Fix) -> None:
        if fix.action:
            self._session.wanted.emit(fix.action, self.diagnostic.node or "", None)
            return
        try:
            document = self._session.document
            holder = document if fix.settings else document.holder(fix.node or self.diagnostic.node or "") or document
            self._session.execute(commands(holder, self.diagnostic, fix), graph=holder)
        except GraphError as error:
            self.failed.emit(str(error))


class Explanation(QFrame):
    """The page on a finding, beside it, until one clicks elsewhere.

    Signals:
        silenced: the finding is not to be told of its node any more.
    """

    silenced = Signal()

    def __init__(self, diagnostic: Diagnostic, parent: QWidget | None = None):
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(400)
        words = QLabel(page(diagnostic.code) or diagnostic.message)
        words.setTextFormat(Qt.TextFormat.MarkdownText)
        words.setWordWrap(True)
        body = QVBoxLayout(self)
        body.setContentsMargins(SPACE.wide, SPACE.base, SPACE.wide, SPACE.base)
        body.setSpacing(SPACE.base)
        body.addWidget(words)
        foot = QHBoxLayout()
        code = QLabel(diagnostic.code)
        code.setProperty("role", "faint")
        foot.addWidget(code)
        foot.addStretch()
        self.silence = QPushButton(self.tr("Silence on this node"), self)
        self.silence.setProperty("role", "flat")
        self.silence.setIcon(icon("bell-slash", "text_muted"))
        self.silence.clicked.connect(self._silence)
        self.silence.setVisible(diagnostic.node is not None and diagnostic.severity != "error")
        foot.addWidget(self.silence)
        body.addLayout(foot)

    def show_beside(self, button: QWidget) -> None:
        """Shows it above or below a button, inside the screen."""
        self.adjustSize()
        room = button.screen().availableGeometry()
        corner = button.mapToGlobal(button.rect().bottomRight())
        below = corner.y() + SPACE.tight
        top = below if below + self.height() <= room.bottom() else corner.y() - button.height() - self.height() - SPACE.tight
        self.move(max(room.left(), min(corner.x(), room.right()) - self.width()), max(room.top(), top))
        self.show()

    def _silence(self) -> None:
        self.close()
        self.silenced.emit()


class ProblemsPanel(QWidget):
    """A row for each diagnostic, errors first, then what is wrong with the training.

    Signals:
        node_chosen: id of the node whose row was clicked.
        count_changed: how many errors, warnings and hints there are.
        failed: a repair was refused; one sentence.
    """

    node_chosen = Signal(str)
    count_changed = Signal(int, int, int)
    failed = Signal(str)

    def __init__(self, session: Session, vitals: Vitals, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._vitals = vitals
        self._seen: tuple[object, object] = (None, ())
        self._shown: object = None
        self._told: Sequence[tuple[Diagnostic, str]] = ()
        self.list = RowList(self._row)
        self.list.setAccessibleName(self.tr("Problems"))
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self._empty = EmptyState("check-circle", self.tr("No problems"), self.tr("The network can run."))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        session.checked_changed.connect(self._show)
        session.replaced.connect(self._show)
        vitals.found.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        document, told = self._session.document, self._vitals.findings
        if self._seen[0] is self._session.report and self._seen[1] == told:
            return
        self._seen = self._session.report, told
        found = (*self._session.report.diagnostics, *(finding.diagnostic for finding in told))
        causes = [*[""] * len(self._session.report.diagnostics), *(finding.follows for finding in told)]
        concerned = dict.fromkeys(id for d in found for id in (*d.path, d.node) if id is not None)
        names = {id: holder[id].name for id in concerned if (holder := document.holder(id)) is not None}
        state = (found, causes, tuple(names.items()))
        if state == self._shown:
            return
        self._shown = state
        self._told = tuple(zip(found, causes, strict=True))
        self.list.clear()
        for diagnostic in found:
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, diagnostic.node)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, diagnostic.message)
            self.list.add(item)
        if len(document):
            self._empty.say(self.tr("No problems"), self.tr("The network can run."))
        else:
            self._empty.say(self.tr("Nothing here yet"), self.tr("Drag a block onto the canvas to begin."))
        self._stack.setCurrentIndex(0 if found else 1)
        self.list.make_seen()
        self.count_changed.emit(*(sum(d.severity == s for d in found) for s in ("error", "warning", "hint")))

    def _row(self, number: int) -> Finding:
        diagnostic, cause = self._told[number]
        row = Finding(self._session, diagnostic, cause=cause)
        row.failed.connect(self.failed)
        return row

    def _choose(self, item: QListWidgetItem) -> None:
        node = item.data(Qt.ItemDataRole.UserRole)
        if node is not None:
            self.node_chosen.emit(node)
