"""Where one is: the way from the network into the group that is shown, each step of it to click on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from app.canvas.scene import CanvasSession
from app.theme import SPACE, TYPE, icon, sans
from graph_engine.graph.definition import REPEAT
from graph_engine.graph.graph import CoreGraph


class Trail(QFrame):
    """The names of the graphs that lead to the shown one; hidden while that is the network itself."""

    def __init__(self, session: CanvasSession, parent: QWidget):
        super().__init__(parent)
        self._session = session
        self._shown: tuple[str, ...] = ()
        self.steps: list[QToolButton] = []
        self.setProperty("role", "card")
        self.setAccessibleName(self.tr("Where you are"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(SPACE.tight, SPACE.hair, SPACE.tight, SPACE.hair)
        self._row.setSpacing(0)
        session.place_changed.connect(self.refresh)
        session.replaced.connect(self.refresh)
        session.checked_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the way to what is shown now."""
        session = self._session
        names = [session.document.name]
        graph: CoreGraph = session.document
        for id in session.place:
            times = graph[id].params[REPEAT.name]
            graph = graph.definitions[graph.groups[id]]
            names.append(f"{graph.name} ×{times}" if times > 1 else graph.name)
        if tuple(names) == self._shown:
            return
        self._shown = tuple(names)
        self.steps.clear()
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for depth, name in enumerate(names):
            if depth:
                caret = QLabel()
                caret.setPixmap(icon("caret-right", "text_faint").pixmap(10, 10))
                self._row.addWidget(caret)
            self._row.addWidget(self._step(depth, name, last=depth == len(names) - 1))
        self.setVisible(len(names) > 1)
        self._row.activate()
        self.resize(self.sizeHint())

    def _step(self, depth: int, name: str, *, last: bool) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if last:
            button.setToolTip(self.tr("This group, wherever it is used"))
            button.setFont(sans(TYPE.body, QFont.Weight.DemiBold))
        else:
            button.setToolTip(self.tr("Back to {0}").format(name))
            button.clicked.connect(lambda: self._session.go(self._session.place[:depth]))
        self.steps.append(button)
        return button
