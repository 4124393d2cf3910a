"""What the inspector says of groups: of a node that is one, and of the group whose content is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.session import Session
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.layouts import clear
from graph_engine.graph.command import Command
from graph_engine.graph.definition import Definition, Exposed
from graph_engine.graph.groups import Describe, SetExposed, uses
from graph_engine.graph.node import Node

LABEL_WIDTH = 64
Execute = Callable[[Command], bool]
"""Carries out a command on a group's content; tells of a refusal, and then gives false."""


class GroupWords(QWidget):
    """Name and description of a group, and how often it is used.

    Args:
        session: the document.
        definition: the group.
        execute: carries out a command on it.
    """

    def __init__(self, session: Session, definition: Definition, execute: Execute, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._definition = definition
        self._execute = execute
        self.name = QLineEdit(definition.name)
        self.name.setAccessibleName(self.tr("Name of the group"))
        self.name.setToolTip(self.tr("Its class in the generated code is called after it"))
        self.name.editingFinished.connect(self._describe)
        self.description = QLineEdit(definition.description)
        self.description.setAccessibleName(self.tr("Description"))
        self.description.setPlaceholderText(self.tr("What the group does"))
        self.description.editingFinished.connect(self._describe)
        self._uses = QLabel()
        self._uses.setProperty("role", "faint")
        self._uses.setWordWrap(True)
        self.rows = QGridLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(SPACE.near)
        self.rows.setVerticalSpacing(SPACE.tight)
        self.rows.setColumnStretch(1, 1)
        for text, field in ((self.tr("Group"), self.name), (self.tr("Purpose"), self.description)):
            self.add_row(text, field)
        self.rows.addWidget(self._uses, self.rows.rowCount(), 1)
        self.refresh()

    def add_row(self, text: str, field: QWidget) -> None:
        """Puts a field with a label below the others."""
        label = QLabel(text)
        label.setMinimumWidth(LABEL_WIDTH)
        row = self.rows.rowCount()
        self.rows.addWidget(label, row, 0)
        self.rows.addWidget(field, row, 1)

    def refresh(self) -> None:
        """Shows what the group is called now."""
        for field, text in ((self.name, self._definition.name), (self.description, self._definition.description)):
            if not field.hasFocus():
                field.setText(text)
                field.setCursorPosition(0)  # a long purpose is read from its beginning
        count = sum(1 for _ in uses(self._session.document, self._definition.id))
        once = self.tr("Used once.")
        self._uses.setText(once if count == 1 else self.tr("Used {0} times; an edit inside changes all of them.").format(count))

    def _describe(self) -> None:
        if self._session.document.definitions.get(self._definition.id) is not self._definition:
            return  # the field lost the keyboard because the group is gone
        words = self.name.text().strip(), self.description.text().strip()
        if words != (self._definition.name, self._definition.description) and not self._execute(Describe(*words)):
            self.name.setText(self._definition.name)


class ExposedList(QWidget):
    """The parameters of a group that each use may set; each can be renamed or taken back.

    Args:
        definition: the group.
        execute: carries out a command on it.
    """

    def __init__(self, definition: Definition, execute: Execute, parent: QWidget | None = None):
        super().__init__(parent)
        self._definition = definition
        self._execute = execute
        self._shown: object = None
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(SPACE.tight)
        self.refresh()

    def refresh(self) -> None:
        """Shows what is exposed now."""
        definition = self._definition
        shown = tuple((e, definition[e.node].name) for e in definition.exposed)
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._rows)
        for exposed, node in shown:
            self._rows.addWidget(self._row(exposed, node))
        if not shown:
            hint = QLabel(self.tr("None. Select a node and choose “Expose” below its parameters."))
            hint.setProperty("role", "muted")
            hint.setWordWrap(True)
            self._rows.addWidget(hint)

    def _row(self, exposed: Exposed, node: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE.near)
        name = QLineEdit(exposed.name)
        name.setAccessibleName(self.tr("Name outside of {0} of {1}").format(exposed.param, node))
        name.editingFinished.connect(lambda: self._rename(exposed, name))
        target = QLabel(f"{node}.{exposed.param}")
        target.setProperty("role", "muted")
        remove = QToolButton()
        remove.setIcon(icon("x", "text_muted"))
        remove.setAutoRaise(True)
        remove.setToolTip(self.tr("Do not expose it any more"))
        remove.setAccessibleName(remove.toolTip())
        remove.clicked.connect(lambda: self._execute(SetExposed([e for e in self._definition.exposed if e != exposed])))
        line.addWidget(name, 1)
        line.addWidget(target, 1)
        line.addWidget(remove)
        return row

    def _rename(self, exposed: Exposed, field: QLineEdit) -> None:
        name = field.text().strip()
        renamed = [e._replace(name=name) if e == exposed else e for e in self._definition.exposed]
        if name != exposed.name and not self._execute(SetExposed(renamed)):
            field.setText(exposed.name)


def expose_button(session: Session, definition: Definition, node: Node, execute: Execute) -> QPushButton:
    """Opens a list of a node's parameters, to say which each use of the group may set."""
    button = QPushButton(session.tr("Expose on the group"))
    button.setProperty("role", "flat")
    button.setIcon(icon("export", "accent"))
    button.setToolTip(session.tr("Let each use of {0} set a parameter of this node").format(definition.name))
    menu = QMenu(button)

    def fill() -> None:
        menu.clear()
        exposed = {e.param: e for e in definition.exposed if e.node == node.id}
        for param in node.spec.params:
            action = menu.addAction(param.name)
            action.setCheckable(True)
            action.setChecked(param.name in exposed)
            action.triggered.connect(lambda on, name=param.name: toggle(name, on))

    def toggle(param: str, on: bool) -> None:
        others = [e for e in definition.exposed if (e.node, e.param) != (node.id, param)]
        spec = definition.spec
        taken = {p.name for p in (*spec.inputs, *spec.outputs)} | {p.name for p in spec.params}
        name = param if param not in taken else f"{node.name}_{param}"
        execute(SetExposed([*others, Exposed(name, node.id, param)] if on else others))

    menu.aboutToShow.connect(fill)
    button.setMenu(menu)
    return button


def enter_row(session: Session, node: str) -> QHBoxLayout:
    """A button that shows the content of a group."""
    row = QHBoxLayout()
    enter = QPushButton(session.tr("Enter"))
    enter.setIcon(icon("arrow-elbow-right-down", "text_muted"))
    enter.setToolTip(session.tr("Show and edit what is inside (Tab, or a double-click on the card)"))
    enter.clicked.connect(lambda: session.enter(node))
    row.addWidget(enter)
    row.addStretch()
    return row
