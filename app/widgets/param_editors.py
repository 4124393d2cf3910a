"""One editor for each kind of parameter. No editor knows which block or setting its parameter belongs to.

An editor shows a stored value and tells of every legal value while it is typed; what is not legal is kept on the screen, told in words,
and changes nothing.
"""

from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from app.theme.icons import icon
from graph_engine.errors import ParamError
from graph_engine.settings.option import Selected
from graph_engine.spec.params import (
    ChoiceParam,
    FloatParam,
    IntParam,
    IntsParam,
    Param,
)


def value_text(value: Any) -> str:
    """A stored value as an editor shows it; empty for None."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join("None" if v is None else str(v) for v in value)
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(getattr(value, "id", value))


class Editor(QWidget):
    """Shows and edits one value of one parameter.

    Attributes:
        param: the declaration.

    Signals:
        edited: a legal value, in stored form.
        refused: one sentence on why what stands in the editor is not legal; empty when it is again.
        left: editing is over; what comes next is another step.
    """

    edited = Signal(object)
    refused = Signal(str)
    left = Signal()

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(parent)
        self.param = param
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)

    def show_value(self, value: Any, inferred: Any = None) -> None:
        """Shows a stored value; where it is None, what it is inferred to be, greyed."""
        raise NotImplementedError

    def _hold(self, widget: QWidget) -> None:
        widget.setAccessibleName(self.param.name)
        widget.setToolTip(self.param.help)
        self._row.addWidget(widget)
        self.setFocusProxy(widget)

    def _offer(self, value: Any) -> None:
        try:
            legal = self.param.parse(value)
        except ParamError as error:
            self.refused.emit(str(error))
            return
        self.refused.emit("")
        self.edited.emit(legal)


class Field(QLineEdit):
    """A line of text that tells of arrow keys and of losing the keyboard."""

    stepped = Signal(int)
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class TextEditor(Editor):
    """Base of the editors that read a line of text."""

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(param, parent)
        self.field = Field()
        self.field.textEdited.connect(self._on_text)
        self.field.returnPressed.connect(self._settle)
        self.field.left.connect(self._settle)
        self.field.stepped.connect(self._on_step)
        self._shown: tuple[Any, Any] = (None, None)
        self._hold(self.field)

    def show_value(self, value: Any, inferred: Any = None) -> None:
        self._shown = (value, inferred)
        placeholder = value_text(inferred)
        if not placeholder:
            placeholder = self.tr("inferred") if self.param.inferred else self.tr("required") if self.param.required else self.tr("not set")
        self.field.setPlaceholderText(placeholder)
        text = value_text(value)
        # while it is typed the text is the person's own: "1." must not turn into "1" under the cursor
        if not (self.field.hasFocus() and self._same(value)) and self.field.text() != text:
            self.field.setText(text)
            self.refused.emit("")

    def read(self, text: str) -> Any:
        """The value that the text stands for; the text itself where it stands for none."""
        raise NotImplementedError

    def step(self, value: Any, count: int) -> Any:
        """``value`` so many steps of the arrow keys on, or None where it has no next value."""
        return None

    def _same(self, value: Any) -> bool:
        try:
            return bool(self.param.parse(self._typed()) == value)
        except ParamError:
            return False

    def _typed(self) -> Any:
        text = self.field.text().strip()
        return self.read(text) if text else None

    def _on_text(self) -> None:
        self._offer(self._typed())

    def _on_step(self, count: int) -> None:
        value, inferred = self._shown
        start = value if value is not None else inferred
        if isinstance(start, str):
            return  # a word, such as that the nodes differ, has no next value
        following = self.step(start, count)
        if following is not None:
            self.field.setText(value_text(following))
            self._offer(following)

    def _settle(self) -> None:
        """What is legal stays, in its stored spelling; what is not gives way to the stored value."""
        self.field.setText(value_text(self._shown[0]))
        self.refused.emit("")
        self.left.emit()


class IntEditor(TextEditor):
    """A whole number: typed, or stepped with the arrow keys."""

    def read(self, text: str) -> Any:
        try:
            return int(text.replace("_", "").replace(",", ""))
        except ValueError:
            return text

    def step(self, value: Any, count: int) -> Any:
        if value is None:
            value = 0
        param = cast(IntParam, self.param)
        following = int(value) + count
        if param.minimum is not None:
            following = max(following, param.minimum)
        if param.maximum is not None:
            following = min(following, param.maximum)
        return following


class FloatEditor(TextEditor):
    """A number; the arrow keys step its first digit."""

    def read(self, text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return text

    def step(self, value: Any, count: int) -> Any:
        param = cast(FloatParam, self.param)
        number = float(value or 0.0)
        digit = 10.0 ** _exponent(number if number else 0.1)
        following = float(f"{number + count * digit:.6g}")
        if count < 0 and 0 < number <= digit:  # below 0.001 comes 0.0009, not 0
            following = float(f"{number + count * digit / 10:.6g}")
        if param.minimum is not None:
            following = max(following, param.minimum)
        if param.maximum is not None:
            following = min(following, param.maximum)
        return following


class IntsEditor(TextEditor):
    """One whole number or one per dimension, as ``3`` or ``3, 5``; words where the parameter knows some."""

    def read(self, text: str) -> Any:
        if text in cast(IntsParam, self.param).words:
            return text
        parts = [p.strip() for p in text.strip("()[]").rstrip(",").split(",")]
        try:
            numbers = tuple(None if p == "None" else int(p) for p in parts)
        except ValueError:
            return text
        if len(numbers) == 1 and cast(IntsParam, self.param).single and "," not in text:
            return numbers[0]
        return numbers

    def step(self, value: Any, count: int) -> Any:
        param = cast(IntsParam, self.param)
        least = param.minimum
        if value is None and param.single:
            value = least if least is not None else 0
        if value is None:
            return None

        def one(number: int | None) -> int | None:
            if number is None:
                return None
            return number + count if least is None else max(least, number + count)

        return tuple(one(v) for v in value) if isinstance(value, tuple) else one(value)


class FloatsEditor(TextEditor):
    """Several numbers, as ``0.9, 0.999``."""

    def read(self, text: str) -> Any:
        inside = text.strip("()[] ").rstrip(",")
        try:
            return tuple(float(part) for part in inside.split(",")) if inside else ()
        except ValueError:
            return text


class ShapeEditor(TextEditor):
    """Dimensions, as ``1, 28, 28`` or ``T, 64``."""

    def read(self, text: str) -> Any:
        parts = [p.strip() for p in text.replace("×", ",").strip("()[]").rstrip(",").split(",")]
        return tuple(int(p) if p.lstrip("-").isdigit() else p for p in parts)


class LineEditor(TextEditor):
    """Text as it stands."""

    def read(self, text: str) -> Any:
        return text


class PathEditor(LineEditor):
    """A dotted name. It is offered when it is complete, not with every letter, because what it names is looked up then.

    Signals:
        again_wanted: what it names is to be looked up afresh.
    """

    again_wanted = Signal()

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(param, parent)
        self.field.setPlaceholderText(self.tr("package.module.Class"))
        self.again = QToolButton()
        self.again.setIcon(icon("arrows-clockwise", "text_muted"))
        self.again.setIconSize(QSize(14, 14))
        self.again.setAutoRaise(True)
        self.again.setToolTip(self.tr("Read the class again, after its code has changed"))
        self.again.setAccessibleName(self.again.toolTip())
        self.again.clicked.connect(self.again_wanted)
        self._row.addWidget(self.again)

    def show_value(self, value: Any, inferred: Any = None) -> None:
        if value != self._shown[0] or not self.field.text():
            self.field.setText(value_text(value))
            self.refused.emit("")
        self._shown = (value, inferred)
        self.again.setEnabled(value is not None)

    def _on_text(self) -> None:
        self.refused.emit("")

    def _settle(self) -> None:
        if self._typed() != self._shown[0]:
            self._offer(self._typed())
        self.left.emit()


class BoolEditor(Editor):
    """True or false, as a tick; between the two where it may be left out."""

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(param, parent)
        self.box = QCheckBox()
        self.box.setTristate(param.optional)
        self.box.clicked.connect(self._on_click)
        self._hold(self.box)
        self._row.addStretch()

    def show_value(self, value: Any, inferred: Any = None) -> None:
        self.box.setCheckState(_TICKS[value])

    def _on_click(self) -> None:
        self._offer(next(value for value, tick in _TICKS.items() if tick is self.box.checkState()))
        self.left.emit()


_TICKS = {False: Qt.CheckState.Unchecked, None: Qt.CheckState.PartiallyChecked, True: Qt.CheckState.Checked}


class NoWheel(QObject):
    """Keeps the wheel for the scroll area: a value must not change because the pointer rests on it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class ChoiceEditor(Editor):
    """One of several words, or one of several options that have names."""

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(param, parent)
        self.box = QComboBox()
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(6)
        self.box.installEventFilter(NoWheel(self.box))
        if param.optional:
            self.box.addItem(self.tr("not set"), None)
        for option in cast(ChoiceParam, param).options:
            self.add_option(option)
        self.box.activated.connect(self._on_choice)
        self._hold(self.box)

    def add_option(self, option: Any) -> None:
        """Adds one thing to choose to the list."""
        self.box.addItem(option, option)

    def show_value(self, value: Any, inferred: Any = None) -> None:
        self.box.setCurrentIndex(self.box.findData(value))

    def _on_choice(self, index: int) -> None:
        self._offer(self.box.itemData(index))
        self.left.emit()


class OptionEditor(ChoiceEditor):
    """One of several options; the parameters of the chosen one are rows of the form, not of this editor."""

    def add_option(self, option: Any) -> None:
        self.box.addItem(getattr(option, "title", option.id), option.id)
        self.box.setItemData(self.box.count() - 1, option.summary, Qt.ItemDataRole.ToolTipRole)

    def show_value(self, value: Any, inferred: Any = None) -> None:
        self.box.setCurrentIndex(self.box.findData(cast(Selected, value).id))
        self.box.setToolTip(cast(Selected, value).option.summary)


def _exponent(number: float) -> int:
    """The power of ten of the first digit: 0.003 → -3."""
    return int(f"{abs(number):e}".partition("e")[2])
