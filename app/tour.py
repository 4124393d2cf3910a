"""The tour of five steps: a card beside each part of the window in turn. The window stays as usable as without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme.tokens import SPACE

if TYPE_CHECKING:
    from app.window import MainWindow

WIDTH = 320
_PLACING = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.LayoutRequest, QEvent.Type.Show, QEvent.Type.Hide)


class Step(NamedTuple):
    """One stop of the tour.

    Attributes:
        title, words: what its card says.
        panel: the panel that it points at; empty for the canvas.
    """

    title: str
    words: str
    panel: str = ""


class Tour(QObject):
    """Leads through the window.

    Attributes:
        step: number of the step that is shown, from 0; None while there is no tour.
        card: what is shown beside the part of the window that the step is about.
        ring: around that part.
    """

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        self.step: int | None = None
        self._target: QWidget | None = None
        self.ring = QFrame(window)
        self.ring.setProperty("role", "focus")
        self.ring.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.ring.hide()
        self.card = TourCard(window)
        self.card.hide()
        self.card.next_button.clicked.connect(self.next)
        self.card.back_button.clicked.connect(self.back)
        self.card.leave_button.clicked.connect(self.leave)
        window.installEventFilter(self)
        for watched in (self.card, *self.card.buttons):  # buttons take the arrow keys for themselves
            watched.installEventFilter(self)
        window.start_page.installEventFilter(self)
        window.canvas.installEventFilter(self)

    def offer_once(self) -> None:
        """Begins with the first document that this user opens, and never by itself again."""
        if not self._window.preferences.knows_tour:
            self._window.documents.opened.connect(self._begin_once)

    def begin(self) -> None:
        """Shows the first step, with the keyboard on its card."""
        self._window.preferences.knows_tour = True
        self._show(0)
        self.card.next_button.setFocus()

    def next(self) -> None:
        """Goes on, or ends behind the last step."""
        if self.step is not None:
            if self.step + 1 < len(self.steps()):
                self._show(self.step + 1)
            else:
                self.leave()

    def back(self) -> None:
        """Goes back by one step."""
        if self.step:
            self._show(self.step - 1)

    def leave(self) -> None:
        """Ends the tour where it is."""
        if self.step is None:
            return
        had_keyboard = self._has_keyboard()
        self.step = None
        self._watch(None)
        self.ring.hide()
        self.card.hide()
        if had_keyboard:
            self._window.canvas.setFocus()

    def steps(self) -> tuple[Step, ...]:
        """What is said, with the keys that the actions have now."""
        actions = self._window.actions_
        undo, run = (_keys(actions[id].shortcut()) for id in ("undo", "run"))
        return (
            Step(
                self.tr("Every layer of PyTorch"),
                self.tr("Drag a block onto the canvas. Or press Space there, type a few letters of its name, and Enter."),
                "blocks",
            ),
            Step(
                self.tr("Draw, and see at once"),
                self.tr("Pull an edge from port to port. Shapes, weights and mistakes appear while you draw. Undo{0} takes anything back.")
                .format(undo),
            ),
            Step(
                self.tr("What is selected, and what is wrong"),
                self.tr("Select a node to edit it here. What does not fit is told here and under Problems, often with a repair."),
                "inspector",
            ),
            Step(
                self.tr("The same network as PyTorch code"),
                self.tr("It is rewritten while you draw, and it is what trains. Click a line to find its node, a node to find its lines."),
                "code",
            ),
            Step(
                self.tr("Train it"),
                self.tr("Choose data and settings here. Run{0} draws live curves; File ▸ Export takes the project away.").format(run),
                "training",
            ),
        )  # fmt: skip

    def _begin_once(self) -> None:
        self._window.documents.opened.disconnect(self._begin_once)
        if not self._window.preferences.knows_tour:  # nobody asked for it: the keyboard stays with the document
            self._window.preferences.knows_tour = True
            self._show(0)

    def _show(self, number: int) -> None:
        steps = self.steps()
        step, self.step = steps[number], number
        if step.panel:
            self._window.docks.show(step.panel)
        self._watch(self._window.docks.all[step.panel] if step.panel else self._window.canvas)
        self.card.say(step, number, len(steps))
        had_keyboard = self._has_keyboard()
        self._place()
        if had_keyboard:
            self.card.next_button.setFocus()

    def _watch(self, target: QWidget | None) -> None:
        for widget, watches in ((self._target, False), (target, True)):
            if widget is not None and widget is not self._window.canvas:  # the canvas is watched all the time
                (widget.installEventFilter if watches else widget.removeEventFilter)(self)
        self._target = target

    def _has_keyboard(self) -> bool:
        holder = self._window.focusWidget()
        return holder is not None and self.card.isAncestorOf(holder)

    def _place(self) -> None:
        """Puts the ring around the part of the window, and the card where there is room beside it."""
        if self._target is None:
            return
        whole, around = self._window.rect(), self._around(self._target)
        self.ring.setVisible(around.isValid())
        self.ring.setGeometry(around)
        room = whole.adjusted(SPACE.base, SPACE.base, -SPACE.base, -SPACE.base)
        self.card.setFixedWidth(min(WIDTH, room.width()))
        self.card.adjustSize()
        card = QRect(QPoint(0, 0), self.card.size())
        middle = around.center() if around.isValid() else room.center()
        if around.right() + SPACE.base + card.width() <= room.right():
            card.moveTopLeft(QPoint(around.right() + SPACE.base, around.top() + SPACE.far))
        elif around.left() - SPACE.base - card.width() >= room.left():
            card.moveTopRight(QPoint(around.left() - SPACE.base, around.top() + SPACE.far))
        elif around.top() - SPACE.base - card.height() >= room.top() + whole.height() // 4:
            card.moveTopLeft(QPoint(middle.x() - card.width() // 2, around.top() - SPACE.base - card.height()))
        else:
            card.moveTopLeft(QPoint(middle.x() - card.width() // 2, around.top() + SPACE.far))
        card.moveLeft(max(room.left(), min(card.left(), room.right() - card.width())))
        card.moveTop(max(room.top(), min(card.top(), room.bottom() - card.height())))
        self.card.move(card.topLeft())
        for widget in (self.ring, self.card):
            widget.raise_()
        self.card.show()

    def _around(self, target: QWidget) -> QRect:
        """The target in the window; nothing where it is in a window of its own, or not to be seen."""
        if target.window() is not self._window or not target.isVisible():
            return QRect()
        return QRect(target.mapTo(self._window, QPoint(0, 0)), target.size())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.step is None:
            return False
        if watched is self.card or watched in self.card.buttons:
            return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._key(event)
        if watched is self._window.canvas and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            ends = event.key() == Qt.Key.Key_Escape and self._window.canvas.gesture is None
            if ends:
                self.leave()
            return ends
        if event.type() == QEvent.Type.Show and watched is self._window.start_page:
            self.leave()
        elif event.type() in _PLACING and (watched is not self._window.canvas or watched is self._target):
            self._place()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Escape:
                self.leave()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if (pressed := self._window.focusWidget()) in self.card.buttons:
                pressed.click()
            case Qt.Key.Key_Right:
                self.next()
            case Qt.Key.Key_Left:
                self.back()
            case _:
                return False
        return True


class TourCard(QFrame):
    """Says one step, and has the buttons that lead on."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setProperty("role", "popup")
        self.title, self.words, self.count = QLabel(), QLabel(), QLabel()
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.words.setWordWrap(True)
        self.count.setProperty("role", "faint")
        self.leave_button = QPushButton(self.tr("Leave"))
        self.leave_button.setProperty("role", "flat")
        self.back_button = QPushButton(self.tr("Back"))
        self.next_button = QPushButton()
        self.next_button.setProperty("role", "primary")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE.near)
        buttons.addWidget(self.count)
        buttons.addStretch()
        self.buttons = (self.leave_button, self.back_button, self.next_button)
        for button in self.buttons:
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.wide, SPACE.wide, SPACE.wide, SPACE.base)
        layout.setSpacing(SPACE.near)
        layout.addWidget(self.title)
        layout.addWidget(self.words)
        layout.addSpacing(SPACE.tight)
        layout.addLayout(buttons)

    def say(self, step: Step, number: int, count: int) -> None:
        """Shows a step.

        Args:
            step: what to say.
            number: of the step, from 0.
            count: how many there are.
        """
        self.title.setText(step.title)
        self.words.setText(step.words)
        self.count.setText(self.tr("{0} of {1}").format(number + 1, count))
        self.back_button.setEnabled(number > 0)
        self.leave_button.setVisible(number + 1 < count)
        self.next_button.setText(self.tr("Next") if number + 1 < count else self.tr("Begin"))
        self.setAccessibleName(step.title)
        self.setAccessibleDescription(step.words)


def _keys(sequence: QKeySequence) -> str:
    text = sequence.toString(QKeySequence.SequenceFormat.NativeText)
    return f" ({text})" if text else ""
