"""The inspector: everything about what is selected, and the way to change it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QApplication, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.panels.health import HealthSection
from app.panels.inspector_pages import ContentPage, DocumentPage, NodePage, Page, SeveralPage
from app.panels.live_value import LiveSection
from app.session import Session
from app.theme.tokens import SPACE
from app.vitals import Vitals
from app.widgets.scroll import fill_scroll_area
from graph_engine.analysis.checked import CheckedGraph
from graph_engine.graph.changes import Change
from graph_engine.graph.definition import Definition


class InspectorPanel(QScrollArea):
    """Shows a page for one node, for several, or for the document.

    Signals:
        failed: an edit was refused; one sentence.
        node_chosen: id of a node that was clicked in the page.
    """

    failed = Signal(str)
    node_chosen = Signal(str)

    def __init__(self, session: Session, vitals: Vitals, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._vitals = vitals
        self.health = HealthSection(vitals)
        vitals.found.connect(self._tell)
        self._selected: tuple[str, ...] = ()
        self._section: LiveSection | None = None
        self._holder = QWidget()
        self._layout = QVBoxLayout(self._holder)
        self._layout.setContentsMargins(SPACE.wide, SPACE.base, SPACE.near, SPACE.wide)
        self._layout.addWidget(self.health)
        self._layout.addStretch()
        fill_scroll_area(self, self._holder)
        self.page: Page = DocumentPage(session)
        self._install(self.page)
        session.changed.connect(self._on_changed)
        session.checked_changed.connect(self._on_checked)
        session.replaced.connect(lambda: self.select(()))

    def add_section(self, section: LiveSection) -> None:
        """Puts a section below the page, that follows which node is selected."""
        self._section = section
        self._layout.insertWidget(1, section)

    def sizeHint(self) -> QSize:
        return QSize(320, 480)

    def select(self, nodes: Iterable[str]) -> None:
        """Shows the page for these nodes."""
        selected = tuple(nodes)
        if selected != self._selected or not selected:
            self._show(selected)

    def _show(self, selected: tuple[str, ...]) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self.page.isAncestorOf(focused):
            focused.clearFocus()  # so that what was typed is taken over now, which may change the page
        self._selected = selected
        old = self.page
        graph = self._session.graph
        if not selected:
            self.page = ContentPage(self._session, graph) if isinstance(graph, Definition) else DocumentPage(self._session)
        elif len(selected) == 1:
            self.page = NodePage(self._session, selected[0])
        else:
            self.page = SeveralPage(self._session, selected)
        self.health.show_node(selected[0] if len(selected) == 1 else None)
        self._layout.removeWidget(old)
        old.hide()
        old.deleteLater()
        self._install(self.page)
        if self._section is not None:
            self._section.show_node(selected[0] if len(selected) == 1 else None)
        self.verticalScrollBar().setValue(0)

    def edit_name(self) -> None:
        """Puts the keyboard into the name of the one selected node."""
        if isinstance(self.page, NodePage):
            self.page.edit_name()

    def _install(self, page: Page) -> None:
        page.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        page.failed.connect(self.failed)
        page.node_chosen.connect(self.node_chosen)
        self._layout.insertWidget(0, page)
        self._tell()

    def _tell(self) -> None:
        """Tells on the page of a node what was wrong with it in training."""
        if isinstance(self.page, NodePage):
            self.page.tell([finding for finding in self._vitals.findings if finding.node in self._selected])

    def _on_changed(self, changes: tuple[Change, ...]) -> None:
        gone = {c.id for c in changes if c.kind == "node-removed"} - self._session.graph.nodes.keys()
        if gone.intersection(self._selected):
            self.select(n for n in self._selected if n not in gone)
        elif isinstance(self.page, NodePage) and self.page.spec is not self._session.graph[self._selected[0]].spec:
            self._show(self._selected)  # it has other ports or parameters than the page was made for
        elif any(c.kind == "definition" or (c.kind in ("node", "name") and c.id in self._selected) for c in changes):
            self.page.refresh()

    def _on_checked(self, checked: CheckedGraph) -> None:
        self.page.show_checked(checked)
