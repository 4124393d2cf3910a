"""A form: one row for each declared parameter, whatever it belongs to. The inspector and the settings are made of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.widgets.editors import editor_for
from app.widgets.layouts import clear
from app.widgets.param_editors import Editor, PathEditor, value_text
from app.widgets.section import Section
from graph_engine.settings.option import OptionParam, Selected
from graph_engine.spec.params import FileParam, NamesParam, Param, PathParam

LABEL_WIDTH = 108

_SHORT = 12
"""Letters of the longest option that stands beside its label; longer ones have a line of their own."""


class Label(QLabel):
    """The name of a parameter, cut where the column is too narrow for it."""

    def __init__(self, text: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._full = text
        self.setProperty("role", "muted")
        self.setFixedWidth(LABEL_WIDTH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width()))


class Row(QWidget):
    """Label, editor, a button back to the default, and room below for what is wrong.

    Signals:
        edited: a legal value and the token of the gesture that it is a step of.
    """

    edited = Signal(object, object)

    def __init__(self, param: Param, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.param = param
        self.editor: Editor = editor_for(param)
        self._gesture = object()
        self.label = Label(title)
        self.label.setToolTip(_tooltip(param))
        self._reset = QToolButton()
        self._reset.setIcon(icon("arrow-counter-clockwise", "text_faint"))
        self._reset.setIconSize(QSize(12, 12))
        self._reset.setAccessibleName(self.tr("Reset {0}").format(param.name))
        self._reset.setFixedSize(20, 20)
        self._reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._reset.clicked.connect(self._to_default)
        self._problem = QLabel()
        self._problem.setProperty("role", "error")
        self._problem.setWordWrap(True)
        self._problem.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE.tight)
        grid.setVerticalSpacing(SPACE.hair)
        grid.addWidget(self.label, 0, 0)
        if isinstance(param, (PathParam, FileParam, NamesParam)) or _has_long_names(param):
            grid.addWidget(self.editor, 1, 0, 1, 2)
            grid.addWidget(self._reset, 1, 2)
        else:
            grid.addWidget(self.editor, 0, 1)
            grid.addWidget(self._reset, 0, 2)
        grid.addWidget(self._problem, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self.editor.edited.connect(lambda value: self.edited.emit(value, self._gesture))
        self.editor.left.connect(self._end_gesture)
        self.editor.refused.connect(self._tell)

    def show_value(self, value: Any, inferred: Any = None) -> None:
        """Shows a stored value."""
        self.editor.show_value(value, inferred)
        default = None if self.param.required else self.param.default
        chosen = value.id if isinstance(value, Selected) else value
        usual = default.id if isinstance(default, Selected) else default
        self._reset.setVisible(chosen != usual)
        text = value_text(default) or self.tr("inferred") if not self.param.required else self.tr("not set")
        self._reset.setToolTip(self.tr("Back to the default: {0}").format(text))

    def _to_default(self) -> None:
        self._end_gesture()
        self.edited.emit(None if self.param.required else self.param.default, self._gesture)
        self._end_gesture()

    def _end_gesture(self) -> None:
        self._gesture = object()

    def say(self, message: str) -> None:
        """Shows below the editor what is going on; nothing where that is empty."""
        self._tell("")
        self._problem.setProperty("role", "faint")
        self._problem.setText(message)
        self._problem.setVisible(bool(message))

    def _tell(self, message: str) -> None:
        self._problem.setProperty("role", "error")
        self._problem.style().unpolish(self._problem)
        self._problem.style().polish(self._problem)
        self._problem.setText(message)
        self._problem.setVisible(bool(message))
        for field in self.editor.findChildren(QLineEdit):
            field.setProperty("invalid", bool(message))
            field.style().unpolish(field)
            field.style().polish(field)


class Form(QWidget):
    """Rows for declared parameters; seldom changed ones are folded away, those of a chosen option follow it, indented.

    Signals:
        edited: dotted name of the parameter (``kernel_size``, ``optimizer.lr``), the new value in stored form, the gesture's token.
        again_wanted: dotted name of a parameter; what its value names is to be looked up afresh.
    """

    edited = Signal(str, object, object)
    again_wanted = Signal(str)

    def __init__(self, params: Iterable[Param], title_of: Callable[[str], str] = str, parent: QWidget | None = None):
        super().__init__(parent)
        self._title_of = title_of
        self._rows: dict[str, Row] = {}
        self._nested: dict[str, tuple[tuple[Param, ...], Form]] = {}
        self._places: dict[str, QVBoxLayout] = {}
        self._holders: dict[str, QWidget] = {}
        self._advanced: Section | None = None
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(SPACE.tight)
        params = tuple(p for p in params if p.visible != "never")
        for param in (p for p in params if not p.advanced):
            self._add(param, self._outer)
        folded = [p for p in params if p.advanced]
        if folded:
            self._advanced = Section(self.tr("Advanced"), is_open=False)
            for param in folded:
                self._add(param, self._advanced.body)
            self._outer.addWidget(self._advanced)

    @property
    def rows(self) -> Mapping[str, Row]:
        """The rows by the name of their parameter."""
        return self._rows

    def nested(self, name: str) -> Form:
        """The form of the option that is chosen for a parameter.

        Raises:
            KeyError: the option has no parameters, or there is no such parameter.
        """
        return self._nested[name][1]

    def show_values(self, values: Mapping[str, Any], inferred: Mapping[str, Any] = {}) -> None:
        """Shows stored values, and what the empty ones are inferred to be."""
        for name, row in self._rows.items():
            row.show_value(values[name], inferred.get(name))
            if isinstance(row.param, OptionParam):
                self._show_option(name, values[name])

    def _add(self, param: Param, layout: QVBoxLayout) -> None:
        row = Row(param, self._title_of(param.name))
        row.edited.connect(lambda value, gesture, name=param.name: self.edited.emit(name, value, gesture))
        if isinstance(row.editor, PathEditor):
            row.editor.again_wanted.connect(lambda name=param.name: self.again_wanted.emit(name))
        self._rows[param.name] = row
        layout.addWidget(row)
        if isinstance(param, OptionParam):
            holder = QWidget()
            holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
            place = QVBoxLayout(holder)
            place.setContentsMargins(SPACE.base, 0, 0, 0)
            place.setSpacing(0)
            self._places[param.name] = place
            self._holders[param.name] = holder
            layout.addWidget(holder)

    def _show_option(self, name: str, chosen: Selected) -> None:
        shown = self._nested.get(name)
        if shown is not None and shown[0] != chosen.option.params:
            shown[1].setParent(None)
            shown[1].deleteLater()
            del self._nested[name]
            shown = None
        if shown is None and chosen.option.params:
            param = self._rows[name].param
            form = Form(chosen.option.params, self._title_of if isinstance(param, OptionParam) and param.worded else str)
            form.edited.connect(lambda inner, value, gesture: self.edited.emit(f"{name}.{inner}", value, gesture))
            form.again_wanted.connect(lambda inner: self.again_wanted.emit(f"{name}.{inner}"))
            self._nested[name] = shown = (chosen.option.params, form)
            self._places[name].addWidget(form)
        self._holders[name].setVisible(shown is not None)
        if shown is not None:
            shown[1].show_values(chosen.params)


class Facts(QWidget):
    """Names and values that can be read and copied, not edited."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._values: dict[str, QLabel] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACE.tight)

    def show_facts(self, facts: Mapping[str, str]) -> None:
        """Shows these, in place of what was shown."""
        if list(facts) != list(self._values):
            self._rebuild(facts)
        for name, text in facts.items():
            self._values[name].setText(text)

    def _rebuild(self, names: Iterable[str]) -> None:
        clear(self._layout)
        self._values.clear()
        for name in names:
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(SPACE.tight)
            value = QLabel()
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setWordWrap(True)
            value.setProperty("role", "mono")
            line.addWidget(Label(name), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(value, 1)
            self._values[name] = value
            self._layout.addWidget(row)


def _has_long_names(param: Param) -> bool:
    """Whether what can be chosen is cut off beside a label."""
    return isinstance(param, OptionParam) and max(len(getattr(o, "title", o.id)) for o in param.options) > _SHORT


def _tooltip(param: Param) -> str:
    return f"<b>{param.name}</b><br>{param.help}<br><i>{param.limits()[:1].upper()}{param.limits()[1:]}.</i>"
